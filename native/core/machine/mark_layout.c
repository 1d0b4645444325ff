/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where in the arena something may be that is not zero. Page tables, TLBs and the hash of the page cache are mostly empty. An
 * entry of a page table is within a mapping or leads to a table of one, so that nothing has to be searched.
 */
#include <string.h>

#include "host/platform.h"
#include "machine/mark.h"
#include "machine/snapshot.h"
#include "mm/file.h"
#include "mm/pgtable.h"
#include "page/contents.h"

#define LINE_BYTES 64u

/** A layout that is being made. */
struct layout_maker {
	struct layout *layout;
	bool failed; /**< the host has no memory */
};

static struct layout *layout_alloc(u32 room)
{
	struct layout *layout = platform_alloc(sizeof(*layout) + room * sizeof(struct extent));

	if (layout)
		layout->room = room;
	return layout;
}

static struct layout *layout_grow(struct layout *layout)
{
	struct layout *larger = layout_alloc(layout->room * 2);

	if (!larger)
		return NULL;
	memcpy(larger->extents, layout->extents, layout->count * sizeof(struct extent));
	memcpy(larger->slots, layout->slots, sizeof(layout->slots));
	larger->count = layout->count;
	platform_free(layout);
	return larger;
}

/* Parts begin with a page and end with one, so there is room to round. */
static void add_extent(struct layout_maker *maker, const void *place, u64 bytes)
{
	u8 *at = (u8 *)place - ((uintptr_t)place & 15);
	u64 size = (bytes + ((uintptr_t)place & 15) + 15) & ~15ull;
	struct layout *layout = maker->layout;
	struct extent *last = layout->count ? &layout->extents[layout->count - 1] : NULL;

	if (!bytes || maker->failed)
		return;
	if (last && at >= last->at && at <= last->at + last->bytes) {
		u64 end = (u64)(at - last->at) + size;

		last->bytes = end > last->bytes ? end : last->bytes;
		return;
	}
	if (layout->count == layout->room) {
		layout = layout_grow(layout);
		if (!layout) {
			maker->failed = true;
			return;
		}
		maker->layout = layout;
	}
	layout->extents[layout->count++] = (struct extent){ at, size };
}

/* An array with an item for each page. Frames of RAM that were never used are behind the others of their block. */
static void add_page_array(struct layout_maker *maker, const struct hmmu *m, const void *array, u64 size)
{
	const u8 *items = array;

	for (u32 block = 0; block < m->st->next_block; block++)
		add_extent(maker, items + block * HPAGE_PMD_NR * size, m->block[block].fresh * size);
	add_extent(maker, items + m->hugetlb_base * size, pool_used(m) * size);
	add_extent(maker, items + m->device_base * size, private_high(m->st) * size);
	add_extent(maker, items + m->coherent_base * size, coherent_high(m->st) * size);
	add_extent(maker, items + m->other_device_base * size, m->st->other_device_pages * size);
}

/* Records of devices from there on are zero. */
static u32 devices_in_use(const struct hmmu *m)
{
	return m->page_frees_matter ? HMMU_MAX_DEVICES : 1;
}

/* The bits of pages that were used, of those that begin with one. */
static void add_device_bitmap(struct layout_maker *maker, const struct hmmu *m, u32 first, u32 pages)
{
	u64 *from = m->device_bitmap + first / 64, *to = m->device_bitmap + ((u64)first + pages + 63) / 64;

	if (pages)
		add_extent(maker, from, (u64)((u8 *)to - (u8 *)from));
}

