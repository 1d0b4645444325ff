/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which slot of the swap area is given next, in Linux 6.12: the first one that is free behind the slot that was given last. While
 * more than half of the slots are in use, a slot that only the swap cache uses is as good. The area is one cluster.
 */
#include "mm/swap.h"

static bool slot_is_free(const struct hmmu *m, u32 slot)
{
	return !slot_of(m, slot)->count && !slot_of(m, slot)->page;
}

/* swap_range_alloc(): when the last free slot is given, work is queued ("mm: swap: add a adaptive full cluster cache
 * reclaim"). */
static u32 give_slot(struct hmmu *m, u32 slot)
{
	struct state *st = m->st;

	st->swap_last = slot;
	if (slot > st->swap_high)
		st->swap_high = slot;
	if (++st->swap_used == st->swap_pages)
		st->swap_reclaim_work = 1;
	return slot;
}

u32 next_swap_page(struct hmmu *m)
{
	struct state *st = m->st;
	u32 slot = st->swap_last;

	/* The area is not searched when it is full, even if pages in memory could give slots up. */
	if (st->swap_used == st->swap_pages)
		return 0;
	for (u32 tries = 0; tries < st->swap_pages; tries++) {
		slot = slot < st->swap_pages ? slot + 1 : 1;
		if (slot_is_free(m, slot) || (vm_swap_full(m) && reclaim_slot(m, slot)))
			return give_slot(m, slot);
	}
	return 0;
}

void swap_reclaim_slots(struct hmmu *m)
{
	m->st->swap_reclaim_work = 0;
	if (m->st->swap_used < m->st->swap_pages)
		return;
	for (u32 slot = 1; slot <= m->st->swap_high; slot++)
		reclaim_slot(m, slot);
}
