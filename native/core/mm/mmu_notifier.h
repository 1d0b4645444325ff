/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mmu_notifier.h mmu_notifier_invalidate_range_start() and its kin. They reach watched address spaces only. */
#ifndef HMMU_MMU_NOTIFIER_H
#define HMMU_MMU_NOTIFIER_H

#include "host/machine.h"
#include "host/probe.h"

static inline void mmu_notifier_invalidate_range_start(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	probe(invalidate_start, mm, start, end);
	if (mm_of(m, mm)->watched)
		event_notify(m, HMMU_EVENT_INVALIDATE_START, mm, start, end);
}

/* Rare, and called from hot places. */
static NOINLINE void notify_end(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	/* Until "mm/mmu_notifier: avoid call to invalidate_range() in range_end()" (4.15) the end of a range invalidates
	 * it for secondary TLBs as well. */
	event_notify(m, HMMU_EVENT_INVALIDATE_RANGE, mm, start, end);
	event_notify(m, HMMU_EVENT_INVALIDATE_END, mm, start, end);
}

static inline void mmu_notifier_invalidate_range_end(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	probe(invalidate_end, mm, start, end);
	if (mm_of(m, mm)->watched)
		notify_end(m, mm, start, end);
}

static inline void mmu_notifier_invalidate_range(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	if (mm_of(m, mm)->watched)
		event_notify(m, HMMU_EVENT_INVALIDATE_RANGE, mm, start, end);
}

#endif
