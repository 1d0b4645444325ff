/* SPDX-License-Identifier: GPL-2.0-only */
/** @file memcg.h The memory cgroup: one group, charged by page, with a limit. */
#ifndef HMMU_MEMCG_H
#define HMMU_MEMCG_H

#include "page.h"

/** Reserve @p nr pages of the limit; false when they are not to be had. */
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
/** The reserved charge becomes the page's. */
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
/** A migration from a page that is charged to one that is not: the new page is charged beyond the limit if need be, the
 * old one keeps its charge until it is freed. Returns the flag that says so. */
static inline u32 mem_cgroup_migrate(struct hmmu *m)
{
	m->st->memcg_charged++;
	return PAGE_USER_CHARGED;
}

#endif
