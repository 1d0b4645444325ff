/* SPDX-License-Identifier: GPL-2.0-only */
/* migrate_vma() as the API has it: its arguments, its beginning, going on by steps or to the end, its end. */
#include "host/events.h"
#include "migrate/record.h"
#include "migrate/stages.h"

#include <errno.h>
#include <string.h>

#include "call/syscall.h"
#include "host/probe.h"
#include "host/stats.h"
#include "rmap/rmap.h"

static int fail_range(struct hmmu *m, const char *why)
{
	return hmmu_fail(m, -EINVAL, HMMU_ERR_SYSCALL, "%s() fails with EINVAL: %s",
			 KERNEL >= V6_12 ? "migrate_vma_setup" : "migrate_vma", why);
}

/* How many pages a range has. 6.12 counts them before it rounds. */
static int64_t count_pages(const struct hmmu *m, const struct hmmu_migrate_request *request)
{
	if (KERNEL >= V6_12 && quirk(m, HMMU_QUIRK_SETUP_COUNTS_UNROUNDED))
		return (int64_t)(request->end - request->start) >> PAGE_SHIFT;
	return (int64_t)((request->end & PAGE_MASK) - (request->start & PAGE_MASK)) >> PAGE_SHIFT;
}

/* The checks of migrate_vma_setup()'s arguments that 4.14 does not have, in their place. */
static int check_selection(struct hmmu *m, const struct hmmu_migrate_request *request)
{
	if (!request->src || !request->dst)
		return fail_range(m, "there is no array for src or dst");
	if (request->fault_page && !is_device_private_page(m, request->fault_page))
		return fail_range(m, "the fault's page is no device-private page");
	return 0;
}

/* What the kernel leaves to the compiler or to the driver. */
static int check_request(struct hmmu *m, const struct hmmu_migrate_request *request)
{
	const u32 flags = HMMU_SELECT_SYSTEM | HMMU_SELECT_DEVICE_PRIVATE | HMMU_SELECT_DEVICE_COHERENT;

	if (KERNEL < V6_12 && !(request->flags | request->fault_page))
		return 0;
	if (KERNEL < V6_12)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "Linux 4.14 has neither flags nor fault_page: both must be 0");
	if (request->flags & ~flags)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "flags %#x: %#x may be set", request->flags,
				 flags);
	if (request->ops && !request->ops->alloc_and_copy)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the operations have no alloc_and_copy()");
	return 0;
}

/* The checks of the arguments, in the kernel's order. Start and end are rounded before they are compared. */
static int check_arguments(struct hmmu *m, u32 vma, const struct hmmu_migrate_request *request)
{
	const struct vma *v = vma_of(m, vma);
	u64 start = request->start & PAGE_MASK, end = request->end & PAGE_MASK;

	if (!vma)
		return fail_range(m, "there is no mapping at or above the start");
	if (v->flags & (VM_HUGETLB | VM_SPECIAL))
		return fail_range(m, "the mapping is hugetlb or special");
	if (KERNEL >= V6_12 && count_pages(m, request) <= 0)
		return fail_range(m, "the range has no page");
	if (start < v->start || start >= v->end)
		return fail_range(m, "the start is outside of the mapping");
	if (end <= v->start || end > v->end)
		return fail_range(m, "the end is outside of the mapping");
	if (KERNEL >= V6_12)
		return check_selection(m, request);
	if (!request->ops || !request->ops->alloc_and_copy)
		return fail_range(m, "there is no alloc_and_copy()");
	if (!request->src || !request->dst)
		return fail_range(m, "there is no array for src or dst");
	if (start >= end)
		return fail_range(m, "the range is empty");
	return 0;
}

/* More pages will be collected than were counted. */
static void note_out_of_bounds(struct hmmu_migration *mig, int64_t counted)
{
	mig->out_of_bounds = true;
	event(mig->ctx.m, HMMU_EVENT_OUT_OF_BOUNDS, mig->ctx.mm, (u64)counted, (u64)counted);
}

/* fault_page, if a fault on it goes on and has locked it. That lock serves one migration. */
static u32 lock_of_fault(const struct hmmu *m, u32 fault_page)
{
	if (KERNEL < V6_12 || !fault_page || quirk(m, HMMU_QUIRK_FAULTERS_LIVELOCK))
		return 0;
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->fault_lock == fault_page)
			return 0;
	for (const struct device_fault *fault = m->faults; fault; fault = fault->outer)
		if (fault->locked && fault->pfn == fault_page)
			return fault_page;
	return 0;
}

/* The page of the fault whose handler the migration is made by, or 0. */
static u32 page_of_fault(const struct hmmu *m, u32 task)
{
	const struct device_fault *fault = m->faults;

	while (fault && fault->waits && fault->task != task)
		fault = fault->outer;
	return fault ? fault->pfn : 0;
}

