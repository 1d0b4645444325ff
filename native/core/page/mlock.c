/* SPDX-License-Identifier: GPL-2.0-only */
/* The mlock mark of pages in Linux 4.14. */
#include "page/mlock.h"

#include "page/lru.h"

void mlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn)
{
	if (page_test_and_set(m, pfn, HMMU_PG_MLOCKED))
		return;
	if (isolate_lru_page(m, pfn))
		putback_lru_page(m, cpu, pfn);
}

void clear_page_mlock(struct hmmu *m, u32 cpu, u32 pfn)
{
	if (!page_test_and_clear(m, pfn, HMMU_PG_MLOCKED))
		return;
	if (isolate_lru_page(m, pfn))
		putback_lru_page(m, cpu, pfn);
}
