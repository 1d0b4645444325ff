/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that are not free when all processes have ended. */
#include "explore/judges.h"

#define PIDS 64
#define HOLDERS 64
#define HUGE_PAGES 512

/* All pages that are free once all processes have ended; 0: some can't end. */
static uint64_t free_behind_all(struct hmmu *m)
{
	uint32_t pids[PIDS];
	int count = hmmu_processes(m, pids, PIDS);

	for (int i = 0; i < count && i < PIDS; i++)
		if (hmmu_exit(m, pids[i]))
			return 0;
	hmmu_lru_add_drain_all(m);
	/* Reclaim frees what is left in the swap cache. */
	return hmmu_counter(m, HMMU_COUNT_RAM_FREE) + hmmu_counter(m, HMMU_COUNT_SWAP_CACHED) +
	       hmmu_counter(m, HMMU_COUNT_DEVICE_FREE);
}

/* The kernel keeps the huge zero page, which some orders make. */
static uint64_t huge_zero_pages(struct hmmu *m)
{
	struct hmmu_holder holders[HOLDERS];
	int count = hmmu_holders(m, 0, holders, HOLDERS);

	for (int i = 0; i < count && i < HOLDERS; i++)
		if (holders[i].kind == HMMU_HOLDER_HUGE_ZERO)
			return HUGE_PAGES;
	return 0;
}

void leak_begin(struct run *run)
{
	run->free_at_end = free_behind_all(run->m);
	if (run->free_at_end)
		run->free_at_end += huge_zero_pages(run->m);
}

void judge_leak(struct run *run)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_LEAK);
	uint64_t pages = free_behind_all(run->m);

	if (!pages || pages >= run->free_at_end)
		return;
	pages += huge_zero_pages(run->m);
	if (pages >= run->free_at_end)
		return;
	finding.found = (uint32_t)(run->free_at_end - pages);
	run->find(run, &finding);
}
