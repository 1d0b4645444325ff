/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file stages.h
 * The driver of the stages of a migration: their order, and what each call does of them. It is a template. Where a stage
 * and whether statistics count it are constants, the inlined code asks for neither.
 */
#ifndef HMMU_STAGES_H
#define HMMU_STAGES_H

#include <errno.h>

#include "host/events.h"
#include "host/stats.h"
#include "migrate/migrate.h"
#include "mm/mmu_notifier.h"

static ALWAYS_INLINE void enter_stage(struct hmmu_migration *mig, u32 stage)
{
	probe(stage_end, mig->ctx.mm, mig->start, mig->stage, mig->cpages);
	mig->stage = stage;
	probe(stage_begin, mig->ctx.mm, mig->start, mig->stage);
	mig->pos = 0;
	mig->restoring = false;
	event(mig->ctx.m, HMMU_EVENT_STAGE, mig->ctx.mm, mig->start, stage);
}

/* If no entry can migrate any longer, the remaining stages are skipped. */
static ALWAYS_INLINE void next_stage(struct hmmu_migration *mig, u32 stage)
{
	if (stage == HMMU_STAGE_PAGES && mig->notified)
		mmu_notifier_invalidate_range_end(mig->ctx.m, HMMU_NOTIFY_MIGRATE, mig->ctx.mm, mig->mmu_start,
						  mig->end);
	if (stage <= HMMU_STAGE_UNMAP && !mig->cpages)
		enter_stage(mig, HMMU_STAGE_DONE);
	else if (stage == HMMU_STAGE_PAGES && mig->aborted)
		enter_stage(mig, HMMU_STAGE_FINALIZE);
	else if (KERNEL >= V6_12 && stage == HMMU_STAGE_COLLECT)
		enter_stage(mig, HMMU_STAGE_UNMAP);
	else
		enter_stage(mig, stage + 1);
}

static inline int call_driver(struct hmmu_migration *mig, int (*callback)(struct hmmu_migration *, void *))
{
	int err;

	mig->barred = BAR_CALLBACK;
	err = callback(mig, mig->request.data);
	mig->barred = BAR_NONE;
	if (!err)
		return 0;
	return hmmu_fail(mig->ctx.m, -ECANCELED, HMMU_ERR_DRIVER_THREW, "%s() failed with %d",
			 mig->stage == HMMU_STAGE_ALLOC_AND_COPY ? "alloc_and_copy" : "finalize_and_map", err);
}

static inline void run_alloc_and_copy(struct hmmu_migration *mig)
{
	int err;

	mig->callbacks_ran = true;
	/* Without operations the driver has written dst before it called migrate_vma_pages(). If it never did, it has given
	 * up. */
	if (KERNEL >= V6_12 && !mig->request.ops) {
		err = 0;
		mig->aborted = !mig->dst_is_ready;
	} else {
		migrate_publish(mig, 0, mig->npages);
		err = call_driver(mig, mig->request.ops->alloc_and_copy);
	}
	if (err || mig->aborted)
		migrate_discard_destinations(mig);
	else if (mig->dst_is_accepted)
		mig->dst_is_accepted = false;
	else
		err = migrate_accept_driver(mig);
	if (err) {
		migrate_remember_error(mig, err);
		mig->aborted = true;
	}
}

static inline void run_finalize_and_map(struct hmmu_migration *mig)
{
	const struct hmmu_migrate_ops *ops = mig->request.ops;
	int err = 0;

	/* Without operations the driver has had src and dst since migrate_vma_pages() returned. */
	if (KERNEL < V6_12 || ops) {
		migrate_publish(mig, 0, mig->npages);
		if (!ops->finalize_and_map)
			return;
		err = call_driver(mig, ops->finalize_and_map);
	}
	if (!err)
		err = migrate_check_unchanged(mig);
	if (err)
		migrate_remember_error(mig, err);
}

/* If `prepared`, all pages are device pages that collect has taken: none to isolate, and none can be pinned. */
static ALWAYS_INLINE void prepare_entries(struct hmmu_migration *mig, u64 from, u64 to)
{
	if (!from && !mig->restoring)
		lru_add_drain(mig->ctx.m, mig->ctx.cpu);
	if (mig->restoring)
		migrate_vma_prepare_restore(mig, from, to);
	else if (mig->prepared)
		mig->settled = true;
	else
		migrate_vma_prepare(mig, from, to);
}

/* If `settled`, the call that did prepare goes on, and nothing has run in between. Pages that prepare found unmapped and
 * without unknown references still are. */
static ALWAYS_INLINE void unmap_entries(struct hmmu_migration *mig, u64 from, u64 to)
{
	if (mig->restoring)
		migrate_vma_unmap_restore(mig, from, to);
	else if (!mig->settled)
		migrate_vma_unmap(mig, from, to);
}

