/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: tasks with their waits, and who has the locks of a process. */
#include "call/collapse.h"
#include "host/platform.h"
#include "machine/restore.h"
#include "mm/mm.h"
#include "mm/task.h"

static bool waits_for_sem(const struct task *task)
{
	return task->wait == HMMU_WAIT_MMAP_SEM_READ || task->wait == HMMU_WAIT_MMAP_SEM_WRITE;
}

/* A reader that waits may have been given the semaphore (sem_wake()), and is not in the queue then. */
static bool is_queued(const struct task *task)
{
	return waits_for_sem(task) && !task->sem_hold;
}

static bool enums_in_range(const struct hmmu *m, const struct task *task)
{
	const u32 last_wait = KERNEL < V6_12 ? HMMU_WAIT_MMAP_SEM_WRITE : HMMU_WAIT_INVALIDATION;
	const u32 last_resume = KERNEL < V6_12 ? RESUME_TASK_WORK : RESUME_TRUNCATE;
	bool others = KERNEL >= V6_12 && (task->wait == HMMU_WAIT_INODE_LOCK || task->wait == HMMU_WAIT_MEMCG);

	return task->cpu < m->st->cpus && task->op < OP_STOPPED && task->sem_hold <= SEM_WRITE &&
	       (task->wait <= last_wait || task->wait == HMMU_WAIT_DEVICE_FAULT || others) && task->wait_ref <= 1 &&
	       task->nested <= 1 && !task->sem_of_driver && task->resume <= last_resume;
}

static bool is_retried(const struct task *task)
{
	return task->resume == RESUME_FAULT_RETRY || task->resume == RESUME_FAULT_TRIED;
}

/* The mapping whose lock a task has or waits for is of its process. */
static bool check_vma_lock(struct check *c, u32 task)
{
	const struct task *t = task_of(c->m, task);

	if (t->vma_lock &&
	    (KERNEL < V6_12 || !is_record(c, SLAB_VMA, t->vma_lock) || vma_of(c->m, t->vma_lock)->mm != t->mm))
		return refuse_snapshot(c, "task %u has the lock of mapping %u, which is not its process's", task,
				       t->vma_lock);
	return true;
}

/* A fork() that waits has begun to copy its process. */
static bool check_copy(struct check *c, u32 task)
{
	const struct task *t = task_of(c->m, task);
	u64 child = t->op == OP_FORK ? t->progress.result : 0;

	if (child && (child >= c->m->st->slabs[SLAB_MM].high || !is_record(c, SLAB_MM, (u32)child) ||
		      mm_of(c->m, (u32)child)->state != MM_COPIED))
		return refuse_snapshot(c, "task %u copies its process to process %llu, which is none", task,
				       (unsigned long long)child);
	return true;
}

/* A mirror that waits has its interval, and no other task has that. */
static bool check_mirror(struct check *c, u32 task)
{
	const struct task *t = task_of(c->m, task);
	const struct interval *i;

	if (!t->interval != (t->op != OP_MIRROR) || (t->interval && !is_record(c, SLAB_INTERVAL, t->interval)))
		return refuse_snapshot(c, "task %u has interval notifier %u", task, t->interval);
	i = interval_of(c->m, t->interval);
	return !t->interval ||
	       (i->task == task && i->mm == t->mm && i->node.start == t->args[0] && i->node.last >= i->node.start) ||
	       refuse_snapshot(c, "task %u has interval notifier %u, which is not the task's", task, t->interval);
}

static bool is_access(const struct task *task)
{
	return task->op == OP_LOAD || task->op == OP_STORE;
}

static bool closes_files(u32 op)
{
	return op == OP_MUNMAP || op == OP_MREMAP || op == OP_EXIT || op == OP_TRUNCATE;
}

/* Who has files to close has unmapped them: all that was to be done, or what was in the way of mremap(). */
static bool is_task_work(const struct hmmu *m, const struct task *task)
{
	const struct mm *space = mm_of(m, task->mm);
	bool waits = task->resume == RESUME_TASK_WORK;

	if (task->op == OP_EXIT && (!waits || space->mmap || task_of(m, space->main_task) != task))
		return false;
	if (!waits)
		return !task->work_result && (!task->task_works || task->op == OP_MREMAP);
	if (task->work_result > 0 || task->work_result <= BLOCKED || (task->work_result && task->op != OP_MREMAP))
		return false;
	return closes_files(task->op) && task->task_works && task->wait == HMMU_WAIT_PAGE_LOCK && !task->sem_hold &&
	       !task->vma_lock && !task->nested && page_of(m, task->wait_pfn)->mapping == task->task_works;
}

