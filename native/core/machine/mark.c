/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks and rollback. A mark has a copy of each part of the arena that is in use, of the migrations under way, and of those
 * fields of the handle that are state. Which parts these are is a layout (mark_layout.c), which nested marks share.
 */
#include "machine/mark.h"

#include <errno.h>
#include <string.h>

#include "host/migration.h"
#include "host/platform.h"
#include "migrate/driver.h"
#include "migrate/migrate.h"
#include "mm/stop.h"

/** A mark begins with it. Then come its layout, unless an earlier mark has the same, the bytes of the extents, and runs. */
struct mark {
	u64 below;  /**< where the mark before it begins */
	u64 layout; /**< where its layout is */
	u64 image;  /**< where the bytes of the extents begin */
	u64 runs, end;
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

static u64 rounded(u64 bytes)
{
	return (bytes + 15) & ~15ull;
}

static NOINLINE bool marks_grow(struct marks *marks, u64 bytes)
{
	u64 capacity = marks->capacity * 2 + bytes + PAGE_SIZE;
	u8 *grown = platform_alloc_raw(capacity);

	if (!grown) {
		marks->failed = true;
		return false;
	}
	if (marks->bytes)
		memcpy(grown, marks->bytes, marks->used);
	platform_free(marks->bytes);
	marks->bytes = grown;
	marks->capacity = capacity;
	return true;
}

/* Make room for @bytes at the end; NULL: the host has no memory. */
static inline void *append(struct marks *marks, u64 bytes)
{
	if (marks->used + bytes > marks->capacity && !marks_grow(marks, bytes))
		return NULL;
	marks->used += bytes;
	return marks->bytes + marks->used - bytes;
}

static u64 run_size(u64 bytes)
{
	return sizeof(struct run) + rounded(bytes);
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

/* Extents are short, and their sizes multiples of 16. */
static inline void copy_extent(u8 *to, const u8 *from, u64 bytes)
{
	const u8 *lines = from + (bytes & ~63ull), *end = from + bytes;

	if (bytes > PAGE_SIZE) {
		memcpy(to, from, bytes);
		return;
	}
	for (; from < lines; from += 64, to += 64)
		memcpy(to, from, 64);
	for (; from < end; from += 16, to += 16)
		memcpy(to, from, 16);
}

static void save_extents(const struct layout *layout, u8 *image)
{
	for (u32 i = 0; i < layout->count; i++) {
		copy_extent(image, layout->extents[i].at, layout->extents[i].bytes);
		image += layout->extents[i].bytes;
	}
}

static void restore_extents(const struct layout *layout, const u8 *image)
{
	for (u32 i = 0; i < layout->count; i++) {
		copy_extent(layout->extents[i].at, image, layout->extents[i].bytes);
		image += layout->extents[i].bytes;
	}
}

static void clear_extents(const struct layout *layout)
{
	for (u32 i = 0; i < layout->count; i++)
		memset(layout->extents[i].at, 0, layout->extents[i].bytes);
}

static void save_migration(struct marks *marks, struct hmmu_migration *mig)
{
	u64 pages = (mig->end - mig->start) >> PAGE_SHIFT;

	save(marks, mig, offsetof(struct hmmu_migration, error));
	if (mig->err)
		save(marks, &mig->error, sizeof(mig->error));
	save(marks, &mig->many, sizeof(*mig) - offsetof(struct hmmu_migration, many));
	save(marks, mig->src, pages * sizeof(u64));
	save(marks, mig->dst, pages * sizeof(u64));
	save(marks, mig->request.src, pages * sizeof(u64));
	save(marks, mig->request.dst, pages * sizeof(u64));
	save(marks, mig->why, mig->why ? pages : 0);
}

/* Those under way with their arrays; of what is unused the links, and which arrays a record keeps. */
static void save_migrations(const struct hmmu *m, struct marks *marks)
{
	const struct migration_pool *pool = &m->migration_pool;

	for (struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		save_migration(marks, mig);
	for (struct hmmu_migration *mig = pool->unused; mig; mig = mig->next) {
		save(marks, &mig->next, sizeof(void *));
		save(marks, &mig->many, sizeof(*mig) - offsetof(struct hmmu_migration, many));
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

static struct mark *newest_mark(const struct marks *marks)
{
	return (struct mark *)(marks->bytes + marks->newest);
}

struct layout *layout_of_newest_mark(const struct marks *marks)
{
	return marks->depth ? (struct layout *)(marks->bytes + newest_mark(marks)->layout) : NULL;
}

/* The layout of a new mark: that of the newest one, or a copy of one that was found. Returns where it is; 0: no memory. */
static u64 keep_layout(const struct hmmu *m, struct marks *marks)
{
	const struct layout *known = layout_of_newest_mark(marks), *layout = layout_now(m, marks, known);
	u64 bytes;
	void *copy;

	if (!layout)
		return 0;
	if (layout == known)
		return newest_mark(marks)->layout;
	bytes = sizeof(*layout) + layout->count * sizeof(layout->extents[0]);
	copy = append(marks, rounded(bytes));
	if (!copy)
		return 0;
	memcpy(copy, layout, bytes);
	return marks->used - rounded(bytes);
}

/* The bytes of the extents; false: the host has no memory. */
static bool save_image(struct marks *marks, u64 layout)
{
	u64 bytes = ((const struct layout *)(marks->bytes + layout))->bytes;
	u8 *image = append(marks, bytes);

	if (image)
		save_extents((const struct layout *)(marks->bytes + layout), image);
	return image != NULL;
}

static bool save_all(struct hmmu *m, struct marks *marks)
{
	u64 start = marks->used, layout, image, runs;

	if (!append(marks, rounded(sizeof(struct mark))))
		return false;
	layout = keep_layout(m, marks);
	image = marks->used;
	if (!layout || !save_image(marks, layout))
		return false;
	runs = marks->used;
	save_migrations(m, marks);
	save_waiting_faults(m, marks);
	save_stops(m, marks);
	save(marks, (void *)m->drivers, (m->page_frees_matter ? HMMU_MAX_DEVICES : 1) * sizeof(m->drivers[0]));
	if (marks->failed)
		return false;
	*(struct mark *)(marks->bytes + start) = (struct mark){
		.below = marks->newest,
		.layout = layout,
		.image = image,
		.runs = runs,
		.end = marks->used,
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

/* Bring the arena back. If parts have grown or mappings have moved, what is there now goes first. */
static bool restore_arena(struct hmmu *m, struct marks *marks, const struct mark *mark)
{
	struct layout *layout = (struct layout *)(marks->bytes + mark->layout);
	const struct layout *now = layout_now(m, marks, layout);

	if (!now)
		return false;
	if (now != layout)
		clear_extents(now);
	restore_extents(layout, marks->bytes + mark->image);
	layout->moved_mappings = m->moved_mappings;
	if (marks->found)
		marks->found->moved_mappings = NO_LAYOUT;
	return true;
}

static void restore_handle(struct hmmu *m, const struct mark *mark)
{
	struct migration_pool *pool = &m->migration_pool;
	/* The reservation stays. */
	struct hmmu_migration *records = pool->records;
	u64 *words = pool->words;

	if (records)
		clear_grown_pool(pool, &mark->migration_pool);
	*pool = mark->migration_pool;
	pool->records = records;
	pool->words = words;
	m->migrations = mark->migrations;
	m->faults = mark->faults;
	m->page_frees_matter = mark->page_frees_matter;
	m->notifier = mark->notifier;
	m->notifier_data = mark->notifier_data;
	m->on_event = mark->on_event;
	m->on_event_data = mark->on_event_data;
	m->invalidate = mark->invalidate;
	m->invalidate_data = mark->invalidate_data;
	memset(m->lookups, 0, sizeof(m->lookups));
}

int hmmu_rollback(struct hmmu *m)
{
	struct marks *marks = m->marks;
	u64 events = events_in_ring(m->st);
	const struct mark *mark;
	int err = check_outside_callbacks(m);

	if (!err)
		err = check_marked(m);
	if (err)
		return err;
	mark = newest_mark(marks);
	if (!restore_arena(m, marks, mark))
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for a rollback");
	forget_stops(m);
	/* A mark of a machine whose only device is the first one has only that one's driver. */
	if (m->page_frees_matter && !mark->page_frees_matter)
		devices_init(m);
	restore_handle(m, mark);
	restore_runs(marks, mark->runs, mark->end);
	/* Events that were recorded later leave the ring as it was, unless they have gone around. */
	if (events > events_in_ring(m->st))
		memset(m->events + events_in_ring(m->st), 0, (events - events_in_ring(m->st)) * sizeof(*m->events));
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
	marks->newest = newest_mark(marks)->below;
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
	platform_free(m->marks->found);
	platform_free(m->marks);
}
