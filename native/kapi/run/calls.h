/* SPDX-License-Identifier: GPL-2.0-only */
/** @file calls.h Calls on threads of their own. */
#ifndef KAPI_CALLS_H
#define KAPI_CALLS_H

#include "kapi.h"
#include "task/thread.h"

typedef long (*call_function)(struct hmmu *m, uint32_t tid, void *data);

/** Call a function on a thread of the kernel, which has no task. A call of this name that has not ended goes on instead; -EBUSY:
 * one of another name has not. */
long call_on_kernel_thread(const char *name, call_function function, void *data);
/** What a thread leaves behind at its end is reported, and given back. */
void calls_end_thread(void);
/** Its thread; NULL: no such call is under way. */
const struct kapi_thread *calls_kernel_thread(void);
/** Forget it. */
void calls_forget(void);

#endif