/* A migration keeps mmap_sem, its task's own or that of the call around it. */
static bool has_migrations(const struct task *task, u32 migrations)
{
	return task->migrations == migrations && task->sem_of_migration <= (migrations != 0) &&
	       (!migrations || task->sem_hold) && (task->op || !task->sem_hold || task->sem_of_migration);
}

static bool is_out_of_queue(const struct task *task)
{
	return !task->queue_next && !task->queue_prev && !task->queue_place;
}

/* A truncation waits without other locks than those of the call around it: for another one, or for a page of its file, or to close files. */
static bool is_truncation(const struct hmmu *m, const struct task *task)
{
	if (KERNEL < V6_12 || (task->sem_hold && !task->nested) || task->vma_lock || !is_out_of_queue(task))
		return false;
	if (task->wait == HMMU_WAIT_INODE_LOCK)
		return !task->wait_pfn && !task->wait_ref && !task->resume;
	return task->wait == HMMU_WAIT_PAGE_LOCK && task->wait_ref && is_used_ram(m, task->wait_pfn) &&
	       (task->resume == RESUME_TASK_WORK ||
		(task->resume == RESUME_TRUNCATE && page_of(m, task->wait_pfn)->mapping == task->progress.result));
}

/* An access waits for the memory cgroup without any lock. */
static bool is_wait_for_memory(const struct hmmu *m, const struct task *task)
{
	return is_access(task) && !task->sem_hold && !task->nested && !task->vma_lock && !task->wait_pfn &&
	       !task->wait_ref && !task->resume && is_out_of_queue(task) &&
	       task->progress.result <= m->st->memcg_uncharges;
}

/* An idle task, or that of a process which a fork() that waits makes. */
static bool is_idle(const struct task *task, bool hidden)
{
	return hidden == (task->op == OP_FORK) && !task->wait && !task->wait_pfn && !task->wait_ref &&
	       (!hidden || !task->sem_hold) && !task->resume && !task->vma_lock && is_out_of_queue(task) &&
	       !task->progress.at && !task->progress.gup_first && !task->progress.munlock_at &&
	       (!hidden || !task->progress.result);
}

/* A blocked call waits for something, and resumes in the middle only with the page that it keeps. */
static bool is_wait(const struct hmmu *m, const struct task *task)
{
	bool hidden = mm_of(m, task->mm)->state == MM_COPIED;

	if (hidden || !task->op)
		return is_idle(task, hidden);
	if (task->op == OP_TRUNCATE)
		return is_truncation(m, task);
	if (waits_for_sem(task))
		return (!task->sem_hold || (KERNEL >= V6_12 && task->wait == HMMU_WAIT_MMAP_SEM_READ &&
					    task->sem_hold == SEM_READ && is_out_of_queue(task))) &&
		       !task->wait_pfn && !task->wait_ref && !task->vma_lock && (!task->resume || is_retried(task));
	if (task->wait == HMMU_WAIT_MEMCG)
		return is_wait_for_memory(m, task);
	if (task->wait == HMMU_WAIT_INVALIDATION)
		return task->op == OP_MIRROR && (!task->sem_hold || task->nested) && !task->wait_pfn &&
		       !task->wait_ref && !task->vma_lock && !task->resume && is_out_of_queue(task);
	if (task->wait == HMMU_WAIT_DEVICE_FAULT)
		return task->sem_hold && !task->wait_ref && !task->vma_lock && !task->resume && is_out_of_queue(task) &&
		       (!m->waiting_faults[task - m->tasks].ended || !task->migrations);
	if (task->wait == HMMU_WAIT_VMA_LOCK)
		return task->sem_hold == SEM_WRITE && task->vma_lock && !task->wait_pfn && !task->wait_ref &&
		       !task->resume && is_out_of_queue(task);
	/* A fault that waits has mmap_lock or the lock of its mapping, or has given up the one it had. */
	if (task->vma_lock && (task->sem_hold == SEM_WRITE || is_retried(task)))
		return false;
	if (task->wait != HMMU_WAIT_PAGE_LOCK || task->queue_next || !task->wait_pfn || task->wait_pfn >= m->pfn_end)
		return false;
	if (task->wait_ref && !is_zone_device_page(m, task->wait_pfn) && !is_used_ram(m, task->wait_pfn))
		return false;
	return task->resume == RESUME_RETRY || task->wait_ref;
}

/* madvise(MADV_COLLAPSE) goes on at a block, or at a page whose fault waits. When it waits for mmap_sem to read, it may also
 * be at the end of a mapping. It remembers the errno of a block that failed. */
static bool is_collapse_progress(const struct task *task)
{
	const struct progress *p = &task->progress;
	u64 end = (task->args[0] + task->args[1] + PAGE_SIZE - 1) & PAGE_MASK;

	if (task->wait == HMMU_WAIT_MMAP_SEM_READ)
		return p->at <= end && is_errno_of_collapse(p->result);
	if (task->wait != HMMU_WAIT_PAGE_LOCK && task->wait != HMMU_WAIT_DEVICE_FAULT && p->at & ~PMD_MASK)
		return false;
	return p->at < end && is_errno_of_collapse(p->result);
}

