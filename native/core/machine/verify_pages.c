/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(): each page against its tally, and what is counted of all pages. */
#include "machine/verify.h"
#include "page/devmem.h"
#include "mm/stop.h"

/* The total of 6.12, against the counts that it is the sum of. */
static void verify_large_mapcount(struct verify *v, u32 head)
{
	int32_t sum = compound_mapcount(v->m, head);

	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		sum += page_of(v->m, head + i)->mapcount;
	if (total_mapcount(v->m, head) != sum)
		complain(v, "page %u: its total mapcount is %d, but its parts are mapped %d times", head,
			 total_mapcount(v->m, head), sum);
}

static void verify_map_counts(struct verify *v, u32 pfn)
{
	struct hmmu *m = v->m;
	const struct page *page = page_of(m, pfn);
	u32 head = compound_head(m, pfn);
	bool twice = PageCompound(m, pfn) && page_test(m, head, HMMU_PG_DOUBLE_MAP);

	if (page->mapcount - twice != tally(v, pfn)->maps)
		complain(v, "page %u: mapcount is %d, but %d entries map it", pfn, page->mapcount - twice,
			 tally(v, pfn)->maps);
	if ((page->flags & HMMU_PG_HEAD) && compound_mapcount(m, pfn) != tally(v, pfn)->huge)
		complain(v, "page %u: compound mapcount is %d, but %d huge entries map it", pfn,
			 compound_mapcount(m, pfn), tally(v, pfn)->huge);
	if (KERNEL >= V6_12 && (page->flags & HMMU_PG_HEAD))
		verify_large_mapcount(v, pfn);
}

static void verify_page(struct verify *v, u32 pfn)
{
	struct hmmu *m = v->m;
	const struct page *page = page_of(m, pfn);
	const struct page_tally *t = tally(v, pfn);

	if (page->flags & (HMMU_PG_TABLE | HMMU_PG_RESERVED))
		return;
	verify_map_counts(v, pfn);
	verify_writer(v, pfn);
	if (page->flags & HMMU_PG_TAIL) {
		if (page->count || page->head >= pfn || !page_test(m, page->head, HMMU_PG_HEAD))
			complain(v, "page %u: it is a tail with %d references, and %u is not its head", pfn,
				 page->count, page->head);
		return;
	}
	if (page->count != t->refs)
		complain(v, "page %u: count is %d, but %d references can be explained", pfn, page->count, t->refs);
	if (page->count < t->refs)
		v->too_few = pfn;
	if (!(page->flags & HMMU_PG_LOCKED) != !t->locks || t->locks > 1)
		complain(v, "page %u: it is %s, but %u have its lock", pfn,
			 page->flags & HMMU_PG_LOCKED ? "locked" : "not locked", t->locks);
	if (!(page->flags & HMMU_PG_LRU) != !t->on_lru)
		complain(v, "page %u: its LRU flag and the lists disagree", pfn);
	/* munlock() does not find device pages, and a free one keeps the mark. Copying a huge page on write leaves it the
	 * mark until its last mapping goes, or one is split. */
	if ((page->flags & HMMU_PG_MLOCKED) && !t->mlock_explained && !is_zone_device_page(m, pfn) && !t->huge)
		complain(v, "page %u: it is mlocked, but no VM_LOCKED mapping maps it", pfn);
	if (!page->count && !(page->flags & HMMU_PG_BUDDY) && page->flags && !PageHuge(m, pfn) &&
	    !is_zone_device_page(m, pfn))
		complain(v, "page %u: it has no reference and is not free (flags %#x)", pfn, page->flags);
}

void verify_pages(struct verify *v)
{
	struct hmmu *m = v->m;
	u64 charged = 0, free = m->st->ram_pages;

	for (u32 pfn = 1; pfn < m->pfn_end; pfn = next_used(m, pfn)) {
		const struct page *page = page_of(m, pfn);

		verify_page(v, pfn);
		if ((page->flags & PAGE_USER_CHARGED) && !(page->flags & HMMU_PG_TAIL))
			charged += hpage_nr_pages(m, pfn);
		if (PageHuge(m, pfn) || is_zone_device_page(m, pfn))
			continue;
		if (page->count || (page->flags & (HMMU_PG_TAIL | HMMU_PG_RESERVED)))
			free--;
	}
	free--; /* frame 0 */
	/* In 4.14 an insertion that has stopped has charged its page, which does not say so yet. */
	for (u32 task = 1; KERNEL < V6_12 && m->stops && task < m->stops->end; task++)
		charged += stop_of(m, task) && stop_of(m, task)->point == HMMU_SWITCH_INSERT_PAGE;
	if (charged != memcg_charged(m->st))
		complain(v, "memory cgroup: %llu pages are charged, the counter says %llu", (unsigned long long)charged,
			 (unsigned long long)memcg_charged(m->st));
	if (free != m->st->free_frames)
		complain(v, "allocator: %llu frames are free, the counter says %u", (unsigned long long)free,
			 m->st->free_frames);
	if (v->tables != m->st->table_pages)
		complain(v, "page tables: %llu are reachable, the counter says %u", (unsigned long long)v->tables,
			 m->st->table_pages);
}
