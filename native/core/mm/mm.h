/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mm.h Address spaces, mappings, tasks and mmap_sem; mm.c, vma.c, task.c, unmap.c. */
#ifndef HMMU_MM_H
#define HMMU_MM_H

#include "mm/pgtable.h"

/** Result of internal calls, besides 0 and negative errnos: the task waits, and its wait is recorded. Callers see
 * -EAGAIN. */
#define BLOCKED (-4095)

/** A task in the middle of a call: what most functions need to know. */
struct mmu_gather;

struct ctx {
	struct hmmu *m;
	struct task *self; /**< the record of the task, if it was entered */
	struct mm *space;  /**< that of its address space */
	u32 task;
	u32 mm;
	u32 cpu;
	bool nested; /**< mmap_sem was held when the call began */
	u32 waited;  /**< enum hmmu_wait: what the call, which goes on, had waited for */
	u32 resume;  /**< enum resume: how its first fault goes on */
	struct progress progress;
};

/** A call that can block, as it is made. A blocked task takes a call for its own only if all of this is equal. */
struct call {
	enum op op;
	u64 args[CALL_ARGS];
	const u8 *data; /**< bytes that a store brings, args[1] of them; else NULL */
};

static inline struct vma *vma_of(const struct hmmu *m, u32 vma)
{
	return &m->vmas[vma];
}
static inline struct mm *mm_of(const struct hmmu *m, u32 mm)
{
	return &m->mms[mm];
}
static inline bool vma_is_anonymous(const struct hmmu *m, u32 vma)
{
	return m->vmas[vma].kind == HMMU_MAP_ANON;
}
static inline bool is_cow_mapping(u32 flags)
{
	return !(flags & VM_SHARED);
}
static inline u64 linear_page_index(const struct hmmu *m, u32 vma, u64 address)
{
	const struct vma *v = vma_of(m, vma);

	return ((address - v->start) >> PAGE_SHIFT) + v->pgoff;
}
static inline u64 vma_pages(const struct vma *v)
{
	return (v->end - v->start) >> PAGE_SHIFT;
}
static inline void add_mm_counter(struct hmmu *m, u32 mm, int counter, int64_t n)
{
	m->mms[mm].rss[counter] += (u64)n;
}
/** RSS: anonymous, of files and shared. */
static inline u64 resident_pages(const struct hmmu *m, u32 mm)
{
	const u64 *rss = m->mms[mm].rss;

	return rss[MM_ANONPAGES] + rss[MM_FILEPAGES] + rss[MM_SHMEMPAGES];
}
/** A pte of the mapping's that may be written gets the write bit. */
static inline u64 maybe_mkwrite(const struct hmmu *m, u32 vma, u64 pte)
{
	return m->vmas[vma].flags & VM_WRITE ? pte_mkwrite(pte) : pte;
}
static inline bool userfaultfd_missing(const struct hmmu *m, u32 vma)
{
	return m->vmas[vma].flags & VM_UFFD_MISSING;
}
/** The system page behind a present pte; 0 for the zero page and for pages without struct page. */
static inline u32 vm_normal_page(const struct hmmu *m, u32 vma, u64 pte)
{
	(void)vma;
	return (pte & _PAGE_SPECIAL) || is_zero_pfn(m, pte_pfn(pte)) ? 0 : pte_pfn(pte);
}

/** @name vma.c, vma_tree.c
 * @{ */
