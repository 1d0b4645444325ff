/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks and rollback. A mark has a copy of each part of the arena that is in use, of the migrations under way, and of those
 * fields of the handle that are state. What is large and mostly empty is copied line by line (mark_lines.c).
 *
 * Parts only grow. So a rollback clears by how much each has grown, and copies the rest back.
 */
#include "machine/mark.h"

#include <errno.h>
#include <string.h>

#include "host/migration.h"
#include "host/platform.h"
#include "machine/snapshot.h"
#include "migrate/migrate.h"
#include "page/contents.h"
#include "mm/stop.h"

/** A mark begins with it. Then come the runs: parts, the rest, and last the arena's first page, which says how large parts are. */
struct mark {
	u64 below; /**< where the mark before it begins */
	u64 rest;  /**< where the parts end */
	u64 end;
	struct migration_pool migration_pool;
	struct hmmu_migration *migrations;
	struct device_fault *faults;
	bool page_frees_matter;
	hmmu_notifier_fn notifier, on_event;
	hmmu_invalidate_fn invalidate;
	void *notifier_data, *on_event_data, *invalidate_data;
};
/** Bytes that were copied; they follow. */
struct run {
	void *at;
	u64 bytes;
};

/* Make room for @bytes at the end; NULL: the host has no memory. */
static void *append(struct marks *marks, u64 bytes)
{
	u64 need = marks->used + bytes, capacity = marks->capacity * 2 + bytes + PAGE_SIZE;
	u8 *grown;

	if (need > marks->capacity) {
		grown = platform_alloc_raw(capacity);
		if (!grown) {
			marks->failed = true;
			return NULL;
		}
		if (marks->bytes)
			memcpy(grown, marks->bytes, marks->used);
		platform_free(marks->bytes);
		marks->bytes = grown;
		marks->capacity = capacity;
	}
	marks->used = need;
	return marks->bytes + need - bytes;
}

static u64 run_size(u64 bytes)
{
	return sizeof(struct run) + ((bytes + 15) & ~15ull);
}

static void save(struct marks *marks, void *at, u64 bytes)
{
	struct run *run = bytes ? append(marks, run_size(bytes)) : NULL;

	if (!run)
		return;
	*run = (struct run){ at, bytes };
	memcpy(run + 1, at, bytes);
}

/* Copy the runs in [from, to) back. */
static void restore_runs(const struct marks *marks, u64 from, u64 to)
{
	while (from < to) {
		const struct run *run = (const struct run *)(marks->bytes + from);

		memcpy(run->at, run + 1, run->bytes);
		from += run_size(run->bytes);
	}
}

/** Where a pass over the parts is: it saves them, or it brings each back. */
struct pass {
	struct marks *marks;
	u64 next; /**< the run of the next part that was in use; 0: the pass saves */
	u64 end;
};

/* A part that was not in use at the mark has no run, and was zero. */
static ALWAYS_INLINE void pass_part(struct pass *pass, void *at, u64 bytes)
{
	const struct run *run = (const struct run *)(pass->marks->bytes + pass->next);
	u64 kept = 0;

	/* An empty part has no run, and may begin where the next one does. */
	if (!bytes)
		return;
	if (!pass->next) {
		save(pass->marks, at, bytes);
		return;
	}
	if (pass->next < pass->end && run->at == at) {
		kept = run->bytes;
		memcpy(at, run + 1, kept);
		pass->next += run_size(kept);
	}
	if (bytes > kept)
		memset((u8 *)at + kept, 0, bytes - kept);
}

/* Frames of RAM that were never used are behind the others of their block. */
static void pass_frames(struct pass *pass, const struct hmmu *m, void *array, u64 size)
{
	for (u32 block = 0; block < m->st->next_block; block++)
		pass_part(pass, (u8 *)array + block * HPAGE_PMD_NR * size, m->block[block].fresh * size);
}

/* An array with an item for each page. */
static void pass_page_array(struct pass *pass, const struct hmmu *m, void *array, u64 size)
{
	u8 *items = array;

	pass_frames(pass, m, array, size);
	pass_part(pass, items + m->hugetlb_base * size, pool_used(m) * size);
	pass_part(pass, items + m->device_base * size, m->st->device_high * size);
	pass_part(pass, items + m->other_device_base * size, m->st->other_device_pages * size);
}

/* All parts except the arena's first page. Blocks come last, as they say which frames were used. */
static void pass_parts(struct pass *pass, const struct hmmu *m)
{
	const struct state *st = m->st;

	for (int kind = 0; kind < NR_SLABS; kind++)
		if (st->slabs[kind].high > 1)
			pass_part(pass, (u8 *)m->st + st->slabs[kind].offset,
				  (u64)st->slabs[kind].high * st->slabs[kind].record);
	if (KERNEL >= V6_12)
		pass_part(pass, m->vm_lock_seq, st->slabs[SLAB_VMA].high * sizeof(u32));
	pass_part(pass, m->device_bitmap, ((u64)st->device_high + 63) / 64 * sizeof(u64));
	pass_page_array(pass, m, m->pages, sizeof(struct page));
	pass_part(pass, page_of(m, m->pfn_end), NR_LRU_LISTS * sizeof(struct page));
	pass_page_array(pass, m, m->pins, sizeof(struct pins));
	pass_page_array(pass, m, m->tags ? (void *)m->tags : m->frames, contents_size(m));
	pass_part(pass, m->swap_slots, st->swap_high ? (st->swap_high + 1ull) * sizeof(struct swap_slot) : 0);
	pass_part(pass, m->swap_frames, st->swap_high * contents_size(m));
	pass_part(pass, m->block, st->next_block * sizeof(struct block));
}

