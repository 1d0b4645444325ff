/* SPDX-License-Identifier: GPL-2.0-only */
/** @file device_fault.h Faults on device pages that wait for a handler that runs in steps. */
#ifndef HMMU_DEVICE_FAULT_H
#define HMMU_DEVICE_FAULT_H

#include "mm/task.h"

/** The wait of a task for its handler is over: give up what the fault has. */
static void device_fault_settle(struct hmmu *m, const struct task *task);
static void waiting_faults_free(struct hmmu *m);
/** The handler of the task's fault has failed. The fault ends so, whatever is at its address by now. Says it once. */
static inline bool device_fault_failed(struct ctx *ctx)
{
	bool failed = ctx->resume == RESUME_FAULT_FAILED;

	if (failed)
		ctx->resume = RESUME_RETRY;
	return failed;
}

#endif
