/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that come into an address space after the OOM reaper has taken them. */
#include "explore/judges.h"

static bool look(const struct run *run, uint32_t process, uint32_t page, struct hmmu_entry *entry)
{
	return !hmmu_dump(run->m, run->world->pids[process], run->program->pages[page].address, 1, entry);
}

/* The reaper leaves some mappings alone. Of a file, fault-around may bring pages back, which were not the process's own. */
void dead_space_reaped(struct run *run, uint32_t process)
{
	struct hmmu_vma_info mapping;
	struct hmmu_entry entry;

	for (uint32_t page = 0; page < run->program->page_count; page++)
		if (mapping_of(run, process, page, &mapping) && mapping.kind == HMMU_MAP_ANON &&
		    look(run, process, page, &entry) && entry.kind == HMMU_ENTRY_NONE)
			model_of(run, process, page)->reaped = true;
}

static bool has_page(const struct run *run, uint32_t process, uint32_t page)
{
	struct hmmu_entry entry;

	return look(run, process, page, &entry) && entry.pfn && entry.kind != HMMU_ENTRY_SWAP;
}

void judge_dead_space(struct run *run)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_DEAD_SPACE);

	for (finding.process = 0; finding.process < run->program->process_count; finding.process++) {
		if (!run->world->reaped[finding.process] || !run->world->pids[finding.process])
			continue;
		for (finding.page = 0; finding.page < run->program->page_count; finding.page++)
			if (model_of(run, finding.process, finding.page)->reaped &&
			    has_page(run, finding.process, finding.page))
				run->find(run, &finding);
	}
}
