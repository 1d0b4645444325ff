/* SPDX-License-Identifier: GPL-2.0-only */
/** @file pte_batch.h Neighbouring ptes that map neighbouring parts of one large page. Linux 6.12. */
#ifndef HMMU_PTE_BATCH_H
#define HMMU_PTE_BATCH_H

#include "mm/pgtable.h"

/** FPB_IGNORE_DIRTY and FPB_IGNORE_SOFT_DIRTY: what the ptes of most batches may differ in, besides the bits of
 * PTE_BATCH_ALWAYS_IGNORED. */
#define PTE_BATCH_IGNORED (_PAGE_DIRTY | _PAGE_SOFT_DIRTY)
#define PTE_BATCH_ALWAYS_IGNORED (_PAGE_RW | _PAGE_ACCESSED)

/** folio_pte_batch(): how many ptes from the present one at @p pte on, at most @p max of its table, go on where the one
 * before ends, in the same large page. They have equal bits, except those of @p ignored. 1 for a small page.
 * "mm/memory: optimize fork() with PTE-mapped THP" */
static inline u32 folio_pte_batch(const struct hmmu *m, const u64 *pte, u64 max, u64 ignored)
{
	u32 first = pte_pfn(*pte), head = compound_head(m, first);
	u32 left = head + hpage_nr_pages(m, head) - first, nr = 1;

	for (; nr < left && nr < max; nr++)
		if ((pte[nr] ^ (*pte + ((u64)nr << PAGE_SHIFT))) & ~(PTE_BATCH_ALWAYS_IGNORED | ignored))
			break;
	return nr;
}

#endif
