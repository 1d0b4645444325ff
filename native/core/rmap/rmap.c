/* SPDX-License-Identifier: GPL-2.0-only */
/* Map counts: these functions count every pte and huge pmd that is set or cleared. In 4.14 the last one clears the mlock
 * mark. */
#include "rmap/rmap.h"

#include "page/lru.h"
#include "page/mlock.h"

void page_move_anon_rmap(struct hmmu *m, u32 pfn, u32 vma)
{
	page_of(m, compound_head(m, pfn))->mapping = vma_of(m, vma)->anon_vma | MAPPING_ANON;
}

/* The last huge mapping is gone. Ptes may still map parts of the page. */
static void remove_anon_compound_rmap(struct hmmu *m, u32 cpu, u32 head)
{
	if (--*compound_mapcount_ptr(m, head))
		return;
	if (page_test_and_clear(m, head, HMMU_PG_DOUBLE_MAP))
		for (u32 i = 0; i < HPAGE_PMD_NR; i++)
			page_of(m, head + i)->mapcount--;
	if (page_test(m, head, HMMU_PG_MLOCKED))
		clear_page_mlock(m, cpu, head);
}

void page_remove_rmap_slow(struct hmmu *m, u32 cpu, u32 pfn, bool compound)
{
	u32 head = compound_head(m, pfn);

	if (compound) {
		remove_anon_compound_rmap(m, cpu, pfn);
		return;
	}
	if (page_of(m, pfn)->mapcount < 0) {
		hmmu_bug(m, "a mapping of a page was removed that it did not have");
		page_of(m, pfn)->mapcount = 0;
		return;
	}
	/* The last mapping clears the mlock mark. */
	if (!page_of(m, pfn)->mapcount && page_test(m, head, HMMU_PG_MLOCKED))
		clear_page_mlock(m, cpu, head);
}

void folio_remove_rmap_slow(struct hmmu *m, u32 cpu, u32 pfn, u32 vma, bool compound)
{
	int32_t *count = compound ? compound_mapcount_ptr(m, pfn) : &page_of(m, pfn)->mapcount;

	if (*count <= 0) {
		hmmu_bug(m, "a mapping of a page was removed that it did not have");
		return;
	}
	--*count;
	large_mapcount_add(m, pfn, -1);
	if (vma_is_mlocked(m, vma))
		munlock_folio(m, cpu, compound_head(m, pfn));
}
