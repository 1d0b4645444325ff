/* SPDX-License-Identifier: GPL-2.0-only */
/* Splits a huge pmd as Linux 4.14 does: ptes do not inherit the dirty bit, and pmds and ptes count apart. */
#include "mm/tlb.h"
#include "rmap/migration_entry.h"
#include "rmap/rmap.h"
#include "rmap/split_pmd.h"

/* The entry for one page of the huge page: a migration entry, or a pte with the pmd's rights. */
static u64 split_entry(const struct hmmu *m, u32 vma, u64 pmd, u32 page, bool freeze)
{
	u64 entry;

	if (freeze)
		return migration_entry_of_present(page, pmd, false);
	entry = maybe_mkwrite(m, vma, mk_pte(page, vma_of(m, vma)->page_prot));
	if (!pte_write(pmd))
		entry = pte_wrprotect(entry);
	if (!pte_young(pmd))
		entry = pte_mkold(entry);
	return pte_soft_dirty(pmd) ? pte_mksoft_dirty(entry) : entry;
}

/* While pmds and ptes map a compound page, each of its pages has one extra map count. */
static void count_split(struct hmmu *m, u32 page)
{
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		page_of(m, page + i)->mapcount++;
	if (compound_mapcount(m, page) > 1 && !page_test_and_set(m, page, HMMU_PG_DOUBLE_MAP))
		for (u32 i = 0; i < HPAGE_PMD_NR; i++)
			page_of(m, page + i)->mapcount++;
	if (!--*compound_mapcount_ptr(m, page) && page_test_and_clear(m, page, HMMU_PG_DOUBLE_MAP))
		for (u32 i = 0; i < HPAGE_PMD_NR; i++)
			page_of(m, page + i)->mapcount--;
}

void split_pmd_double_map(struct ctx *ctx, u32 vma, u64 *pmd, u64 haddr, bool freeze)
{
	struct hmmu *m = ctx->m;
	u64 old = *pmd;
	u32 page = pte_pfn(old), table;
	u64 *pte;

	page_of(m, page)->count += HPAGE_PMD_NR - 1;
	table = pgtable_trans_huge_withdraw(m, pmd);
	pte = table_of(m, table);
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		pte[i] = split_entry(m, vma, old, page + i, freeze);
	if (pte_dirty(old))
		page_set(m, page, HMMU_PG_DIRTY);
	count_split(m, page);
	flush_tlb_range(m, vma_of(m, vma)->mm, haddr, haddr + PMD_SIZE);
	pmd_populate(m, pmd, table);
	if (!freeze)
		return;
	for (u32 i = 0; i < HPAGE_PMD_NR; i++) {
		page_remove_rmap(m, ctx->cpu, page + i, vma, false);
		put_page(m, page + i);
	}
}
