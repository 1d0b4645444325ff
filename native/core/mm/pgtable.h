/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file pgtable.h
 * Page tables of x86-64: the bits of an entry, swap-format entries, and walking.
 *
 * Both kernels keep entries in one format: that of 4.14, with the additions of 6.12. raw_entry.h has the kernel's words.
 *
 * Of the five levels the second (p4d) is folded into the first, as in a kernel without 5-level paging.
 */
#ifndef HMMU_PGTABLE_H
#define HMMU_PGTABLE_H

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
/** The soft-dirty bit of a swap-format entry has moved to where a present one is writable. */
#define _PAGE_SWP_SOFT_DIRTY _PAGE_RW
/** 6.12: the uffd-wp bit of a swap-format entry. */
#define _PAGE_SWP_UFFD_WP _PAGE_USER
/** 6.12: the page that was swapped out belonged to this entry alone. */
#define _PAGE_SWP_EXCLUSIVE 0x008ull
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

/** @name Swap-format entries: offset in bits 14…45, type in bits 9…13, soft-dirty in bit 1; in 6.12 uffd-wp in bit 2,
 * exclusive in bit 3, and of migration entries young in bit 46, dirty in bit 47
 * @{ */
enum swp_type {
	/* 0 is the swap area. The next four are 6.12's. */
	SWP_EXCLUSIVE_WRITE = 20, /**< device-exclusive: the device alone uses this page of RAM */
	SWP_EXCLUSIVE_READ = 21,
	SWP_PTE_MARKER = 22,
	SWP_MIGRATION_READ_EXCLUSIVE = 24,
	SWP_HWPOISON = 27,
	SWP_MIGRATION_READ = 28,
	SWP_MIGRATION_WRITE = 29,
	SWP_DEVICE_WRITE = 30,
	SWP_DEVICE_READ = 31,
};
/** Smaller types are swap areas. */
#define FIRST_NON_SWAP_TYPE (KERNEL >= V6_12 ? SWP_EXCLUSIVE_WRITE : SWP_HWPOISON)
#define SWP_TYPE_SHIFT 9
#define SWP_OFFSET_SHIFT 14
static inline u64 swp_entry_to_pte(u32 type, u64 offset)
{
	return (offset << SWP_OFFSET_SHIFT) | ((u64)type << SWP_TYPE_SHIFT);
}
static inline u32 swp_type(u64 pte)
{
	return (u32)(pte >> SWP_TYPE_SHIFT) & 31;
}
static inline u32 swp_offset(u64 pte)
{
	return (u32)(pte >> SWP_OFFSET_SHIFT);
}
/** The bit that only the type of a migration entry for writing has. */
#define SWP_MIGRATION_WRITE_BIT ((u64)(SWP_MIGRATION_READ ^ SWP_MIGRATION_WRITE) << SWP_TYPE_SHIFT)
_Static_assert(IS_ONE_BIT(SWP_MIGRATION_READ ^ SWP_MIGRATION_WRITE), "the types differ in one bit");
_Static_assert(SWP_MIGRATION_WRITE &(SWP_MIGRATION_READ ^ SWP_MIGRATION_WRITE), "it is set in the type that may");
/** The bit that a readable-exclusive migration entry lacks. */
#define SWP_MIGRATION_SHARED_BIT ((u64)(SWP_MIGRATION_READ ^ SWP_MIGRATION_READ_EXCLUSIVE) << SWP_TYPE_SHIFT)
_Static_assert(IS_ONE_BIT(SWP_MIGRATION_READ ^ SWP_MIGRATION_READ_EXCLUSIVE), "the types differ in one bit");
/** 6.12: what a migration entry keeps of a present one ("mm/swap: cache maximum swapfile size when init swap"). The swap
 * offset has room for both bits, as L1TF mitigation is not modelled. */
