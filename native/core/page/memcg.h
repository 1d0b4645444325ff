/* SPDX-License-Identifier: GPL-2.0-only */
/** @file memcg.h The memory cgroup: one group, charged by page, with a limit. */
#ifndef HMMU_MEMCG_H
#define HMMU_MEMCG_H

#include "host/inject.h"
#include "page/page.h"

/** Reserve @p nr pages of the limit; false if the limit does not allow it. */
static inline bool mem_cgroup_try_charge(struct hmmu *m, u32 nr)
{
	struct state *st = m->st;

	if (should_fail(m, HMMU_INJECT_MEMCG))
		return false;
	if (st->memcg_limit && st->memcg_charged + nr > st->memcg_limit)
		return false;
	st->memcg_charged += nr;
	return true;
}
static inline void mem_cgroup_cancel_charge(struct hmmu *m, u32 nr)
{
	m->st->memcg_charged -= nr;
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
	m->st->memcg_charged -= hpage_nr_pages(m, pfn);
}
/** Charge the new page of a migration, even beyond the limit. The old page keeps its charge until it is freed. Returns
 * the new page's flag. */
static inline u32 mem_cgroup_migrate(struct hmmu *m)
{
	m->st->memcg_charged++;
	return PAGE_USER_CHARGED;
}

#endif
