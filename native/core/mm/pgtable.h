/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file pgtable.h
 * Page tables of x86-64: walking them, allocating and locking tables.
 *
 * Of the five levels the second (p4d) is folded into the first, as in a kernel without 5-level paging.
 */
#ifndef HMMU_PGTABLE_H
#define HMMU_PGTABLE_H

#include "mm/swapops.h"

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
static void pmd_populate(struct hmmu *m, u64 *pmd, u32 table);
static inline u64 *pte_offset(const struct hmmu *m, u64 pmd, u64 address)
{
	return table_of(m, pte_pfn(pmd)) + table_index(address, PAGE_SHIFT);
}
/** The frame number of the table that an entry stands in. */
static inline u32 table_of_entry(const struct hmmu *m, const u64 *entry)
{
	return (u32)(((uintptr_t)entry - (uintptr_t)m->frames) / PAGE_SIZE);
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
/** A lock that is taken and dropped again, with nothing between that could notice. The plain build looks whether it is free. */
static ALWAYS_INLINE void spin_lock_unlock(struct hmmu *m, const struct page *table)
{
	if (!SHORTCUTS && table->locked)
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
