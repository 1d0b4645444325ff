/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks of mappings: who holds one while it waits, and who waits for one. */
#include "mm/vma_lock.h"

bool is_vma_write_locked(const struct hmmu *m, u32 vma)
{
	const struct mm *space = mm_of(m, vma_of(m, vma)->mm);

	return space->vmas_marked && m->vm_lock_seq[vma] == space->mm_lock_seq;
}

int vma_start_write_slow(struct ctx *ctx, u32 vma)
{
	struct task *task = ctx->self;

	ctx->m->vm_lock_seq[vma] = ctx->space->mm_lock_seq;
	ctx->space->vmas_marked = 1;
	if (!vma_of(ctx->m, vma)->readers)
		return 0;
	task->wait = HMMU_WAIT_VMA_LOCK;
	task->vma_lock = vma;
	return note_wait(ctx);
}

void vma_lock_keep(struct ctx *ctx)
{
	ctx->self->vma_lock = ctx->vma_lock;
	vma_of(ctx->m, ctx->vma_lock)->readers++;
	ctx->space->vma_readers++;
}

void vma_lock_let_go(struct hmmu *m, struct task *task, u32 wait)
{
	if (wait != HMMU_WAIT_VMA_LOCK) {
		vma_of(m, task->vma_lock)->readers--;
		mm_of(m, task->mm)->vma_readers--;
	}
	task->vma_lock = 0;
}

/* The marks are of the number before. As in the kernel, one that stays for 2^32 writers would be taken for theirs. */
void vma_end_write_all_slow(struct mm *space)
{
	space->mm_lock_seq++;
	space->mm_lock_seq += !space->mm_lock_seq;
	space->vmas_marked = 0;
}
