/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(), the swap area: slots against the entries and pages that use them, and the contents of clean pages. */
#include <string.h>

#include "machine/verify.h"
#include "mm/file.h"
#include "mm/swap.h"
#include "mm/swapped_file.h"

void verify_swap_entry(struct verify *v, u32 mm, u64 address, u32 slot)
{
	if (!slot || slot > v->m->st->swap_high) {
		complain(v, "process %u, %#llx: there is no swap slot %u", mm, (unsigned long long)address, slot);
		return;
	}
	v->swap_entries[slot]++;
}

/* Whether the slot's copy may be read in place of a page: an entry refers to it, or reclaim finds the page clean. */
static bool copy_counts(struct verify *v, u32 slot, u32 pfn)
{
	const struct page_tally *t = tally(v, pfn);
	bool dirty = page_test(v->m, pfn, HMMU_PG_DIRTY) || t->dirty;

	return page_test(v->m, pfn, HMMU_PG_UPTODATE) && !dirty &&
	       (v->m->swap_slots[slot].count || t->maps || t->absent);
}

/* The page of a slot has to refer to the slot. A clean page has the contents of its slot. */
static void verify_cached_page(struct verify *v, u32 slot, u32 pfn)
{
	struct hmmu *m = v->m;

	tally_ref(v, pfn, HMMU_HOLDER_SWAP_CACHE, 0, slot);
	if (!PageSwapCache(m, pfn) || page_of(m, pfn)->private != slot)
		complain(v, "swap slot %u: page %u does not know that it is in the swap cache", slot, pfn);
	else if (copy_counts(v, slot, pfn) &&
		 memcmp(contents_of(m, pfn), swap_frame_of(m, slot), contents_size(m)) != 0)
		complain(v, "swap slot %u: page %u is clean, but the contents differ", slot, pfn);
}

/* On the list of free ones; those that were never used stand on none. */
static u32 count_free_slots(struct verify *v)
{
	const struct state *st = v->m->st;
	u32 free = st->swap_pages - st->swap_high, left = st->swap_high;

	for (u32 slot = st->swap_free_head; slot && left; slot = v->m->swap_slots[slot].next_free, left--) {
		if (v->m->swap_slots[slot].count || v->m->swap_slots[slot].page)
			complain(v, "swap slot %u is in use, and on the list of free ones", slot);
		free++;
	}
	return free;
}

static bool is_of_file(const struct hmmu *m, u32 slot)
{
	return KERNEL >= V6_12 && m->swap_slots[slot].file;
}

/* A page of a file that is swapped out is found by its place, and has no other copy. */
static void verify_swapped(struct verify *v, u32 slot)
{
	const struct swap_slot *s = &v->m->swap_slots[slot];

	if (s->page || v->swap_entries[slot])
		complain(v, "swap slot %u is of file %u, and in the swap cache or in a page table", slot, s->file);
	if (find_swapped(v->m, s->file, s->index) != slot)
		complain(v, "swap slot %u: it is not found by file %u, index %llu", slot, s->file,
			 (unsigned long long)s->index);
	if (find_page(v->m, s->file, s->index))
		complain(v, "swap slot %u: file %u has a page at index %llu, too", slot, s->file,
			 (unsigned long long)s->index);
}

/* Of the files that a task is to close. Their number is limited, as the list may be broken. */
static u32 swapped_by_closed_files(const struct hmmu *m, u32 task)
{
	u32 swapped = 0, left = m->st->slabs[SLAB_FILE].used;

	for (u32 file = task_of(m, task)->task_works; file && left--; file = file_of(m, file)->next)
		swapped += file_of(m, file)->swapped;
	return swapped;
}

static u32 swapped_by_files(const struct hmmu *m)
{
	u32 swapped = 0;

	if (KERNEL < V6_12)
		return 0;
	for (u32 file = 1; file < m->st->slabs[SLAB_FILE].high; file++)
		swapped += file_of(m, file)->users ? file_of(m, file)->swapped : 0;
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		swapped += swapped_by_closed_files(m, task);
	return swapped;
}

void verify_swap(struct verify *v)
{
	struct hmmu *m = v->m;
	const struct state *st = m->st;
	u32 used = 0, cached = 0, of_files = 0;

	for (u32 slot = 1; slot <= st->swap_high; slot++) {
		const struct swap_slot *s = &m->swap_slots[slot];

		if (s->count != v->swap_entries[slot] + (is_of_file(m, slot) ? 1 : 0))
			complain(v, "swap slot %u: its count is %u, but %u entries refer to it", slot, s->count,
				 v->swap_entries[slot]);
		if (is_of_file(m, slot)) {
			verify_swapped(v, slot);
			of_files++;
		}
		if (s->page)
			verify_cached_page(v, slot, s->page);
		used += s->count || s->page;
		cached += s->page != 0;
	}
	if (of_files != swapped_by_files(m))
		complain(v, "swap: %u slots are of files, which say that they have %u", of_files, swapped_by_files(m));
	if (cached != st->swap_cached || cached != v->swap_cached)
		complain(v, "swap cache: %u slots have a page, %u pages say so, the counter says %u", cached,
			 v->swap_cached, st->swap_cached);
	if (used != st->swap_used || (KERNEL < V6_12 && used + count_free_slots(v) != st->swap_pages))
		complain(v, "swap: %u slots are in use, the counter says %u of %u", used, st->swap_used,
			 st->swap_pages);
}
