/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls on stacks of their own: they run, stop, and go on. */
#include "mm/stop.h"

#include <errno.h>
#include <string.h>

#include "host/platform.h"
#include "host/stack.h"
#include "mm/vma_lock.h"

/* Who calls from a callback has the callers below on his stack, and these are in no state to be left alone. A call that is pressed
 * is not in the callback that runs: it stopped before. */
bool may_stop(const struct ctx *ctx)
{
	const struct hmmu *m = ctx->m;

	if (!m->stops || !ctx->task || m->stops->running != ctx->task)
		return false;
	if (m->stops->pressed == ctx->task)
		return true;
	if (m->in_callback || m->in_page_free)
		return false;
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->barred == BAR_CALLBACK)
			return false;
	return true;
}

/* What a migration of the task knows from the beginning of this call may not be so any more. */
static void migrations_bar(struct hmmu *m, u32 task, enum bar from, enum bar to)
{
	for (struct hmmu_migration *mig = m->migrations; mig; mig = mig->next) {
		if (mig->ctx.task != task)
			continue;
		if (mig->barred == from)
			mig->barred = to;
		mig->prepared = mig->settled = false;
	}
}

/* The handler of a device fault stops within the fault, which keeps its wait. A fault under the lock of its mapping is noted as its
 * reader, as it is when it waits. */
void stop_here(struct ctx *ctx, const struct stop *stop)
{
	struct hmmu *m = ctx->m;
	struct task *task = task_of(m, ctx->task);
	u32 vma_lock = KERNEL >= V6_12 ? ctx->vma_lock : 0;
	bool in_fault = task->op;
	struct task_stack *stack;

	if (!may_stop(ctx))
		return;
	stack = &m->stops->of[ctx->task];
	stack->stop = *stop;
	stack->stop.hand.outer = stack->at_hand;
	if (!stop->wait)
		stack->stop.wait = HMMU_WAIT_SWITCH;
	migrations_bar(m, ctx->task, BAR_NONE, BAR_STOPPED);
	if (!in_fault) {
		task->op = OP_STOPPED;
		task->wait = stack->stop.wait;
	}
	if (vma_lock)
		vma_lock_keep(ctx);
	hmmu_stack_switch(&stack->at, m->stops->runner);
	stack->stop = (struct stop){ 0 };
	if (vma_lock)
		vma_lock_let_go(m, task, HMMU_WAIT_SWITCH);
	if (!in_fault) {
		task->op = OP_NONE;
		task->wait = HMMU_WAIT_NOTHING;
	}
	migrations_bar(m, ctx->task, BAR_STOPPED, BAR_NONE);
}

void stop_at(struct ctx *ctx, enum hmmu_switch_point point, u64 place)
{
	stop_here(ctx, &(struct stop){ .point = point, .hand.place = place });
}

void stop_before_late_flush(struct ctx *ctx, u64 start, u64 end)
{
	stop_here(ctx, &(struct stop){
			       .point = HMMU_SWITCH_LATE_FLUSH,
			       .hand = { .flush_mm = ctx->mm, .flush_start = start, .flush_end = end },
		       });
}

void at_hand_push(struct ctx *ctx, struct at_hand *hand)
{
	struct stops *stops = ctx->m->stops;

	if (!ctx->task || stops->running != ctx->task)
		return;
	hand->outer = stops->of[ctx->task].at_hand;
	stops->of[ctx->task].at_hand = hand;
}

void at_hand_pop(struct ctx *ctx, const struct at_hand *hand)
{
	struct task_stack *stack = &ctx->m->stops->of[ctx->task];

	if (ctx->task && stack->at_hand == hand)
		stack->at_hand = hand->outer;
}

static void run_work(void *argument)
{
	struct stops *stops = argument;
	struct task_stack *stack = &stops->of[stops->running];
	u8 *nowhere;

	stack->work(stops->m, stack->data);
	stack->at = NULL;
	hmmu_stack_switch(&nowhere, stops->runner);
}

static struct stops *stops_make(struct hmmu *m)
{
	struct stops *stops = platform_alloc(sizeof(*stops));

	if (!stops)
		return NULL;
	stops->m = m;
	stops->memory = platform_reserve((u64)STACK_TASKS * STACK_BYTES);
	if (!stops->memory) {
		platform_free(stops);
		return NULL;
	}
	m->stops = stops;
	return stops;
}

static int check_run(struct hmmu *m, u32 tid)
{
	if (!STACKS_ARE_POSSIBLE)
		return hmmu_fail(m, -EOPNOTSUPP, HMMU_ERR_UNSUPPORTED, "this host has no stacks for calls that stop");
	if (check_task(m, tid))
		return -ESRCH;
	if (tid >= STACK_TASKS)
		return hmmu_fail(m, -EOPNOTSUPP, HMMU_ERR_UNSUPPORTED, "task %u: tasks below %u can have a stack", tid,
				 STACK_TASKS);
	if (m->in_callback || m->in_page_free || (m->stops && m->stops->running))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "another call of the machine runs");
	if (!m->stops && !stops_make(m))
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for stacks");
	return 0;
}

static void stack_go_on(struct stops *stops, u32 task)
{
	u32 outer = stops->running;
	u8 *runner = stops->runner;

	stops->running = task;
	hmmu_stack_switch(&stops->runner, stops->of[task].at);
	stops->running = outer;
	stops->runner = runner;
}

void stops_press(struct hmmu *m, u32 task)
{
	u32 outer = m->stops->pressed;

	m->stops->pressed = task;
	stack_go_on(m->stops, task);
	m->stops->pressed = outer;
}

static int fail_stopped(struct hmmu *m, u32 tid)
{
	u32 wait = stop_of(m, tid)->wait;
	int err = hmmu_fail(m, -EAGAIN, HMMU_ERR_BLOCKED,
			    wait == HMMU_WAIT_SWITCH ? "task %u has stopped at a switching point"
						     : "task %u waits for the lock of a reverse map",
			    tid);

	m->error.wait = wait;
	return err;
}

int hmmu_run(struct hmmu *m, uint32_t tid, void (*work)(struct hmmu *m, void *data), void *data)
{
	int err = check_run(m, tid);
	struct stops *stops = m->stops;
	struct task_stack *stack;

	if (err)
		return err;
	stack = &stops->of[tid];
	if (!stack->at) {
		*stack = (struct task_stack){ .work = work, .data = data };
		stack->at = hmmu_stack_new(stack_top(stops, tid), run_work, stops);
		if (stops->end <= tid)
			stops->end = tid + 1;
	}
	if (task_ready(m, tid) || !stop_of(m, tid))
		stack_go_on(stops, tid);
	return stack->at ? fail_stopped(m, tid) : 0;
}

uint32_t hmmu_stopped_at(const struct hmmu *m, uint32_t tid)
{
	const struct stop *stop = stop_of(m, tid);

	return stop ? stop->point : 0;
}

void stops_free(struct hmmu *m)
{
	if (!m->stops)
		return;
	platform_release(m->stops->memory, (u64)STACK_TASKS * STACK_BYTES);
	platform_free(m->stops);
}