/* Records from there on are zero. */
static u32 devices_in_use(const struct hmmu *m)
{
	return m->page_frees_matter ? HMMU_MAX_DEVICES : 1;
}

static void save_state(const struct hmmu *m, struct marks *marks)
{
	struct state *st = m->st;
	u32 devices = devices_in_use(m);

	save(marks, st, (u64)((u8 *)&st->devices[devices] - (u8 *)st));
	save(marks, &st->hugetlb_free, (u64)((u8 *)&st->cpu[st->cpus] - (u8 *)&st->hugetlb_free));
	save(marks, st->counters, sizeof(*st) - offsetof(struct state, counters));
	save(marks, (void *)m->drivers, devices * sizeof(m->drivers[0]));
}

static void save_lines(const struct hmmu *m, struct marks *marks)
{
	for (u32 i = 0; i < marks->nr_lines; i++)
		save(marks, marks->lines[i], LINE_BYTES);
	for (u32 cpu = 0; cpu < m->st->cpus; cpu++)
		for (u32 word = 0; word < SLOT_WORDS; word++)
			for (u64 slots = marks->slots[word]; slots; slots &= slots - 1) {
				struct tlb_entry *entry =
					&m->tlb[cpu * TLB_ENTRIES + word * 64 + (u32)__builtin_ctzll(slots)];

				if (entry->vpn | entry->mm)
					save(marks, entry, sizeof(*entry));
			}
}

static void clear_lines(const struct hmmu *m, const struct marks *marks)
{
	for (u32 i = 0; i < marks->nr_lines; i++)
		memset(marks->lines[i], 0, LINE_BYTES);
	for (u32 cpu = 0; cpu < m->st->cpus; cpu++)
		for (u32 word = 0; word < SLOT_WORDS; word++)
			for (u64 slots = marks->slots[word]; slots; slots &= slots - 1)
				m->tlb[cpu * TLB_ENTRIES + word * 64 + (u32)__builtin_ctzll(slots)] =
					(struct tlb_entry){ 0 };
}

/* The records, the arrays of those under way, and the links between unused arrays. */
static void save_migrations(const struct hmmu *m, struct marks *marks)
{
	const struct migration_pool *pool = &m->migration_pool;

	save(marks, pool->records, pool->records_used * sizeof(*pool->records));
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next) {
		u64 pages = (mig->end - mig->start) >> PAGE_SHIFT;

		if (mig->src == mig->many)
			save(marks, mig->many, 2 * pages * sizeof(u64));
		save(marks, mig->request.src, pages * sizeof(u64));
		save(marks, mig->request.dst, pages * sizeof(u64));
		save(marks, mig->why, mig->why ? pages : 0);
	}
	for (u32 size = 0; pool->words_used && size < ARRAY_SIZES; size++)
		for (u64 *array = pool->arrays[size]; array; array = next_array(array))
			save(marks, array, sizeof(*array));
}

/* Outside of callbacks there are no other faults. */
static void save_waiting_faults(const struct hmmu *m, struct marks *marks)
{
	for (u32 task = 1; m->waiting_faults && task < m->st->slabs[SLAB_TASK].high; task++)
		if (task_of(m, task)->mm && task_of(m, task)->wait == HMMU_WAIT_DEVICE_FAULT)
			save(marks, &m->waiting_faults[task], sizeof(m->waiting_faults[task]));
}

/* Of a stack all that is in use. */
static void save_stops(const struct hmmu *m, struct marks *marks)
{
	struct stops *stops = m->stops;

	for (u32 task = 1; stops && task < stops->end; task++) {
		struct task_stack *stack = &stops->of[task];
		u8 *rest = stack->stop.unused ? (u8 *)stack->stop.unused + stack->stop.unused_bytes : stack->at;

		if (!stack->at)
			continue;
		save(marks, stack, sizeof(*stack));
		if (stack->stop.unused)
			save(marks, stack->at, (u64)(stack->stop.unused - stack->at));
		save(marks, rest, (u64)(stack_top(stops, task) - rest));
	}
}

/* Those of the mark come back. */
static void forget_stops(const struct hmmu *m)
{
	for (u32 task = 1; m->stops && task < m->stops->end; task++)
		m->stops->of[task] = (struct task_stack){ .at = NULL };
}

static struct mark newest_mark(const struct marks *marks)
{
	struct mark mark;

	memcpy(&mark, marks->bytes + marks->newest, sizeof(mark));
	return mark;
}

