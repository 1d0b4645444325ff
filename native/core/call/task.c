/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks, as the API knows them: made and unmade, put on a CPU, looked at, and their waits given up. */
#include <errno.h>

#include "host/arena.h"
#include "mm/mm.h"
#include "mm/task.h"
#include "mm/stop.h"

int hmmu_task_create(struct hmmu *m, uint32_t pid, uint32_t *tid)
{
	u32 task;

	if (check_process(m, pid))
		return -ESRCH;
	if (task_of(m, mm_of(m, pid)->main_task)->op == OP_EXIT)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "process %u exits", pid);
	task = task_alloc(m, pid);
	if (!task)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_SLOTS, "no task number is left");
	*tid = task;
	return 0;
}

int hmmu_task_destroy(struct hmmu *m, uint32_t tid)
{
	if (check_task(m, tid))
		return -ESRCH;
	if (task_of(m, tid)->op || task_of(m, tid)->sem_hold || task_of(m, tid)->migrations)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u is in the middle of a call", tid);
	if (mm_of(m, task_of(m, tid)->mm)->main_task == tid)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u is its process's first; it ends with the process",
				 tid);
	task_free(m, tid);
	return 0;
}

int hmmu_task_cancel(struct hmmu *m, uint32_t tid)
{
	struct task *task = task_of(m, tid);

	if (check_task(m, tid))
		return -ESRCH;
	if (task->wait == HMMU_WAIT_DEVICE_FAULT && task->migrations)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "the handler of task %u's device fault migrates", tid);
	if (stop_of(m, tid))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u has stopped in the middle of a call", tid);
	if (task->op)
		task_abandon(m, tid);
	return 0;
}

int hmmu_task_set_cpu(struct hmmu *m, uint32_t tid, uint32_t cpu)
{
	if (check_task(m, tid))
		return -ESRCH;
	if (cpu >= m->st->cpus)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "CPU %u: there are 0 to %u", cpu,
				 m->st->cpus - 1);
	task_of(m, tid)->cpu = cpu;
	return 0;
}

/* enum op and the public list have the same numbers. */
_Static_assert((int)HMMU_TASK_CALL_STORE == (int)OP_STORE && (int)HMMU_TASK_CALL_UNLOCK == (int)OP_MUNLOCK &&
		       (int)HMMU_TASK_CALL_MIGRATE == (int)OP_MIGRATE && (int)HMMU_TASK_CALL_STOPPED == NR_OPS - 1,
	       "the list of calls that wait");

int hmmu_task_state(const struct hmmu *m, uint32_t tid, struct hmmu_task_state *state)
{
	const struct task *task = task_of(m, tid);

	if (check_task(m, tid))
		return -ESRCH;
	*state = (struct hmmu_task_state){
		.pid = task->mm,
		.cpu = task->cpu,
		.wait = task->wait,
		.wait_pfn = task->wait_pfn,
		.ready = task_ready(m, tid),
		.in_call = task->op,
	};
	return 0;
}

static u32 lock_mode(u32 hold)
{
	return hold == SEM_NONE ? HMMU_LOCK_NONE : hold == SEM_READ ? HMMU_LOCK_READ : HMMU_LOCK_WRITE;
}

int hmmu_task_locks(const struct hmmu *m, uint32_t tid, struct hmmu_task_locks *out)
{
	const struct task *task = task_of(m, tid);
	bool queues;

	if (check_task(m, tid))
		return -ESRCH;
	queues = (task->wait == HMMU_WAIT_MMAP_SEM_READ || task->wait == HMMU_WAIT_MMAP_SEM_WRITE) && !task->sem_hold;
	*out = (struct hmmu_task_locks){
		.mmap_lock = lock_mode(task->sem_hold),
		.queue_place = queues ? task->queue_place + 1 : 0,
		.migrations = task->migrations,
		.vma = task->vma_lock ? vma_of(m, task->vma_lock)->start : 0,
	};
	return 0;
}
