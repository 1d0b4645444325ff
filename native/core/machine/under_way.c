/* SPDX-License-Identifier: GPL-2.0-only */
/* Migrations and waiting device faults as a stream of bytes: for snapshots, copies and hashes. */
#include "machine/under_way.h"

#include <errno.h>
#include <string.h>

#include "fault/device_fault.h"
#include "migrate/record.h"

/** Bytes that go out in pieces. */
struct stream {
	void (*piece)(void *data, u64 number, const u8 *bytes);
	void *data;
	u64 number;
	u64 used;
	u64 words[PAGE_SIZE / sizeof(u64)];
};

static void flush_stream(struct stream *s)
{
	u8 *bytes = (u8 *)s->words;

	if (!s->used)
		return;
	memset(bytes + s->used, 0, PAGE_SIZE - s->used);
	s->piece(s->data, s->number++, bytes);
	s->used = 0;
}

static void put_bytes(struct stream *s, const void *from, u64 bytes)
{
	while (bytes) {
		u64 part = bytes < PAGE_SIZE - s->used ? bytes : PAGE_SIZE - s->used;

		memcpy((u8 *)s->words + s->used, from, part);
		from = (const u8 *)from + part;
		bytes -= part;
		s->used += part;
		if (s->used == PAGE_SIZE)
			flush_stream(s);
	}
}

static bool waits_for_handler(const struct hmmu *m, u32 task)
{
	return task_of(m, task)->mm && task_of(m, task)->wait == HMMU_WAIT_DEVICE_FAULT;
}

static void put_fault(struct stream *s, const struct device_fault *fault)
{
	const struct saved_fault saved = {
		.address = fault->address,
		.task = fault->task,
		.ended = fault->ended,
		.err = fault->err,
	};

	put_bytes(s, &saved, sizeof(saved));
}

/* Those with a reference in their order, then those that hold none. */
static void put_faults(struct stream *s, const struct hmmu *m)
{
	for (const struct device_fault *fault = m->faults; fault; fault = fault->outer)
		if (fault->waits)
			put_fault(s, fault);
	for (u32 task = 1; m->waiting_faults && task < m->st->slabs[SLAB_TASK].high; task++)
		if (waits_for_handler(m, task) && m->waiting_faults[task].no_ref)
			put_fault(s, &m->waiting_faults[task]);
}

static u32 flags_to_save(const struct hmmu_migration *mig)
{
	return (mig->restoring ? SAVED_RESTORING : 0) | (mig->allow_drain ? SAVED_ALLOW_DRAIN : 0) |
	       (mig->notified ? SAVED_NOTIFIED : 0) | (mig->callbacks_ran ? SAVED_CALLBACKS_RAN : 0) |
	       (mig->dst_is_ready ? SAVED_DST_IS_READY : 0) | (mig->dst_is_accepted ? SAVED_DST_IS_ACCEPTED : 0) |
	       (mig->out_of_bounds ? SAVED_OUT_OF_BOUNDS : 0) | (mig->aborted ? SAVED_ABORTED : 0) |
	       (mig->unwritten ? SAVED_UNWRITTEN : 0) | (mig->ctx.nested ? SAVED_NESTED : 0) |
	       (mig->request.ops ? SAVED_HAS_OPS : 0) | (mig->why ? SAVED_HAS_WHY : 0);
}

static void put_migration(struct stream *s, const struct hmmu_migration *mig)
{
	const u64 known = known_entries(mig);
	struct saved_migration saved = {
		.start = mig->start,
		.end = mig->end,
		.pos = mig->pos,
		.npages = mig->npages,
		.cpages = mig->cpages,
		.to_restore = mig->to_restore,
		.mmu_start = mig->mmu_start,
		.flush_start = mig->flush_start,
		.flush_end = mig->flush_end,
		.owner = mig->request.owner,
		.task = mig->ctx.task,
		.cpu = mig->ctx.cpu,
		.vma = mig->vma,
		.stage = mig->stage,
		.first = mig->first,
		.fault_page = mig->fault_page,
		.fault_lock = mig->fault_lock,
		.select = mig->request.flags,
		.flags = flags_to_save(mig),
	};

	if (mig->err)
		saved.error = mig->error;
	put_bytes(s, &saved, sizeof(saved));
	put_bytes(s, mig->src, mig->npages * sizeof(u64));
	put_bytes(s, mig->dst, known * sizeof(u64));
	put_bytes(s, mig->request.src, known * sizeof(u64));
	put_bytes(s, mig->request.dst, known * sizeof(u64));
	put_bytes(s, mig->why, mig->why ? known : 0);
}

