/* SPDX-License-Identifier: GPL-2.0-only */
/** @file call.h Calls that can block. */
#ifndef HMMU_CALL_H
#define HMMU_CALL_H

#include "host/machine.h"

/** A call that can block, as it is made. A blocked task takes a call for its own only if all of this is equal. */
struct call {
	enum op op;
	u64 args[CALL_ARGS];
	const u8 *data; /**< bytes that a store brings, args[1] of them; else NULL */
};

/** The kernel's name of a call. */
static const char *call_name(enum op op);
/** Note in its task that a call is blocked. */
static void call_record(struct task *task, const struct call *call);
/** Whether a call is the one that the task is blocked in: the same one with equal arguments. */
static bool call_is_recorded(const struct task *task, const struct call *call);
/** The call that a task is blocked in, as "munmap(0x100000, 8192)". */
static void call_describe(const struct task *task, char *text, size_t size);

#endif
