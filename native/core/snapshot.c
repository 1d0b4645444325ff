/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots, copies and hashes. All three go over the 4 KiB pieces of the arena that were ever used and are not zero;
 * the arena holds no pointer, so its bytes mean the same at any address and in any process.
 */
#include <errno.h>
#include <string.h>

#include "contents.h"
#include "machine.h"
#include "page.h"
#include "platform.h"

#define SNAPSHOT_MAGIC 0x3230504e53554d48ull /* "HMUSNP02", little-endian */

/** What a snapshot begins with; a struct piece for each piece follows. */
struct header {
	u64 magic;
	u64 arena_bytes;
	u64 pieces;
	u64 hash; /**< of the machine */
};

struct piece {
	u64 number; /**< offset in the arena / 4096 */
	u8 bytes[PAGE_SIZE];
};

/** A walk over pieces in ascending order. */
struct walk {
	const struct hmmu *m;
	u64 next; /**< pieces below are done: parts may share one at their border */
	void (*piece)(void *data, u64 number, const u8 *bytes);
	void *data;
};

static bool is_zero(const u8 *bytes)
{
	const u64 *words = (const u64 *)bytes;

	for (u32 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		if (words[i])
			return false;
	return true;
}

static void walk_part(struct walk *walk, const void *start, u64 bytes)
{
	const u8 *arena = (const u8 *)walk->m->st;
	u64 offset = (u64)((const u8 *)start - arena);
	u64 number = offset / PAGE_SIZE, end = (offset + bytes + PAGE_SIZE - 1) / PAGE_SIZE;

	if (number < walk->next)
		number = walk->next;
	for (; number < end; number++) {
		if (!is_zero(arena + number * PAGE_SIZE))
			walk->piece(walk->data, number, arena + number * PAGE_SIZE);
		walk->next = number + 1;
	}
}

/* Pages of each kind of memory that were ever used. */
struct used_pages {
	u64 ram;     /**< up to the last block opened */
	u64 hugetlb; /**< up to the highest page of the pool that was used */
	u64 device;  /**< up to the highest page that was used */
};

/* What an array with one item a page has of the pages that were used. */
static void walk_items(struct walk *walk, const struct used_pages *used, const void *items, u64 size)
{
	const struct hmmu *m = walk->m;
	const u8 *first = items;

	walk_part(walk, first, used->ram * size);
	walk_part(walk, first + m->hugetlb_base * size, used->hugetlb * size);
	walk_part(walk, first + m->device_base * size, used->device * size);
}

static void walk_pages(struct walk *walk)
{
	const struct hmmu *m = walk->m;
	const struct state *st = m->st;
	struct used_pages used = {
		.ram = (u64)st->next_block * HPAGE_PMD_NR,
		.hugetlb = (u64)st->hugetlb_high * HPAGE_PMD_NR,
		.device = st->other_device_pages ? st->device_pages + st->other_device_pages : st->device_high,
	};
	const struct used_pages tables = { .ram = used.ram < st->ram_pages ? used.ram : st->ram_pages };

	used.ram = tables.ram;
	walk_items(walk, &used, m->pages, sizeof(struct page));
	walk_part(walk, &m->pages[m->pfn_end], NR_LRU_LISTS * sizeof(struct page));
	walk_items(walk, &used, m->pins, sizeof(u16));
	/* Without contents only page tables have frames. */
	walk_items(walk, m->tags ? &tables : &used, m->frames, PAGE_SIZE);
	if (m->tags)
		walk_items(walk, &used, m->tags, TAG_SIZE);
}

static void walk_arena(struct walk *walk)
{
	const struct hmmu *m = walk->m;
	const struct state *st = m->st;
	u64 events = st->event_head < EVENT_RING ? st->event_head : EVENT_RING;

	walk_part(walk, st, sizeof(*st));
	for (int kind = 0; kind < NR_SLABS; kind++)
		walk_part(walk, (const u8 *)st + st->slabs[kind].offset,
			  (u64)st->slabs[kind].high * st->slabs[kind].record);
	walk_part(walk, m->block, st->next_block * sizeof(struct block));
	walk_part(walk, m->tlb, st->cpus * TLB_ENTRIES * sizeof(struct tlb_entry));
	walk_part(walk, m->events, events * sizeof(struct hmmu_event));
	if (st->slabs[SLAB_FILE].high > 1)
		walk_part(walk, m->cache_hash, ((u64)m->cache_mask + 1) * sizeof(u32));
	walk_part(walk, m->device_bitmap, ((u64)st->device_high + 63) / 64 * sizeof(u64));
	walk_pages(walk);
	walk_part(walk, m->swap_slots, st->swap_high ? (st->swap_high + 1ull) * sizeof(struct swap_slot) : 0);
	walk_part(walk, m->swap_frames, st->swap_high * contents_size(m));
}

static u64 mix(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25ull;
	return hash ^ hash >> 29;
}

static void hash_piece(void *data, u64 number, const u8 *bytes)
{
	const u64 *words = (const u64 *)bytes;
	u64 lanes[4] = { number, 1, 2, 3 };

	/* Four lanes, so that one multiplication need not wait for the other. */
	for (u32 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		lanes[i % 4] = mix(lanes[i % 4], words[i]);
	for (u32 i = 0; i < 4; i++)
		*(u64 *)data = mix(*(u64 *)data, lanes[i]);
}

uint64_t hmmu_hash(const struct hmmu *m)
{
	u64 hash = 0;
	struct walk walk = { .m = m, .piece = hash_piece, .data = &hash };

	walk_arena(&walk);
	return hash;
}

static void count_piece(void *data, u64 number, const u8 *bytes)
{
	(void)number;
	(void)bytes;
	++*(u64 *)data;
}

static void save_piece(void *data, u64 number, const u8 *bytes)
{
	struct piece **at = data;

	(*at)->number = number;
	memcpy((*at)->bytes, bytes, PAGE_SIZE);
	++*at;
}

static void wipe_piece(void *data, u64 number, const u8 *bytes)
{
	(void)bytes;
	if (number * PAGE_SIZE >= sizeof(struct state))
		memset((u8 *)((struct hmmu *)data)->st + number * PAGE_SIZE, 0, PAGE_SIZE);
}

void arena_wipe(struct hmmu *m)
{
	struct walk walk = { .m = m, .piece = wipe_piece, .data = m };

	walk_arena(&walk);
}

/* What a call on the stack holds could never be given up in a copy. */
static int check_idle(struct hmmu *m)
{
	if (m->in_page_free)
		return check_outside_page_free(m);
	if (m->migrations)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY,
				 "a migration is under way; its arrays are not a part of the machine");
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (m->tasks[task].mm && m->tasks[task].sem_hold && !m->tasks[task].op)
			return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u is in a call that has not returned", task);
	return 0;
}

int hmmu_snapshot(struct hmmu *m, void *buffer, size_t capacity, size_t *size)
{
	u64 pieces = 0, need;
	struct piece *at;
	struct walk walk = { .m = m, .piece = count_piece, .data = &pieces };
	int err = check_idle(m);

	if (err)
		return err;
	walk_arena(&walk);
	need = sizeof(struct header) + pieces * sizeof(struct piece);
	if (buffer && capacity < need)
		return hmmu_fail(m, -ENOSPC, HMMU_ERR_INVALID_ARGUMENT, "the snapshot has %llu bytes, the buffer %zu",
				 (unsigned long long)need, capacity);
	*size = need;
	if (!buffer)
		return 0;
	*(struct header *)buffer = (struct header){ SNAPSHOT_MAGIC, m->st->bytes, pieces, hmmu_hash(m) };
	at = (struct piece *)((u8 *)buffer + sizeof(struct header));
	walk = (struct walk){ .m = m, .piece = save_piece, .data = &at };
	walk_arena(&walk);
	return 0;
}

static void copy_piece(void *data, u64 number, const u8 *bytes)
{
	memcpy((u8 *)((struct hmmu *)data)->st + number * PAGE_SIZE, bytes, PAGE_SIZE);
}

/* What a handle caches of the state. */
static void take_over_state(struct hmmu *m)
{
	m->quirks = m->st->quirks;
	m->zero_pfn = m->st->zero_pfn;
}

int hmmu_clone(struct hmmu *m, struct hmmu **clone)
{
	struct walk walk = { .m = m, .piece = copy_piece };
	struct hmmu *copy;
	int err = check_idle(m);

	if (err)
		return err;
	copy = platform_alloc(sizeof(*copy));
	err = copy ? arena_create(copy, m->st) : -ENOMEM;
	if (err) {
		platform_free(copy);
		return hmmu_fail(m, err, HMMU_ERR_HOST_MEMORY, "the host has no memory for a copy of the machine");
	}
	walk.data = copy;
	walk_arena(&walk);
	take_over_state(copy);
	copy->device_ops = m->device_ops;
	copy->device_data = m->device_data;
	*clone = copy;
	return 0;
}

/* Whether the bytes are what hmmu_snapshot() wrote: as many pieces as there is room for, in ascending order, the first
 * with the arena's state, and of the hash that was noted. */
static bool intact(const struct header *header, size_t size)
{
	const struct piece *piece = (const struct piece *)(header + 1);
	u64 hash = 0;

	if (size < sizeof(*header) + sizeof(*piece) || header->magic != SNAPSHOT_MAGIC || piece->number)
		return false;
	if (header->pieces != (size - sizeof(*header)) / sizeof(*piece) || (size - sizeof(*header)) % sizeof(*piece))
		return false;
	for (u64 i = 0; i < header->pieces; i++) {
		if (piece[i].number >= header->arena_bytes / PAGE_SIZE || (i && piece[i].number <= piece[i - 1].number))
			return false;
		hash_piece(&hash, piece[i].number, piece[i].bytes);
	}
	return hash == header->hash;
}

/* Whether a saved arena has the layout of one that was just made. */
static bool same_layout(const struct state *saved, const struct state *fresh)
{
	for (int kind = 0; kind < NR_SLABS; kind++)
		if (saved->slabs[kind].offset != fresh->slabs[kind].offset ||
		    saved->slabs[kind].record != fresh->slabs[kind].record ||
		    saved->slabs[kind].capacity != fresh->slabs[kind].capacity)
			return false;
	return saved->bytes == fresh->bytes && !memcmp(saved->offsets, fresh->offsets, sizeof(fresh->offsets));
}

int hmmu_restore(const void *bytes, size_t size, struct hmmu **machine)
{
	const struct header *header = bytes;
	const struct piece *piece = (const struct piece *)(header + 1);
	const struct state *state = (const struct state *)piece->bytes;
	struct hmmu *m;
	int err;

	if (!bytes || !intact(header, size))
		return -EINVAL;
	m = platform_alloc(sizeof(*m));
	err = m ? arena_create(m, state) : -ENOMEM;
	if (err) {
		platform_free(m);
		return err;
	}
	if (header->arena_bytes != m->st->bytes || !same_layout(state, m->st)) {
		hmmu_destroy(m);
		return -EINVAL;
	}
	for (u64 i = 0; i < header->pieces; i++)
		copy_piece(m, piece[i].number, piece[i].bytes);
	take_over_state(m);
	*machine = m;
	return 0;
}
