/* SPDX-License-Identifier: GPL-2.0-only */
/** @file check_intervals.h Interval notifiers, as verify() and restoring look at them. */
#ifndef HMMU_CHECK_INTERVALS_H
#define HMMU_CHECK_INTERVALS_H

#include "host/machine.h"

/** The calls that may have begun invalidations and not ended them: migrations, and calls that have stopped at a switching
 * point. */
static u32 calls_halfway(const struct hmmu *m);
/** What is wrong with the interval notifiers of a process, or NULL. Numbers may be anything, so each is checked before it is
 * used. @p halfway is calls_halfway(). The intervals met are added to @p count. */
static const char *intervals_fault(const struct hmmu *m, u32 mm, u32 halfway, u32 *count);
/** The intervals that no process has, and that wait for their removal. */
static u32 count_intervals_out(const struct hmmu *m);

#endif
