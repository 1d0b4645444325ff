/* SPDX-License-Identifier: GPL-2.0-only */
/* The OOM reaper: a process that is to die gives its private pages back before it gets to die. */
#include <errno.h>

#include "call/unmap.h"
#include "mm/mmu_gather.h"
#include "mm/mm.h"
#include "mm/mmu_notifier.h"
#include "mm/vma.h"

/* As __oom_reap_task_mm(): hugetlb and special mappings are left alone, and shared ones free nothing. 4.14 leaves locked
 * ones alone, too ("mm/munlock: delete munlock_vma_pages_all(), allow oomreap"). */
static bool can_reap(const struct vma *v)
{
	return !(v->flags & (VM_HUGETLB | VM_PFNMAP | VM_SHARED | (KERNEL < V6_12 ? VM_LOCKED : 0)));
}

/* 6.12 asks notifiers not to block; a mapping whose notifier would is left alone ("mm, oom: distinguish blockable mode for
 * mmu notifiers"). */
static void reap_vma(struct ctx *ctx, u32 vma)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);
	struct mmu_gather tlb;

	if (KERNEL >= V6_12 &&
	    mmu_notifier_invalidate_range_start_nonblock(m, HMMU_NOTIFY_UNMAP, ctx->mm, v->start, v->end))
		return;
	tlb_gather_mmu(&tlb, ctx, ctx->mm, false);
	if (KERNEL >= V6_12)
		tlb.keep_wp = true;
	unmap_single_vma(&tlb, vma, v->start, v->end);
	if (KERNEL >= V6_12)
		mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_UNMAP, ctx->mm, v->start, v->end);
	tlb_finish_mmu(&tlb);
}

int hmmu_oom_reap(struct hmmu *m, uint32_t pid)
{
	struct ctx ctx = { .m = m, .mm = pid };

	if (check_process(m, pid))
		return -ESRCH;
	if (m->in_page_free)
		return check_outside_page_free(m);
	/* down_read_trylock() gives up for a writer that waits, too. */
	if (mm_of(m, pid)->mmap_sem.writer || mm_of(m, pid)->mmap_sem.first_waiter)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "mmap_sem of process %u is taken or waited for by a writer",
				 pid);
	if (KERNEL < V6_12 && mm_of(m, pid)->watched)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "process %u has a notifier; the reaper leaves it alone",
				 pid);
	ctx.task = mm_of(m, pid)->main_task;
	ctx.cpu = task_of(m, ctx.task)->cpu;
	mm_of(m, pid)->reaped = 1;
	/* "mm, oom_reaper: gather each vma to prevent leaking TLB entry", which 4.14.5 has. */
	for (u32 vma = mm_of(m, pid)->mmap; vma; vma = vma_of(m, vma)->next)
		if (can_reap(vma_of(m, vma)))
			reap_vma(&ctx, vma);
	return 0;
}
