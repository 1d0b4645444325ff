/* SPDX-License-Identifier: GPL-2.0-only */
/* migrate_vma(): its arguments, the order of its stages, and stepping through them. */
#include "migrate/migrate.h"

#include <errno.h>
#include <string.h>

#include "call/syscall.h"
#include "host/platform.h"
#include "host/probe.h"
#include "host/stats.h"
#include "rmap/rmap.h"

static int fail_range(struct hmmu *m, const char *why)
{
	return hmmu_fail(m, -EINVAL, HMMU_ERR_SYSCALL, "migrate_vma() fails with EINVAL: %s", why);
}

/* The checks of migrate_vma()'s arguments, as in the kernel. */
static int check_arguments(struct hmmu *m, u32 vma, u64 start, u64 end, const struct hmmu_migrate_request *request)
{
	const struct vma *v = vma_of(m, vma);

	if (!vma)
		return fail_range(m, "there is no mapping at or above the start");
	if (v->flags & (VM_HUGETLB | VM_SPECIAL))
		return fail_range(m, "the mapping is hugetlb or special");
	if (start < v->start || start >= v->end)
		return fail_range(m, "the start is outside of the mapping");
	if (end <= v->start || end > v->end)
		return fail_range(m, "the end is outside of the mapping");
	if (!request->ops || !request->ops->alloc_and_copy)
		return fail_range(m, "there is no alloc_and_copy()");
	if (!request->src || !request->dst)
		return fail_range(m, "there is no array for src or dst");
	if (start >= end)
		return fail_range(m, "the range is empty");
	return 0;
}

static void migration_init(struct hmmu_migration *mig, const struct ctx *ctx,
			   const struct hmmu_migrate_request *request, u32 vma)
{
	struct hmmu *m = ctx->m;
	u64 pages;

	mig->ctx = *ctx;
	mig->request = *request;
	mig->vma = vma;
	mig->start = request->start & PAGE_MASK;
	mig->end = request->end & PAGE_MASK;
	mig->why = request->why;
	mig->allow_drain = true;
	mig->fault_page = m->faults ? m->faults->pfn : 0;
	pages = (mig->end - mig->start) >> PAGE_SHIFT;
	/* src starts empty. dst keeps the caller's words until collect reaches each entry. */
	for (u64 i = 0; i < pages; i++)
		request->src[i] = 0;
	migrate_copy_words(mig->dst, request->dst, pages);
	if (mig->why)
		memset(mig->why, HMMU_WHY_NONE, pages);
	m->tasks[ctx->task].migrations++;
	m->mms[ctx->mm].migrations++;
	event(m, HMMU_EVENT_STAGE, ctx->mm, mig->start, HMMU_STAGE_COLLECT);
	probe(migrate_begin, mig->ctx.task, mig->ctx.mm, mig->start, mig->end);
	probe(stage_begin, mig->ctx.mm, mig->start, mig->stage);
}

static int begin(struct hmmu *m, const struct hmmu_migrate_request *request, struct hmmu_migration **out)
{
	u64 start = request->start & PAGE_MASK, end = request->end & PAGE_MASK;
	struct hmmu_migration *mig;
	struct ctx ctx;
	u32 vma;
	const struct call call = { .op = OP_MIGRATE, .args = { request->start, request->end } };
	int err = task_enter(m, request->tid, call, &ctx);

	if (err)
		return err;
	err = down_read(&ctx);
	if (err)
		return task_leave(&ctx, call, err);
	vma = find_vma(m, ctx.mm, start);
	err = check_arguments(m, vma, start, end, request);
	mig = err ? NULL : migration_alloc(m, (end - start) >> PAGE_SHIFT);
	if (!mig) {
		if (!ctx.nested)
			up_sem(&ctx);
		return err ? err : hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for it");
	}
	migration_init(mig, &ctx, request, vma);
	if (!ctx.nested)
		m->tasks[ctx.task].sem_of_migration = 1;
	*out = mig;
	return 0;
}

static int begin_counted(struct hmmu *m, const struct hmmu_migrate_request *request, struct hmmu_migration **out)
{
	struct span span = span_begin(m, HMMU_SPAN_MIGRATE);
	int err = begin(m, request, out);

	span_end(m, &span, 1, err ? 0 : (request->end >> PAGE_SHIFT) - (request->start >> PAGE_SHIFT));
	return err;
}

int hmmu_migrate_begin(struct hmmu *m, const struct hmmu_migrate_request *request, struct hmmu_migration **out)
{
	return counting(m) ? begin_counted(m, request, out) : begin(m, request, out);
}

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
		mmu_notifier_invalidate_range_end(mig->ctx.m, mig->ctx.mm, mig->mmu_start, mig->end);
	if (stage <= HMMU_STAGE_UNMAP && !mig->cpages)
		enter_stage(mig, HMMU_STAGE_DONE);
	else if (stage == HMMU_STAGE_PAGES && mig->aborted)
		enter_stage(mig, HMMU_STAGE_FINALIZE);
	else
		enter_stage(mig, stage + 1);
}

