/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers of records: their memory. */
#include "machine/numbering.h"

#include "host/platform.h"

/* Numbers of earlier rounds need not be kept. */
static bool make_room(struct numbering *numbering, enum numbered kind, u32 records)
{
	u32 room = records < UINT32_MAX / 2 ? records * 2 : records;

	if (numbering->of[kind] && records <= numbering->room[kind])
		return true;
	platform_free(numbering->of[kind]);
	numbering->of[kind] = platform_alloc((u64)room * sizeof(u64));
	numbering->room[kind] = numbering->of[kind] ? room : 0;
	return numbering->of[kind] != NULL;
}

bool numbering_begin(struct hmmu *m)
{
	const struct state *st = m->st;
	struct numbering *numbering = m->numbering;

	if (!numbering)
		numbering = m->numbering = platform_alloc(sizeof(*numbering));
	if (!numbering)
		return false;
	numbering->before = numbering->given;
	return make_room(numbering, NUMBERED_PAGES, m->pfn_end) &&
	       make_room(numbering, NUMBERED_ANON_VMAS, st->slabs[SLAB_ANON_VMA].high) &&
	       make_room(numbering, NUMBERED_FILES, st->slabs[SLAB_FILE].high) &&
	       make_room(numbering, NUMBERED_SLOTS, st->swap_high + 1);
}

void numbering_free(struct hmmu *m)
{
	for (int kind = 0; m->numbering && kind < NR_NUMBERED; kind++)
		platform_free(m->numbering->of[kind]);
	platform_free(m->numbering);
	m->numbering = NULL;
}
