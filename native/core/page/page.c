/* SPDX-License-Identifier: GPL-2.0-only */
/* References and map counts of pages, and the release of a page with its last reference. */
#include "page/page.h"

#include "page/devmem.h"
#include "page/frame.h"
#include "page/hugetlb_pool.h"
#include "page/last_reference.h"

int32_t compound_mapcount(const struct hmmu *m, u32 pfn)
{
	return page_of(m, compound_head(m, pfn) + 1)->mapcount_of_compound;
}

int32_t compound_page_mapcount(const struct hmmu *m, u32 pfn)
{
	int32_t count = page_of(m, pfn)->mapcount + compound_mapcount(m, pfn);

	return page_test(m, compound_head(m, pfn), HMMU_PG_DOUBLE_MAP) ? count - 1 : count;
}

int32_t total_mapcount(const struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);
	int32_t total;

	if (!PageCompound(m, pfn))
		return page_of(m, pfn)->mapcount;
	if (KERNEL >= V6_12)
		return page_of(m, head + MAPCOUNT_TAIL)->large_mapcount;
	total = compound_mapcount(m, head);
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		total += page_of(m, head + i)->mapcount;
	if (page_test(m, head, HMMU_PG_DOUBLE_MAP))
		total -= HPAGE_PMD_NR;
	return total;
}

bool compound_page_mapped(const struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);

	if (KERNEL >= V6_12)
		return page_of(m, head + MAPCOUNT_TAIL)->large_mapcount > 0;
	if (compound_mapcount(m, head) > 0)
		return true;
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		if (page_of(m, head + i)->mapcount > 0)
			return true;
	return false;
}

void put_other_page(struct hmmu *m, u32 head)
{
	struct page *page = page_of(m, head);

	if (is_zone_device_page(m, head)) {
		put_zone_device_private_page(m, head);
		return;
	}
	if (page->count < 0 || (page->flags & (HMMU_PG_RESERVED | HMMU_PG_BUDDY))) {
		hmmu_bug(m, "a reference to a page was dropped that nobody had");
		return;
	}
	if (PageHuge(m, head)) {
		free_huge_page(m, head);
		return;
	}
	__isolate_lru_page(m, page, hpage_nr_pages(m, head));
	mem_cgroup_uncharge(m, head);
	if (page->flags & HMMU_PG_HEAD)
		free_huge_frames(m, head);
	else
		free_frame(m, head);
}

static void put_page_of_ram(struct hmmu *m, u32 head)
{
	put_last_reference(m, head);
}

/* In 4.14 a device page is free at a count of 1, any other at 0. */
void put_page_slow(struct hmmu *m, u32 head)
{
	if (is_zone_device_page(m, head))
		put_zone_device_private_page(m, head);
	else
		put_page_of_ram(m, head);
}

/* A shortcut: the first pages have the same flags, are on one list, and have their last reference. What they share is looked at
 * and counted once. Returns how many they are. */
static u32 release_alike(struct hmmu *m, const u32 *pages, u32 nr)
{
	const u32 needed = HMMU_PG_LRU | PAGE_USER_CHARGED, others = OTHER_PAGE | HMMU_PG_TAIL | HMMU_PG_UNEVICTABLE;
	const struct page *first = page_of(m, pages[0]);
	const u32 flags = first->flags, list = page_lru(first);
	u32 n;

	if (!SHORTCUTS || (flags & (needed | others)) != needed || event_wanted(m, HMMU_EVENT_FRAME_FREE))
		return 0;
	for (n = 0; n < nr; n++) {
		struct page *page = page_of(m, pages[n]);

		if (page->flags != flags || page->count != 1 || page->mapcount)
			break;
		unlink_from_lru_list(m, page);
		put_into_block(m, pages[n], page);
	}
	m->st->lru[list].nr -= n;
	m->st->memcg_uncharges += n;
	m->st->free_frames += n;
	return n;
}

static void release_page(struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);
	int32_t count = --page_of(m, head)->count;

	if (count <= 0)
		put_last_reference(m, head);
	else if (count == FREE_DEVICE_REFS && is_zone_device_page(m, head))
		put_zone_device_private_page(m, head);
}

void release_pages(struct hmmu *m, const u32 *pages, u32 nr)
{
	for (u32 i = 0; i < nr;) {
		u32 alike = release_alike(m, pages + i, nr - i);

		if (alike)
			i += alike;
		else
			release_page(m, pages[i++]);
	}
}
