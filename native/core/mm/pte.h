/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file pte.h
 * An entry of a page table of x86-64: its bits, and those of a present one.
 *
 * Both kernels keep entries in one format: that of 4.14, with the additions of 6.12. raw_entry.h has the kernel's words.
 */
#ifndef HMMU_PTE_H
#define HMMU_PTE_H

#include "page/page.h"

#define _PAGE_PRESENT 0x001ull
#define _PAGE_RW 0x002ull
#define _PAGE_USER 0x004ull
#define _PAGE_ACCESSED 0x020ull
#define _PAGE_DIRTY 0x040ull
#define _PAGE_PSE 0x080ull
#define _PAGE_PROTNONE 0x100ull
#define _PAGE_SPECIAL 0x200ull
/** 6.12: a store to the entry is a fault of userfaultfd. */
#define _PAGE_UFFD_WP 0x400ull
#define _PAGE_SOFT_DIRTY 0x800ull
#define _PAGE_NX (1ull << 63)
#define PTE_PFN_MASK 0x000ffffffffff000ull
/** The bits that a change of protection keeps. */
#define _PAGE_CHG_MASK \
	(PTE_PFN_MASK | _PAGE_SPECIAL | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SOFT_DIRTY | \
	 (KERNEL >= V6_12 ? _PAGE_UFFD_WP : 0))
#define _HPAGE_CHG_MASK (_PAGE_CHG_MASK | _PAGE_PSE)
#define _PAGE_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)

#define PAGE_NONE (_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_READONLY (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX)
#define PAGE_SHARED (PAGE_READONLY | _PAGE_RW)

/** @name Present entries; the same bits serve ptes and huge pmds
 * @{ */
static inline u32 pte_pfn(u64 pte)
{
	return (u32)((pte & PTE_PFN_MASK) >> PAGE_SHIFT);
}
static inline u64 mk_pte(u64 pfn, u64 prot)
{
	return (pfn << PAGE_SHIFT) | prot;
}
static inline bool pte_none(u64 pte)
{
	return !pte;
}
static inline bool pte_present(u64 pte)
{
	return pte & (_PAGE_PRESENT | _PAGE_PROTNONE);
}
static inline bool is_swap_pte(u64 pte)
{
	return pte && !pte_present(pte);
}
static inline bool pte_write(u64 pte)
{
	return pte & _PAGE_RW;
}
static inline bool pte_dirty(u64 pte)
{
	return pte & _PAGE_DIRTY;
}
static inline bool pte_young(u64 pte)
{
	return pte & _PAGE_ACCESSED;
}
static inline bool pte_soft_dirty(u64 pte)
{
	return pte & _PAGE_SOFT_DIRTY;
}
/** On x86 a dirty entry is soft-dirty, too. */
static inline u64 pte_mkdirty(u64 pte)
{
	return pte | _PAGE_DIRTY | _PAGE_SOFT_DIRTY;
}
static inline u64 pte_mkwrite(u64 pte)
{
	return pte | _PAGE_RW;
}
static inline u64 pte_mkyoung(u64 pte)
{
	return pte | _PAGE_ACCESSED;
}
static inline u64 pte_mkold(u64 pte)
{
	return pte & ~_PAGE_ACCESSED;
}
static inline u64 pte_mkclean(u64 pte)
{
	return pte & ~_PAGE_DIRTY;
}
static inline u64 pte_wrprotect(u64 pte)
{
	return pte & ~_PAGE_RW;
}
static inline u64 pte_mksoft_dirty(u64 pte)
{
	return pte | _PAGE_SOFT_DIRTY;
}
static inline u64 pte_clear_soft_dirty(u64 pte)
{
	return pte & ~_PAGE_SOFT_DIRTY;
}
static inline bool pte_uffd_wp(u64 pte)
{
	return KERNEL >= V6_12 && (pte & _PAGE_UFFD_WP);
}
static inline u64 pte_mkuffd_wp(u64 pte)
{
	return KERNEL >= V6_12 ? pte_wrprotect(pte) | _PAGE_UFFD_WP : pte;
}
static inline u64 pte_clear_uffd_wp(u64 pte)
{
	return KERNEL >= V6_12 ? pte & ~_PAGE_UFFD_WP : pte;
}
static inline u64 pte_mkspecial(u64 pte)
{
	return pte | _PAGE_SPECIAL;
}
static inline u64 pte_modify(u64 pte, u64 prot)
{
	return (pte & _PAGE_CHG_MASK) | (prot & ~_PAGE_CHG_MASK);
}
static inline u64 pmd_modify(u64 pmd, u64 prot)
{
	return (pmd & _HPAGE_CHG_MASK) | (prot & ~_HPAGE_CHG_MASK);
}
static inline bool pmd_none(u64 pmd)
{
	return !pmd;
}
static inline bool pmd_trans_huge(u64 pmd)
{
	return pmd & _PAGE_PSE;
}
static inline bool pmd_bad(u64 pmd)
{
	return (pmd & (PAGE_SIZE - 1) & ~_PAGE_USER) != (_PAGE_TABLE & ~_PAGE_USER);
}
/** What a walk that holds mmap_sem for reading only must not descend into: nothing there, huge, or bad. The bits of an
 * empty pmd and of a huge one are not those of a table either. */
static inline bool pmd_trans_unstable(u64 pmd)
{
	return pmd_bad(pmd);
}
/** The pmd leads to no page and to no table: it is empty, or a marker of a hugetlb mapping, which 6.12 has. */
static inline bool pmd_maps_nothing(u64 pmd)
{
	return KERNEL >= V6_12 ? !pte_present(pmd) : pmd_none(pmd);
}
/** The page behind a present pte; 0 for the zero page and for pages without struct page. */
static inline u32 vm_normal_page(const struct hmmu *m, u64 pte)
{
	return (pte & _PAGE_SPECIAL) || is_zero_pfn(m, pte_pfn(pte)) ? 0 : pte_pfn(pte);
}
/** @} */

#endif