static struct saved_under_way count_under_way(const struct hmmu *m)
{
	struct saved_under_way count = { 0 };

	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		count.migrations++;
	for (u32 task = 1; m->waiting_faults && task < m->st->slabs[SLAB_TASK].high; task++)
		count.faults += waits_for_handler(m, task);
	return count;
}

void write_under_way(const struct hmmu *m, void (*piece)(void *data, u64 number, const u8 *bytes), void *data)
{
	const struct saved_under_way count = count_under_way(m);
	struct stream s;

	if (!count.migrations && !count.faults)
		return;
	s.piece = piece;
	s.data = data;
	s.number = m->st->bytes / PAGE_SIZE;
	s.used = 0;
	put_bytes(&s, &count, sizeof(count));
	put_faults(&s, m);
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		put_migration(&s, mig);
	flush_stream(&s);
}

/** The same bytes on their way in. */
struct reader {
	const struct piece *pieces;
	u64 count;
	u64 at; /**< bytes that were taken */
};

static bool take_bytes(struct reader *r, void *to, u64 bytes)
{
	if (bytes > r->count * PAGE_SIZE - r->at)
		return false;
	while (bytes) {
		u64 offset = r->at % PAGE_SIZE, part = bytes < PAGE_SIZE - offset ? bytes : PAGE_SIZE - offset;

		memcpy(to, r->pieces[r->at / PAGE_SIZE].bytes + offset, part);
		to = (u8 *)to + part;
		bytes -= part;
		r->at += part;
	}
	return true;
}

/* Only zeros may be left, and no whole piece. */
static bool is_at_end(struct reader *r)
{
	u8 byte;

	if (r->count * PAGE_SIZE - r->at >= PAGE_SIZE)
		return false;
	while (take_bytes(r, &byte, 1))
		if (byte)
			return false;
	return true;
}

static int take_faults(struct hmmu *m, struct reader *r, u32 count)
{
	struct device_fault **end = &m->faults;
	struct saved_fault saved;

	for (; count; count--) {
		if (!take_bytes(r, &saved, sizeof(saved)) || saved.ended > 1 || saved.reserved || !saved.task ||
		    saved.task >= m->st->slabs[SLAB_TASK].high ||
		    (m->waiting_faults && m->waiting_faults[saved.task].waits))
			return -EINVAL;
		if (!device_fault_restore(m, &saved, &end))
			return -ENOMEM;
	}
	return 0;
}

/* Whether memory can be had for so many entries, and the words for it are there. */
static bool is_range_of_entries(const struct saved_migration *saved, const struct reader *r)
{
	u64 pages = (saved->end - saved->start) >> PAGE_SHIFT;

	return !((saved->start | saved->end) & ~PAGE_MASK) && saved->start < saved->end &&
	       saved->end <= HMMU_TASK_SIZE && saved->npages <= pages &&
	       (saved->first || pages <= (r->count * PAGE_SIZE - r->at) / sizeof(u64));
}

static void take_flags(struct hmmu_migration *mig, u32 flags)
{
	mig->restoring = flags & SAVED_RESTORING;
	mig->allow_drain = flags & SAVED_ALLOW_DRAIN;
	mig->notified = flags & SAVED_NOTIFIED;
	mig->callbacks_ran = flags & SAVED_CALLBACKS_RAN;
	mig->dst_is_ready = flags & SAVED_DST_IS_READY;
	mig->dst_is_accepted = flags & SAVED_DST_IS_ACCEPTED;
	mig->out_of_bounds = flags & SAVED_OUT_OF_BOUNDS;
	mig->aborted = flags & SAVED_ABORTED;
	mig->unwritten = flags & SAVED_UNWRITTEN;
	mig->ctx.nested = flags & SAVED_NESTED;
	mig->request.ops = flags & SAVED_HAS_OPS ? &ops_to_be_given : NULL;
}

