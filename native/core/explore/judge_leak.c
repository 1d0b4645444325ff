/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that are not free when all processes have ended. */
#include "explore/judges.h"

#define PIDS 64

/* All pages that are free once all processes have ended; 0: some can't end. */
static uint64_t free_behind_all(struct hmmu *m)
{
	uint32_t pids[PIDS];
	int count = hmmu_processes(m, pids, PIDS);

	for (int i = 0; i < count && i < PIDS; i++)
		if (hmmu_exit(m, pids[i]))
			return 0;
	hmmu_lru_add_drain_all(m);
	return hmmu_counter(m, HMMU_COUNT_RAM_FREE) + hmmu_counter(m, HMMU_COUNT_DEVICE_FREE);
}

void leak_begin(struct run *run, struct hmmu *copy)
{
	run->free_at_end = free_behind_all(copy);
}

void judge_leak(struct run *run)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_LEAK);
	uint64_t pages = free_behind_all(run->m);

	if (!pages || pages >= run->free_at_end)
		return;
	finding.found = (uint32_t)(run->free_at_end - pages);
	run->find(run, &finding);
}
