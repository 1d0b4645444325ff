/* SPDX-License-Identifier: GPL-2.0-only */
/** @file syscall.h What all system calls share: checks of a range, and turning an errno into a described error. */
#ifndef HMMU_SYSCALL_H
#define HMMU_SYSCALL_H

#include "mm/call.h"
#include "mm/task.h"

/** A page-aligned address and a length, rounded up to pages; *end is exclusive. */
int check_range(struct hmmu *m, u64 address, u64 length, u64 *end);
/** task_leave(), with an error text for what the kernel would refuse. */
int syscall_leave(struct ctx *ctx, const struct call *call, int err);
const char *errno_name(int err);

#endif
