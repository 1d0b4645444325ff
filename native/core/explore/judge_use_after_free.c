/* SPDX-License-Identifier: GPL-2.0-only */
/* A fault on a device page whose handler comes too late: the page is free, or somebody else's. */
#include "explore/judges.h"

void judge_use_after_free(struct run *run, uint64_t address, uint32_t pfn)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_USE_AFTER_FREE);
	struct hmmu_page_info page;

	if (hmmu_page_info(run->m, pfn, &page) || !page.free)
		return;
	finding.page = page_at(run, address);
	finding.process = (uint32_t)run->program->tasks[run->task].process;
	run->find(run, &finding);
}
