/* SPDX-License-Identifier: GPL-2.0-only */
/* Page tables: allocation on demand, freeing with their range, walking. */
#include "mm/pgtable.h"

#include <string.h>

#include "host/inject.h"
#include "mm/mmu_gather.h"
#include "page/frame.h"

/* Levels with tables of their own, from the top: pgd (p4d folded into it), pud, pmd. */
static const u32 upper_shifts[] = { PGD_SHIFT, PUD_SHIFT, PMD_SHIFT };

static u32 table_alloc(struct hmmu *m)
{
	bool zeroed;
	u32 pfn;

	if (should_fail(m, HMMU_INJECT_TABLE))
		return 0;
	pfn = alloc_frame(m, &zeroed);
	if (!pfn)
		return 0;
	if (!(SHORTCUTS && zeroed))
		memset(frame_of(m, pfn), 0, PAGE_SIZE);
	page_set(m, pfn, HMMU_PG_TABLE);
	m->st->table_pages++;
	return pfn;
}

static bool table_is_empty(const struct hmmu *m, u32 pfn)
{
	for (u32 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		if (table_of(m, pfn)[i])
			return false;
	return true;
}

/* Copies and hashes of machines without contents rely on the empty frame; the plain build makes sure of it. */
static void table_free(struct hmmu *m, u32 pfn)
{
	if (!SHORTCUTS && !table_is_empty(m, pfn))
		hmmu_bug(m, "a page table was freed that has entries");
	if (page_of(m, pfn)->locked)
		hmmu_bug(m, "a page table was freed that is locked");
	if (page_of(m, pfn)->next)
		hmmu_bug(m, "a page table was freed with deposited tables");
	m->st->table_pages--;
	page_of(m, pfn)->count = 0;
	free_frame(m, pfn);
}

u32 pgd_alloc(struct hmmu *m)
{
	return table_alloc(m);
}

void pgd_free(struct hmmu *m, u32 pgd)
{
	table_free(m, pgd);
}

/* The pmd tables of a mm are freed by free_pgd_range() only, which forgets this one. */
static u64 *remember_pmd_table(const struct hmmu *m, u32 mm, u64 address, u32 table)
{
	struct lookup *lookup = lookup_of(m, mm);

	lookup->pmd_gib = (address >> PUD_SHIFT) + 1;
	lookup->pmds = table_of(m, table);
	return table_of(m, table) + table_index(address, PMD_SHIFT);
}

u64 *mm_find_pmd_slow(const struct hmmu *m, u32 mm, u64 address)
{
	u32 table = mm_of(m, mm)->pgd;

	for (int level = 0; level < 2; level++) {
		u64 entry = table_of(m, table)[table_index(address, upper_shifts[level])];

		if (!entry)
			return NULL;
		table = pte_pfn(entry);
	}
	return remember_pmd_table(m, mm, address, table);
}

u64 *pmd_alloc_slow(struct hmmu *m, u32 mm, u64 address)
{
	u32 table = mm_of(m, mm)->pgd;

	for (int level = 0; level < 2; level++) {
		u64 *entry = table_of(m, table) + table_index(address, upper_shifts[level]);

		if (!*entry) {
			u32 lower = table_alloc(m);

			if (!lower)
				return NULL;
			*entry = mk_pte(lower, _PAGE_TABLE);
			m->moved_mappings++;
			mm_of(m, mm)->tables++;
		}
		table = pte_pfn(*entry);
	}
	return remember_pmd_table(m, mm, address, table);
}

u32 pte_alloc_one(struct hmmu *m, u32 mm)
{
	u32 table = table_alloc(m);

	if (table)
		mm_of(m, mm)->tables++;
	return table;
}

void pte_free(struct hmmu *m, u32 mm, u32 table)
{
	mm_of(m, mm)->tables--;
	table_free(m, table);
}

void pmd_populate(struct hmmu *m, u64 *pmd, u32 table)
{
	m->moved_mappings++;
	*pmd = mk_pte(table, _PAGE_TABLE);
}

bool pte_alloc_slow(struct hmmu *m, u32 mm, u64 *pmd)
{
	u32 table = pte_alloc_one(m, mm);

	if (!table)
		return false;
	pmd_populate(m, pmd, table);
	return true;
}

void pgtable_trans_huge_deposit(struct hmmu *m, u64 *pmd, u32 table)
{
	struct page *owner = page_of(m, table_of_entry(m, pmd));

	page_of(m, table)->next_deposited = owner->next;
	owner->next = table;
}

u32 pgtable_trans_huge_withdraw(struct hmmu *m, u64 *pmd)
{
	struct page *owner = page_of(m, table_of_entry(m, pmd));
	u32 table = owner->next;

	if (!table) {
		hmmu_bug(m, "a huge pmd has no deposited table");
		return 0;
	}
	owner->next = page_of(m, table)->next_deposited;
	page_of(m, table)->next_deposited = 0;
	return table;
}

/*
 * A ceiling is the first address that a neighbour above needs, 0 if there is none. Rounding down a ceiling within the
 * lowest table gives 0, too, but there it means that the neighbour needs all of the table.
 */
static bool round_ceiling(u64 *ceiling, u64 size)
{
	if (!*ceiling)
		return true;
	*ceiling &= ~(size - 1);
	return *ceiling;
}

/* Whether the table around [start, end), which covers @p size bytes, is needed by no neighbour. */
static bool table_is_free(u64 start, u64 end, u64 floor, u64 ceiling, u64 size)
{
	if ((start & ~(size - 1)) < floor || !round_ceiling(&ceiling, size))
		return false;
	return end - 1 <= ceiling - 1;
}

/* The kernel adds one page of the part that a table covers to the range to flush, and that is enough: flushing any
 * page drops all tables that the CPU has cached. */
static void pte_free_tlb(struct mmu_gather *tlb, u32 table, u64 address)
{
	tlb_adjust_range(tlb, address, address + PAGE_SIZE);
	pte_free(tlb->ctx->m, tlb->mm, table);
}

static void free_level(struct mmu_gather *tlb, u32 table, int level, u64 address, u64 end, u64 floor, u64 ceiling)
{
	struct hmmu *m = tlb->ctx->m;
	u64 size = 1ull << upper_shifts[level];

	for (u64 next; address != end; address = next) {
		u64 *entry = table_of(m, table) + table_index(address, upper_shifts[level]);

		next = level_end(address, end, size);
		if (!*entry || pmd_trans_huge(*entry))
			continue;
		if (level < 2)
			free_level(tlb, pte_pfn(*entry), level + 1, address, next, floor, ceiling);
		if (!table_is_free(address, next, floor, ceiling, size))
			continue;
		pte_free_tlb(tlb, pte_pfn(*entry), address & ~(size - 1));
		*entry = 0;
	}
}

void free_pgd_range(struct mmu_gather *tlb, u64 address, u64 end, u64 floor, u64 ceiling)
{
	struct hmmu *m = tlb->ctx->m;
	u32 mm = tlb->mm;

	lookup_of(m, mm)->pmd_gib = 0;
	address &= PMD_MASK;
	if (address < floor)
		address += PMD_SIZE;
	if (!round_ceiling(&ceiling, PMD_SIZE))
		return;
	if (end - 1 > ceiling - 1)
		end -= PMD_SIZE;
	if (address > end - 1)
		return;
	free_level(tlb, mm_of(m, mm)->pgd, 0, address, end, floor, ceiling);
}

static int walk_pmds(struct mm_walk *walk, u32 table, u64 address, u64 end)
{
	int err = 0;

	for (u64 next; address != end && !err; address = next) {
		u64 *pmd = table_of(walk->m, table) + table_index(address, PMD_SHIFT);

		next = pmd_addr_end(address, end);
		if (pmd_none(*pmd))
			err = walk->pte_hole ? walk->pte_hole(walk, address, next) : 0;
		else
			err = walk->pmd_entry(walk, pmd, address, next);
	}
	return err;
}

static int walk_level(struct mm_walk *walk, u32 table, int level, u64 address, u64 end)
{
	int err = 0;

	if (level == 2)
		return walk_pmds(walk, table, address, end);
	for (u64 next; address != end && !err; address = next) {
		u64 entry = table_of(walk->m, table)[table_index(address, upper_shifts[level])];

		next = level_end(address, end, 1ull << upper_shifts[level]);
		if (entry)
			err = walk_level(walk, pte_pfn(entry), level + 1, address, next);
		else
			err = walk->pte_hole ? walk->pte_hole(walk, address, next) : 0;
	}
	return err;
}

int walk_page_range(struct mm_walk *walk, u64 start, u64 end)
{
	return walk_level(walk, mm_of(walk->m, walk->mm)->pgd, 0, start, end);
}
