/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Splits a huge pmd as Linux 6.12 does. Entries keep the dirty bit ("mm/thp: carry over dirty bit when thp splits on pmd").
 * Frozen ones never count as maps of the parts.
 */
#include "mm/tlb.h"
#include "rmap/migration_entry.h"
#include "rmap/rmap.h"
#include "rmap/split_pmd.h"

/* To make an entry dirty makes it soft-dirty, even if the pmd was not: so soft-dirty tracking sees a store that nobody
 * made. */
static u64 pte_of_part(const struct hmmu *m, u32 vma, u64 pmd, u32 page)
{
	u64 entry = mk_pte(page, vma_of(m, vma)->page_prot);

	if (pte_write(pmd))
		entry = pte_mkwrite(entry);
	if (!pte_young(pmd))
		entry = pte_mkold(entry);
	if (pte_dirty(pmd))
		entry = quirk(m, HMMU_QUIRK_PMD_SPLIT_SOFT_DIRTIES) ? pte_mkdirty(entry) : entry | _PAGE_DIRTY;
	if (pte_soft_dirty(pmd))
		entry = pte_mksoft_dirty(entry);
	return pte_uffd_wp(pmd) ? pte_mkuffd_wp(entry) : entry;
}

/* Each part gets a pte: a reference, a map, and the mark of the head. */
static void add_parts_rmap(struct hmmu *m, u32 head, bool exclusive)
{
	page_of(m, head)->count += HPAGE_PMD_NR - 1;
	large_mapcount_add(m, head, HPAGE_PMD_NR);
	for (u32 i = 0; i < HPAGE_PMD_NR; i++) {
		page_of(m, head + i)->mapcount++;
		if (exclusive)
			SetPageAnonExclusive(m, head + i);
	}
}

void split_pmd_exclusive(struct ctx *ctx, u32 vma, u64 *pmd, u64 haddr, bool freeze)
{
	struct hmmu *m = ctx->m;
	u64 old = *pmd, *pte;
	u32 head = pte_pfn(old), table;
	bool exclusive = PageAnonExclusive(m, head);

	flush_tlb_range(m, vma_of(m, vma)->mm, haddr, haddr + PMD_SIZE);
	if (pte_dirty(old))
		page_set(m, head, HMMU_PG_DIRTY);
	/* A page that may be pinned stays mapped, so that the split of the page fails. */
	if (freeze && exclusive)
		freeze = page_try_share_anon_rmap(m, head);
	if (!freeze)
		add_parts_rmap(m, head, exclusive);
	table = pgtable_trans_huge_withdraw(m, pmd);
	pte = table_of(m, table);
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		pte[i] = freeze ? migration_entry_of_present(head + i, old, exclusive)
				: pte_of_part(m, vma, old, head + i);
	page_remove_rmap(m, ctx->cpu, head, vma, true);
	if (freeze)
		put_page(m, head);
	pmd_populate(m, pmd, table);
}