/** The first mapping that ends above the address, or 0. */
u32 find_vma_slow(const struct hmmu *m, u32 mm, u64 address);
static inline u32 find_vma(const struct hmmu *m, u32 mm, u64 address)
{
	u32 last = lookup_of(m, mm)->vma;

	if (last && m->vmas[last].start <= address && address < m->vmas[last].end)
		return last;
	return find_vma_slow(m, mm, address);
}
/** The mapping that contains the address, or 0. */
static inline u32 vma_at(const struct hmmu *m, u32 mm, u64 address)
{
	u32 vma = find_vma(m, mm, address);

	return vma && m->vmas[vma].start <= address ? vma : 0;
}
/** What gives the search tree its shape: that of a mapping is above those below it. */
u32 vma_priority(u32 vma);
void vma_tree_insert(struct hmmu *m, u32 vma);
void vma_tree_remove(struct hmmu *m, u32 vma);
/** Add a mapping to its mm and to its file. Its range must be free. */
void vma_link(struct hmmu *m, u32 vma);
/** Free a mapping. Its pages must be unmapped. */
void vma_free(struct hmmu *m, u32 vma);
u32 vma_last(const struct hmmu *m, u32 mm);
/** vm_get_page_prot(): protection of ptes, from flags. */
u64 vm_get_page_prot(u32 flags);
bool vma_wants_writenotify(const struct hmmu *m, u32 vma, u64 page_prot);
void vma_set_page_prot(struct hmmu *m, u32 vma);
/** Cut a mapping in two at an address within it; with @p new_below the new mapping is the lower one. */
int split_vma(struct ctx *ctx, u32 vma, u64 address, bool new_below);
/** Split a mapping so that [start, end) is one of its own; @p vma is then that one. */
int vma_cut_out(struct ctx *ctx, u32 vma, u64 start, u64 end);
/** The mapping that [start, end) becomes part of when it has these flags, or 0 if it can't be merged. */
u32 vma_merge(struct ctx *ctx, u32 prev, u64 start, u64 end, u32 flags, u32 anon_vma, u32 file, u64 pgoff, u32 kind);
/** Give [start, end) of a mapping other flags by merging or splitting; @p *vma is then the mapping that has them. */
int vma_change_flags(struct ctx *ctx, u32 *vma, u32 prev, u64 start, u64 end, u32 flags);
/** Let a mapping end later, where nothing is in the way. */
void vma_expand(struct ctx *ctx, u32 vma, u64 end);
/** @} */

/** @name file.c: tmpfs inodes and the page cache
 * @{ */
u32 file_create(struct hmmu *m, u64 pages);
void file_put(struct hmmu *m, u32 file);
void i_mmap_insert(struct hmmu *m, u32 vma);
void i_mmap_insert_after(struct hmmu *m, u32 vma, u32 prev);
void i_mmap_remove(struct hmmu *m, u32 vma);
/** Where the chain of a place in the page cache begins. */
u32 *hash_chain(const struct hmmu *m, u32 file, u64 index);
/** The page at an index of the cache, or 0. */
u32 find_page(const struct hmmu *m, u32 file, u64 index);
void add_to_page_cache(struct hmmu *m, u32 file, u64 index, u32 pfn);
void delete_from_page_cache(struct hmmu *m, u32 pfn);
/** Put a page in the place of another. */
void replace_page_cache(struct hmmu *m, u32 old_pfn, u32 new_pfn);
/** @} */

/** @name mm.c
 * @{ */
int mm_create(struct hmmu *m, u32 *mm);
/** Undo a mm that has no mappings (any more). */
void mm_free(struct hmmu *m, u32 mm);
/** @} */

/** @name process.c
 * @{ */
/** 0, or -ESRCH with an error if there is no such process. */
int check_process(const struct hmmu *m, u32 pid);
/** @} */

/** @name task.c
 * @{ */
int task_enter_slow(struct hmmu *m, u32 tid, const struct call *call, struct ctx *ctx);
int task_leave_slow(struct ctx *ctx, const struct call *call, int result);
/** Begin a call of a task: checks the handle and finds out whether this is the blocked call, which goes on. The call is
 * passed by value, so that it is put together only where it is looked at. */
