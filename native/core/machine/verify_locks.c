/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(): mmap_sem and the locks of mappings, against the tasks that hold them or wait for them. */
#include "host/platform.h"
#include "machine/verify.h"
#include "mm/mm.h"
#include "mm/stop.h"
#include "mm/vma_lock.h"

/** Holders of and waiters for the locks of a process, as its tasks record them. */
struct sem_tally {
	u32 readers, writer, waiting;
	u32 vma_readers;
	u32 tasks;
};

/* Whoever waits for the lock of a mapping has marked the mapping, and has mmap_lock for writing. */
static void verify_vma_lock(struct verify *v, u32 task, struct sem_tally *tally)
{
	const struct hmmu *m = v->m;
	const struct task *t = task_of(m, task);
	bool writes = t->wait == HMMU_WAIT_VMA_LOCK;

	if (!t->vma_lock && !writes)
		return;
	tally->vma_readers += !writes;
	if (vma_of(m, t->vma_lock)->mm != t->mm || !t->wait || (!writes && !vma_of(m, t->vma_lock)->readers))
		complain(v, "task %u has the lock of mapping %u, which is of process %u", task, t->vma_lock,
			 vma_of(m, t->vma_lock)->mm);
	else if (writes && (!is_vma_write_locked(m, t->vma_lock) || t->sem_hold != SEM_WRITE))
		complain(v, "task %u waits for the lock of mapping %u, and has not marked the mapping", task,
			 t->vma_lock);
}

/* The tasks from the first one on, as far as the links of the circle agree, and no more than there are. */
static u32 count_threads(const struct hmmu *m, u32 mm, u32 most)
{
	u32 first = mm_of(m, mm)->main_task, task = first, count = 0;

	while (count < most) {
		u32 next = task_of(m, task)->thread_next;

		if (task_of(m, task)->mm != mm || next >= m->st->slabs[SLAB_TASK].high ||
		    task_of(m, next)->thread_prev != task)
			break;
		count++;
		task = next;
		if (task == first)
			break;
	}
	return count;
}

/* A waiting task must be in a call, and only a call that waits notes how it goes on. */
static void tally_task(struct verify *v, u32 task, struct sem_tally *tally)
{
	const struct task *t = task_of(v->m, task);

	tally->tasks++;
	tally->readers += t->sem_hold == SEM_READ;
	if (t->sem_hold == SEM_WRITE)
		tally->writer = task;
	if (KERNEL >= V6_12)
		verify_vma_lock(v, task, tally);
	if (!t->op && t->resume)
		complain(v, "task %u notes how its call goes on, and is in none", task);
	if (!t->wait)
		return;
	if (!t->op)
		complain(v, "task %u waits and is in no call", task);
	/* A reader that waits may have been given it. */
	tally->waiting += (t->wait == HMMU_WAIT_MMAP_SEM_READ || t->wait == HMMU_WAIT_MMAP_SEM_WRITE) && !t->sem_hold;
}

/* The marks of a process's mappings, and the sum of their readers. */
static void verify_vma_locks(struct verify *v, u32 mm, u32 readers)
{
	const struct hmmu *m = v->m;
	u32 counted = 0;

	for (u32 vma = mm_of(m, mm)->mmap; vma; vma = vma_of(m, vma)->next)
		counted += vma_of(m, vma)->readers;
	if (mm_of(m, mm)->vmas_marked && !mm_of(m, mm)->mmap_sem.writer)
		complain(v, "process %u: mappings are marked by a writer, and nobody writes", mm);
	if (readers != mm_of(m, mm)->vma_readers || readers != counted)
		complain(v,
			 "process %u: %u tasks are counted that hold the lock of a mapping, %u by the mappings; %u do",
			 mm, mm_of(m, mm)->vma_readers, counted, readers);
}

/* Tasks that wait for mmap_sem must be in its queue. */
static void verify_sem(struct verify *v, u32 mm, const struct sem_tally *tally)
{
	const struct hmmu *m = v->m;
	const struct rwsem *sem = &mm_of(m, mm)->mmap_sem;
	u32 queued = 0, last = 0, writer = 0;

	for (u32 task = sem->first_waiter; task && queued <= tally->waiting; task = task_of(m, task)->queue_next) {
		if (!writer && task_of(m, task)->wait == HMMU_WAIT_MMAP_SEM_WRITE)
			writer = task;
		last = task;
		queued++;
	}
	if (tally->waiting != queued)
		complain(v, "process %u: %u tasks wait for mmap_sem, %u are in its queue", mm, tally->waiting, queued);
	else if (writer != sem->first_writer || (last && last != task_of(m, sem->first_waiter)->queue_prev))
		complain(v,
			 "process %u: the queue of mmap_sem has first writer %u and last waiter %u, but says %u and %u",
			 mm, writer, last, sem->first_writer, task_of(m, sem->first_waiter)->queue_prev);
	if (tally->readers != sem->readers || tally->writer != sem->writer)
		complain(v, "process %u: mmap_sem has %u readers and writer %u, but tasks hold it %u times (%u)", mm,
			 sem->readers, sem->writer, tally->readers, tally->writer);
	if (tally->tasks != mm_of(m, mm)->tasks || count_threads(m, mm, tally->tasks) != tally->tasks)
		complain(v, "process %u: it has %u tasks, the counter says %u, its circle of tasks has %u", mm,
			 tally->tasks, mm_of(m, mm)->tasks, count_threads(m, mm, tally->tasks));
	if (KERNEL >= V6_12)
		verify_vma_locks(v, mm, tally->vma_readers);
}

/* An anon_vma is locked by the walks of reverse maps that have stopped with its lock. */
static void verify_anon_vma_locks(struct verify *v)
{
	const struct hmmu *m = v->m;
	u32 high = m->st->slabs[SLAB_ANON_VMA].high, *walks = platform_alloc(high * sizeof(*walks));

	for (u32 task = 1; walks && m->stops && task < m->stops->end; task++) {
		const struct stop *stop = stop_of(m, task);

		if (stop && !stop->hand.rmap_write && stop->hand.rmap & MAPPING_ANON)
			walks[stop->hand.rmap & ~MAPPING_ANON]++;
	}
	for (u32 anon_vma = 1; walks && anon_vma < high; anon_vma++)
		if (anon_vma_of(m, anon_vma)->refcount && anon_vma_of(m, anon_vma)->locked != walks[anon_vma])
			complain(v, "anon_vma %u is locked", anon_vma);
	if (!walks)
		complain(v, "the host has no memory to look at the locks of anon_vmas");
	platform_free(walks);
}

void verify_locks(struct verify *v)
{
	struct hmmu *m = v->m;
	struct sem_tally *tallies = platform_alloc(m->st->slabs[SLAB_MM].high * sizeof(*tallies));

	for (u32 task = 1; tallies && task < m->st->slabs[SLAB_TASK].high; task++)
		if (task_of(m, task)->mm)
			tally_task(v, task, &tallies[task_of(m, task)->mm]);
	for (u32 mm = 1; tallies && mm < m->st->slabs[SLAB_MM].high; mm++)
		if (mm_exists(m, mm))
			verify_sem(v, mm, &tallies[mm]);
	if (!tallies)
		complain(v, "the host has no memory to look at semaphores");
	platform_free(tallies);
	verify_anon_vma_locks(v);
}
