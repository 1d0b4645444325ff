/* SPDX-License-Identifier: GPL-2.0-only */
/** @file hugetlb.h hugetlb mappings: their reservations and entries. */
#ifndef HMMU_HUGETLB_H
#define HMMU_HUGETLB_H

#include "fault/vm_fault.h"
#include "mm/mmu_gather.h"
#include "mm/userfaultfd.h"

static inline bool is_vm_hugetlb_page(const struct hmmu *m, u32 vma)
{
	return vma_of(m, vma)->flags & VM_HUGETLB;
}
/** The pmd of a huge page's address, NULL if a table above is missing: huge_pte_offset(). It may be empty. */
static inline u64 *huge_pte_offset(const struct hmmu *m, u32 mm, u64 address)
{
	return mm_find_pmd(m, mm, address);
}

/** An entry that maps nothing: none, or a marker of userfaultfd. */
static inline bool huge_pte_none_mostly(u64 pte)
{
	return pte_none(pte) || is_pte_marker(pte);
}

/** 6.12, besides PTE_MARKER_UFFD_WP: the entry is empty, and its reservation was used all the same. The kernel has this in
 * the mapping's reserve map. */
#define HUGE_MARKER_RESERVE_USED 4ull
static inline bool huge_reserve_used(u64 pte)
{
	return huge_pte_none_mostly(pte) ? !pte_none(pte) && (swp_offset(pte) & HUGE_MARKER_RESERVE_USED) : true;
}
/** A marker with these bits; none: an empty entry. */
static inline u64 make_huge_marker(u64 bits)
{
	return bits ? make_pte_marker(bits) : 0;
}

/** @name hugetlb_reserve.c
 * @{ */
/** Reserve a huge page for each 2 MiB of a new mapping, which becomes their owner. -ENOMEM: too few pages are left. */
static int hugetlb_reserve_pages(struct hmmu *m, u32 vma);
/** The number of unused reservations of a mapping: those of its empty entries. */
static u32 hugetlb_unused_reserve(const struct hmmu *m, u32 vma);
/** Give back the reservations that a mapping has not used. Call it while the mapping still has its entries. */
static void hugetlb_vm_op_close(struct hmmu *m, u32 vma);
/** Linux 6.12: a mapping that stays has lost a page. Whether it has its reservation again, which the pool counts as soon as
 * the page is free: the mapping had reserved the page, and nobody maps it ("mm/hugetlb: restore the reservation if
 * needed"). */
static bool restore_reserve(struct hmmu *m, u32 vma, u32 page);
/** A page that alloc_hugetlb_page() has taken from the pool. */
struct hugetlb_page {
	u32 pfn;       /**< of its head; 0: there is none */
	bool zeroed;   /**< it was never used */
	bool reserved; /**< it was the mapping's reservation (PagePrivate) */
};
/** alloc_huge_page(): a page with one reference for the entry @p pmd of a mapping. With @p avoid_reserve, an unreserved
 * page. */
static struct hugetlb_page alloc_hugetlb_page(struct hmmu *m, u32 vma, const u64 *pmd, bool avoid_reserve);
/** Give back a page that was never mapped, with its reservation. */
static void restore_hugetlb_page(struct hmmu *m, const struct hugetlb_page *page);
/** @} */

/** @name hugetlb.c
 * @{ */
/** @p flags is of enum fault_flag. 0, FAULT_SIGBUS or FAULT_OOM. */
static int hugetlb_fault(struct ctx *ctx, u32 vma, u64 address, u32 flags);
/** get_user_pages() of one page in 4.14, faulted in as needed. -EFAULT, -ENOMEM. 6.12 does it as for other pages ("mm/gup:
 * handle hugetlb in the generic follow_page_mask code"). */
static int follow_hugetlb_page(struct ctx *ctx, u32 vma, u64 address, u32 flags, u32 *page, u64 *page_mask);
/** The entry of a page; a writable one is dirty. */
static u64 make_huge_pte(const struct hmmu *m, u32 vma, u32 page, bool writable);
static void hugepage_add_new_anon_rmap(struct hmmu *m, u32 head, u32 vma, u64 address);
static void copy_user_huge_page(struct hmmu *m, u32 to, u32 from);
/** @} */

/** @name hugetlb_range.c
 * @{ */
/** Drop the entries of [start, end), notifier included; @p tlb has their flush and pages. A @p ref_page other than 0: only
 * the entry that maps this page; the mapping then remembers that it lost one. */
static void __unmap_hugepage_range(struct mmu_gather *tlb, u32 vma, u64 start, u64 end, u32 ref_page);
/** 0; -ENOMEM: no table is left for a marker. */
static int hugetlb_change_protection(struct ctx *ctx, u32 vma, u64 start, u64 end, u64 prot, enum uffd_wp uffd_wp);
/** fork(): copy entries to the child's mapping. 0, or -ENOMEM. */
static int copy_hugetlb_page_range(struct ctx *ctx, u32 vma, u32 parent_vma);
/** @} */

#endif
