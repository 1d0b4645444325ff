/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots, copies and hashes. All three walk the 4 KiB pieces of the arena that were ever used and are not zero. The
 * arena holds no pointer, so its bytes are valid at any address and in any process. What is under way comes behind it.
 */
#include <errno.h>
#include <string.h>

#include "host/arena.h"
#include "host/machine.h"
#include "host/platform.h"
#include "machine/create.h"
#include "machine/snapshot.h"
#include "machine/under_way.h"
#include "migrate/migrate.h"
#include "page/contents.h"
#include "page/page.h"
#include "mm/stop.h"

/** A walk over pieces in ascending order. */
struct walk {
	const struct hmmu *m;
	u64 next; /**< pieces below are done; two parts may share a piece at their border */
	/** If set, it is called with whole parts, as ranges of pieces. */
	void (*part)(void *data, u64 first, u64 end);
	void (*piece)(void *data, u64 number, const u8 *bytes);
	void *data;
	bool every_frame; /**< also those that can only be zero */
};

/* Eight words at a time: that is one branch in place of eight. */
static bool page_is_zero(const u8 *bytes)
{
	const u64 *words = (const u64 *)bytes;

	for (u32 i = 0; i < PAGE_SIZE / sizeof(u64); i += 8)
		if (words[i] | words[i + 1] | words[i + 2] | words[i + 3] | words[i + 4] | words[i + 5] | words[i + 6] |
		    words[i + 7])
			return false;
	return true;
}

static void walk_part(struct walk *walk, const void *start, u64 bytes)
{
	const u8 *arena = (const u8 *)walk->m->st;
	u64 offset = arena_offset(walk->m, start);
	u64 number = offset / PAGE_SIZE, end = (offset + bytes + PAGE_SIZE - 1) / PAGE_SIZE;

	if (number < walk->next)
		number = walk->next;
	if (walk->part) {
		walk->part(walk->data, number, end);
		number = end;
	}
	for (; number < end; number++) {
		if (!page_is_zero(arena + number * PAGE_SIZE))
			walk->piece(walk->data, number, arena + number * PAGE_SIZE);
		walk->next = number + 1;
	}
	if (end > walk->next)
		walk->next = end;
}

/* Walk an array with an item for each page: the used pages of RAM, of the hugetlb pool and of the devices. */
static void walk_page_array(struct walk *walk, const void *array, u64 size)
{
	const struct hmmu *m = walk->m;
	const u8 *items = array;

	walk_part(walk, items, ram_used(m) * size);
	walk_part(walk, items + m->hugetlb_base * size, pool_used(m) * size);
	walk_part(walk, items + m->device_base * size, private_high(m->st) * size);
	walk_part(walk, items + m->coherent_base * size, coherent_high(m->st) * size);
	walk_part(walk, items + m->other_device_base * size, m->st->other_device_pages * size);
}

/* The frames of RAM of a machine without contents: only page tables have them, and are empty when they are freed. */
static void walk_tables(struct walk *walk)
{
	const struct hmmu *m = walk->m;

	if (!SHORTCUTS || walk->part || walk->every_frame) {
		walk_part(walk, m->frames, ram_used(m) * PAGE_SIZE);
		return;
	}
	for (u32 pfn = 0; pfn < ram_used(m); pfn++)
		if (page_test(m, pfn, HMMU_PG_TABLE))
			walk_part(walk, frame_of(m, pfn), PAGE_SIZE);
}

/* struct page, pins and contents. */
static void walk_pages(struct walk *walk)
{
	const struct hmmu *m = walk->m;

	walk_page_array(walk, m->pages, sizeof(struct page));
	walk_part(walk, page_of(m, m->pfn_end), NR_LRU_LISTS * sizeof(struct page));
	walk_page_array(walk, m->pins, sizeof(struct pins));
	if (m->tags) {
		walk_tables(walk);
		walk_page_array(walk, m->tags, TAG_SIZE);
	} else {
		walk_page_array(walk, m->frames, PAGE_SIZE);
	}
}

/* The bits of pages that were used, of those that begin with one. */
static void walk_device_bitmap(struct walk *walk, u32 first, u32 pages)
{
	const u64 *from = walk->m->device_bitmap + first / 64,
		  *to = walk->m->device_bitmap + ((u64)first + pages + 63) / 64;

	if (pages)
		walk_part(walk, from, (u64)((const u8 *)to - (const u8 *)from));
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
	if (KERNEL >= V6_12)
		walk_part(walk, m->vm_lock_seq, st->slabs[SLAB_VMA].high * sizeof(u32));
	walk_part(walk, m->block, st->next_block * sizeof(struct block));
	walk_part(walk, m->tlb, st->cpus * TLB_ENTRIES * sizeof(struct tlb_entry));
	walk_part(walk, m->events, events * sizeof(struct hmmu_event));
	if (st->slabs[SLAB_FILE].high > 1)
		walk_part(walk, m->cache_hash, ((u64)m->cache_mask + 1) * sizeof(u32));
	walk_device_bitmap(walk, 0, private_high(st));
	walk_device_bitmap(walk, st->device_pages, coherent_high(st));
	walk_pages(walk);
	walk_part(walk, m->swap_slots, st->swap_high ? (st->swap_high + 1ull) * sizeof(struct swap_slot) : 0);
	walk_part(walk, m->swap_frames, st->swap_high * contents_size(m));
}

static void walk_machine(struct walk *walk)
{
	walk_arena(walk);
	write_under_way(walk->m, walk->piece, walk->data);
}