/* A migration of device pages has no task. */
static void take_task(struct hmmu *m, struct hmmu_migration *mig, u32 task, u32 cpu)
{
	mig->ctx.m = m;
	mig->ctx.cpu = cpu;
	mig->ctx.task = mig->request.tid = task;
	if (!task)
		return;
	mig->ctx.self = task_of(m, task);
	mig->ctx.mm = mig->ctx.self->mm;
	mig->ctx.space = mm_of(m, mig->ctx.mm);
}

static void take_fields(struct hmmu *m, struct hmmu_migration *mig, const struct saved_migration *saved)
{
	take_task(m, mig, saved->task, saved->cpu);
	take_flags(mig, saved->flags);
	mig->start = mig->request.start = saved->start;
	mig->end = mig->request.end = saved->end;
	mig->pos = saved->pos;
	mig->npages = saved->npages;
	mig->cpages = saved->cpages;
	mig->to_restore = saved->to_restore;
	mig->mmu_start = saved->mmu_start;
	mig->flush_start = saved->flush_start;
	mig->flush_end = saved->flush_end;
	mig->request.owner = saved->owner;
	mig->vma = saved->vma;
	mig->stage = saved->stage;
	mig->first = saved->first;
	mig->fault_page = saved->fault_page;
	mig->fault_lock = saved->fault_lock;
	mig->request.flags = saved->select;
	mig->request.fault_page = KERNEL >= V6_12 ? saved->fault_page : 0;
	mig->error = saved->error;
	mig->err = saved->error.err;
}

static bool take_words(struct reader *r, struct hmmu_migration *mig)
{
	u64 known = known_entries(mig);

	return take_bytes(r, mig->src, mig->npages * sizeof(u64)) && take_bytes(r, mig->dst, known * sizeof(u64)) &&
	       take_bytes(r, mig->request.src, known * sizeof(u64)) &&
	       take_bytes(r, mig->request.dst, known * sizeof(u64)) && take_bytes(r, mig->why, mig->why ? known : 0);
}

static int take_migration(struct hmmu *m, struct reader *r, struct hmmu_migration **out)
{
	struct saved_migration saved;
	struct hmmu_migration *mig;

	if (!take_bytes(r, &saved, sizeof(saved)) || !is_range_of_entries(&saved, r) || saved.flags & ~SAVED_FLAGS ||
	    saved.reserved || saved.task >= m->st->slabs[SLAB_TASK].high || saved.vma >= m->st->slabs[SLAB_VMA].high)
		return -EINVAL;
	mig = record_restore(m, (saved.end - saved.start) >> PAGE_SHIFT, saved.flags & SAVED_HAS_WHY);
	if (!mig)
		return -ENOMEM;
	take_fields(m, mig, &saved);
	mig->mlocks = KERNEL >= V6_12 && mig->vma && vma_is_mlocked(m, mig->vma);
	*out = mig;
	return take_words(r, mig) ? 0 : -EINVAL;
}

int read_under_way(struct hmmu *m, const struct piece *pieces, u64 count)
{
	struct hmmu_migration **end = &m->migrations, *last = NULL;
	struct reader r = { .pieces = pieces, .count = count };
	struct saved_under_way saved;
	int err;

	if (!count)
		return 0;
	if (!take_bytes(&r, &saved, sizeof(saved)))
		return -EINVAL;
	err = take_faults(m, &r, saved.faults);
	for (u32 i = 0; !err && i < saved.migrations; i++) {
		err = take_migration(m, &r, end);
		if (err)
			break;
		(*end)->prev = last;
		last = *end;
		end = &last->next;
	}
	return err ? err : is_at_end(&r) && (saved.faults || saved.migrations) ? 0 : -EINVAL;
}

void free_under_way(struct hmmu *m)
{
	migration_pool_release(m);
	waiting_faults_free(m);
}
