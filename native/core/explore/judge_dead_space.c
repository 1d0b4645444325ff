/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that come into an address space after the OOM reaper has emptied it. */
#include "explore/judges.h"

void judge_dead_space(struct run *run)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_DEAD_SPACE);
	struct hmmu_mm_counters counters;

	for (uint32_t process = 0; process < run->program->process_count; process++) {
		if (!run->world->reaped[process] || !run->world->pids[process])
			continue;
		if (hmmu_mm_counters(run->m, run->world->pids[process], &counters) || !counters.anon)
			continue;
		finding.process = process;
		finding.found = (uint32_t)counters.anon;
		run->find(run, &finding);
	}
}
