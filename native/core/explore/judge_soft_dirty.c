/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that were written to, and do not say so. */
#include "explore/judges.h"

#define MAPPINGS 64

bool mapping_of(const struct run *run, uint32_t process, uint32_t page, struct hmmu_vma_info *mapping)
{
	uint64_t address = run->program->pages[page].address;
	struct hmmu_vma_info mappings[MAPPINGS];
	int count = hmmu_vmas(run->m, run->world->pids[process], mappings, MAPPINGS);

	for (int i = 0; i < count && i < MAPPINGS; i++) {
		*mapping = mappings[i];
		if (address >= mapping->start && address < mapping->end)
			return true;
	}
	return false;
}

static void judge_soft_dirty_page(struct run *run, uint32_t process, uint32_t page)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_SOFT_DIRTY_LOST);
	uint64_t address = run->program->pages[page].address;
	struct hmmu_vma_info mapping;
	struct hmmu_entry entry;

	/* Of a shared page the model does not know which process has written. */
	if (run->program->pages[page].shared || !model_of(run, process, page)->soft_dirty)
		return;
	if (hmmu_dump(run->m, run->world->pids[process], address, 1, &entry) || entry.bits & HMMU_BIT_SOFT_DIRTY)
		return;
	if (entry.kind != HMMU_ENTRY_SYS && entry.kind != HMMU_ENTRY_HUGE && entry.kind != HMMU_ENTRY_DEV &&
	    entry.kind != HMMU_ENTRY_SWAP)
		return;
	/* A new mapping says it for all its pages. */
	if (!mapping_of(run, process, page, &mapping) || mapping.soft_dirty)
		return;
	finding.page = page;
	finding.process = process;
	run->find(run, &finding);
}

void judge_soft_dirty(struct run *run)
{
	for (uint32_t process = 0; process < run->program->process_count; process++)
		for (uint32_t page = 0; page < run->program->page_count && run->world->tracked[process]; page++)
			if (run->world->pids[process])
				judge_soft_dirty_page(run, process, page);
}
