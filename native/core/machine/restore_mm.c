/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: address spaces with their mappings, and tasks with their waits. */
#include "host/platform.h"
#include "machine/restore.h"
#include "mm/mm.h"
#include "mm/vma.h"

static const u32 all_vm_flags = VM_READ | VM_WRITE | VM_SHARED | VM_UFFD_MISSING | VM_LOCKED | VM_DONTCOPY |
				VM_ACCOUNT | VM_HUGETLB | VM_SOFTDIRTY | VM_HUGEPAGE | VM_NOHUGEPAGE | VM_IO |
				VM_PFNMAP | VM_DONTEXPAND | (KERNEL >= V6_12 ? VM_UFFD_WP : 0);

/** The flags that a kind of mapping has from the start, and keeps. */
static u32 flags_of_kind(u32 kind)
{
	switch (kind) {
	case HMMU_MAP_SHMEM:
	case HMMU_MAP_SHAREDFILE:
		return VM_SHARED;
	case HMMU_MAP_HUGETLB:
		return VM_HUGETLB | VM_DONTEXPAND;
	case HMMU_MAP_SPECIAL:
		return VM_SHARED | VM_PFNMAP | VM_IO | VM_DONTEXPAND;
	default:
		return 0;
	}
}

static bool kind_has_file(u32 kind)
{
	return kind != HMMU_MAP_ANON;
}

/* The values that are copied into entries unchanged. */
static bool is_page_prot(u64 prot)
{
	return prot == PAGE_NONE || prot == PAGE_READONLY || prot == PAGE_SHARED;
}

static bool is_range(const struct vma *v)
{
	u64 unit = v->kind == HMMU_MAP_HUGETLB ? PMD_SIZE : PAGE_SIZE;

	return v->start < v->end && v->end <= HMMU_TASK_SIZE && !((v->start | v->end) & (unit - 1)) &&
	       v->pgoff < 1ull << 62;
}

static bool check_vma(struct check *c, u32 vma)
{
	const u32 kind_flags = VM_SHARED | VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_HUGETLB;
	const struct vma *v = vma_of(c->m, vma);

	if (!is_range(v))
		return refuse_snapshot(c, "mapping %u has no range: %#llx to %#llx, page %llu", vma,
				       (unsigned long long)v->start, (unsigned long long)v->end,
				       (unsigned long long)v->pgoff);
	if (v->write_locked > (KERNEL >= V6_12))
		return refuse_snapshot(c, "mapping %u is marked %u times by a writer", vma, v->write_locked);
	if (v->kind > HMMU_MAP_SPECIAL || (v->flags & kind_flags) != flags_of_kind(v->kind) ||
	    v->flags & ~all_vm_flags || !is_page_prot(v->page_prot))
		return refuse_snapshot(c, "mapping %u of kind %u has flags %#x and protection %#llx", vma, v->kind,
				       v->flags, (unsigned long long)v->page_prot);
	if (v->resv & ~(u32)(HPAGE_RESV_OWNER | HPAGE_RESV_UNMAPPED) || (v->resv && v->kind != HMMU_MAP_HUGETLB) ||
	    (v->kind == HMMU_MAP_HUGETLB && vma_pages(v) / HPAGE_PMD_NR > c->m->st->hugetlb_pages))
		return refuse_snapshot(c, "mapping %u has %llu pages and state %u of the hugetlb pool", vma,
				       (unsigned long long)vma_pages(v), v->resv);
	if (kind_has_file(v->kind) ? !is_record(c, SLAB_FILE, v->file) : v->file != 0)
		return refuse_snapshot(c, "mapping %u of kind %u has file %u", vma, v->kind, v->file);
	if (!is_record_or_none(c, SLAB_ANON_VMA, v->anon_vma) || !is_record_or_none(c, SLAB_AVC, v->avc_head) ||
	    !v->anon_vma != !v->avc_head)
		return refuse_snapshot(c, "mapping %u has anon_vma %u and chain %u", vma, v->anon_vma, v->avc_head);
	return true;
}

/* The list of an address space, in the order of addresses, and so without end in itself. */
static bool check_vma_list(struct check *c, u32 mm, u32 *total)
{
	const struct hmmu *m = c->m;
	u32 prev = 0, count = 0;

	for (u32 vma = mm_of(m, mm)->mmap; vma; prev = vma, vma = vma_of(m, vma)->next, count++) {
		const struct vma *v = vma_of(m, vma);

		if (!is_record(c, SLAB_VMA, vma) || v->mm != mm || v->prev != prev ||
		    (prev && v->start < vma_of(m, prev)->end))
			return refuse_snapshot(c, "process %u: its list of mappings is broken at mapping %u", mm, vma);
		if (!check_vma(c, vma))
			return false;
	}
	if (count != mm_of(m, mm)->map_count)
		return refuse_snapshot(c, "process %u has %u mappings, the counter says %u", mm, count,
				       mm_of(m, mm)->map_count);
	*total += count;
	return true;
}