#define SWP_MIGRATION_YOUNG (1ull << 46)
#define SWP_MIGRATION_DIRTY (1ull << 47)
/** The bit that only the type of a device-private entry for reading has. */
#define SWP_DEVICE_READ_BIT ((u64)(SWP_DEVICE_READ ^ SWP_DEVICE_WRITE) << SWP_TYPE_SHIFT)
_Static_assert(IS_ONE_BIT(SWP_DEVICE_READ ^ SWP_DEVICE_WRITE), "the types differ in one bit");
_Static_assert(SWP_DEVICE_READ &(SWP_DEVICE_READ ^ SWP_DEVICE_WRITE), "it is set in the type that may not");
static inline bool is_migration_entry(u64 pte)
{
	/* The three types differ in two bits, and no other type has the rest. */
	const u32 differ = (SWP_MIGRATION_READ ^ SWP_MIGRATION_READ_EXCLUSIVE) |
			   (SWP_MIGRATION_READ ^ SWP_MIGRATION_WRITE);

	if (KERNEL >= V6_12)
		return is_swap_pte(pte) && (swp_type(pte) | differ) == SWP_MIGRATION_WRITE;
	return is_swap_pte(pte) && (swp_type(pte) == SWP_MIGRATION_READ || swp_type(pte) == SWP_MIGRATION_WRITE);
}
static inline bool is_write_migration_entry(u64 pte)
{
	return is_swap_pte(pte) && swp_type(pte) == SWP_MIGRATION_WRITE;
}
static inline bool is_readable_migration_entry(u64 pte)
{
	return is_swap_pte(pte) && swp_type(pte) == SWP_MIGRATION_READ;
}
static inline bool is_readable_exclusive_migration_entry(u64 pte)
{
	return KERNEL >= V6_12 && is_swap_pte(pte) && swp_type(pte) == SWP_MIGRATION_READ_EXCLUSIVE;
}
static inline bool is_device_private_entry(u64 pte)
{
	return is_swap_pte(pte) && swp_type(pte) >= SWP_DEVICE_WRITE;
}
static inline bool is_write_device_private_entry(u64 pte)
{
	return is_swap_pte(pte) && swp_type(pte) == SWP_DEVICE_WRITE;
}
static inline bool is_device_exclusive_entry(u64 pte)
{
	return KERNEL >= V6_12 && is_swap_pte(pte) &&
	       (swp_type(pte) == SWP_EXCLUSIVE_WRITE || swp_type(pte) == SWP_EXCLUSIVE_READ);
}
static inline bool is_writable_device_exclusive_entry(u64 pte)
{
	return KERNEL >= V6_12 && is_swap_pte(pte) && swp_type(pte) == SWP_EXCLUSIVE_WRITE;
}
static inline bool non_swap_entry(u64 pte)
{
	return swp_type(pte) >= FIRST_NON_SWAP_TYPE;
}
static inline u64 make_migration_entry(u64 pfn, bool write)
{
	return swp_entry_to_pte(write ? SWP_MIGRATION_WRITE : SWP_MIGRATION_READ, pfn);
}
static inline u64 make_readable_exclusive_migration_entry(u64 pfn)
{
	return swp_entry_to_pte(SWP_MIGRATION_READ_EXCLUSIVE, pfn);
}
static inline u64 make_device_private_entry(u64 pfn, bool write)
{
	return swp_entry_to_pte(write ? SWP_DEVICE_WRITE : SWP_DEVICE_READ, pfn);
}
static inline u64 make_device_exclusive_entry(u64 pfn, bool write)
{
	return swp_entry_to_pte(write ? SWP_EXCLUSIVE_WRITE : SWP_EXCLUSIVE_READ, pfn);
}
/** @name A marker stands where a page would: its offset is a set of these.
 * @{ */
#define PTE_MARKER_UFFD_WP 1ull
#define PTE_MARKER_POISONED 2ull
static inline u64 make_pte_marker(u64 marker)
{
	return swp_entry_to_pte(SWP_PTE_MARKER, marker);
}
static inline bool is_pte_marker(u64 pte)
{
	return KERNEL >= V6_12 && is_swap_pte(pte) && swp_type(pte) == SWP_PTE_MARKER;
}
static inline bool pte_marker_uffd_wp(u64 pte)
{
	return is_pte_marker(pte) && (swp_offset(pte) & PTE_MARKER_UFFD_WP);
}
/** @} */
/** The page that an entry refers to, or 0: swap slots and markers refer to none. */
static inline u32 pfn_swap_entry(u64 pte)
{
	bool has_page = is_migration_entry(pte) || is_device_private_entry(pte) || is_device_exclusive_entry(pte);

	return has_page ? swp_offset(pte) : 0;
}
static inline bool pte_swp_soft_dirty(u64 pte)
{
	return pte & _PAGE_SWP_SOFT_DIRTY;
}
static inline u64 pte_swp_mksoft_dirty(u64 pte)
{
	return pte | _PAGE_SWP_SOFT_DIRTY;
}
static inline u64 pte_swp_clear_soft_dirty(u64 pte)
{
	return pte & ~_PAGE_SWP_SOFT_DIRTY;
}
static inline bool pte_swp_uffd_wp(u64 pte)
{
	return KERNEL >= V6_12 && (pte & _PAGE_SWP_UFFD_WP);
}
static inline u64 pte_swp_mkuffd_wp(u64 pte)
{
	return KERNEL >= V6_12 ? pte | _PAGE_SWP_UFFD_WP : pte;
}
static inline u64 pte_swp_clear_uffd_wp(u64 pte)
{
	return KERNEL >= V6_12 ? pte & ~_PAGE_SWP_UFFD_WP : pte;
}
static inline u64 pte_swp_clear_exclusive(u64 pte)
{
	return KERNEL >= V6_12 ? pte & ~_PAGE_SWP_EXCLUSIVE : pte;
}
/** @} */

/** @name Levels
 * @{ */