static inline int call_driver(struct hmmu_migration *mig, int (*callback)(struct hmmu_migration *, void *))
{
	struct hmmu *m = mig->ctx.m;
	const struct driver_call call = {
		.task = mig->ctx.task,
		.mig = mig,
		.has_locked = migration_has_locked,
		.outer = m->driver_calls,
	};
	int err;

	mig->in_callback = true;
	m->driver_calls = &call;
	err = callback(mig, mig->request.data);
	m->driver_calls = call.outer;
	mig->in_callback = false;
	if (!err)
		return 0;
	return hmmu_fail(m, -ECANCELED, HMMU_ERR_DRIVER_THREW, "%s() failed with %d",
			 mig->stage == HMMU_STAGE_ALLOC_AND_COPY ? "alloc_and_copy" : "finalize_and_map", err);
}

static inline void alloc_and_copy(struct hmmu_migration *mig)
{
	int err;

	migrate_publish(mig, 0, mig->npages);
	mig->callbacks_ran = true;
	err = call_driver(mig, mig->request.ops->alloc_and_copy);
	if (err)
		migrate_discard_destinations(mig);
	else
		err = migrate_accept_driver(mig);
	if (err) {
		migrate_remember_error(mig, err);
		mig->aborted = true;
	}
}

static inline void finalize_and_map(struct hmmu_migration *mig)
{
	int err;

	migrate_publish(mig, 0, mig->npages);
	if (!mig->request.ops->finalize_and_map)
		return;
	err = call_driver(mig, mig->request.ops->finalize_and_map);
	if (!err)
		err = migrate_check_unchanged(mig);
	if (err)
		migrate_remember_error(mig, err);
}

