/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file interval_notifier.h
 * Interval notifiers of Linux 6.12 ("mm/mmu_notifier: add an interval tree notifier"). An address space has a sequence
 * number, which is odd while intervals are being invalidated. Each interval keeps the number of its last invalidation. So
 * a driver that has read an interval's number knows whether what it has looked up since is still true.
 */
#ifndef HMMU_INTERVAL_NOTIFIER_H
#define HMMU_INTERVAL_NOTIFIER_H

#include "host/machine.h"

/** An invalidation of a watched process begins. -EAGAIN: it must not block, and an interval's driver would. */
static NOINLINE int notify_start(struct hmmu *m, const struct hmmu_invalidation *range);
/** mn_itree_inv_end(): an invalidation ends. */
static void intervals_invalidate_end(struct hmmu *m, u32 mm);
/** mn_itree_release(): tell all intervals of a process that it exits. */
static void intervals_release(struct hmmu *m, u32 mm);
/** The address space goes. Its intervals stay until their drivers remove them. */
static void intervals_leave_mm(struct hmmu *m, u32 mm);
/** mmu_interval_notifier_insert() of [start, last]. A number, or 0: none is left. */
static u32 interval_insert(struct hmmu *m, u32 mm, u64 start, u64 last, u64 owner);
/** mmu_interval_notifier_remove(). False: an invalidation is under way, at whose end the interval leaves the tree. */
static bool interval_remove(struct hmmu *m, u32 interval);
/** Whether read_begin() would wait: the interval is being invalidated. */
static inline bool interval_is_invalidated(const struct hmmu *m, u32 interval, u64 seq)
{
	u32 mm = interval_of(m, interval)->mm;

	return mm && m->subscriptions[mm_of(m, mm)->notifier_subscriptions].invalidate_seq == seq;
}
/** Whether a number is that of an interval that nobody has removed. */
static bool is_interval(const struct hmmu *m, u32 interval);
/** 0, or -EINVAL with an error: there is no such interval. */
static int check_interval(struct hmmu *m, u32 interval);

#endif
