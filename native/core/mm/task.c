/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks, mmap_sem and waiting. Nothing here sleeps: a call that would is left with its wait recorded in the task (the
 * references and semaphores which the kernel's sleeper would hold stay held) and is made again later.
 */
#include <errno.h>

#include "host/arena.h"
#include "host/probe.h"
#include "host/stats.h"
#include "mm/call.h"
#include "mm/interval_notifier.h"
#include "mm/mm.h"
#include "mm/rmap_lock.h"
#include "mm/task.h"
#include "mm/vma_lock.h"
#include "page/lru.h"

/* A task comes behind all others of its process, so in front of the first one; that one is alone. */
static void join_threads(struct hmmu *m, u32 task, u32 first)
{
	u32 next = first ? first : task, prev = first ? task_of(m, first)->thread_prev : task;

	task_of(m, task)->thread_prev = prev;
	task_of(m, task)->thread_next = next;
	task_of(m, prev)->thread_next = task;
	task_of(m, next)->thread_prev = task;
}

u32 task_alloc(struct hmmu *m, u32 mm)
{
	u32 task = slab_alloc(m, SLAB_TASK);

	if (!task)
		return 0;
	task_of(m, task)->mm = mm;
	join_threads(m, task, mm_of(m, mm)->main_task);
	mm_of(m, mm)->tasks++;
	return task;
}

void task_free(struct hmmu *m, u32 task)
{
	const struct task *t = task_of(m, task);

	task_of(m, t->thread_prev)->thread_next = t->thread_next;
	task_of(m, t->thread_next)->thread_prev = t->thread_prev;
	mm_of(m, t->mm)->tasks--;
	slab_free(m, SLAB_TASK, task);
}

static struct rwsem *sem_of(const struct hmmu *m, u32 task)
{
	return &mm_of(m, task_of(m, task)->mm)->mmap_sem;
}

/* The first writer from a waiter on, or 0. No waiter is passed twice: those that are passed are before the first writer. */
static u32 next_writer(const struct hmmu *m, u32 task)
{
	while (task && task_of(m, task)->wait != HMMU_WAIT_MMAP_SEM_WRITE)
		task = task_of(m, task)->queue_next;
	return task;
}

static void queue_remove(struct hmmu *m, u32 task)
{
	struct rwsem *sem = sem_of(m, task);
	struct task *t = task_of(m, task);

	if (sem->first_writer == task)
		sem->first_writer = next_writer(m, t->queue_next);
	if (sem->first_waiter == task)
		sem->first_waiter = t->queue_next;
	else
		task_of(m, t->queue_prev)->queue_next = t->queue_next;
	/* The first waiter leads back to the last one. */
	if (t->queue_next || sem->first_waiter)
		task_of(m, t->queue_next ? t->queue_next : sem->first_waiter)->queue_prev = t->queue_prev;
	else
		mm_of(m, t->mm)->handoff = 0;
	t->queue_next = t->queue_prev = t->queue_place = 0;
}

static void queue_append(struct hmmu *m, u32 task)
{
	struct rwsem *sem = sem_of(m, task);
	struct task *t = task_of(m, task), *first, *last;

	if (!sem->first_waiter) {
		sem->first_waiter = t->queue_prev = task;
	} else {
		first = task_of(m, sem->first_waiter);
		last = task_of(m, first->queue_prev);
		t->queue_prev = first->queue_prev;
		t->queue_place = last->queue_place + 1;
		last->queue_next = first->queue_prev = task;
	}
	if (!sem->first_writer && t->wait == HMMU_WAIT_MMAP_SEM_WRITE)
		sem->first_writer = task;
}

static bool is_queued_before(const struct hmmu *m, u32 task, u32 other)
{
	const struct task *t = task_of(m, task);

	return t->queue_prev && (int32_t)(t->queue_place - task_of(m, other)->queue_place) < 0;
}

/*
 * Readers come in unless a writer has the semaphore or waits before them; a writer must be alone and the first. In 6.12 a task
 * that has not begun to wait may come in before a writer that has been woken and has not run yet, if nobody has the lock
 * ("locking/rwsem: Enable reader optimistic lock stealing"). A writer that has found the lock taken stops that.
 */
static bool sem_available(const struct hmmu *m, u32 task, bool write)
{
	const struct rwsem *sem = sem_of(m, task);

	if (sem->writer || (write && sem->readers))
		return false;
	if (KERNEL >= V6_12)
		return !sem->first_waiter || (!sem->readers && !mm_of(m, task_of(m, task)->mm)->handoff);
	if (!sem->first_waiter || sem->first_waiter == task)
		return true;
	return !write && (!sem->first_writer || is_queued_before(m, task, sem->first_writer));
}

/* Whether a task that waits has the semaphore, or can take it. In 6.12 readers are given it (sem_wake()), and only the first
 * waiter takes it. */
static bool sem_awaited(const struct hmmu *m, u32 task)
{
	const struct rwsem *sem = sem_of(m, task);
	bool write = task_of(m, task)->wait == HMMU_WAIT_MMAP_SEM_WRITE;

	if (KERNEL < V6_12)
		return sem_available(m, task, write);
	if (!write)
		return task_of(m, task)->sem_hold == SEM_READ;
	return sem->first_waiter == task && !sem->writer && !sem->readers;
}

static void sem_take(struct hmmu *m, u32 task, bool write)
{
	task_of(m, task)->sem_hold = write ? SEM_WRITE : SEM_READ;
	if (write) {
		sem_of(m, task)->writer = task;
		mm_of(m, task_of(m, task)->mm)->handoff = 0;
	} else {
		sem_of(m, task)->readers++;
	}
}

/*
 * rwsem_mark_wake() of 6.12: if a reader is the first to wait, and no writer has the semaphore, all readers that wait have it
 * from now on, also those behind writers. 4.14's readers take it when they run, which makes no difference there.
 */
void sem_wake(struct hmmu *m, struct mm *space)
{
	struct rwsem *sem = &space->mmap_sem;
	u32 next;

	if (sem->writer || !sem->first_waiter || task_of(m, sem->first_waiter)->wait == HMMU_WAIT_MMAP_SEM_WRITE)
		return;
	space->handoff = 0;
	for (u32 task = sem->first_waiter; task; task = next) {
		next = task_of(m, task)->queue_next;
		if (task_of(m, task)->wait == HMMU_WAIT_MMAP_SEM_WRITE)
			continue;
		queue_remove(m, task);
		sem_take(m, task, false);
	}
}

int note_wait(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;

	count_stat(m, HMMU_STAT_WAIT);
	probe(wait, ctx->task, task_of(m, ctx->task)->wait, task_of(m, ctx->task)->wait_pfn);
	return BLOCKED;
}

int down_slow(struct ctx *ctx, bool write)
{
	struct hmmu *m = ctx->m;
	struct task *task = task_of(m, ctx->task);

	/* A migration of this task has the semaphore for reading; waiting to write would be waiting for itself. It keeps its
	 * mapping also if a driver had taken the semaphore for writing before. */
	if (write && (task->sem_hold == SEM_READ || task->migrations))
		return -EDEADLK;
	if (task->sem_hold)
		return 0;
	ctx->nested = false;
	if (!sem_available(m, ctx->task, write)) {
		task->wait = write ? HMMU_WAIT_MMAP_SEM_WRITE : HMMU_WAIT_MMAP_SEM_READ;
		/* A fault that has given mmap_lock up waits to take it again. */
		if (KERNEL >= V6_12 && !write && ctx->resume == RESUME_FAULT_TRIED)
			task->resume = RESUME_FAULT_TRIED;
		queue_append(m, ctx->task);
		if (KERNEL >= V6_12 && write)
			ctx->space->handoff = 1;
		return note_wait(ctx);
	}
	sem_take(m, ctx->task, write);
	return 0;
}

void downgrade_write(struct ctx *ctx)
{
	struct rwsem *sem = sem_of(ctx->m, ctx->task);

	/* A driver's lock stays what it is. */
	if (ctx->self->sem_hold != SEM_WRITE || ctx->self->sem_of_driver)
		return;
	vma_end_write_all(ctx->m, ctx->self);
	sem->writer = 0;
	sem->readers++;
	ctx->self->sem_hold = SEM_READ;
	if (KERNEL >= V6_12)
		sem_wake(ctx->m, ctx->space);
}

int wait_on_page(struct ctx *ctx, u32 pfn, bool with_ref, enum resume resume)
{
	struct task *task = task_of(ctx->m, ctx->task);
	u32 head = compound_head(ctx->m, pfn);

	if (ctx->m->wait_ops->waits_for_itself(ctx->m, ctx->task, head)) {
		if (with_ref)
			put_page(ctx->m, head);
		return -EDEADLK;
	}
	task->wait = HMMU_WAIT_PAGE_LOCK;
	task->wait_pfn = head;
	task->wait_ref = with_ref;
	task->resume = resume;
	if (under_vma_lock(ctx))
		vma_lock_keep(ctx);
	return note_wait(ctx);
}

bool task_ready(const struct hmmu *m, u32 task)
{
	const struct task *t = task_of(m, task);
	const struct stop *stop = stop_of(m, task);

	if (stop)
		return stop->wait != HMMU_WAIT_RMAP_LOCK || rmap_lock_available(m, stop);
	switch (t->wait) {
	case HMMU_WAIT_PAGE_LOCK:
		return !page_test(m, t->wait_pfn, HMMU_PG_LOCKED);
	case HMMU_WAIT_MMAP_SEM_READ:
	case HMMU_WAIT_MMAP_SEM_WRITE:
		return sem_awaited(m, task);
	case HMMU_WAIT_INODE_LOCK:
		return !file_of(m, (u32)t->progress.result)->truncated_by;
	case HMMU_WAIT_MEMCG:
		return t->progress.result != m->st->memcg_uncharges;
	case HMMU_WAIT_INVALIDATION:
		return !interval_is_invalidated(m, t->interval, interval_of(m, t->interval)->read_seq);
	case HMMU_WAIT_DEVICE_FAULT:
		return m->waiting_faults[task].ended;
	case HMMU_WAIT_VMA_LOCK:
		return KERNEL < V6_12 || !vma_of(m, t->vma_lock)->readers;
	default:
		return true;
	}
}

void wait_done(struct hmmu *m, u32 task)
{
	struct task *t = task_of(m, task);
	u32 wait = t->wait;

	if ((wait == HMMU_WAIT_MMAP_SEM_READ || wait == HMMU_WAIT_MMAP_SEM_WRITE) && !t->sem_hold)
		queue_remove(m, task);
	t->wait = HMMU_WAIT_NOTHING;
	if (KERNEL >= V6_12 && t->vma_lock)
		vma_lock_let_go(m, t, wait);
	if (wait == HMMU_WAIT_PAGE_LOCK && t->wait_ref)
		put_page(m, t->wait_pfn);
	t->wait_pfn = 0;
	t->wait_ref = 0;
}

static int fail_blocked(struct hmmu *m, u32 tid)
{
	static const char *const what[] = { "nothing",
					    "a page lock",
					    "mmap_sem for reading",
					    "mmap_sem for writing",
					    "the lock of a mapping",
					    "the end of an invalidation",
					    "the handler of its device fault",
					    "nothing",
					    "the lock of a reverse map",
					    "another truncation of its file",
					    "a page of the memory cgroup" };
	u32 wait = task_of(m, tid)->wait;
	int err = hmmu_fail(m, -EAGAIN, HMMU_ERR_BLOCKED, "task %u waits for %s; repeat the call to go on", tid,
			    what[wait]);

	m->error.wait = wait;
	return err;
}

/* The task is in the middle of another call, which has to end first. */
static int fail_other_call(struct hmmu *m, u32 tid)
{
	char pending[120];

	call_describe(task_of(m, tid), pending, sizeof(pending));
	return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u is blocked in %s; repeat that call or cancel it", tid,
			 pending);
}

