/* SPDX-License-Identifier: GPL-2.0-only */
/** @file device_fault.h Faults on device pages that wait for a handler that runs in steps. */
#ifndef HMMU_DEVICE_FAULT_H
#define HMMU_DEVICE_FAULT_H

#include "mm/task.h"

/** The wait of a task for its handler is over: give up what the fault has. */
static void device_fault_settle(struct hmmu *m, const struct task *task);
static void waiting_faults_free(struct hmmu *m);

#endif
