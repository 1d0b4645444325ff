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
#include <linux/mutex.h>
#include <linux/range.h>
#include <linux/sched.h>

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
#define VM_MIXEDMAP 0x10000000ul

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
int kapi_vm_insert_page(struct vm_area_struct *vma, unsigned long address, struct page *page,
			const struct kapi_place *place);
#define vm_insert_page(vma, address, page) kapi_vm_insert_page(vma, address, page, KAPI_HERE)

/* Flags of get_user_pages() and pin_user_pages(). */
#define FOLL_WRITE (1u << 0)
#define FOLL_LONGTERM (1u << 8)

/** get_user_pages() and pin_user_pages() of the current task's memory. */
enum kapi_gup {
	KAPI_GUP_PIN = 1,  /**< pin_user_pages() */
	KAPI_GUP_FAST = 2, /**< without mmap_lock, which it takes */
};
long kapi_gup(unsigned int how, unsigned long start, unsigned long count, unsigned int flags, struct page **pages,
	      const struct kapi_place *place);
#define get_user_pages(start, count, flags, pages) kapi_gup(0, start, count, flags, pages, KAPI_HERE)
#define pin_user_pages(start, count, flags, pages) kapi_gup(KAPI_GUP_PIN, start, count, flags, pages, KAPI_HERE)
#define get_user_pages_fast(start, count, flags, pages) \
	((int)kapi_gup(KAPI_GUP_FAST, start, (unsigned long)(count), flags, pages, KAPI_HERE))
#define pin_user_pages_fast(start, count, flags, pages) \
	((int)kapi_gup(KAPI_GUP_PIN | KAPI_GUP_FAST, start, (unsigned long)(count), flags, pages, KAPI_HERE))
void kapi_unpin_user_pages(struct page **pages, unsigned long count, bool dirty, const struct kapi_place *place);
#define unpin_user_pages(pages, count) kapi_unpin_user_pages(pages, count, false, KAPI_HERE)
#define unpin_user_pages_dirty_lock(pages, count, dirty) kapi_unpin_user_pages(pages, count, dirty, KAPI_HERE)
#define unpin_user_page(page) kapi_unpin_user_pages((struct page *[]){ page }, 1, false, KAPI_HERE)

/** The first of the pages of a large one, else the page itself. */
struct folio *page_folio(const struct page *page);
bool folio_maybe_dma_pinned(const struct folio *folio);
/* Nothing of the machine's RAM is movable only. */
static inline bool folio_is_longterm_pinnable(const struct folio *folio)
{
	return !is_zone_device_page(&folio->page);
}
void dump_page(const struct page *page, const char *reason);

#endif