/* The blocked call goes on, or is given up. */
static void forget_call(struct task *task)
{
	task->op = OP_NONE;
	task->resume = RESUME_RETRY;
	task->progress = (struct progress){ 0 };
}

int check_task(const struct hmmu *m, u32 tid)
{
	if (tid && tid < m->st->slabs[SLAB_TASK].high && task_of(m, tid)->mm &&
	    mm_of(m, task_of(m, tid)->mm)->state == MM_ALIVE)
		return 0;
	return hmmu_fail((struct hmmu *)m, -ESRCH, HMMU_ERR_NO_TASK, "there is no task %u", tid);
}

/* The handler of a device fault runs in steps on the task that faults, and migrates. */
static bool is_handlers_call(const struct hmmu *m, u32 tid, const struct call *call)
{
	return task_of(m, tid)->wait == HMMU_WAIT_DEVICE_FAULT && call->op == OP_MIGRATE && !task_ready(m, tid);
}

int task_enter_slow(struct hmmu *m, u32 tid, const struct call *call, struct ctx *ctx)
{
	struct task *task = task_of(m, tid < m->st->slabs[SLAB_TASK].capacity ? tid : 0);

	if (check_task(m, tid))
		return -ESRCH;
	if (m->in_page_free)
		return check_outside_page_free(m);
	if (task->op && (stop_of(m, tid) || (!call_is_recorded(task, call) && !is_handlers_call(m, tid, call))))
		return fail_other_call(m, tid);
	*ctx = (struct ctx){
		.m = m,
		.self = task,
		.space = mm_of(m, task->mm),
		.task = tid,
		.mm = task->mm,
		.cpu = task->cpu,
	};
	if (!task->op || is_handlers_call(m, tid, call)) {
		/* A call from a callback, or of the handler of a device fault: the call around it keeps its semaphore. */
		ctx->nested = task->sem_hold;
		return 0;
	}
	if (!task_ready(m, tid))
		return fail_blocked(m, tid);
	ctx->nested = task->nested;
	ctx->waited = (u8)task->wait;
	ctx->resume = (u8)task->resume;
	if (KERNEL >= V6_12 && task->wait == HMMU_WAIT_PAGE_LOCK && task->resume == RESUME_LOCKED)
		ctx->vma_lock = task->vma_lock;
	ctx->progress = task->progress;
	if (KERNEL >= V6_12 && task->wait == HMMU_WAIT_MEMCG)
		ctx->progress.result = 0;
	/* A fault that has waited for its handler goes on as one that has waited for its page. */
	if (task->wait == HMMU_WAIT_DEVICE_FAULT) {
		ctx->waited = HMMU_WAIT_PAGE_LOCK;
		ctx->resume = m->waiting_faults[tid].err ? RESUME_FAULT_FAILED : RESUME_RETRY;
	}
	m->wait_ops->settle(m, task);
	forget_call(task);
	wait_done(m, tid);
	/* rwsem hands itself to the waiter it wakes, before anyone who comes or waits later. */
	if ((ctx->waited == HMMU_WAIT_MMAP_SEM_READ || ctx->waited == HMMU_WAIT_MMAP_SEM_WRITE) && !task->sem_hold)
		sem_take(m, tid, ctx->waited == HMMU_WAIT_MMAP_SEM_WRITE);
	return 0;
}

void task_abandon(struct hmmu *m, u32 tid)
{
	struct task *task = task_of(m, tid);

	m->wait_ops->settle(m, task);
	wait_done(m, tid);
	m->wait_ops->give_up(m, task);
	if (!task->nested) {
		vma_end_write_all(m, task);
		sem_drop(task, sem_of(m, tid));
	}
	if (KERNEL >= V6_12)
		sem_wake(m, mm_of(m, task->mm));
	forget_call(task);
}

void abandon_nested_call(struct ctx *ctx)
{
	if (task_of(ctx->m, ctx->task)->op)
		task_abandon(ctx->m, ctx->task);
}

int task_leave_slow(struct ctx *ctx, const struct call *call, int result)
{
	struct hmmu *m = ctx->m;
	struct task *task = task_of(m, ctx->task);

	if (result == BLOCKED) {
		call_record(task, call);
		task->nested = ctx->nested;
		task->progress = ctx->progress;
		return fail_blocked(m, ctx->task);
	}
	if (!ctx->nested)
		up_sem(ctx);
	return result;
}
