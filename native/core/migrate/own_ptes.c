/* SPDX-License-Identifier: GPL-2.0-only */
/* The rare part of the shortcut of finalize: another table. */
#include "migrate/own_ptes.h"

bool own_ptes_find_table(const struct hmmu_migration *mig, struct entries_of_table *at, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u64 address = mig->start + (i << PAGE_SHIFT), end = pmd_addr_end(address, mig->end);
	u64 *pmd = mm_find_pmd(m, mig->ctx.mm, address);

	at->count = 0;
	if (!pmd || pmd_trans_unstable(*pmd))
		return false;
	at->from = i;
	at->count = (end - address) >> PAGE_SHIFT;
	at->ptes = pte_offset(m, *pmd, address);
	at->table = page_of(m, pte_pfn(*pmd));
	return true;
}