static void migration_init(struct hmmu_migration *mig, const struct ctx *ctx,
			   const struct hmmu_migrate_request *request, u32 vma)
{
	struct hmmu *m = ctx->m;
	u64 pages;

	mig->ctx = *ctx;
	mig->request = *request;
	mig->request.ops = migrate_ops(request->ops);
	mig->vma = vma;
	mig->start = request->start & PAGE_MASK;
	mig->end = request->end & PAGE_MASK;
	mig->why = request->why;
	mig->allow_drain = true;
	if (KERNEL >= V6_12) {
		mig->fault_page = request->fault_page;
		mig->fault_lock = lock_of_fault(m, request->fault_page);
		mig->mlocks = vma_is_mlocked(m, vma);
	} else {
		mig->fault_page = page_of_fault(m, ctx->task);
	}
	pages = (mig->end - mig->start) >> PAGE_SHIFT;
	/* src starts empty. dst keeps the caller's words until collect reaches each entry. */
	migrate_clear_words(request->src, pages);
	migrate_copy_words(mig->dst, request->dst, pages);
	if (mig->why)
		memset(mig->why, HMMU_WHY_NONE, pages);
	task_of(m, ctx->task)->migrations++;
	mm_of(m, ctx->mm)->migrations++;
	if (KERNEL >= V6_12 && count_pages(m, request) < (int64_t)pages)
		note_out_of_bounds(mig, count_pages(m, request));
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
	int err = check_request(m, request);

	if (!err)
		err = task_enter(m, request->tid, call, &ctx);
	if (err)
		return err;
	err = down_read(&ctx);
	if (err)
		return task_leave(&ctx, call, err);
	vma = find_vma(m, ctx.mm, start);
	err = check_arguments(m, vma, request);
	mig = err ? NULL : migration_alloc(m, (end - start) >> PAGE_SHIFT);
	if (!mig) {
		if (!ctx.nested)
			up_sem(&ctx);
		return err ? err : hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for it");
	}
	migration_init(mig, &ctx, request, vma);
	if (!ctx.nested)
		task_of(m, ctx.task)->sem_of_migration = 1;
	*out = mig;
	return 0;
}

static NOINLINE int begin_counted(struct hmmu *m, const struct hmmu_migrate_request *request,
				  struct hmmu_migration **out)
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

static int fail_barred(struct hmmu_migration *mig)
{
	int err = check_outside_page_free(mig->ctx.m);

	if (err)
		return err;
	if (mig->barred == BAR_RESTORED)
		return hmmu_fail(mig->ctx.m, -EINVAL, HMMU_ERR_ORDER,
				 "the migration was restored with its machine: hmmu_migrate_adopt() comes first");
	return hmmu_fail(mig->ctx.m, -EBUSY, HMMU_ERR_BUSY,
			 mig->barred == BAR_STOPPED ? "the migration's task has stopped in the middle of a call"
						    : "the migration stands in a callback");
}

int hmmu_migrate_step(struct hmmu_migration *mig)
{
	struct span span;

	if (mig->barred || mig->ctx.m->in_page_free)
		return fail_barred(mig);
	if (mig->stage == HMMU_STAGE_DONE)
		return 0;
	mig->prepared = mig->settled = false;
	span = span_begin(mig->ctx.m, HMMU_SPAN_MIGRATE);
	stages_step(mig, true);
	span_end(mig->ctx.m, &span, 0, 0);
	return mig->stage != HMMU_STAGE_DONE;
}

static NOINLINE void run_counted(struct hmmu_migration *mig, u32 stage)
{
	struct span span = span_begin(mig->ctx.m, HMMU_SPAN_MIGRATE);

	stages_run(mig, stage, true);
	span_end(mig->ctx.m, &span, 0, 0);
}

/* The migration is not barred. Returns 0, so that hmmu_migrate_run() ends with a jump. */
static NOINLINE int run_unbarred(struct hmmu_migration *mig, u32 stage)
{
	mig->settled = false;
	mig->prepared = SHORTCUTS && mig->stage == HMMU_STAGE_COLLECT && !mig->npages;
	if (counting(mig->ctx.m))
		run_counted(mig, stage);
	else
		stages_run(mig, stage, false);
	return 0;
}

int hmmu_migrate_run(struct hmmu_migration *mig, uint32_t stage)
{
	return mig->barred || mig->ctx.m->in_page_free ? fail_barred(mig) : run_unbarred(mig, stage);
}

/*
 * A call of this task that waits takes the semaphore over, and releases it when it ends. A truncation has none, nor has a mirror
 * that waits for the end of invalidations.
 */
static NOINLINE __attribute__((cold)) bool waits_with_mmap_sem(const struct task *task)
{
	return task->op != OP_TRUNCATE && task->wait != HMMU_WAIT_INVALIDATION;
}

/* The task migrates no longer, and gives up mmap_lock if it has it for that. */
static inline void leave_task(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	struct task *task = task_of(m, mig->ctx.task);

	mm_of(m, mig->ctx.mm)->migrations--;
	if (--task->migrations || !task->sem_of_migration)
		return;
	task->sem_of_migration = 0;
	if (task->op && task->nested) {
		task->nested = 0;
		if (waits_with_mmap_sem(task))
			return;
	}
	up_sem(&mig->ctx);
}

/* The migration is not barred. */
static inline int end_unbarred(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	int err;

	run_unbarred(mig, HMMU_STAGE_DONE);
	if (!mig->first)
		leave_task(mig);
	err = mig->err;
	if (err)
		m->error = mig->error;
	probe(migrate_end, mig->ctx.task, mig->ctx.mm, mig->start, err);
	migration_free(mig);
	return err;
}

int hmmu_migrate_end(struct hmmu_migration *mig)
{
	return mig->barred || mig->ctx.m->in_page_free ? fail_barred(mig) : end_unbarred(mig);
}

int hmmu_migrate_vma(struct hmmu *m, const struct hmmu_migrate_request *request)
{
	struct hmmu_migration *mig;
	int err = counting(m) ? begin_counted(m, request, &mig) : begin(m, request, &mig);

	return err ? err : end_unbarred(mig);
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