static void add_parts(struct layout_maker *maker, const struct hmmu *m)
{
	const struct state *st = m->st;

	add_extent(maker, st, (u64)((u8 *)&st->devices[devices_in_use(m)] - (u8 *)st));
	add_extent(maker, &st->hugetlb_free, (u64)((u8 *)&st->cpu[st->cpus] - (u8 *)&st->hugetlb_free));
	add_extent(maker, st->counters, sizeof(*st) - offsetof(struct state, counters));
	for (int kind = 0; kind < NR_SLABS; kind++)
		if (st->slabs[kind].high > 1)
			add_extent(maker, (u8 *)st + st->slabs[kind].offset,
				   (u64)st->slabs[kind].high * st->slabs[kind].record);
	if (KERNEL >= V6_12)
		add_extent(maker, m->vm_lock_seq, st->slabs[SLAB_VMA].high * sizeof(u32));
	add_extent(maker, m->block, st->next_block * sizeof(struct block));
	add_device_bitmap(maker, m, 0, private_high(st));
	add_device_bitmap(maker, m, st->device_pages, coherent_high(st));
	add_page_array(maker, m, m->pages, sizeof(struct page));
	add_extent(maker, page_of(m, m->pfn_end), NR_LRU_LISTS * sizeof(struct page));
	add_page_array(maker, m, m->pins, sizeof(struct pins));
	add_page_array(maker, m, m->tags ? (void *)m->tags : m->frames, contents_size(m));
	add_extent(maker, m->swap_slots, st->swap_high ? (st->swap_high + 1ull) * sizeof(struct swap_slot) : 0);
	add_extent(maker, m->swap_frames, st->swap_high * contents_size(m));
}

static void add_entries(struct layout_maker *maker, const u64 *from, const u64 *to)
{
	u8 *first = (u8 *)from - ((uintptr_t)from & (LINE_BYTES - 1));

	add_extent(maker, first, ((uintptr_t)to | (LINE_BYTES - 1)) + 1 - (uintptr_t)first);
}

/* The entries of [address, end), which one pte table translates, and those that lead to them. */
static void add_entries_below(struct layout_maker *maker, const struct hmmu *m, u32 pgd, u64 address, u64 end)
{
	static const u32 shifts[] = { PGD_SHIFT, PUD_SHIFT, PMD_SHIFT };
	u64 *table = table_of(m, pgd);

	for (u32 level = 0; level < 3; level++) {
		u64 *entry = table + table_index(address, shifts[level]);

		add_entries(maker, entry, entry);
		if (!*entry || *entry & _PAGE_PSE || !pte_present(*entry))
			return;
		table = table_of(m, pte_pfn(*entry));
	}
	add_entries(maker, table + table_index(address, PAGE_SHIFT), table + table_index(end - 1, PAGE_SHIFT));
}

static void add_slots(u64 *slots, const struct vma *v)
{
	u64 pages = (v->end - v->start) >> PAGE_SHIFT, first = v->start >> PAGE_SHIFT;

	if (pages >= TLB_ENTRIES)
		memset(slots, 0xff, SLOT_WORDS * sizeof(*slots));
	for (u64 i = 0; i < pages && pages < TLB_ENTRIES; i++)
		slots[(first + i) % TLB_ENTRIES / 64] |= 1ull << (first + i) % 64;
}

/* Of an unused record of a mapping only the first word is not 0. */
static void add_mappings(struct layout_maker *maker, const struct hmmu *m)
{
	for (u32 vma = 1; vma < m->st->slabs[SLAB_VMA].high; vma++) {
		const struct vma *v = vma_of(m, vma);

		if (!v->end)
			continue;
		add_slots(maker->layout->slots, v);
		/* Frames with contents are copied as a whole. */
		for (u64 address = v->start, next; m->tags && address < v->end; address = next) {
			next = pmd_addr_end(address, v->end);
			add_entries_below(maker, m, mm_of(m, v->mm)->pgd, address, next);
		}
	}
}

static void add_full_slots(const struct hmmu *m, u64 *slots)
{
	const struct tlb_entry *entry = m->tlb;

	for (u32 i = 0; i < m->st->cpus * TLB_ENTRIES; i++, entry++)
		if (entry->vpn | entry->gen | entry->mm | entry->pfn | entry->flags)
			slots[i % TLB_ENTRIES / 64] |= 1ull << i % 64;
}

