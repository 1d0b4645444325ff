/* SPDX-License-Identifier: GPL-2.0-only */
/* hmmu_mirror(): what a driver does around hmm_range_fault(). */
#include "call/mirror.h"

#include <errno.h>

#include "call/hmm_range_fault.h"
#include "fault/fault.h"
#include "mm/interval_notifier.h"

/* mmu_interval_read_begin(). It holds no lock while it waits. */
static int read_begin(struct ctx *ctx, struct hmmu_range *range)
{
	struct interval *i = interval_of(ctx->m, range->notifier);

	range->notifier_seq = i->read_seq = i->invalidate_seq;
	if (!interval_is_invalidated(ctx->m, range->notifier, i->read_seq))
		return 0;
	ctx->self->wait = HMMU_WAIT_INVALIDATION;
	return note_wait(ctx);
}

static int fault_with_mmap_lock(struct ctx *ctx, const struct hmmu_range *range)
{
	int err = down_read(ctx);

	if (!err)
		err = hmm_range_fault(ctx, range);
	if (err != BLOCKED && !ctx->nested)
		up_sem(ctx);
	return err;
}

/* A round that ends with -EBUSY has brought in the missing pages of at least one page table. */
static int mirror(struct ctx *ctx, struct hmmu_range *range)
{
	struct interval *i = interval_of(ctx->m, range->notifier);
	u64 rounds = ((range->end - range->start) >> PAGE_SHIFT) + MAX_FAULTS;
	bool goes_on = ctx->waited;
	int err = -EBUSY;

	for (; rounds && err == -EBUSY; rounds--, goes_on = false) {
		err = goes_on ? 0 : read_begin(ctx, range);
		range->notifier_seq = i->read_seq;
		if (!err)
			err = fault_with_mmap_lock(ctx, range);
		/* mmu_interval_read_retry() */
		if (!err && i->invalidate_seq != range->notifier_seq)
			err = -EBUSY;
	}
	return err;
}

static int take_interval(struct ctx *ctx, struct hmmu_range *range)
{
	/* A call that goes on has its interval. */
	range->notifier = ctx->waited ? ctx->self->interval : 0;
	if (!range->notifier)
		range->notifier = interval_insert(ctx->m, ctx->mm, range->start, range->end - 1, range->owner);
	if (!range->notifier)
		return hmmu_fail(ctx->m, -ENOMEM, HMMU_ERR_OUT_OF_SLOTS, "no number of an interval notifier is left");
	interval_of(ctx->m, range->notifier)->task = ctx->task;
	return 0;
}

void mirror_give_up(struct hmmu *m, const struct task *task)
{
	(void)interval_remove(m, task->interval);
	m->tasks[task - m->tasks].interval = 0;
}

int hmmu_mirror(struct hmmu *m, uint32_t tid, uint64_t start, uint64_t end, uint64_t flags, uint64_t owner,
		uint64_t *pfns)
{
	const struct call call = { .op = OP_MIRROR, .args = { start, end, flags, owner } };
	struct hmmu_range range = { .start = start, .end = end, .default_flags = flags, .owner = owner, .pfns = pfns };
	struct ctx ctx;
	int err = check_mirrored_range(m, &range);

	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (KERNEL < V6_12 || err)
		return err;
	err = take_interval(&ctx, &range);
	if (!err) {
		err = fail_range_fault(&ctx, &range, mirror(&ctx, &range));
		if (err != BLOCKED)
			(void)interval_remove(m, range.notifier);
		ctx.self->interval = err == BLOCKED ? range.notifier : 0;
	}
	return task_leave(&ctx, call, err);
}
