/* SPDX-License-Identifier: GPL-2.0-only */
/** @file calls.h Calls on threads of their own. */
#ifndef KAPI_CALLS_H
#define KAPI_CALLS_H

#include "kapi.h"

typedef long (*call_function)(struct hmmu *m, uint32_t tid, void *data);

/** Call a function on a thread of the kernel, which has no task. */
long call_on_kernel_thread(const char *name, call_function function, void *data);

#endif
