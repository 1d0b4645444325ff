/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_GFP_H
#define _LINUX_GFP_H

#include <kapi/place.h>
#include <linux/types.h>

/* Only what these flags mean to an emulator differs: whether the allocation may sleep, zeroes, or must succeed. */
#define __GFP_DIRECT_RECLAIM 0x400u
#define __GFP_ZERO 0x100u
#define __GFP_NOWARN 0x2000u
#define __GFP_NOFAIL 0x8000u
#define __GFP_HIGHMEM 0x02u
#define __GFP_MOVABLE 0x08u
#define GFP_KERNEL __GFP_DIRECT_RECLAIM
#define GFP_USER __GFP_DIRECT_RECLAIM
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_ATOMIC 0x20u
#define GFP_NOWAIT 0x40u

struct page;

struct page *kapi_alloc_page(gfp_t gfp, const struct kapi_place *place);
void kapi_free_page(struct page *page, const struct kapi_place *place);
#define alloc_page(gfp) kapi_alloc_page(gfp, KAPI_HERE)
/* There is one node, and no memory policy. */
#define alloc_page_vma(gfp, vma, address) ((void)(vma), (void)(address), kapi_alloc_page(gfp, KAPI_HERE))
#define __free_page(page) kapi_free_page(page, KAPI_HERE)
/* 2^order pages in a row. More than one is reported: the emulator does not have them. */
struct page *kapi_alloc_pages(gfp_t gfp, unsigned int order, const struct kapi_place *place);
#define alloc_pages(gfp, order) kapi_alloc_pages(gfp, order, KAPI_HERE)
#define alloc_pages_node(node, gfp, order) ((void)(node), alloc_pages(gfp, order))
#define __free_pages(page, order) ((void)(order), __free_page(page))
/* Pages by the CPU's address of their contents. 0: there is no memory. */
unsigned long kapi_get_free_pages(gfp_t gfp, unsigned int order, const struct kapi_place *place);
void kapi_free_pages(unsigned long address, const struct kapi_place *place);
#define __get_free_pages(gfp, order) kapi_get_free_pages(gfp, order, KAPI_HERE)
#define __get_free_page(gfp) __get_free_pages(gfp, 0)
#define get_zeroed_page(gfp) __get_free_pages((gfp) | __GFP_ZERO, 0)
#define free_pages(address, order) ((void)(order), kapi_free_pages(address, KAPI_HERE))
#define free_page(address) free_pages(address, 0)

#define numa_node_id() 0
#define NUMA_NO_NODE (-1)

#endif
