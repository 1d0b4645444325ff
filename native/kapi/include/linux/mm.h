/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <kapi/place.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mm_types.h>
#include <linux/mmap_lock.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/range.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

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
/* A folio by its first page. */
#define folio_page(folio, number) (&(folio)->page + (number))
#define folio_pfn(folio) page_to_pfn(&(folio)->page)
#define folio_size(folio) page_size(&(folio)->page)
#define folio_nr_pages(folio) (folio_size(folio) >> PAGE_SHIFT)
#define folio_order(folio) (folio_nr_pages(folio) > 1 ? PMD_SHIFT - PAGE_SHIFT : 0)
#define folio_test_large(folio) (folio_nr_pages(folio) > 1)
#define folio_ref_count(folio) page_count(&(folio)->page)
#define folio_get(folio) get_page(&(folio)->page)
#define folio_put(folio) put_page(&(folio)->page)
#define folio_is_zone_device(folio) is_zone_device_page(&(folio)->page)
#define folio_is_device_private(folio) is_device_private_page(&(folio)->page)
#define folio_is_device_coherent(folio) is_device_coherent_page(&(folio)->page)
/** Whether a device, or somebody else besides the CPU, has written to the page. */
void kapi_set_page_dirty(struct page *page, const struct kapi_place *place);
#define set_page_dirty(page) kapi_set_page_dirty(page, KAPI_HERE)
#define set_page_dirty_lock(page) kapi_set_page_dirty(page, KAPI_HERE)
#define folio_mark_dirty(folio) kapi_set_page_dirty(&(folio)->page, KAPI_HERE)
bool PageDirty(const struct page *page);
bool PageLocked(const struct page *page);
bool PageAnon(const struct page *page);
#define folio_test_dirty(folio) PageDirty(&(folio)->page)
#define folio_test_locked(folio) PageLocked(&(folio)->page)
#define folio_test_anon(folio) PageAnon(&(folio)->page)
void dump_page(const struct page *page, const char *reason);

#endif
