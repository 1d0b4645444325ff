/* SPDX-License-Identifier: GPL-2.0-only */
/* A page that does not come back from the device, though nobody has to do with it any more. */
#include "explore/judges.h"

void judge_stuck(struct run *run, uint32_t process, uint32_t page)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_STUCK_PAGE);
	struct hmmu_entry entry;

	if (!model_of(run, process, page)->mapped || run->world->reaped[process])
		return;
	if (hmmu_dump(run->m, run->world->pids[process], run->program->pages[page].address, 1, &entry) ||
	    entry.kind != HMMU_ENTRY_DEV)
		return;
	finding.page = page;
	finding.process = process;
	run->find(run, &finding);
}
