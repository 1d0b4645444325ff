/* SPDX-License-Identifier: GPL-2.0-only */
/* What all system calls share. */
#include "call/syscall.h"

#include <errno.h>

#include "mm/mm.h"
#include "mm/vma.h"

const char *errno_name(int err)
{
	switch (-err) {
	case EINVAL:
		return "EINVAL";
	case ENOMEM:
		return "ENOMEM";
	case EPERM:
		return "EPERM";
	case EFAULT:
		return "EFAULT";
	case EAGAIN:
		return "EAGAIN";
	case EDEADLK:
		return "EDEADLK";
	case EBUSY:
		return "EBUSY";
	case EACCES:
		return "EACCES";
	case EEXIST:
		return "EEXIST";
	case ENOENT:
		return "ENOENT";
	case EOPNOTSUPP:
		return "EOPNOTSUPP";
	default:
		return "an error";
	}
}

int check_range(struct hmmu *m, u64 address, u64 length, u64 *end)
{
	if (address & ~PAGE_MASK)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "address %#llx is not a multiple of 4096",
				 (unsigned long long)address);
	if (address >= HMMU_TASK_SIZE || length > HMMU_TASK_SIZE - address)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "%llu bytes at %#llx: user addresses end at %#llx", (unsigned long long)length,
				 (unsigned long long)address, (unsigned long long)HMMU_TASK_SIZE);
	*end = (address + length + PAGE_SIZE - 1) & PAGE_MASK;
	return 0;
}

static int check_span(struct hmmu *m, u64 address, size_t length)
{
	if (address >= HMMU_TASK_SIZE || length > HMMU_TASK_SIZE - address)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "%zu bytes at %#llx: user addresses end at %#llx", length, (unsigned long long)address,
				 (unsigned long long)HMMU_TASK_SIZE);
	return 0;
}

int syscall_leave(struct ctx *ctx, const struct call *call, int err)
{
	struct hmmu *m = ctx->m;

	if (err < 0 && err != BLOCKED)
		hmmu_fail(m, err, HMMU_ERR_SYSCALL, "%s() fails with %s%s", call_name(call->op), errno_name(err),
			  err == -EDEADLK
				  ? ": the task would wait for a lock that it has itself, for a migration or by "
				    "hmmu_mmap_lock()"
				  : "");
	return task_leave(ctx, *call, err);
}

int fixup_range(struct ctx *ctx, u64 start, u64 end, vma_fixup_fn fixup, u32 arg)
{
	struct hmmu *m = ctx->m;
	u32 vma = find_vma(m, ctx->mm, start), prev;
	int err;

	if (!vma || vma_of(m, vma)->start > start)
		return -ENOMEM;
	prev = start > vma_of(m, vma)->start ? vma : vma_of(m, vma)->prev;
	for (;;) {
		u64 to = end < vma_of(m, vma)->end ? end : vma_of(m, vma)->end;

		err = fixup(ctx, &prev, vma, start, to, arg);
		if (err)
			return err;
		start = to > vma_of(m, prev)->end ? to : vma_of(m, prev)->end;
		if (start >= end)
			return 0;
		vma = vma_of(m, prev)->next;
		if (!vma || vma_of(m, vma)->start != start)
			return -ENOMEM;
	}
}
