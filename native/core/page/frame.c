/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frame allocator. RAM is divided into blocks of 512 frames. A huge page takes a whole block. A single frame comes
 * from a block that is already in use, if there is one. A frame that was never used is zero and need not be cleared.
 * Allocation depends only on earlier calls, never on the host.
 */
#include <string.h>

#include "host/inject.h"
#include "page/contents.h"
#include "page/frame.h"

static void block_list_add(struct hmmu *m, u32 *head, u32 index)
{
	struct block *block = &m->block[index];

	block->prev = 0;
	block->next = *head;
	if (*head)
		m->block[*head - 1].prev = index + 1;
	*head = index + 1;
}

void block_list_del(struct hmmu *m, u32 *head, u32 index)
{
	struct block *block = &m->block[index];

	if (block->prev)
		m->block[block->prev - 1].next = block->next;
	else
		*head = block->next;
	if (block->next)
		m->block[block->next - 1].prev = block->prev;
}

static u32 block_size(const struct state *st, u32 index)
{
	u32 first = index * HPAGE_PMD_NR;

	return st->ram_pages - first < HPAGE_PMD_NR ? st->ram_pages - first : HPAGE_PMD_NR;
}

/* Open the next block that was never used; false when there is none. */
static bool open_fresh_block(struct hmmu *m)
{
	struct state *st = m->st;
	u32 index = st->next_block;

	if (index == st->blocks)
		return false;
	st->next_block++;
	m->block[index].free_count = (u16)block_size(st, index);
	block_list_add(m, &st->partial_head, index);
	return true;
}

void frame_init(struct hmmu *m)
{
	struct state *st = m->st;

	st->free_frames = st->ram_pages;
	open_fresh_block(m);
	m->block[0].fresh = 1;
	m->block[0].free_count--;
	st->free_frames--;
	st->next_alloc_id = 1;
	st->zero_pfn = alloc_frame(m, NULL);
	m->zero_pfn = st->zero_pfn;
	page_of(m, st->zero_pfn)->flags = HMMU_PG_RESERVED;
}

bool refill_partial(struct hmmu *m)
{
	struct state *st = m->st;
	u32 index = st->whole_head - 1;

	if (!st->whole_head)
		return open_fresh_block(m);
	block_list_del(m, &st->whole_head, index);
	block_list_add(m, &st->partial_head, index);
	return true;
}

u32 alloc_frame(struct hmmu *m, bool *zeroed)
{
	bool ignored;

	return take_frame(m, zeroed ? zeroed : &ignored);
}

u32 alloc_page(struct hmmu *m)
{
	return __alloc_page(m);
}

u32 alloc_zeroed_page(struct hmmu *m)
{
	return __alloc_zeroed_page(m);
}

/* Find a block whose frames are all free: a returned one, or the next fresh one. */
static bool take_whole_block(struct hmmu *m, u32 *index)
{
	struct state *st = m->st;

	if (st->whole_head) {
		*index = st->whole_head - 1;
		block_list_del(m, &st->whole_head, *index);
		return true;
	}
	if (st->next_block == st->blocks || block_size(st, st->next_block) != HPAGE_PMD_NR)
		return false;
	*index = st->next_block++;
	return true;
}

static void clear_huge_page(struct hmmu *m, u32 head)
{
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		if (page_test(m, head + i, HMMU_PG_BUDDY))
			clear_contents(m, head + i);
}

u32 alloc_huge_page(struct hmmu *m)
{
	struct state *st = m->st;
	u32 index, head;

	if (should_fail(m, HMMU_INJECT_HUGE) || !take_whole_block(m, &index))
		return 0;
	m->block[index].free_head = 0;
	m->block[index].free_count = 0;
	m->block[index].fresh = HPAGE_PMD_NR;
	st->free_frames -= HPAGE_PMD_NR;
	head = index * HPAGE_PMD_NR;
	clear_huge_page(m, head);
	for (u32 i = 0; i < HPAGE_PMD_NR; i++) {
		struct page *page = page_of(m, head + i);

		memset(page, 0, sizeof(*page));
		page->flags = i ? HMMU_PG_TAIL : HMMU_PG_HEAD;
		page->head = i ? head : 0;
		page->alloc_id = st->next_alloc_id++;
	}
	page_of(m, head)->count = 1;
	return head;
}

void free_block_grows(struct hmmu *m, u32 index)
{
	struct block *block = &m->block[index];

	if (block->free_count == HPAGE_PMD_NR) {
		block_list_del(m, &m->st->partial_head, index);
		block_list_add(m, &m->st->whole_head, index);
	} else {
		block_list_add(m, &m->st->partial_head, index);
	}
}

void free_frame_checks(struct hmmu *m, const struct page *page)
{
	if (page->mapcount)
		hmmu_bug(m, "a page was freed that is mapped");
	if (page->flags & (HMMU_PG_LOCKED | HMMU_PG_LRU))
		hmmu_bug(m, "a page was freed that is locked or on an LRU list");
}

void free_huge_frames(struct hmmu *m, u32 head)
{
	if (compound_mapcount(m, head))
		hmmu_bug(m, "a huge page was freed that is mapped");
	for (u32 i = HPAGE_PMD_NR; i-- > 0;)
		free_frame(m, head + i);
}
