/* SPDX-License-Identifier: GPL-2.0-only */
/* A translation that outlives its page. One that a flush has not reached yet is harmless as long as the page is there. */
#include "explore/judges.h"

#define EVENTS 16
#define TRANSLATIONS 256

/* Whether the page of a stale translation is somebody else's by now. */
static bool is_reused(struct run *run, uint64_t address, uint32_t pid)
{
	struct hmmu_tlb_entry entries[TRANSLATIONS];
	int count = hmmu_tlb(run->m, (uint32_t)run->program->tasks[run->task].cpu, entries, TRANSLATIONS);

	for (int i = 0; i < count && i < TRANSLATIONS; i++)
		if (entries[i].pid == pid && entries[i].address == address)
			return entries[i].reused;
	return false;
}

void judge_stale(struct run *run)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_STALE_TRANSLATION);
	struct hmmu_event events[EVENTS];
	struct hmmu_page_info page;
	uint64_t address;
	int count;

	run->stale = hmmu_counter(run->m, HMMU_COUNT_TLB_STALE);
	while ((count = hmmu_events_read(run->m, events, EVENTS)) > 0)
		for (int i = 0; i < count; i++) {
			if (events[i].type != HMMU_EVENT_STALE_TLB)
				continue;
			address = events[i].a & ~(uint64_t)(PAGE_BYTES - 1);
			if (hmmu_page_info(run->m, (uint32_t)events[i].b, &page) ||
			    (!page.free && !is_reused(run, address, events[i].pid)))
				continue;
			finding.page = page_at(run, address);
			finding.process = (uint32_t)run->program->tasks[run->task].process;
			run->find(run, &finding);
		}
}
