/* SPDX-License-Identifier: GPL-2.0-only */
/** @file core.h The emulated machine. */
#ifndef KAPI_CORE_H
#define KAPI_CORE_H

#include <linux/mm.h>

#include "hmmu/hmmu.h"
#include "task/thread.h"

/** The machine; NULL: there is none. */
extern struct hmmu *machine;

/** Whether the call that has returned @p err waits, and is to be made again. */
bool core_blocks(int err);
/** Wait until the task can go on with its call. */
void core_wait(u32 tid, const struct kapi_place *place);
/** Make a call for a task until it does not wait any more; the value is its result. */
#define CORE_CALL(tid, place, call) \
	({ \
		int core_result_; \
		while (core_blocks(core_result_ = (call))) \
			core_wait(tid, place); \
		core_result_; \
	})
/** Report what the machine has refused, at the driver's line. */
void core_refused(const struct kapi_place *place, const char *call);
/** The same, of a reference or a page lock that the driver would give back. */
void core_refused_put(const struct kapi_place *place, const char *call);

/** Make the machine. 0 or a negative errno. */
int core_boot(const struct hmmu_options *options);
/** Use a machine that is there. -EINVAL: it is of another kernel. */
int core_attach(struct hmmu *m);
/** Be without the machine. It is destroyed unless it was there before. */
void core_shutdown(void);

#endif