/* Do entries [from, to) of a stage that is a loop over entries. */
static ALWAYS_INLINE void stage_entries(struct hmmu_migration *mig, u32 stage, u64 from, u64 to)
{
	switch (stage) {
	case HMMU_STAGE_PREPARE:
		if (KERNEL >= V6_12)
			break;
		prepare_entries(mig, from, to);
		break;
	case HMMU_STAGE_UNMAP:
		if (KERNEL >= V6_12 && mig->restoring)
			migrate_device_unmap_restore(mig, from, to);
		else if (KERNEL >= V6_12)
			migrate_device_unmap(mig, from, to);
		else
			unmap_entries(mig, from, to);
		break;
	case HMMU_STAGE_PAGES:
		migrate_vma_pages(mig, from, to);
		break;
	default:
		migrate_vma_finalize(mig, from, to);
		break;
	}
}

/* Do one entry of the current stage, or all that are left; true at the end of the stage. */
static ALWAYS_INLINE bool stage_part(struct hmmu_migration *mig, u32 stage, bool one)
{
	u64 from = mig->pos;
	bool done;

	switch (stage) {
	case HMMU_STAGE_COLLECT:
		done = KERNEL >= V6_12 && mig->first ? migrate_device_range_collect(mig) : migrate_vma_collect_one(mig);
		mig->pos = mig->npages;
		return done;
	case HMMU_STAGE_ALLOC_AND_COPY:
		run_alloc_and_copy(mig);
		return true;
	case HMMU_STAGE_FINALIZE_AND_MAP:
		run_finalize_and_map(mig);
		if (mig->unwritten)
			migrate_note_unwritten(mig);
		return true;
	default:
		break;
	}
	mig->pos = one ? from + 1 : mig->npages;
	stage_entries(mig, stage, from, mig->pos);
	if (one && mig->pos < mig->npages && !(mig->restoring && !mig->to_restore))
		return false;
	/* prepare and unmap pass over the entries a second time if any have to be restored. */
	if (stage > HMMU_STAGE_UNMAP || mig->restoring || !mig->to_restore)
		return true;
	mig->restoring = true;
	mig->pos = 0;
	return false;
}

/* How many entries a part of a stage has done. An entry counts on the first pass, not when it is restored. */
static inline u64 entries_done(const struct hmmu_migration *mig, u32 stage, bool one, u64 pos, u64 collected)
{
	if (stage == HMMU_STAGE_COLLECT)
		return mig->npages - collected;
	if (stage == HMMU_STAGE_ALLOC_AND_COPY || stage == HMMU_STAGE_FINALIZE_AND_MAP)
		return mig->npages;
	return one ? 1 : mig->npages - pos;
}

/* stage_part(), as a span if @counted. */
static ALWAYS_INLINE bool stage_go_on(struct hmmu_migration *mig, u32 stage, bool one, bool counted)
{
	u64 pos = mig->pos, collected = mig->npages;
	bool restoring = mig->restoring, done;
	struct span span;

	if (!counted)
		return stage_part(mig, stage, one);
	span = span_begin(mig->ctx.m, (enum hmmu_span)stage);
	done = stage_part(mig, stage, one);
	span_end(mig->ctx.m, &span, done, restoring ? 0 : entries_done(mig, stage, one, pos, collected));
	return done;
}

/* Run the rest of a stage if it is the current stage and not past @last. */
static ALWAYS_INLINE void run_stage(struct hmmu_migration *mig, u32 which, u32 last, bool counted)
{
	if (which > last || mig->stage != which)
		return;
	while (!stage_go_on(mig, which, false, counted))
		;
	next_stage(mig, which);
}

/** Go on to the end of stage @p last. */
static ALWAYS_INLINE void stages_run(struct hmmu_migration *mig, u32 last, bool counted)
{
	mig->collected.count = 0;
	run_stage(mig, HMMU_STAGE_COLLECT, last, counted);
	if (KERNEL < V6_12)
		run_stage(mig, HMMU_STAGE_PREPARE, last, counted);
	run_stage(mig, HMMU_STAGE_UNMAP, last, counted);
	run_stage(mig, HMMU_STAGE_ALLOC_AND_COPY, last, counted);
	run_stage(mig, HMMU_STAGE_PAGES, last, counted);
	run_stage(mig, HMMU_STAGE_FINALIZE_AND_MAP, last, counted);
	run_stage(mig, HMMU_STAGE_FINALIZE, last, counted);
	migrate_publish(mig, 0, mig->npages);
}

/** Go on by one entry; by one page table in collect. */
static ALWAYS_INLINE void stages_step(struct hmmu_migration *mig, bool counted)
{
	u64 collected = mig->npages, i = mig->pos;

	mig->collected.count = 0;
	if (stage_go_on(mig, mig->stage, true, counted))
		next_stage(mig, mig->stage);
	if (mig->npages > collected)
		migrate_publish(mig, collected, mig->npages);
	else if (i < mig->npages)
		migrate_publish(mig, i, i + 1);
}

#endif
