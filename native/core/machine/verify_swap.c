/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(), the swap area: slots against the entries and pages that use them, and the contents of clean pages. */
#include <string.h>

#include "machine/verify.h"
#include "mm/swap.h"

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

void verify_swap(struct verify *v)
{
	struct hmmu *m = v->m;
	const struct state *st = m->st;
	u32 used = 0, cached = 0;

	for (u32 slot = 1; slot <= st->swap_high; slot++) {
		const struct swap_slot *s = &m->swap_slots[slot];

		if (s->count != v->swap_entries[slot])
			complain(v, "swap slot %u: its count is %u, but %u entries refer to it", slot, s->count,
				 v->swap_entries[slot]);
		if (s->page)
			verify_cached_page(v, slot, s->page);
		used += s->count || s->page;
		cached += s->page != 0;
	}
	if (cached != st->swap_cached || cached != v->swap_cached)
		complain(v, "swap cache: %u slots have a page, %u pages say so, the counter says %u", cached,
			 v->swap_cached, st->swap_cached);
	if (used != st->swap_used || used + count_free_slots(v) != st->swap_pages)
		complain(v, "swap: %u slots are in use, the counter says %u of %u", used, st->swap_used,
			 st->swap_pages);
}
