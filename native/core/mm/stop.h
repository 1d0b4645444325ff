/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file stop.h
 * Switching points in the middle of calls. A call that runs on its task's own stack (hmmu_run()) stops there if the point is in the
 * machine's mask. No lock of a page table or an anon_vma may be held: others would find it taken, which they do not expect.
 */
#ifndef HMMU_STOP_H
#define HMMU_STOP_H

#include "host/stops.h"
#include "mm/task.h"

static NOINLINE __attribute__((cold)) void stop_here(struct ctx *ctx, const struct stop *stop);
static inline bool stops_at(const struct hmmu *m, enum hmmu_switch_point point)
{
	return __builtin_expect((m->switch_points & point) != 0, false);
}
/** The same, with an address or a range only. */
static NOINLINE __attribute__((cold)) void stop_at(struct ctx *ctx, enum hmmu_switch_point point, u64 address, u64 end);
/** Stop at an address if the point is in the mask. */
static inline void switch_point(struct ctx *ctx, enum hmmu_switch_point point, u64 address)
{
	if (stops_at(ctx->m, point))
		stop_at(ctx, point, address, 0);
}
/** Stop before a late flush of TLBs. */
static inline void late_flush(struct ctx *ctx, u64 start, u64 end)
{
	if (stops_at(ctx->m, HMMU_SWITCH_LATE_FLUSH))
		stop_at(ctx, HMMU_SWITCH_LATE_FLUSH, start, end);
}
/** The call in whose middle a task has stopped; NULL: it has not. */
static inline const struct stop *stop_of(const struct hmmu *m, u32 task)
{
	return m->stops && task < m->stops->end && m->stops->of[task].stop.point ? &m->stops->of[task].stop : NULL;
}
static void stops_free(struct hmmu *m);

#endif
