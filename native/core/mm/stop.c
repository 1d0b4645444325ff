/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls on stacks of their own: they run, stop, and go on. */
#include "mm/stop.h"

#include <errno.h>
#include <string.h>

#include "host/platform.h"
#include "host/stack.h"
#include "mm/vma_lock.h"

/* Who calls from a callback has the callers below on his stack, and these are in no state to be left alone. */
static bool may_stop(const struct ctx *ctx)
{
	const struct hmmu *m = ctx->m;

	if (!m->stops || m->stops->running != ctx->task || m->in_callback || m->in_page_free)
		return false;
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->in_callback)
			return false;
	return true;
}

/* A fault under the lock of its mapping is noted as its reader, as it is when it waits. */
void stop_here(struct ctx *ctx, const struct stop *stop)
{
	struct hmmu *m = ctx->m;
	struct task *task = task_of(m, ctx->task);
	u32 vma_lock = KERNEL >= V6_12 ? ctx->vma_lock : 0;
	struct task_stack *stack;

	if (!may_stop(ctx))
		return;
	stack = &m->stops->of[ctx->task];
	stack->stop = *stop;
	task->op = OP_STOPPED;
	task->wait = HMMU_WAIT_SWITCH;
	if (vma_lock)
		vma_lock_keep(ctx);
	hmmu_stack_switch(&stack->at, m->stops->runner);
	stack->stop = (struct stop){ 0 };
	if (vma_lock)
		vma_lock_let_go(m, task, HMMU_WAIT_SWITCH);
	task->op = OP_NONE;
	task->wait = HMMU_WAIT_NOTHING;
}

void stop_at(struct ctx *ctx, enum hmmu_switch_point point, u64 address, u64 end)
{
	stop_here(ctx, &(struct stop){ .point = point, .numbers = { ctx->mm, address, end } });
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
	stops->running = tid;
	hmmu_stack_switch(&stops->runner, stack->at);
	stops->running = 0;
	if (!stack->at)
		return 0;
	err = hmmu_fail(m, -EAGAIN, HMMU_ERR_BLOCKED, "task %u has stopped at a switching point", tid);
	m->error.wait = HMMU_WAIT_SWITCH;
	return err;
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
