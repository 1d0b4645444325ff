/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_HIGHMEM_H
#define _LINUX_HIGHMEM_H

#include <kapi/place.h>
#include <linux/bug.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

/* A CPU touches the contents of pages. Those of device-private pages it cannot. */
void kapi_copy_highpage(struct page *to, struct page *from, const struct kapi_place *place);
void kapi_clear_highpage(struct page *page, const struct kapi_place *place);
void kapi_memcpy_from_page(void *to, struct page *page, size_t offset, size_t size, const struct kapi_place *place);
void kapi_memcpy_to_page(struct page *page, size_t offset, const void *from, size_t size,
			 const struct kapi_place *place);
void *kapi_kmap(struct page *page, const struct kapi_place *place);

#define copy_highpage(to, from) kapi_copy_highpage(to, from, KAPI_HERE)
#define clear_highpage(page) kapi_clear_highpage(page, KAPI_HERE)
#define memcpy_from_page(to, page, offset, size) kapi_memcpy_from_page(to, page, offset, size, KAPI_HERE)
#define memcpy_to_page(page, offset, from, size) kapi_memcpy_to_page(page, offset, from, size, KAPI_HERE)
#define kmap_local_page(page) kapi_kmap(page, KAPI_HERE)
#define kunmap_local(address) ((void)(address))

#endif
