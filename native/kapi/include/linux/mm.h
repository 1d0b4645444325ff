/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <kapi/place.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mm_types.h>
#include <linux/mmap_lock.h>
#include <linux/range.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE (1ul << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(address) ALIGN(address, PAGE_SIZE)
#define PMD_SHIFT 21
#define PMD_SIZE (1ul << PMD_SHIFT)
#define PUD_SHIFT 30

#define VM_READ 0x1ul
#define VM_WRITE 0x2ul
#define VM_EXEC 0x4ul
#define VM_SHARED 0x8ul
#define VM_HUGETLB 0x400000ul

#define VM_FAULT_OOM 0x1u
#define VM_FAULT_SIGBUS 0x2u
#define VM_FAULT_NOPAGE 0x100u
#define VM_FAULT_RETRY 0x400u

/* Page frames and device pages, by their numbers. */
extern struct page *kapi_mem_map;
#define page_to_pfn(page) ((unsigned long)((page)-kapi_mem_map))
#define pfn_to_page(pfn) (kapi_mem_map + (pfn))
#define PFN_PHYS(pfn) ((phys_addr_t)(pfn) << PAGE_SHIFT)
#define PHYS_PFN(address) ((unsigned long)((address) >> PAGE_SHIFT))
bool pfn_valid(unsigned long pfn);
bool is_zero_pfn(unsigned long pfn);
bool is_zone_device_page(const struct page *page);

void kapi_get_page(struct page *page, const struct kapi_place *place);
void kapi_put_page(struct page *page, const struct kapi_place *place);
int page_count(const struct page *page);
/** The size of what begins with a page: of a huge page, or PAGE_SIZE. */
unsigned long page_size(const struct page *page);
#define get_page(page) kapi_get_page(page, KAPI_HERE)
#define put_page(page) kapi_put_page(page, KAPI_HERE)

/** The mapping that contains an address. Needs mmap_lock; the result is good until it is given up. */
struct vm_area_struct *kapi_vma_lookup(struct mm_struct *mm, unsigned long address, const struct kapi_place *place);
#define vma_lookup(mm, address) kapi_vma_lookup(mm, address, KAPI_HERE)
int vm_insert_page(struct vm_area_struct *vma, unsigned long address, struct page *page);

#endif
