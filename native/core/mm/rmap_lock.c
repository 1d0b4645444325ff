/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for the lock of a reverse map, and giving it up. */
#include "mm/rmap_lock.h"

/* The holder may wait for another one, which is then the one that has to go on. */
static void press_holder(struct hmmu *m, u32 holder)
{
	const struct stop *stop = stop_of(m, holder);

	for (u32 next; stop->wait == HMMU_WAIT_RMAP_LOCK; stop = stop_of(m, holder)) {
		next = rmap_locks_holder(m, stop->awaited, stop->awaited_write);
		if (!next)
			break;
		holder = next;
	}
	stops_press(m, holder);
}

void rmap_lock_press(struct ctx *ctx, struct rmap_locks locks, bool write)
{
	u32 holder;

	while ((holder = rmap_locks_holder(ctx->m, locks.of, write)))
		press_holder(ctx->m, holder);
}

void rmap_lock_wait(struct ctx *ctx, struct rmap_locks locks, bool write)
{
	while (may_stop(ctx) && rmap_locks_holder(ctx->m, locks.of, write))
		stop_here(ctx, &(struct stop){
				       .wait = HMMU_WAIT_RMAP_LOCK,
				       .awaited = { locks.of[0], locks.of[1] },
				       .awaited_write = write,
			       });
	rmap_lock_press(ctx, locks, write);
}

void rmap_lock_given_up(struct ctx *ctx)
{
	if (ctx->m->stops->pressed == ctx->task && may_stop(ctx))
		stop_here(ctx, &(struct stop){ .point = HMMU_SWITCH_UNMAP });
}