/*
 * The search tree of mappings has one possible shape. It is built from the list on a stack, which holds the way from
 * the root to the last mapping, and compared.
 */
static bool check_vma_tree(struct check *c, u32 mm, u32 *stack)
{
	const struct hmmu *m = c->m;
	u32 depth = 0, below = 0;
	bool good = true;

	for (u32 vma = mm_of(m, mm)->mmap; vma; vma = vma_of(m, vma)->next) {
		for (below = 0; depth && vma_priority(stack[depth - 1]) < vma_priority(vma); below = stack[--depth])
			good &= vma_of(m, stack[depth - 1])->right == below;
		good &= vma_of(m, vma)->left == below;
		stack[depth++] = vma;
	}
	for (below = 0; depth; below = stack[--depth])
		good &= vma_of(m, stack[depth - 1])->right == below;
	return (good && mm_of(m, mm)->tree == below) ||
	       refuse_snapshot(c, "process %u: its tree of mappings is broken", mm);
}

static bool check_mm(struct check *c, u32 mm, u32 *stack, u32 *total)
{
	const struct mm *space = mm_of(c->m, mm);

	if ((KERNEL >= V6_12 ? !mm_exists(c->m, mm) : space->state != MM_ALIVE) ||
	    space->vmas_marked > (KERNEL >= V6_12) || (space->watched & ~(WATCH_EVENTS | WATCH_CALLS)) ||
	    space->uffd > 1 || space->reaped > 1 || space->has_pinned > (KERNEL >= V6_12) || space->migrations)
		return refuse_snapshot(c, "process %u is in a state that is none (%u)", mm, space->state);
	if (!space->tlb_gen || space->tlb_gen > c->m->st->tlb_gen)
		return refuse_snapshot(c, "process %u has translations of generation %llu, of %llu", mm,
				       (unsigned long long)space->tlb_gen, (unsigned long long)c->m->st->tlb_gen);
	if (!is_record(c, SLAB_TASK, space->main_task) || task_of(c->m, space->main_task)->mm != mm)
		return refuse_snapshot(c, "process %u: task %u is not its first", mm, space->main_task);
	return check_vma_list(c, mm, total) && check_vma_tree(c, mm, stack);
}

bool check_mappings(struct check *c)
{
	const struct hmmu *m = c->m;
	u32 *stack = check_alloc(c, m->st->slabs[SLAB_VMA].high * sizeof(u32)), total = 0;
	bool good = stack;

	for (u32 mm = 1; good && mm < m->st->slabs[SLAB_MM].high; mm++)
		if (is_record(c, SLAB_MM, mm))
			good = check_mm(c, mm, stack, &total);
	platform_free(stack);
	if (good && total != m->st->slabs[SLAB_VMA].used)
		return refuse_snapshot(c, "there are %u mappings, and processes have %u", m->st->slabs[SLAB_VMA].used,
				       total);
	return good;
}

static bool waits_for_sem(const struct task *task)
{
	return task->wait == HMMU_WAIT_MMAP_SEM_READ || task->wait == HMMU_WAIT_MMAP_SEM_WRITE;
}