/* mremap() goes on in the part that it has added, behind what it has moved; or it has only to close files, and then
 * notes where the mapping is. */
static bool is_mremap_progress(const struct task *task)
{
	const struct progress *p = &task->progress;

	if (task->resume == RESUME_TASK_WORK)
		return p->result <= HMMU_TASK_SIZE && !(p->result & ~PAGE_MASK);
	if (!p->at)
		return !p->result;
	return !(p->result & ~PAGE_MASK) && p->result <= p->at && p->at - p->result >= task->args[1] &&
	       p->at - p->result <= task->args[2];
}

/* hmm_range_fault() goes on in its walk, or in the faults of a part of it. */
static bool is_range_fault_progress(const struct task *task)
{
	const struct progress *p = &task->progress;
	u64 faults_end = p->result & PAGE_MASK;

	if (!p->at)
		return !p->gup_first && !p->result;
	if (p->at < task->args[0] || p->at >= task->args[1] || p->result & ~PAGE_MASK & ~1ull)
		return false;
	return p->gup_first ? p->gup_first >= p->at && p->gup_first < faults_end && faults_end <= task->args[1]
			    : !p->result;
}

/* Where a blocked call goes on: an access behind the bytes it has moved, others at the address of a page. mlock() notes 1
 * for address 0. check_copy() looks at the child of a fork(). */
static bool is_progress(const struct task *task)
{
	const struct progress *p = &task->progress;

	if (p->munlock_at > HMMU_TASK_SIZE || p->munlock_at & ~PAGE_MASK || p->gup_first > HMMU_TASK_SIZE ||
	    p->gup_first & ~PAGE_MASK)
		return false;
	if (is_access(task))
		return p->at <= task->args[1] && (!p->result || task->wait == HMMU_WAIT_MEMCG);
	if (p->at > HMMU_TASK_SIZE || (p->at & ~PAGE_MASK && !(p->at == 1 && task->op == OP_MLOCK)))
		return false;
	if (task->op == OP_MADVISE && task->args[2] == HMMU_MADV_COLLAPSE)
		return is_collapse_progress(task);
	if (task->op == OP_MREMAP)
		return is_mremap_progress(task);
	if (task->op == OP_RANGE_FAULT || task->op == OP_MIRROR)
		return is_range_fault_progress(task);
	return task->op == OP_FORK || task->op == OP_TRUNCATE || !p->result;
}

/* Each task has its place in one circle: the next one knows it. */
static bool is_thread(const struct check *c, u32 task)
{
	u32 next = task_of(c->m, task)->thread_next;

	return is_record(c, SLAB_TASK, next) && task_of(c->m, next)->thread_prev == task &&
	       task_of(c->m, next)->mm == task_of(c->m, task)->mm;
}

static u32 threads_of(const struct hmmu *m, u32 mm)
{
	u32 first = mm_of(m, mm)->main_task, count = 1;

	for (u32 task = task_of(m, first)->thread_next; task != first; task = task_of(m, task)->thread_next)
		count++;
	return count;
}

static bool check_blocked_task(struct check *c, u32 task)
{
	const struct task *t = task_of(c->m, task);

	if (!is_record(c, SLAB_MM, t->mm) || !is_record_or_none(c, SLAB_TASK, t->queue_next) ||
	    !is_record_or_none(c, SLAB_TASK, t->queue_prev))
		return refuse_snapshot(c, "task %u is of process %u, between tasks %u and %u", task, t->mm,
				       t->queue_prev, t->queue_next);
	if (!is_thread(c, task))
		return refuse_snapshot(c, "process %u: its circle of tasks is broken at task %u", t->mm, task);
	if (!enums_in_range(c->m, t) || !has_migrations(t, c->migrations_of[task]) || !is_wait(c->m, t) ||
	    !is_progress(t) || !is_task_work(c->m, t))
		return refuse_snapshot(c, "task %u is in a state that is none: call %u, wait %u for page %u, resume %u",
				       task, t->op, t->wait, t->wait_pfn, t->resume);
	return check_vma_lock(c, task) && check_copy(c, task) && check_mirror(c, task);
}

/** What the tasks of a process have to do with its mmap_sem. */
struct sem_use {
	u32 readers, writer, waiting;
	u32 vma_readers; /**< of locks of mappings */
	u32 tasks;
	u32 copiers; /**< tasks whose fork() makes the process */
};

