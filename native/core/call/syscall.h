/* SPDX-License-Identifier: GPL-2.0-only */
/** @file syscall.h What all system calls share: checks of a range, and turning an errno into a described error. */
#ifndef HMMU_SYSCALL_H
#define HMMU_SYSCALL_H

#include "mm/call.h"
#include "mm/task.h"

/** A page-aligned address and a length, rounded up to pages; *end is exclusive. */
static int check_range(struct hmmu *m, u64 address, u64 length, u64 *end);
/** Bytes at an address of users. */
static int check_span(struct hmmu *m, u64 address, size_t length);
/** Begin a call whose first two arguments are such an address and length. */
static inline int syscall_enter(struct hmmu *m, u32 tid, const struct call *call, struct ctx *ctx, u64 *end)
{
	int err = check_range(m, call->args[0], call->args[1], end);

	return err ? err : task_enter(m, tid, *call, ctx);
}
/** task_leave(), with an error text for what the kernel would refuse. */
static int syscall_leave(struct ctx *ctx, const struct call *call, int err);
static const char *errno_name(int err);

/** mprotect_fixup() or mlock_fixup(): [@p start, @p end) is of mapping @p vma; @p *prev becomes the last mapping that the range
 * has when it is done. @p arg is the call's. */
typedef int (*vma_fixup_fn)(struct ctx *ctx, u32 *prev, u32 vma, u64 start, u64 end, u32 arg);
/** The loop of do_mprotect_pkey() and apply_vma_lock_flags(). -ENOMEM: a part of the range is not mapped; what was before it
 * is done. */
static int fixup_range(struct ctx *ctx, u64 start, u64 end, vma_fixup_fn fixup, u32 arg);

#endif
