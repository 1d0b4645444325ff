/* SPDX-License-Identifier: GPL-2.0-only */
/** @file device_fault.h Faults on device pages that wait for a handler that runs in steps. */
#ifndef HMMU_DEVICE_FAULT_H
#define HMMU_DEVICE_FAULT_H

#include "host/snapshot.h"
#include "mm/task.h"

/** The wait of a task for its handler is over: give up what the fault has. */
static void device_fault_settle(struct hmmu *m, const struct task *task);
/** A task of a machine that is being restored waits for its handler. Among those with a reference the fault is the next one in their
 * list, which ends at **@p end. False: the host has no memory. */
static bool device_fault_restore(struct hmmu *m, const struct saved_fault *saved, struct device_fault ***end);
static void waiting_faults_free(struct hmmu *m);
/** The handler of the task's fault has failed. The fault ends so, whatever is at its address by now. Says it once. */
static inline bool device_fault_failed(struct ctx *ctx)
{
	if (__builtin_expect(ctx->resume != RESUME_FAULT_FAILED, true))
		return false;
	ctx->resume = RESUME_RETRY;
	return true;
}

#endif
