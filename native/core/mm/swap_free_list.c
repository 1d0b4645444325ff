/* SPDX-License-Identifier: GPL-2.0-only */
/* Which slot of the swap area is given next, in Linux 4.14: the one that was freed last. */
#include "mm/swap.h"

void list_free_slot(struct hmmu *m, u32 slot)
{
	slot_of(m, slot)->next_free = m->st->swap_free_head;
	m->st->swap_free_head = slot;
}

static u32 take_slot(struct hmmu *m)
{
	struct state *st = m->st;
	u32 slot = st->swap_free_head;

	if (slot)
		st->swap_free_head = slot_of(m, slot)->next_free;
	else if (st->swap_high < st->swap_pages)
		slot = ++st->swap_high;
	else
		return 0;
	slot_of(m, slot)->next_free = 0;
	st->swap_used++;
	return slot;
}

u32 listed_swap_page(struct hmmu *m)
{
	u32 found = take_slot(m);

	for (u32 slot = 1; !found && slot <= m->st->swap_high; slot++)
		if (reclaim_slot(m, slot))
			found = take_slot(m);
	return found;
}