/* The length of a process's queue; more than @p most if it is broken. */
static u32 queue_length(const struct check *c, u32 mm, u32 most)
{
	const struct hmmu *m = c->m;
	const struct rwsem *sem = &mm_of(m, mm)->mmap_sem;
	u32 queued = 0, last = 0, writer = 0;

	for (u32 task = sem->first_waiter; task; last = task, task = task_of(m, task)->queue_next, queued++) {
		const struct task *t = task_of(m, task);

		if (!is_record(c, SLAB_TASK, task) || t->mm != mm || !is_queued(t) || queued == most)
			return most + 1;
		if (last && (t->queue_prev != last || (int32_t)(t->queue_place - task_of(m, last)->queue_place) <= 0))
			return most + 1;
		if (!writer && t->wait == HMMU_WAIT_MMAP_SEM_WRITE)
			writer = task;
	}
	return sem->first_writer == writer && (!last || task_of(m, sem->first_waiter)->queue_prev == last) ? queued
													   : most + 1;
}

static bool check_sem(struct check *c, u32 mm, const struct sem_use *t)
{
	const struct hmmu *m = c->m;
	const struct rwsem *sem = &mm_of(m, mm)->mmap_sem;
	u32 queued;
	const struct mm *space = mm_of(m, mm);
	bool hidden = space->state == MM_COPIED;

	if (space->vma_readers != t->vma_readers || (space->vmas_marked && !t->writer))
		return refuse_snapshot(c, "process %u: %u tasks have locks of mappings, %u are counted", mm,
				       t->vma_readers, space->vma_readers);
	if (t->copiers != hidden || (hidden && t->tasks != 1))
		return refuse_snapshot(c, "process %u: %u tasks copy it, and it has %u", mm, t->copiers, t->tasks);
	if (space->tasks != t->tasks || threads_of(m, mm) != t->tasks)
		return refuse_snapshot(c, "process %u has %u tasks, the counter says %u, its circle of tasks has %u",
				       mm, t->tasks, space->tasks, threads_of(m, mm));
	if (sem->readers != t->readers || sem->writer != t->writer || (t->readers && t->writer))
		return refuse_snapshot(c,
				       "process %u: mmap_sem has %u readers and writer %u; tasks hold it %u times (%u)",
				       mm, sem->readers, sem->writer, t->readers, t->writer);
	queued = queue_length(c, mm, t->waiting);
	if (queued > t->waiting)
		return refuse_snapshot(c, "process %u: the queue of mmap_sem is broken", mm);
	if (space->handoff > (KERNEL >= V6_12 && queued))
		return refuse_snapshot(c, "process %u: mmap_sem is kept for a writer, and nobody waits for it", mm);
	if (queued != t->waiting)
		return refuse_snapshot(c, "process %u: %u tasks wait for mmap_sem, %u are in its queue", mm, t->waiting,
				       queued);
	return true;
}

static bool holds_vma_lock(const struct task *task)
{
	return task->vma_lock && task->wait != HMMU_WAIT_VMA_LOCK;
}

static bool check_vma_readers(struct check *c, const u32 *readers)
{
	for (u32 vma = 1; vma < c->m->st->slabs[SLAB_VMA].high; vma++)
		if (vma_of(c->m, vma)->readers != readers[vma])
			return refuse_snapshot(c, "mapping %u: %u tasks have its lock, %u are counted", vma,
					       readers[vma], vma_of(c->m, vma)->readers);
	return true;
}

/* @p tallies of processes, @p readers of mappings. */
static bool check_sems(struct check *c, struct sem_use *tallies, u32 *readers)
{
	const struct hmmu *m = c->m;

	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++) {
		struct sem_use *t;

		if (!is_record(c, SLAB_TASK, task))
			continue;
		if (!check_blocked_task(c, task))
			return false;
		t = &tallies[task_of(m, task)->mm];
		t->readers += task_of(m, task)->sem_hold == SEM_READ;
		if (task_of(m, task)->sem_hold == SEM_WRITE)
			t->writer = task;
		t->waiting += is_queued(task_of(m, task));
		if (holds_vma_lock(task_of(m, task))) {
			t->vma_readers++;
			readers[task_of(m, task)->vma_lock]++;
		}
		t->tasks++;
		if (task_of(m, task)->op == OP_FORK)
			tallies[task_of(m, task)->progress.result].copiers++;
	}
	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++)
		if (is_record(c, SLAB_MM, mm) && !check_sem(c, mm, &tallies[mm]))
			return false;
	return check_vma_readers(c, readers);
}

bool check_tasks(struct check *c)
{
	struct sem_use *tallies = check_alloc(c, c->m->st->slabs[SLAB_MM].high * sizeof(*tallies));
	u32 *readers = check_alloc(c, c->m->st->slabs[SLAB_VMA].high * sizeof(*readers));
	bool good = tallies && readers && check_sems(c, tallies, readers);

	platform_free(readers);
	platform_free(tallies);
	return good;
}