static bool enums_in_range(const struct hmmu *m, const struct task *task)
{
	const u32 last_wait = KERNEL < V6_12 ? HMMU_WAIT_MMAP_SEM_WRITE : HMMU_WAIT_VMA_LOCK;
	const u32 last_resume = KERNEL < V6_12 ? RESUME_MUNLOCK : RESUME_FAULT_TRIED;

	return task->cpu < m->st->cpus && task->op < NR_OPS && task->sem_hold <= SEM_WRITE && task->wait <= last_wait &&
	       task->wait_ref <= 1 && task->nested <= 1 && task->sem_of_migration <= 1 && task->resume <= last_resume &&
	       !task->migrations;
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

/* A blocked call waits for something, and resumes in the middle only with the page that it keeps. */
static bool is_wait(const struct hmmu *m, const struct task *task)
{
	bool hidden = mm_of(m, task->mm)->state == MM_COPIED;

	if (hidden || !task->op)
		return hidden == (task->op == OP_FORK) && !task->wait && !task->wait_pfn && !task->wait_ref &&
		       !task->sem_hold && !task->resume && !task->vma_lock && !task->queue_next && !task->progress.at &&
		       !task->progress.gup_first && !task->progress.munlock_at && (!hidden || !task->progress.result);
	if (waits_for_sem(task))
		return !task->sem_hold && !task->wait_pfn && !task->wait_ref && !task->vma_lock &&
		       (!task->resume || is_retried(task));
	if (task->wait == HMMU_WAIT_VMA_LOCK)
		return task->sem_hold == SEM_WRITE && task->vma_lock && !task->wait_pfn && !task->wait_ref &&
		       !task->resume && !task->queue_next;
	/* A fault that waits has mmap_lock or the lock of its mapping, or has given up the one it had. */
	if (task->vma_lock && (task->sem_hold == SEM_WRITE || is_retried(task)))
		return false;
	if (task->wait != HMMU_WAIT_PAGE_LOCK || task->queue_next || !task->wait_pfn || task->wait_pfn >= m->pfn_end)
		return false;
	if (task->wait_ref && !is_zone_device_page(m, task->wait_pfn) && !is_used_ram(m, task->wait_pfn))
		return false;
	return task->resume == RESUME_RETRY || task->wait_ref;
}

/* Where a blocked call goes on: an access behind the bytes it has moved, others at an address. A call that goes on from
 * address 0 notes 1. */
static bool is_progress(const struct task *task)
{
	const struct progress *p = &task->progress;
	bool access = task->op == OP_LOAD || task->op == OP_STORE;

	return p->at <= (access ? task->args[1] : HMMU_TASK_SIZE) && p->gup_first <= HMMU_TASK_SIZE &&
	       p->result <= HMMU_TASK_SIZE && p->munlock_at <= HMMU_TASK_SIZE && !(p->munlock_at & ~PAGE_MASK) &&
	       (task->op == OP_FORK || !(p->result & ~PAGE_MASK));
}

static bool check_blocked_task(struct check *c, u32 task)
{
	const struct task *t = task_of(c->m, task);

	if (!is_record(c, SLAB_MM, t->mm) || !is_record_or_none(c, SLAB_TASK, t->queue_next))
		return refuse_snapshot(c, "task %u is of process %u, and before task %u", task, t->mm, t->queue_next);
	if (!enums_in_range(c->m, t) || !is_wait(c->m, t) || !is_progress(t))
		return refuse_snapshot(c, "task %u is in a state that is none: call %u, wait %u for page %u, resume %u",
				       task, t->op, t->wait, t->wait_pfn, t->resume);
	return check_vma_lock(c, task) && check_copy(c, task);
}

/** What the tasks of a process have to do with its mmap_sem. */
struct sem_use {
	u32 readers, writer, waiting;
	u32 vma_readers; /**< of locks of mappings */
	u32 tasks;
	u32 copiers; /**< tasks whose fork() makes the process */
};

static bool check_sem(struct check *c, u32 mm, const struct sem_use *t)
{
	const struct hmmu *m = c->m;
	const struct rwsem *sem = &mm_of(m, mm)->mmap_sem;
	u32 queued = 0, last = 0;

	const struct mm *space = mm_of(m, mm);
	bool hidden = space->state == MM_COPIED;

	if (space->vma_readers != t->vma_readers || (space->vmas_marked && !t->writer))
		return refuse_snapshot(c, "process %u: %u tasks have locks of mappings, %u are counted", mm,
				       t->vma_readers, space->vma_readers);
	if (t->copiers != hidden || (hidden && t->tasks != 1))
		return refuse_snapshot(c, "process %u: %u tasks copy it, and it has %u", mm, t->copiers, t->tasks);
	if (sem->readers != t->readers || sem->writer != t->writer || (t->readers && t->writer))
		return refuse_snapshot(c,
				       "process %u: mmap_sem has %u readers and writer %u; tasks hold it %u times (%u)",
				       mm, sem->readers, sem->writer, t->readers, t->writer);
	for (u32 task = sem->first_waiter; task; last = task, task = task_of(m, task)->queue_next, queued++)
		if (!is_record(c, SLAB_TASK, task) || task_of(m, task)->mm != mm || !waits_for_sem(task_of(m, task)) ||
		    queued == t->waiting)
			return refuse_snapshot(c, "process %u: the queue of mmap_sem is broken at task %u", mm, task);
	if (queued != t->waiting || sem->last_waiter != last)
		return refuse_snapshot(c, "process %u: %u tasks wait for mmap_sem, %u are in its queue", mm, t->waiting,
				       queued);
	return true;
}

static bool check_sems(struct check *c, struct sem_use *tallies)
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
		t->waiting += waits_for_sem(task_of(m, task));
		t->vma_readers += task_of(m, task)->vma_lock && task_of(m, task)->wait != HMMU_WAIT_VMA_LOCK;
		t->tasks++;
		if (task_of(m, task)->op == OP_FORK)
			tallies[task_of(m, task)->progress.result].copiers++;
	}
	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++)
		if (is_record(c, SLAB_MM, mm) && !check_sem(c, mm, &tallies[mm]))
			return false;
	return true;
}

bool check_tasks(struct check *c)
{
	struct sem_use *tallies = check_alloc(c, c->m->st->slabs[SLAB_MM].high * sizeof(*tallies));
	bool good = tallies && check_sems(c, tallies);

	platform_free(tallies);
	return good;
}
