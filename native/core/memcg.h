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
	page_of(m, pfn)->users |= PAGE_USER_CHARGED;
}
static inline void mem_cgroup_uncharge(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);

	if (!(page->users & PAGE_USER_CHARGED))
		return;
	page->users &= (u16)~PAGE_USER_CHARGED;
	m->st->memcg_charged -= hpage_nr_pages(m, pfn);
}
/** A migration: the new page is charged beyond the limit if need be; the old one keeps its charge until it is freed. */
static inline void mem_cgroup_migrate(struct hmmu *m, const struct page *oldpage, struct page *newpage)
{
	if (!(oldpage->users & ~newpage->users & PAGE_USER_CHARGED))
		return;
	m->st->memcg_charged++;
	newpage->users |= PAGE_USER_CHARGED;
}

#endif
