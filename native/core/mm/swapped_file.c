/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of files in the swap area, found by a hash of file and index. */
#include "mm/swapped_file.h"

#include <string.h>

#include "mm/file.h"
#include "mm/swap.h"

u32 *swapped_chain(const struct hmmu *m, u32 file, u64 index)
{
	u64 hash = (index + (u64)file * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;

	return &slot_of(m, 1 + (u32)((hash >> 32) % m->st->swap_pages))->first_swapped;
}

u32 find_swapped_slow(const struct hmmu *m, u32 file, u64 index)
{
	u32 slot = *swapped_chain(m, file, index);

	while (slot && (slot_of(m, slot)->file != file || slot_of(m, slot)->index != index))
		slot = slot_of(m, slot)->next_swapped;
	return slot;
}

/* Snapshots have the records up to the highest one that was used. */
static void link_swapped(struct hmmu *m, u32 file, u64 index, u32 slot)
{
	u32 *chain = swapped_chain(m, file, index);
	u32 bucket =
		(u32)((struct swap_slot *)((u8 *)chain - offsetof(struct swap_slot, first_swapped)) - m->swap_slots);

	if (bucket > m->st->swap_high)
		m->st->swap_high = bucket;
	slot_of(m, slot)->file = file;
	slot_of(m, slot)->index = index;
	slot_of(m, slot)->next_swapped = *chain;
	*chain = slot;
	file_of(m, file)->swapped++;
}

static void free_swapped(struct hmmu *m, u32 slot)
{
	struct swap_slot *record = slot_of(m, slot);
	u32 *link = swapped_chain(m, record->file, record->index);

	while (*link != slot)
		link = &slot_of(m, *link)->next_swapped;
	*link = record->next_swapped;
	file_of(m, record->file)->swapped--;
	record->file = record->next_swapped = 0;
	record->index = 0;
	swap_free(m, slot);
}

void swap_out_file_page(struct hmmu *m, u32 pfn, u32 slot)
{
	u32 file = page_of(m, pfn)->mapping;
	u64 index = page_of(m, pfn)->index;

	memcpy(swap_frame_of(m, slot), contents_of(m, pfn), contents_size(m));
	m->st->counters[HMMU_COUNT_SWAP_OUTS]++;
	swap_duplicate(m, slot);
	delete_from_page_cache(m, pfn);
	link_swapped(m, file, index, slot);
	page_clear(m, pfn, HMMU_PG_DIRTY);
	put_page(m, pfn);
}

void swap_in_file_page(struct hmmu *m, u32 pfn, u32 slot)
{
	memcpy(contents_of(m, pfn), swap_frame_of(m, slot), contents_size(m));
	m->st->counters[HMMU_COUNT_SWAP_INS]++;
	page_set(m, pfn, HMMU_PG_UPTODATE | HMMU_PG_DIRTY);
	free_swapped(m, slot);
}

void truncate_swapped_slow(struct hmmu *m, u32 file, u64 from)
{
	for (u32 slot = 1; slot <= m->st->swap_high && file_of(m, file)->swapped; slot++)
		if (slot_of(m, slot)->file == file && slot_of(m, slot)->index >= from)
			free_swapped(m, slot);
}
