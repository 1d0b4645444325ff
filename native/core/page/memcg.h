/* SPDX-License-Identifier: GPL-2.0-only */
/** @file memcg.h The memory cgroup: one group, charged by page, with a limit. */
#ifndef HMMU_MEMCG_H
#define HMMU_MEMCG_H

#include "host/inject.h"
#include "host/migration.h"
#include "page/page.h"

/** The part of ctx.fault_flags that is of the memory cgroup. Linux 6.12. */
enum memcg_fault_flag {
	FAULT_FLAG_USER = 32, /**< an instruction of a user faults: it may wait for the group */
	FAULT_MEMCG_OOM = 64, /**< task_in_memcg_oom(): a charge of the fault has failed at the limit */
	FAULT_AT_LIMIT = 128, /**< a charge of the call has failed at the limit; for errors */
};

static inline u64 memcg_charged(const struct state *st)
{
	return st->memcg_charges - st->memcg_uncharges;
}
/** Linux 6.12: the limit does not allow a charge. Reclaim within the group; false: the charge fails all the same. */
static NOINLINE __attribute__((cold)) bool mem_cgroup_make_room(struct ctx *ctx, u32 nr);
/** Reserve @p nr pages of the limit; false if the limit does not allow it. */
static ALWAYS_INLINE bool mem_cgroup_try_charge(struct ctx *ctx, u32 nr)
{
	struct hmmu *m = ctx->m;
	struct state *st = m->st;

	if (should_fail(m, HMMU_INJECT_MEMCG))
		return false;
	if (st->memcg_limit && memcg_charged(st) + nr > st->memcg_limit &&
	    (KERNEL < V6_12 || !mem_cgroup_make_room(ctx, nr)))
		return false;
	st->memcg_charges += nr;
	return true;
}
/** What the error of a call is about that gets no page: in 6.12 the limit, if a charge of the call has failed there. */
static inline enum hmmu_error_code out_of_memory_code(const struct ctx *ctx)
{
	return KERNEL >= V6_12 && ctx->fault_flags & FAULT_AT_LIMIT ? HMMU_ERR_MEMCG_LIMIT : HMMU_ERR_OUT_OF_FRAMES;
}
static inline void mem_cgroup_cancel_charge(struct hmmu *m, u32 nr)
{
	m->st->memcg_uncharges += nr;
}
/** Assign the reserved charge to a page. */
static inline void mem_cgroup_commit_charge(struct hmmu *m, u32 pfn)
{
	page_of(m, pfn)->flags |= PAGE_USER_CHARGED;
}
static inline void mem_cgroup_uncharge(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);

	if (!(page->flags & PAGE_USER_CHARGED))
		return;
	page->flags &= ~(u32)PAGE_USER_CHARGED;
	m->st->memcg_uncharges += hpage_nr_pages(m, pfn);
}
/** Charge the new page of a migration, even beyond the limit. The old page keeps its charge until it is freed. Returns
 * the new page's flag. */
static inline u32 mem_cgroup_migrate(struct hmmu *m)
{
	m->st->memcg_charges++;
	return PAGE_USER_CHARGED;
}

#endif
