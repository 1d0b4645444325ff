/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that wait for each other. */
#include "explore/judges.h"

void judge_deadlock(struct run *run)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_DEADLOCK);

	/* A task may wait for a page that the program holds to its end. */
	for (uint32_t i = 0; i < HMMU_PROGRAM_HANDLES; i++)
		if (run->world->ref_kinds[i] == HMMU_ACTION_HOLD)
			return;
	finding.found = run_alive(run);
	run->find(run, &finding);
}
