/* SPDX-License-Identifier: GPL-2.0-only */
/* mlock() and munlock(). */
#include <errno.h>

#include "call/mlock_range.h"
#include "call/syscall.h"
#include "fault/gup.h"
#include "fault/munlock.h"
#include "mm/mm.h"
#include "mm/vma.h"
#include "page/lru.h"

/* The mapping has got its flags. 4.14 has nothing to do for the pages before they are populated. */
static int lock_pages(struct ctx *ctx, u32 vma, u64 start, u64 end, u32 flags)
{
	struct hmmu *m = ctx->m;
	u64 pages = (end - start) >> PAGE_SHIFT;

	mm_of(m, ctx->mm)->locked_vm += flags & VM_LOCKED ? pages : -pages;
	if (KERNEL < V6_12 && !(flags & VM_LOCKED))
		return munlock_vma_pages_range(ctx, vma, start, end);
	vma_of(m, vma)->flags = flags;
	if (KERNEL >= V6_12)
		mlock_vma_pages_range(ctx, vma, start, end);
	return 0;
}

/* Nothing is done where a range is locked already. */
static int mlock_fixup(struct ctx *ctx, u32 *prev, u32 vma, u64 start, u64 end, u32 lock)
{
	struct hmmu *m = ctx->m;
	u32 old = vma_of(m, vma)->flags;
	u32 flags = lock ? old | VM_LOCKED : old & ~(u32)VM_LOCKED;
	u64 progress = ctx->progress.munlock_at;
	int err;

	if (KERNEL < V6_12 && !lock && progress >= start && progress < end) {
		ctx->progress.munlock_at = 0;
		*prev = vma;
		return munlock_vma_pages_range(ctx, vma, progress, end);
	}
	if (flags == old || (old & (VM_SPECIAL | VM_HUGETLB))) {
		*prev = vma;
		return 0;
	}
	err = vma_change_flags(ctx, &vma, *prev, start, end, flags);
	if (err)
		return err;
	*prev = vma;
	return lock_pages(ctx, vma, start, end, flags);
}

/* mlock()'s errno for an error of get_user_pages(). */
static int mlock_posix_error(int err)
{
	if (err == -ENOMEM)
		return -EAGAIN;
	return err == -EFAULT ? -ENOMEM : err;
}

static int do_mlock(struct ctx *ctx, u64 start, u64 end)
{
	int err;

	/* A call that goes on has its flags set and populates. */
	if (!ctx->progress.at) {
		/* "mm/munlock: mlock_page() munlock_page() batch by pagevec" */
		if (KERNEL < V6_12)
			lru_add_drain_all(ctx->m);
		err = down_write(ctx);
		if (err)
			return err;
		err = fixup_range(ctx, start, end, mlock_fixup, true);
		if (KERNEL >= V6_12 && err == BLOCKED)
			return BLOCKED;
		up_sem(ctx);
		if (err)
			return err;
		ctx->progress.at = start ? start : 1;
	}
	err = down_read(ctx);
	if (!err)
		err = mlock_posix_error(mm_populate(ctx, start, end));
	return err;
}

int hmmu_mlock(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length)
{
	const struct call call = { .op = OP_MLOCK, .args = { address, length } };
	struct ctx ctx;
	u64 end = 0;
	int err = syscall_enter(m, tid, &call, &ctx, &end);

	if (err)
		return err;
	if (end > address)
		err = do_mlock(&ctx, address, end);
	return syscall_leave(&ctx, &call, err);
}

int hmmu_munlock(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length)
{
	const struct call call = { .op = OP_MUNLOCK, .args = { address, length } };
	struct ctx ctx;
	u64 end = 0;
	int err = syscall_enter(m, tid, &call, &ctx, &end);

	if (err)
		return err;
	err = down_write(&ctx);
	if (!err && end > address)
		err = fixup_range(&ctx, address, end, mlock_fixup, false);
	return syscall_leave(&ctx, &call, err);
}