static inline u32 table_index(u64 address, u32 shift)
{
	return (u32)(address >> shift) & (PTRS_PER_TABLE - 1);
}
static inline u64 level_end(u64 address, u64 end, u64 size)
{
	u64 boundary = (address + size) & ~(size - 1);

	return boundary - 1 < end - 1 ? boundary : end;
}
static inline u64 pmd_addr_end(u64 address, u64 end)
{
	return level_end(address, end, PMD_SIZE);
}
/** The pmd of an address if its table is known from the last time; NULL: it has to be looked for. */
static inline u64 *known_pmd(const struct hmmu *m, u32 mm, u64 address)
{
	const struct lookup *lookup = &m->lookups[mm % LOOKUPS];

	if (!SHORTCUTS || lookup->mm != mm || lookup->pmd_gib != (address >> PUD_SHIFT) + 1)
		return NULL;
	return lookup->pmds + table_index(address, PMD_SHIFT);
}
/** The pmd of an address, NULL if a table above is missing. */
static u64 *mm_find_pmd_slow(const struct hmmu *m, u32 mm, u64 address);
static inline u64 *mm_find_pmd(const struct hmmu *m, u32 mm, u64 address)
{
	u64 *pmd = known_pmd(m, mm, address);

	return pmd ? pmd : mm_find_pmd_slow(m, mm, address);
}
/** The same, tables allocated as needed; NULL when one can't be. */
static u64 *pmd_alloc_slow(struct hmmu *m, u32 mm, u64 address);
static inline u64 *pmd_alloc(struct hmmu *m, u32 mm, u64 address)
{
	u64 *pmd = known_pmd(m, mm, address);

	return pmd ? pmd : pmd_alloc_slow(m, mm, address);
}
/** Make sure of a pte table; false when there is no frame for it. */
static NOINLINE bool pte_alloc_slow(struct hmmu *m, u32 mm, u64 *pmd);
static inline bool pte_alloc(struct hmmu *m, u32 mm, u64 *pmd)
{
	return !pmd_none(*pmd) || pte_alloc_slow(m, mm, pmd);
}
/** A table that is not hung up yet (pte_alloc_one()), or 0. */
static u32 pte_alloc_one(struct hmmu *m, u32 mm);
static void pte_free(struct hmmu *m, u32 mm, u32 table);
/** Hang a table into an empty pmd. */
static void pmd_populate(u64 *pmd, u32 table);
static inline u64 *pte_offset(const struct hmmu *m, u64 pmd, u64 address)
{
	return table_of(m, pte_pfn(pmd)) + table_index(address, PAGE_SHIFT);
}
/** The frame number of the table that an entry stands in. */
static inline u32 table_of_entry(const struct hmmu *m, const u64 *entry)
{
	return (u32)(((const u8 *)entry - m->frames) / PAGE_SIZE);
}

/** Keep a table for the day the huge pmd is split; and take it back. */
static void pgtable_trans_huge_deposit(struct hmmu *m, u64 *pmd, u32 table);
static u32 pgtable_trans_huge_withdraw(struct hmmu *m, u64 *pmd);

static u32 pgd_alloc(struct hmmu *m);
static void pgd_free(struct hmmu *m, u32 pgd);
struct mmu_gather;
/** Free the tables that only [address, end) needs; floor and ceiling bound what neighbours need. As the CPU may have
 * cached a table as well, the address of each is added to the range to flush. */
static void free_pgd_range(struct mmu_gather *tlb, u64 address, u64 end, u64 floor, u64 ceiling);

/** @name Page table locks, one a table. Taking one twice or dropping one not taken is a bug of the emulator.
 * @{ */
static ALWAYS_INLINE void spin_lock(struct hmmu *m, struct page *table)
{
	if (table->locked++)
		hmmu_bug(m, "a page table lock was taken twice");
}
static ALWAYS_INLINE void spin_unlock(struct hmmu *m, struct page *table)
{
	if (table->locked-- != 1)
		hmmu_bug(m, "a page table lock was dropped that was not taken");
}
/** A lock that is taken and dropped again, with nothing between that could notice. */
static ALWAYS_INLINE void spin_lock_unlock(struct hmmu *m, const struct page *table)
{
	if (table->locked)
		hmmu_bug(m, "a page table lock was taken twice");
}
static ALWAYS_INLINE void table_lock(struct hmmu *m, const u64 *entry)
{
	spin_lock(m, page_of(m, table_of_entry(m, entry)));
}
static ALWAYS_INLINE void table_unlock(struct hmmu *m, const u64 *entry)
{
	spin_unlock(m, page_of(m, table_of_entry(m, entry)));
}
/** Lock the pte table of a pmd and return the entry of an address. */
static inline u64 *pte_offset_map_lock(struct hmmu *m, u64 pmd, u64 address)
{
	u64 *pte = pte_offset(m, pmd, address);

	table_lock(m, pte);
	return pte;
}
/** @} */

/**
 * Call @p entry for each pmd-sized part of [start, end), and @p hole for each part without pmd table or with an empty
 * pmd (NULL: holes are passed over), in address order: walk_page_range(). A result other than 0 ends the walk.
 */
struct mm_walk {
	struct hmmu *m;
	u32 mm;
	u32 vma;
	int (*pmd_entry)(struct mm_walk *walk, u64 *pmd, u64 address, u64 end);
	int (*pte_hole)(struct mm_walk *walk, u64 address, u64 end);
	void *data;
};
static int walk_page_range(struct mm_walk *walk, u64 start, u64 end);

#endif
