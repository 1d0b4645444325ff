/* SPDX-License-Identifier: GPL-2.0-only */
#include "page/memcg.h"

/* mem_cgroup_oom() asks nobody to wait for a huge page (PAGE_ALLOC_COSTLY_ORDER). A second charge of a fault that has failed once
 * fails at once. */
bool mem_cgroup_make_room(struct ctx *ctx, u32 nr)
{
	if (ctx->fault_flags & FAULT_MEMCG_OOM)
		return false;
	if (ctx->m->wait_ops->reclaim_group(ctx, nr))
		return true;
	ctx->fault_flags |= FAULT_AT_LIMIT;
	if (ctx->fault_flags & FAULT_FLAG_USER && nr == 1)
		ctx->fault_flags |= FAULT_MEMCG_OOM;
	return false;
}

/* memcg1_oom_recover(): a higher limit wakes whoever waits, as an uncharge does. */
static void wake_waiters(struct state *st)
{
	st->memcg_charges++;
	st->memcg_uncharges++;
}

int hmmu_memcg_set_limit(struct hmmu *m, uint64_t pages)
{
	struct state *st = m->st;

	/* 0 is no limit, the highest one. */
	if (KERNEL >= V6_12 && pages - 1 > st->memcg_limit - 1)
		wake_waiters(st);
	st->memcg_limit = pages;
	return 0;
}

uint64_t hmmu_memcg_charged(const struct hmmu *m)
{
	return memcg_charged(m->st);
}
