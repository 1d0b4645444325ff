/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file stop.h
 * Switching points in the middle of calls. A call that runs on its task's own stack (hmmu_run()) stops there if the point is in the
 * machine's mask. No lock of a page table may be held: a kernel's task does not sleep with one, and others do not wait for it.
 * The locks of reverse maps are in rmap_lock.h.
 */
#ifndef HMMU_STOP_H
#define HMMU_STOP_H

#include "host/stops.h"
#include "mm/stopped.h"
#include "mm/task.h"

static NOINLINE __attribute__((cold)) void stop_here(struct ctx *ctx, const struct stop *stop);
/** Whether the call stands on a stack of its own, where it can be left alone. */
static NOINLINE __attribute__((cold)) bool may_stop(const struct ctx *ctx);
static inline bool stops_at(const struct hmmu *m, enum hmmu_switch_point point)
{
	return __builtin_expect((m->switch_points & point) != 0, false);
}
/** Stop at a place, with nothing at hand that functions around it do not have. */
static NOINLINE __attribute__((cold)) void stop_at(struct ctx *ctx, enum hmmu_switch_point point, u64 place);
/** Stop there if the point is in the mask. */
static inline void switch_point(struct ctx *ctx, enum hmmu_switch_point point, u64 place)
{
	if (stops_at(ctx->m, point))
		stop_at(ctx, point, place);
}
static NOINLINE __attribute__((cold)) void stop_before_late_flush(struct ctx *ctx, u64 start, u64 end);
/** Stop before a late flush of TLBs. */
static inline void late_flush(struct ctx *ctx, u64 start, u64 end)
{
	if (stops_at(ctx->m, HMMU_SWITCH_LATE_FLUSH))
		stop_before_late_flush(ctx, start, end);
}
static NOINLINE __attribute__((cold)) void at_hand_push(struct ctx *ctx, struct at_hand *hand);
static NOINLINE __attribute__((cold)) void at_hand_pop(struct ctx *ctx, const struct at_hand *hand);
/** From now on the call has more at hand, wherever it stops; until at_hand_end(). */
static inline void at_hand_begin(struct ctx *ctx, struct at_hand *hand)
{
	if (__builtin_expect(ctx->m->stops != NULL, false))
		at_hand_push(ctx, hand);
}
static inline void at_hand_end(struct ctx *ctx, const struct at_hand *hand)
{
	if (__builtin_expect(ctx->m->stops != NULL, false))
		at_hand_pop(ctx, hand);
}
/** A call that can't stop waits for what another one has: that one goes on to its next stop. It stops when it gives a lock of a
 * reverse map up, too. */
static void stops_press(struct hmmu *m, u32 task);
static void stops_free(struct hmmu *m);

#endif
