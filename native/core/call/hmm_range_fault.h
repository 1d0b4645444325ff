/* SPDX-License-Identifier: GPL-2.0-only */
/** @file hmm_range_fault.h hmm_range_fault(), and the checks and errors of a range. Linux 6.12. */
#ifndef HMMU_HMM_RANGE_FAULT_H
#define HMMU_HMM_RANGE_FAULT_H

#include "mm/task.h"

/** The caller has mmap_lock. 0, BLOCKED, -EBUSY, or an error; -ELOOP: a device's fault handler does nothing, and a kernel
 * would loop. A call that goes on does so at its progress. */
static int hmm_range_fault(struct ctx *ctx, const struct hmmu_range *range);
/** The range, the array and the flags of a call. */
static int check_mirrored_range(struct hmmu *m, const struct hmmu_range *range);
/** Describe what hmm_range_fault() has returned. */
static int fail_range_fault(const struct ctx *ctx, const struct hmmu_range *range, int err);

#endif