static ALWAYS_INLINE int task_enter(struct hmmu *m, u32 tid, struct call call, struct ctx *ctx)
{
	const struct task *task = &m->tasks[tid];

	if (tid - 1u >= m->st->slabs[SLAB_TASK].high - 1u || !task->mm || task->op || m->in_page_free) {
		const struct call made = call;

		return task_enter_slow(m, tid, &made, ctx);
	}
	/* In a call from a callback the call around it keeps its semaphore. */
	*ctx = (struct ctx){
		.m = m,
		.self = &m->tasks[tid],
		.space = &m->mms[task->mm],
		.task = tid,
		.mm = task->mm,
		.cpu = task->cpu,
		.nested = task->sem_hold,
	};
	return 0;
}
/** End a call: a result of BLOCKED keeps wait, progress and semaphore, any other drops the semaphore. */
static ALWAYS_INLINE int task_leave(struct ctx *ctx, struct call call, int result)
{
	const struct task *task = ctx->self;

	if (result || task->op || task->sem_hold) {
		const struct call made = call;

		return task_leave_slow(ctx, &made, result);
	}
	return 0;
}
/** mmap_sem of the task's mm. 0 or BLOCKED; 0 at once if the task has it. */
int down_slow(struct ctx *ctx, bool write);
static inline int down_read(struct ctx *ctx)
{
	struct rwsem *sem = &ctx->space->mmap_sem;
	struct task *task = ctx->self;

	if (task->sem_hold)
		return 0;
	/* The call around this one, if there was one, has ended meanwhile. */
	ctx->nested = false;
	if (sem->writer || sem->first_waiter)
		return down_slow(ctx, false);
	task->sem_hold = SEM_READ;
	sem->readers++;
	return 0;
}
static inline int down_write(struct ctx *ctx)
{
	return down_slow(ctx, true);
}
static inline void sem_drop(struct task *task, struct rwsem *sem)
{
	if (task->sem_hold == SEM_READ)
		sem->readers--;
	else if (task->sem_hold == SEM_WRITE)
		sem->writer = 0;
	task->sem_hold = SEM_NONE;
}
/** A migration that the task has begun meanwhile keeps the semaphore until it ends. */
static inline void up_sem(struct ctx *ctx)
{
	if (ctx->self->migrations)
		ctx->self->sem_of_migration = 1;
	else
		sem_drop(ctx->self, &ctx->space->mmap_sem);
}
void downgrade_write(struct ctx *ctx);
/** wait_on_page_locked() or lock_page(): returns BLOCKED with the wait recorded. With @p with_ref the caller hands its
 * reference over to the wait. -EDEADLK: a migration of this very task has the page, and a callback of it makes this
 * call; a kernel would hang. */
int wait_on_page(struct ctx *ctx, u32 pfn, bool with_ref, enum resume resume);
/** A callback has left a call of this task blocked: give it up, as it can't go on after the call around it. */
void abandon_nested_call(struct ctx *ctx);
/** Drop what a wait that is over holds. */
void wait_done(struct hmmu *m, u32 task);
bool task_ready(const struct hmmu *m, u32 task);
u32 task_alloc(struct hmmu *m, u32 mm);
/** @} */

/** @name call.c
 * @{ */
/** The kernel's name of a call. */
const char *call_name(enum op op);
/** Note in its task that a call is blocked. */
void call_record(struct task *task, const struct call *call);
/** Whether a call is the one that the task is blocked in: the same one with equal arguments. */
bool call_is_recorded(const struct task *task, const struct call *call);
/** The call that a task is blocked in, as "munmap(0x100000, 8192)". */
void call_describe(const struct task *task, char *text, size_t size);
/** @} */

/** @name unmap.c
 * @{ */
/** Drop the entries of [start, end) of one mapping. Their flush, and that of a later call, is up to @p tlb. */
void unmap_single_vma(struct mmu_gather *tlb, u32 vma, u64 start, u64 end);
void zap_page_range(struct ctx *ctx, u64 start, u64 end);
int do_munmap(struct ctx *ctx, u64 start, u64 end);
int exit_mmap(struct ctx *ctx);
/** @} */

/** @name mprotect.c, madvise.c, mlock_call.c, softdirty.c
 * @{ */
void change_protection(struct ctx *ctx, u32 vma, u64 start, u64 end, u64 prot, bool dirty_accountable);
/** @} */

/** @name munlock
 * @{ */
/** Take the mlock marks off a range; BLOCKED on a locked page. */
int munlock_vma_pages_range(struct ctx *ctx, u32 vma, u64 start, u64 end);
/** A walk that waits at an address is given up: the mapping there is locked as before. */
void munlock_give_up(struct hmmu *m, u32 mm, u64 munlock_at);
/** @} */

#endif