/* Do entries [from, to) of a stage that is a loop over entries. */
static ALWAYS_INLINE void stage_entries(struct hmmu_migration *mig, u32 stage, u64 from, u64 to)
{
	switch (stage) {
	case HMMU_STAGE_PREPARE:
		if (!from && !mig->restoring)
			lru_add_drain(mig->ctx.m, mig->ctx.cpu);
		if (mig->restoring)
			migrate_vma_prepare_restore(mig, from, to);
		else
			migrate_vma_prepare(mig, from, to);
		break;
	case HMMU_STAGE_UNMAP:
		if (mig->restoring)
			migrate_vma_unmap_restore(mig, from, to);
		else
			migrate_vma_unmap(mig, from, to);
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
static ALWAYS_INLINE bool stage_go_on(struct hmmu_migration *mig, u32 stage, bool one)
{
	u64 from = mig->pos;
	bool done;

	switch (stage) {
	case HMMU_STAGE_COLLECT:
		done = migrate_vma_collect_one(mig);
		mig->pos = mig->npages;
		return done;
	case HMMU_STAGE_ALLOC_AND_COPY:
		alloc_and_copy(mig);
		return true;
	case HMMU_STAGE_FINALIZE_AND_MAP:
		finalize_and_map(mig);
		if (mig->unwritten)
			migrate_note_unwritten(mig);
		return true;
	default:
		break;
	}
	mig->pos = one ? from + 1 : mig->npages;
	stage_entries(mig, stage, from, mig->pos);
	if (mig->pos < mig->npages && !(mig->restoring && !mig->restore))
		return false;
	/* prepare and unmap pass over the entries a second time if any have to be restored. */
	if (mig->restoring || !mig->restore)
		return true;
	mig->restoring = true;
	mig->pos = 0;
	return false;
}

/* Out-of-line copy. */
static NOINLINE bool stage_go_on_plain(struct hmmu_migration *mig, u32 stage, bool one)
{
	return stage_go_on(mig, stage, one);
}

/* stage_go_on(), counted and timed. An entry counts on the first pass, not when it is restored. */
static bool stage_go_on_counted(struct hmmu_migration *mig, u32 stage, bool one)
{
	struct hmmu *m = mig->ctx.m;
	u64 pos = mig->pos, collected = mig->npages, entries = 0;
	bool restoring = mig->restoring, done;
	struct span span = span_begin(m, (enum hmmu_span)stage);

	done = stage_go_on_plain(mig, stage, one);
	if (stage == HMMU_STAGE_COLLECT)
		entries = mig->npages - collected;
	else if (stage == HMMU_STAGE_ALLOC_AND_COPY || stage == HMMU_STAGE_FINALIZE_AND_MAP)
		entries = mig->npages;
	else if (!restoring)
		entries = one ? 1 : mig->npages - pos;
	span_close(m, &span, done, entries);
	return done;
}

/* Each call chooses once between counting and not counting. */
typedef bool (*stage_fn)(struct hmmu_migration *mig, u32 stage, bool one);

static inline void step(struct hmmu_migration *mig, stage_fn go_on)
{
	u64 collected = mig->npages, i = mig->pos;

	if (go_on(mig, mig->stage, true))
		next_stage(mig, mig->stage);
	if (mig->npages > collected)
		migrate_publish(mig, collected, mig->npages);
	else if (i < mig->npages)
		migrate_publish(mig, i, i + 1);
}

/* Run the rest of a stage if it is the current stage and not past `last`. */
static ALWAYS_INLINE void run_stage(struct hmmu_migration *mig, u32 which, u32 last, stage_fn go_on)
{
	if (which > last || mig->stage != which)
		return;
	while (!go_on(mig, which, false))
		;
	next_stage(mig, which);
}

/* Each stage is a constant here, so that the inlined code has no switch over stages. */
static ALWAYS_INLINE void run(struct hmmu_migration *mig, u32 last, stage_fn go_on)
{
	run_stage(mig, HMMU_STAGE_COLLECT, last, go_on);
	run_stage(mig, HMMU_STAGE_PREPARE, last, go_on);
	run_stage(mig, HMMU_STAGE_UNMAP, last, go_on);
	run_stage(mig, HMMU_STAGE_ALLOC_AND_COPY, last, go_on);
	run_stage(mig, HMMU_STAGE_PAGES, last, go_on);
	run_stage(mig, HMMU_STAGE_FINALIZE_AND_MAP, last, go_on);
	run_stage(mig, HMMU_STAGE_FINALIZE, last, go_on);
	migrate_publish(mig, 0, mig->npages);
}

static void step_counted(struct hmmu_migration *mig)
{
	struct span span = span_begin(mig->ctx.m, HMMU_SPAN_MIGRATE);

	step(mig, stage_go_on_counted);
	span_end(mig->ctx.m, &span, 0, 0);
}

static void run_counted(struct hmmu_migration *mig, u32 stage)
{
	struct span span = span_begin(mig->ctx.m, HMMU_SPAN_MIGRATE);

	run(mig, stage, stage_go_on_counted);
	span_end(mig->ctx.m, &span, 0, 0);
}

static int fail_in_callback(struct hmmu_migration *mig)
{
	int err = check_outside_page_free(mig->ctx.m);

	if (err)
		return err;
	return hmmu_fail(mig->ctx.m, -EBUSY, HMMU_ERR_BUSY, "the migration stands in a callback");
}

int hmmu_migrate_step(struct hmmu_migration *mig)
{
	if (mig->in_callback || mig->ctx.m->in_page_free)
		return fail_in_callback(mig);
	if (mig->stage == HMMU_STAGE_DONE)
		return 0;
	mig->prepared = mig->settled = false;
	if (counting(mig->ctx.m))
		step_counted(mig);
	else
		step(mig, stage_go_on_plain);
	return mig->stage != HMMU_STAGE_DONE;
}

int hmmu_migrate_run(struct hmmu_migration *mig, uint32_t stage)
{
	if (mig->in_callback || mig->ctx.m->in_page_free)
		return fail_in_callback(mig);
	mig->settled = false;
	mig->prepared = mig->stage == HMMU_STAGE_COLLECT && !mig->npages;
	if (counting(mig->ctx.m))
		run_counted(mig, stage);
	else
		run(mig, stage, stage_go_on);
	return 0;
}

int hmmu_migrate_end(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	struct task *task = &m->tasks[mig->ctx.task];
	int err;

	if (mig->in_callback || m->in_page_free)
		return fail_in_callback(mig);
	hmmu_migrate_run(mig, HMMU_STAGE_DONE);
	m->mms[mig->ctx.mm].migrations--;
	if (!--task->migrations && task->sem_of_migration) {
		task->sem_of_migration = 0;
		/* A call of this task that waits takes the semaphore over, and releases it when it ends. */
		if (task->op && task->nested)
			task->nested = 0;
		else
			up_sem(&mig->ctx);
	}
	err = mig->err;
	if (err)
		m->error = mig->error;
	probe(migrate_end, mig->ctx.task, mig->ctx.mm, mig->start, err);
	migration_free(mig);
	return err;
}

int hmmu_migrate_vma(struct hmmu *m, const struct hmmu_migrate_request *request)
{
	struct hmmu_migration *mig;
	int err = hmmu_migrate_begin(m, request, &mig);

	return err ? err : hmmu_migrate_end(mig);
}

void hmmu_migrate_state(const struct hmmu_migration *mig, struct hmmu_migration_state *out)
{
	*out = (struct hmmu_migration_state){
		.machine = mig->ctx.m,
		.tid = mig->ctx.task,
		.pid = mig->ctx.mm,
		.stage = mig->stage,
		.position = mig->pos,
		.start = mig->start,
		.end = mig->end,
		.npages = mig->npages,
		.cpages = mig->cpages,
		.src = mig->request.src,
		.dst = mig->request.dst,
		.callbacks_ran = mig->callbacks_ran,
		.out_of_bounds = mig->out_of_bounds,
	};
}