static void hash_piece(void *data, u64 number, const u8 *bytes)
{
	const u64 *words = (const u64 *)bytes;
	u64 lanes[4] = { number, 1, 2, 3 };

	/* Four lanes, so that multiplications need not wait for each other. */
	for (u32 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		lanes[i % 4] = mix(lanes[i % 4], words[i]);
	for (u32 i = 0; i < 4; i++)
		*(u64 *)data = mix(*(u64 *)data, lanes[i]);
}

u64 hash_of_pieces(const struct piece *piece, u64 pieces)
{
	u64 hash = 0;

	for (u64 i = 0; i < pieces; i++)
		hash_piece(&hash, piece[i].number, piece[i].bytes);
	return hash;
}

void walk_parts(const struct hmmu *m, void (*visit)(void *data, u64 first, u64 end), void *data)
{
	struct walk walk = { .m = m, .part = visit, .data = data };

	walk_arena(&walk);
}

uint64_t hmmu_hash(const struct hmmu *m)
{
	u64 hash = 0;
	struct walk walk = { .m = m, .piece = hash_piece, .data = &hash };

	walk_machine(&walk);
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
	struct walk walk = { .m = m, .piece = wipe_piece, .data = m, .every_frame = true };

	walk_arena(&walk);
}

static int check_task_stands(struct hmmu *m, u32 tid)
{
	const struct task *task = task_of(m, tid);

	if (stop_of(m, tid))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u has stopped in the middle of a call", tid);
	if (task->mm && task->sem_of_driver)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u has taken mmap_lock", tid);
	if (task->mm && task->sem_hold && !task->op && !task->sem_of_migration)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u is in a call that has not returned", tid);
	return 0;
}

/* A copy has no stack. So it could never give back the references and locks of a call that is on one. */
static int check_copyable(struct hmmu *m)
{
	int err = 0;

	if (m->in_page_free)
		return check_outside_page_free(m);
	if (m->in_callback || migration_in_callback(m))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "a callback of the machine runs");
	for (u32 task = 1; !err && task < m->st->slabs[SLAB_TASK].high; task++)
		err = check_task_stands(m, task);
	return err;
}

int hmmu_snapshot(struct hmmu *m, void *buffer, size_t capacity, size_t *size)
{
	u64 pieces = 0, need;
	struct piece *at;
	struct walk walk = { .m = m, .piece = count_piece, .data = &pieces };
	int err = check_copyable(m);

	if (err)
		return err;
	walk_machine(&walk);
	need = sizeof(struct snapshot_header) + pieces * sizeof(struct piece);
	if (buffer && capacity < need)
		return hmmu_fail(m, -ENOSPC, HMMU_ERR_INVALID_ARGUMENT, "the snapshot has %llu bytes, the buffer %zu",
				 (unsigned long long)need, capacity);
	*size = need;
	if (!buffer)
		return 0;
	*(struct snapshot_header *)buffer =
		(struct snapshot_header){ SNAPSHOT_MAGIC, m->st->bytes, pieces, hmmu_hash(m) };
	at = (struct piece *)((u8 *)buffer + sizeof(struct snapshot_header));
	walk = (struct walk){ .m = m, .piece = save_piece, .data = &at };
	walk_machine(&walk);
	return 0;
}

static void copy_piece(void *data, u64 number, const u8 *bytes)
{
	memcpy((u8 *)((struct hmmu *)data)->st + number * PAGE_SIZE, bytes, PAGE_SIZE);
}

void take_over_state(struct hmmu *m)
{
	m->quirks = m->st->quirks;
	m->zero_pfn = m->st->zero_pfn;
}

/* The copy has an arena, and handles the same devices. */
static void copy_arena(const struct hmmu *m, struct hmmu *copy)
{
	struct walk walk = { .m = m, .piece = copy_piece, .data = copy };

	walk_arena(&walk);
	copy->kernel = &KERNEL_OPS;
	take_over_state(copy);
	set_default_ops(copy);
	memcpy(copy->drivers, m->drivers, sizeof(copy->drivers));
	copy->page_frees_matter = m->page_frees_matter;
	copy->notifier = m->notifier;
	copy->notifier_data = m->notifier_data;
	copy->invalidate = m->invalidate;
	copy->invalidate_data = m->invalidate_data;
}

static int copy_under_way(const struct hmmu *m, struct hmmu *copy)
{
	u64 count = 0;
	struct piece *pieces, *at;
	int err;

	write_under_way(m, count_piece, &count);
	if (!count)
		return 0;
	pieces = at = platform_alloc_raw(count * sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	write_under_way(m, save_piece, &at);
	err = read_under_way(copy, pieces, count);
	platform_free(pieces);
	return err;
}

static int fail_clone(struct hmmu *m, int err)
{
	return hmmu_fail(m, err, HMMU_ERR_HOST_MEMORY, "the host has no memory for a copy of the machine");
}

int hmmu_clone(struct hmmu *m, struct hmmu **clone)
{
	struct hmmu *copy;
	int err = check_copyable(m);

	if (err)
		return err;
	copy = platform_alloc(sizeof(*copy));
	err = copy ? arena_create(copy, m->st) : -ENOMEM;
	if (err) {
		platform_free(copy);
		return fail_clone(m, err);
	}
	copy_arena(m, copy);
	err = copy_under_way(m, copy);
	if (err) {
		hmmu_destroy(copy);
		return fail_clone(m, err);
	}
	*clone = copy;
	return 0;
}