static bool save_all(struct hmmu *m, struct marks *marks)
{
	struct pass pass = { .marks = marks };
	struct mark mark = {
		.below = marks->newest,
		.migration_pool = m->migration_pool,
		.migrations = m->migrations,
		.faults = m->faults,
		.page_frees_matter = m->page_frees_matter,
		.notifier = m->notifier,
		.notifier_data = m->notifier_data,
		.on_event = m->on_event,
		.on_event_data = m->on_event_data,
		.invalidate = m->invalidate,
		.invalidate_data = m->invalidate_data,
	};
	u64 start = marks->used;

	if (!append(marks, (sizeof(mark) + 15) & ~15ull) || !marks_find_lines(m, marks))
		return false;
	pass_parts(&pass, m);
	mark.rest = marks->used;
	save_lines(m, marks);
	save_migrations(m, marks);
	save_waiting_faults(m, marks);
	save_stops(m, marks);
	save_state(m, marks);
	mark.end = marks->used;
	if (marks->failed)
		return false;
	memcpy(marks->bytes + start, &mark, sizeof(mark));
	marks->newest = start;
	return true;
}

static int check_outside_callbacks(struct hmmu *m)
{
	if (m->stops && m->stops->running)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "hmmu_run() runs");
	if (m->in_callback || m->in_page_free || migration_in_callback(m))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "a callback of the machine runs");
	return 0;
}

int hmmu_mark(struct hmmu *m)
{
	struct marks *marks = m->marks;
	u64 used = marks ? marks->used : 0;
	int err = check_outside_callbacks(m);

	if (err)
		return err;
	if (!marks)
		marks = m->marks = platform_alloc(sizeof(*marks));
	if (marks && !marks->depth) {
		memset(marks->slots, 0, sizeof(marks->slots));
		marks->moved_mappings = m->moved_mappings - 1;
	}
	if (marks && save_all(m, marks)) {
		marks->depth++;
		return 0;
	}
	if (marks) {
		marks->used = used;
		marks->failed = false;
	}
	return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for a mark");
}

static u64 events_in_ring(const struct state *st)
{
	return st->event_head < EVENT_RING ? st->event_head : EVENT_RING;
}

static int check_marked(struct hmmu *m)
{
	if (m->marks && m->marks->depth)
		return 0;
	return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the machine has no mark");
}

/* Records and arrays that were not in use at the mark are zero again, as new ones are. */
static void clear_grown_pool(struct migration_pool *pool, const struct migration_pool *then)
{
	memset(pool->records + then->records_used, 0,
	       (pool->records_used - then->records_used) * sizeof(*pool->records));
	memset(pool->words + then->words_used, 0, (pool->words_used - then->words_used) * sizeof(u64));
}

int hmmu_rollback(struct hmmu *m)
{
	struct marks *marks = m->marks;
	u64 events = events_in_ring(m->st);
	struct pass pass;
	struct mark mark;
	int err = check_outside_callbacks(m);

	if (!err)
		err = check_marked(m);
	if (err)
		return err;
	if (!marks_find_lines(m, marks))
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for a rollback");
	mark = newest_mark(marks);
	pass = (struct pass){ .marks = marks,
			      .next = marks->newest + ((sizeof(mark) + 15) & ~15ull),
			      .end = mark.rest };
	clear_lines(m, marks);
	pass_parts(&pass, m);
	forget_stops(m);
	memset(&m->st->devices[1], 0, (devices_in_use(m) - 1) * sizeof(m->st->devices[0]));
	restore_runs(marks, mark.rest, mark.end);
	/* Events that were recorded later leave the ring as it was, unless they have gone around. */
	if (events > events_in_ring(m->st))
		memset(m->events + events_in_ring(m->st), 0, (events - events_in_ring(m->st)) * sizeof(*m->events));
	if (m->migration_pool.records) {
		clear_grown_pool(&m->migration_pool, &mark.migration_pool);
		/* The reservation stays. */
		mark.migration_pool.records = m->migration_pool.records;
		mark.migration_pool.words = m->migration_pool.words;
	}
	m->migration_pool = mark.migration_pool;
	m->migrations = mark.migrations;
	m->faults = mark.faults;
	m->page_frees_matter = mark.page_frees_matter;
	m->notifier = mark.notifier;
	m->notifier_data = mark.notifier_data;
	m->on_event = mark.on_event;
	m->on_event_data = mark.on_event_data;
	m->invalidate = mark.invalidate;
	m->invalidate_data = mark.invalidate_data;
	memset(m->lookups, 0, sizeof(m->lookups));
	if (!m->st->bugs)
		m->first_bug[0] = 0;
	return 0;
}

int hmmu_mark_drop(struct hmmu *m)
{
	struct marks *marks = m->marks;
	int err = check_marked(m);

	if (err)
		return err;
	marks->used = marks->newest;
	marks->newest = newest_mark(marks).below;
	marks->depth--;
	return 0;
}

uint32_t hmmu_marks(const struct hmmu *m)
{
	return m->marks ? m->marks->depth : 0;
}

void marks_free(struct hmmu *m)
{
	if (!m->marks)
		return;
	platform_free(m->marks->bytes);
	platform_free(m->marks->lines);
	platform_free(m->marks);
}
