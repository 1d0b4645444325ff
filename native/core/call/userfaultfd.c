/* SPDX-License-Identifier: GPL-2.0-only */
/* Registering a range with userfaultfd, and write-protecting it. */
#include <errno.h>

#include "call/change_protection.h"
#include "call/syscall.h"
#include "mm/mm.h"
#include "mm/userfaultfd.h"
#include "mm/vma.h"
#include "mm/vma_lock.h"

static bool vma_can_userfault(const struct hmmu *m, u32 vma)
{
	return vma_of(m, vma)->kind != HMMU_MAP_SPECIAL;
}

/* The whole range must be of kinds that can be registered, and hugetlb mappings are taken at 2 MiB borders. */
static int check_uffd_range(const struct hmmu *m, u32 vma, u64 start, u64 end)
{
	if (!vma || vma_of(m, vma)->start >= end)
		return -EINVAL;
	if ((vma_of(m, vma)->flags & VM_HUGETLB) && (start & ~PMD_MASK))
		return -EINVAL;
	for (u32 v = vma; v && vma_of(m, v)->start < end; v = vma_of(m, v)->next) {
		if (!vma_can_userfault(m, v))
			return -EINVAL;
		if ((vma_of(m, v)->flags & VM_HUGETLB) && end <= vma_of(m, v)->end && (end & ~PMD_MASK))
			return -EINVAL;
	}
	return 0;
}

/* VM_UFFD_* of modes. */
static u32 flags_of_modes(u32 modes)
{
	return (modes & HMMU_UFFD_MISSING ? VM_UFFD_MISSING : 0) | (modes & HMMU_UFFD_WP ? VM_UFFD_WP : 0);
}

/*
 * Register one mapping's part. The offset that 4.14 gives to vma_merge() is that of the mapping's start, also where the
 * range starts later; such a part is never merged with a registered mapping behind it ("mm/uffd: fix vma operation where
 * start addr cuts part of vma").
 */
static int uffd_register_vma(struct ctx *ctx, u32 *vma, u32 prev, u64 start, u64 end, u32 modes)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, *vma);
	u32 wanted = flags_of_modes(modes), merged;
	u32 flags = (v->flags & ~__VM_UFFD_FLAGS) | wanted;
	u64 pgoff = v->pgoff + (KERNEL >= V6_12 ? (start - v->start) >> PAGE_SHIFT : 0);
	int err = 0;

	if ((v->flags & wanted) == wanted)
		return 0;
	err = vma_start_write(ctx, *vma);
	if (err)
		return err;
	merged = vma_merge(ctx, prev, start, end, flags, v->anon_vma, v->file, pgoff, v->kind);
	if (vma_lock_awaited(ctx))
		return BLOCKED;
	if (merged)
		*vma = merged;
	else
		err = vma_cut_out(ctx, *vma, start, end);
	if (err)
		return err;
	userfaultfd_set_vm_flags(m, *vma, flags);
	return 0;
}

static int do_uffd_register(struct ctx *ctx, u64 start, u64 end, u32 modes)
{
	struct hmmu *m = ctx->m;
	u32 vma = find_vma(m, ctx->mm, start), prev;
	int err = check_uffd_range(m, vma, start, end);

	if (err)
		return err;
	prev = vma_of(m, vma)->start < start ? vma : vma_of(m, vma)->prev;
	for (; vma && vma_of(m, vma)->start < end && !err; prev = vma, vma = vma_of(m, vma)->next) {
		u64 to = end < vma_of(m, vma)->end ? end : vma_of(m, vma)->end;

		if (start < vma_of(m, vma)->start)
			start = vma_of(m, vma)->start;
		err = uffd_register_vma(ctx, &vma, prev, start, to, modes);
		start = vma_of(m, vma)->end;
	}
	mm_of(m, ctx->mm)->uffd = 1;
	return err;
}

/* A kernel refuses a mode that it does not have before it looks at the range. */
static int check_modes(struct hmmu *m, u32 modes)
{
	const u32 known = KERNEL < V6_12 ? HMMU_UFFD_MISSING : HMMU_UFFD_MISSING | HMMU_UFFD_WP;

	if (modes && !(modes & ~known))
		return 0;
	return hmmu_fail(m, -EINVAL, HMMU_ERR_SYSCALL,
			 "userfaultfd() fails with EINVAL: modes %#x, and this kernel has %#x", modes, known);
}

int hmmu_uffd_register(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t modes)
{
	const struct call call = { .op = OP_UFFD, .args = { address, length, modes } };
	struct ctx ctx;
	u64 end = 0;
	int err = check_modes(m, modes);

	if (!err)
		err = syscall_enter(m, tid, &call, &ctx, &end);
	if (err)
		return err;
	err = end > address ? down_write(&ctx) : -EINVAL;
	if (!err)
		err = do_uffd_register(&ctx, address, end, modes);
	return syscall_leave(&ctx, &call, err);
}

/* mwriteprotect_range(): each mapping that the range touches has to be registered for write protection. */
static int mwriteprotect_range(struct ctx *ctx, u64 start, u64 end, bool on)
{
	struct hmmu *m = ctx->m;
	int err = -ENOENT;

	for (u32 vma = find_vma(m, ctx->mm, start); vma && vma_of(m, vma)->start < end; vma = vma_of(m, vma)->next) {
		const struct vma *v = vma_of(m, vma);

		if (!userfaultfd_wp(m, vma))
			return -ENOENT;
		if ((v->flags & VM_HUGETLB) && ((start | end) & ~PMD_MASK))
			return -EINVAL;
		err = uffd_wp_range(ctx, vma, start > v->start ? start : v->start, end < v->end ? end : v->end, on);
		if (err)
			return err;
	}
	return err;
}

int hmmu_uffd_writeprotect(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, bool on)
{
	const struct call call = { .op = OP_UFFD_WP, .args = { address, length, on } };
	struct ctx ctx;
	u64 end = 0;
	int err;

	if (KERNEL < V6_12)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_SYSCALL,
				 "UFFDIO_WRITEPROTECT fails with EINVAL: Linux 6.12 has it, and this kernel has not");
	err = syscall_enter(m, tid, &call, &ctx, &end);
	if (err)
		return err;
	err = end > address ? down_read(&ctx) : -EINVAL;
	if (!err)
		err = mwriteprotect_range(&ctx, address, end, on);
	return syscall_leave(&ctx, &call, err);
}
