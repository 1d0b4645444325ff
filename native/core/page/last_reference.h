/* SPDX-License-Identifier: GPL-2.0-only */
/** @file last_reference.h __put_page(), inlined: frees a page after its last reference was dropped. */
#ifndef HMMU_LAST_REFERENCE_H
#define HMMU_LAST_REFERENCE_H

#include "page/frame.h"
#include "page/lru.h"
#include "page/memcg.h"

/** __put_page() of compound pages, device pages, and pages in a wrong state. */
static void put_other_page(struct hmmu *m, u32 head);

/** Flags of these pages, and of those in a wrong state. */
#define OTHER_PAGE (HMMU_PG_RESERVED | HMMU_PG_BUDDY | HMMU_PG_HEAD | HMMU_PG_DEVICE | HMMU_PG_LOCKED)

/** __put_page() of a page whose count is 0 or below. */
static ALWAYS_INLINE void put_last_reference(struct hmmu *m, u32 head)
{
	struct page *page = page_of(m, head);
	u32 flags = page->flags;

	if (page->count < 0 || page->mapcount || (flags & OTHER_PAGE)) {
		put_other_page(m, head);
		return;
	}
	if (flags & HMMU_PG_LRU)
		del_page_from_lru_list(m, page, page_lru(page), 1);
	if (flags & PAGE_USER_CHARGED)
		m->st->memcg_uncharges++;
	__free_frame(m, head);
}
/** unlock_page() and put_page() of a page of RAM. A page that was isolated and has no other user is free at once. */
static ALWAYS_INLINE void unlock_and_put_ram_page(struct hmmu *m, u32 pfn)
{
	const u32 other = HMMU_PG_RESERVED | HMMU_PG_BUDDY | HMMU_PG_HEAD | HMMU_PG_TAIL | HMMU_PG_LRU |
			  PAGE_USER_CHARGED;
	struct page *page = page_of(m, pfn);

	if (SHORTCUTS && page->count == 1 && !page->mapcount &&
	    (page->flags & (HMMU_PG_LOCKED | other)) == HMMU_PG_LOCKED) {
		__free_frame(m, pfn);
		return;
	}
	unlock_page(m, pfn);
	put_page(m, pfn);
}

#endif
