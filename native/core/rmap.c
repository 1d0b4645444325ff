/* SPDX-License-Identifier: GPL-2.0-only */
/* Map counts: every pte or huge pmd that comes or goes is counted here, and mlock follows the last one. */
#include "rmap.h"

#include "lru.h"

static void set_anon_rmap(struct hmmu *m, u32 pfn, u32 vma, u64 address, bool exclusive)
{
	struct page *page = page_of(m, compound_head(m, pfn));
	u32 anon_vma = m->vmas[vma].anon_vma;

	if (page->mapping & MAPPING_ANON)
		return;
	/* A page that others may have, too, belongs to the root, where every descendant's mapping is found. */
	if (!exclusive)
		anon_vma = m->anon_vmas[anon_vma].root;
	page->mapping = anon_vma | MAPPING_ANON;
	page->index = linear_page_index(m, vma, address);
}

void page_add_new_anon_rmap(struct hmmu *m, u32 pfn, u32 vma, u64 address, bool compound)
{
	page_set(m, pfn, HMMU_PG_SWAPBACKED);
	if (compound)
		*compound_mapcount_ptr(m, pfn) = 1;
	else
		page_of(m, pfn)->mapcount = 1;
	set_anon_rmap(m, pfn, vma, address, true);
}

void page_add_anon_rmap(struct hmmu *m, u32 pfn, u32 vma, u64 address, bool exclusive, bool compound)
{
	bool first = compound ? !(*compound_mapcount_ptr(m, pfn))++ : !page_of(m, pfn)->mapcount++;

	if (first)
		set_anon_rmap(m, pfn, vma, address, exclusive);
}

void page_add_file_rmap(struct hmmu *m, u32 pfn)
{
	page_of(m, pfn)->mapcount++;
}

void page_move_anon_rmap(struct hmmu *m, u32 pfn, u32 vma)
{
	page_of(m, compound_head(m, pfn))->mapping = m->vmas[vma].anon_vma | MAPPING_ANON;
}

void page_dup_rmap(struct hmmu *m, u32 pfn, bool compound)
{
	if (compound)
		++*compound_mapcount_ptr(m, pfn);
	else
		page_of(m, pfn)->mapcount++;
}

/* The last huge mapping is gone; ptes may be left that map parts. */
static void remove_anon_compound_rmap(struct hmmu *m, u32 cpu, u32 head)
{
	if (--*compound_mapcount_ptr(m, head))
		return;
	if (page_test_and_clear(m, head, HMMU_PG_DOUBLE_MAP))
		for (u32 i = 0; i < HPAGE_PMD_NR; i++)
			m->pages[head + i].mapcount--;
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
	if (page_test(m, head, HMMU_PG_MLOCKED))
		clear_page_mlock(m, cpu, head);
}
