/* SPDX-License-Identifier: GPL-2.0-only */
/* A translation that outlives its page. One that a flush has not reached yet is harmless as long as the page is there. */
#include "explore/judges.h"

#define EVENTS 16

void judge_stale(struct run *run)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_STALE_TRANSLATION);
	struct hmmu_event events[EVENTS];
	struct hmmu_page_info page;
	int count;

	run->stale = hmmu_counter(run->m, HMMU_COUNT_TLB_STALE);
	while ((count = hmmu_events_read(run->m, events, EVENTS)) > 0)
		for (int i = 0; i < count; i++) {
			if (events[i].type != HMMU_EVENT_STALE_TLB)
				continue;
			if (hmmu_page_info(run->m, (uint32_t)events[i].b, &page) || !page.free)
				continue;
			finding.page = page_at(run, events[i].a & ~(uint64_t)(PAGE_BYTES - 1));
			finding.process = (uint32_t)run->program->tasks[run->task].process;
			run->find(run, &finding);
		}
}
