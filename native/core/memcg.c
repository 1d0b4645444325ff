/* SPDX-License-Identifier: GPL-2.0-only */
#include "memcg.h"

bool mem_cgroup_try_charge(struct hmmu *m, u32 nr)
{
	struct state *st = m->st;

	if (should_fail(m, HMMU_INJECT_MEMCG))
		return false;
	if (st->memcg_limit && st->memcg_charged + nr > st->memcg_limit)
		return false;
	st->memcg_charged += nr;
	return true;
}

void mem_cgroup_cancel_charge(struct hmmu *m, u32 nr)
{
	m->st->memcg_charged -= nr;
}

void mem_cgroup_commit_charge(struct hmmu *m, u32 pfn)
{
	page_of(m, pfn)->users |= PAGE_USER_CHARGED;
}

void mem_cgroup_uncharge(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);

	if (!(page->users & PAGE_USER_CHARGED))
		return;
	page->users &= (u8)~PAGE_USER_CHARGED;
	m->st->memcg_charged -= hpage_nr_pages(m, pfn);
}

void mem_cgroup_migrate(struct hmmu *m, u32 old_pfn, u32 new_pfn)
{
	if (!(page_of(m, old_pfn)->users & PAGE_USER_CHARGED) || (page_of(m, new_pfn)->users & PAGE_USER_CHARGED))
		return;
	m->st->memcg_charged++;
	mem_cgroup_commit_charge(m, new_pfn);
}

int hmmu_memcg_set_limit(struct hmmu *m, uint64_t pages)
{
	m->st->memcg_limit = pages;
	return 0;
}

uint64_t hmmu_memcg_charged(const struct hmmu *m)
{
	return m->st->memcg_charged;
}
