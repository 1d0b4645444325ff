/* SPDX-License-Identifier: GPL-2.0-only */
/** @file pte_batch.h Neighbouring ptes that map neighbouring parts of one large page. Linux 6.12. */
#ifndef HMMU_PTE_BATCH_H
#define HMMU_PTE_BATCH_H

#include "mm/pgtable.h"

/** What the ptes of a batch may differ in. */
#define PTE_BATCH_IGNORED (_PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SOFT_DIRTY)

/** folio_pte_batch(): how many ptes from the present one at @p pte on, at most @p max of its table, go on where the one
 * before ends, in the same large page. 1 for a small page. "mm/memory: optimize fork() with PTE-mapped THP" */
static inline u32 folio_pte_batch(const struct hmmu *m, const u64 *pte, u64 max)
{
	u32 first = pte_pfn(*pte), head = compound_head(m, first);
	u32 left = head + hpage_nr_pages(m, head) - first, nr = 1;

	for (; nr < left && nr < max; nr++)
		if ((pte[nr] ^ (*pte + ((u64)nr << PAGE_SHIFT))) & ~PTE_BATCH_IGNORED)
			break;
	return nr;
}

#endif
