/* SPDX-License-Identifier: GPL-2.0-only */
/** @file thread_rig.h For tests that play a driver: they see the kernel's names, and run on a thread of the kernel. */
#ifndef KAPI_THREAD_RIG_H
#define KAPI_THREAD_RIG_H

#include "rig.h"
#include "run/calls.h"

#include <linux/kernel.h>

/** A function on a thread of the kernel. */
typedef void (*kernel_function)(void);

static inline long call_kernel_function(struct hmmu *m, uint32_t tid, void *data)
{
	(void)m;
	(void)tid;
	(*(kernel_function *)data)();
	return 0;
}

/** Run a function on a thread of the kernel, in a machine without modules. Returns 0, or what the thread ends with. */
static inline long run_in_kernel(kernel_function function)
{
	return call_on_kernel_thread("test", call_kernel_function, &function);
}

#endif
