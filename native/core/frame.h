/* SPDX-License-Identifier: GPL-2.0-only */
/** @file frame.h Freeing frames, for those who free many; frame.c has the rest of the allocator. */
#ifndef HMMU_FRAME_H
#define HMMU_FRAME_H

#include "page.h"

static inline u32 block_of(u32 pfn)
{
	return pfn / HPAGE_PMD_NR;
}

/** A block has got its first free frame, or its last one. */
void free_block_grows(struct hmmu *m, u32 index);
/** Whatever is wrong with a page that is freed. */
void free_frame_checks(struct hmmu *m, const struct page *page);

/** Give back a frame whose last reference is gone. */
static inline void free_frame(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);
	struct block *block = &m->block[block_of(pfn)];

	if (page->mapcount || (page->flags & (HMMU_PG_LOCKED | HMMU_PG_LRU)))
		free_frame_checks(m, page);
	event(m, HMMU_EVENT_FRAME_FREE, 0, pfn, page->alloc_id);
	*page = (struct page){ .flags = HMMU_PG_BUDDY, .next = block->free_head };
	block->free_head = pfn;
	block->free_count++;
	m->st->free_frames++;
	if (block->free_count == 1 || block->free_count == HPAGE_PMD_NR)
		free_block_grows(m, block_of(pfn));
}

#endif