static void add_translations(struct layout_maker *maker, const struct hmmu *m)
{
	u64 slots[SLOT_WORDS];

	memcpy(slots, maker->layout->slots, sizeof(slots));
	for (u32 cpu = 0; cpu < m->st->cpus; cpu++)
		for (u32 word = 0; word < SLOT_WORDS; word++)
			for (u64 left = slots[word]; left; left &= left - 1)
				add_extent(maker, &m->tlb[cpu * TLB_ENTRIES + word * 64 + (u32)__builtin_ctzll(left)],
					   sizeof(struct tlb_entry));
}

/* A hash chain that is not empty is one of an index of a file. */
static void add_cache_chains(struct layout_maker *maker, const struct hmmu *m, u32 file)
{
	const struct file *record = file_of(m, file);
	u64 pages = record->users || record->nrpages ? record->end : 0;

	if (pages > m->cache_mask)
		add_extent(maker, m->cache_hash, (m->cache_mask + 1ull) * sizeof(*m->cache_hash));
	for (u64 index = 0; index < pages && pages <= m->cache_mask; index++)
		add_extent(maker, hash_chain(m, file, index), sizeof(*m->cache_hash));
}

/* Parts only grow. */
static u64 size_of_parts(const struct hmmu *m)
{
	const struct state *st = m->st;
	u64 size = (u64)m->page_frees_matter << 63 |
		   (st->next_block + st->hugetlb_high + private_high(st) + coherent_high(st) + st->swap_high);

	for (int kind = 0; kind < NR_SLABS; kind++)
		size += st->slabs[kind].high;
	for (u32 block = 0; block < st->next_block; block++)
		size += m->block[block].fresh;
	return size;
}

static bool layout_holds(const struct hmmu *m, const struct layout *layout)
{
	return SHORTCUTS && layout && layout->moved_mappings == m->moved_mappings && layout->grown == size_of_parts(m);
}

static void layout_make(struct layout_maker *maker, const struct hmmu *m)
{
	struct layout *layout = maker->layout;

	layout->count = 0;
	memset(layout->slots, 0, sizeof(layout->slots));
	add_full_slots(m, layout->slots);
	add_mappings(maker, m);
	add_translations(maker, m);
	for (u32 file = 1; file < m->st->slabs[SLAB_FILE].high; file++)
		add_cache_chains(maker, m, file);
	add_parts(maker, m);
	layout = maker->layout;
	layout->bytes = 0;
	for (u32 i = 0; i < layout->count; i++)
		layout->bytes += layout->extents[i].bytes;
	layout->moved_mappings = m->moved_mappings;
	layout->grown = size_of_parts(m);
}

const struct layout *layout_now(const struct hmmu *m, struct marks *marks, const struct layout *known)
{
	struct layout_maker maker;

	if (layout_holds(m, known))
		return known;
	if (layout_holds(m, marks->found))
		return marks->found;
	if (!marks->found)
		marks->found = layout_alloc(64);
	if (!marks->found)
		return NULL;
	maker = (struct layout_maker){ .layout = marks->found };
	layout_make(&maker, m);
	marks->found = maker.layout;
	if (maker.failed)
		marks->found->moved_mappings = NO_LAYOUT;
	return maker.failed ? NULL : marks->found;
}

void find_slots(const struct hmmu *m, u64 *slots)
{
	const struct layout *layout = m->marks ? layout_of_newest_mark(m->marks) : NULL;

	/* How large parts are does not matter here. */
	if (layout && layout->moved_mappings != m->moved_mappings)
		layout = layout_now(m, m->marks, layout);
	if (SHORTCUTS && layout) {
		memcpy(slots, layout->slots, sizeof(layout->slots));
	} else {
		memset(slots, 0, SLOT_WORDS * sizeof(*slots));
		add_full_slots(m, slots);
	}
}
