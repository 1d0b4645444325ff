/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file vma_lock.h
 * The lock of each mapping, which Linux 6.12 has besides mmap_lock ("mm: add per-VMA lock and helper functions to control
 * it", 6.4). An access takes it for reading and does not look at mmap_lock. A writer has mmap_lock first; then it marks
 * each mapping that it changes, and waits for those who read it. A mark is the address space's number (mm_lock_seq), which
 * goes up when the writer gives mmap_lock up: all marks go with that, and nobody looks for them.
 *
 * Nobody can look at a lock while a call runs. So a reader is noted only when it begins to wait: in task.vma_lock, and in
 * the counters vma.readers and mm.vma_readers. For the same reason marks are kept only where their writer may have to wait.
 */
#ifndef HMMU_VMA_LOCK_H
#define HMMU_VMA_LOCK_H

#include "mm/task.h"

/** Whether the writer has marked a mapping. */
static NOINLINE __attribute__((cold)) bool is_vma_write_locked(const struct hmmu *m, u32 vma);
static inline void vma_end_read(struct ctx *ctx)
{
	ctx->vma_lock = 0;
}
/** FAULT_FLAG_VMA_LOCK: the fault holds the lock of its mapping and not mmap_lock. */
static inline bool under_vma_lock(const struct ctx *ctx)
{
	return KERNEL >= V6_12 && ctx->vma_lock;
}
/** mmap_read_trylock(): whether nobody writes or waits. What it takes is given back before anybody can look. */
static inline bool mmap_read_trylock(const struct ctx *ctx)
{
	return !ctx->space->mmap_sem.writer && !ctx->space->mmap_sem.first_waiter;
}

static int vma_start_write_slow(struct ctx *ctx, u32 vma);
/** Mark a mapping that is to be changed; the caller has mmap_lock for writing. BLOCKED: somebody reads it. */
static inline int vma_start_write(struct ctx *ctx, u32 vma)
{
	return KERNEL >= V6_12 && (ctx->space->vma_readers | ctx->m->switch_points) ? vma_start_write_slow(ctx, vma)
										    : 0;
}
/** The same, for a writer that may come to wait for something else afterwards: its mark is kept in any case. */
static inline int vma_start_write_and_keep(struct ctx *ctx, u32 vma)
{
	return KERNEL >= V6_12 ? vma_start_write_slow(ctx, vma) : 0;
}
/** The fault waits, and its task keeps the lock of the mapping. */
static void vma_lock_keep(struct ctx *ctx);
/** The wait is over, in which the task kept the lock of a mapping, or waited for it. */
static void vma_lock_let_go(struct hmmu *m, struct task *task, u32 wait);
/** Whether the call waits for the lock of a mapping. */
static inline bool vma_lock_awaited(const struct ctx *ctx)
{
	return KERNEL >= V6_12 && ctx->self->wait == HMMU_WAIT_VMA_LOCK;
}

#endif
