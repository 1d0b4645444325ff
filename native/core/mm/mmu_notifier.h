/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file mmu_notifier.h
 * mmu_notifier_invalidate_range_start() and its kin. They reach watched address spaces only. @p kind is an enum
 * hmmu_notify_kind: why the range is invalidated. 4.14 has no kinds. @p owner is that of the device for which the range is
 * invalidated (mmu_notifier_range_init_owner()); 0: none.
 */
#ifndef HMMU_MMU_NOTIFIER_H
#define HMMU_MMU_NOTIFIER_H

#include "host/events.h"
#include "host/machine.h"
#include "host/probe.h"
#include "mm/interval_notifier.h"

/** 6.12: whether the invalidation has to be given up (-EAGAIN), as a notifier would wait and @p blockable forbids it. */
static inline int __mmu_notifier_invalidate_range_start(struct hmmu *m, u32 kind, u32 mm, u64 start, u64 end, u64 owner,
							bool blockable)
{
	probe(invalidate_start, mm, start, end);
	if (KERNEL >= V6_12)
		mm_of(m, mm)->active_invalidate_ranges++;
	if (!mm_of(m, mm)->watched)
		return 0;
	if (KERNEL >= V6_12)
		return notify_start(m, &(struct hmmu_invalidation){ .pid = mm,
								    .kind = kind,
								    .blockable = blockable,
								    .owner = owner,
								    .start = start,
								    .end = end });
	event_notify(m, HMMU_EVENT_INVALIDATE_START, 0, mm, start, end);
	return 0;
}

static inline void mmu_notifier_invalidate_range_start_owner(struct hmmu *m, u32 kind, u32 mm, u64 start, u64 end,
							     u64 owner)
{
	(void)__mmu_notifier_invalidate_range_start(m, kind, mm, start, end, owner, true);
}

static inline void mmu_notifier_invalidate_range_start(struct hmmu *m, u32 kind, u32 mm, u64 start, u64 end)
{
	mmu_notifier_invalidate_range_start_owner(m, kind, mm, start, end, 0);
}

/** 0, or -EAGAIN: a notifier would wait, and nothing must be invalidated. */
static inline int mmu_notifier_invalidate_range_start_nonblock(struct hmmu *m, u32 kind, u32 mm, u64 start, u64 end)
{
	return __mmu_notifier_invalidate_range_start(m, kind, mm, start, end, 0, false);
}

/* Rare, and called from hot places. */
static NOINLINE void notify_end(struct hmmu *m, u32 kind, u32 mm, u64 start, u64 end)
{
	if (KERNEL >= V6_12 && mm_of(m, mm)->watched & WATCH_INTERVALS)
		intervals_invalidate_end(m, mm);
	/* Until "mm/mmu_notifier: avoid call to invalidate_range() in range_end()" (4.15) the end of a range invalidates
	 * it for secondary TLBs as well. */
	if (KERNEL < V6_12)
		event_notify(m, HMMU_EVENT_INVALIDATE_RANGE, 0, mm, start, end);
	event_notify(m, HMMU_EVENT_INVALIDATE_END, kind, mm, start, end);
}

static inline void mmu_notifier_invalidate_range_end(struct hmmu *m, u32 kind, u32 mm, u64 start, u64 end)
{
	probe(invalidate_end, mm, start, end);
	if (KERNEL >= V6_12)
		mm_of(m, mm)->active_invalidate_ranges--;
	if (mm_of(m, mm)->watched)
		notify_end(m, KERNEL >= V6_12 ? kind : 0, mm, start, end);
}

static inline void tell_secondary_tlbs(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	if (mm_of(m, mm)->watched)
		event_notify(m, HMMU_EVENT_INVALIDATE_RANGE, 0, mm, start, end);
}

/** 4.14 tells secondary TLBs where it has flushed those of the CPUs. */
static inline void mmu_notifier_invalidate_range(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	if (KERNEL < V6_12)
		tell_secondary_tlbs(m, mm, start, end);
}

/** 6.12 tells them in each flush: "mmu_notifiers: call invalidate_range() when invalidating TLBs" (6.6). */
static inline void mmu_notifier_arch_invalidate_secondary_tlbs(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	if (KERNEL >= V6_12)
		tell_secondary_tlbs(m, mm, start, end);
}

#endif
