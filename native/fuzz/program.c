/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading a program, and remembering what it has made. Names of what is gone stay: using them must end in an error. */
#include "fuzz.h"

bool next_record(struct world *w, struct fuzz_record *record)
{
	if (w->at >= w->records)
		return false;
	*record = fuzz_record_at(w->data + w->at++ * FUZZ_RECORD_SIZE);
	return true;
}

uint32_t record_tid(const struct world *w, const struct fuzz_record *r)
{
	return w->call ? w->call->tid : w->tids[r->who % w->nr_tids];
}

uint32_t record_pid(const struct world *w, const struct fuzz_record *r)
{
	return w->pids[r->who % w->nr_pids];
}

uint64_t fuzz_pages(uint8_t count)
{
	if (count >= 252)
		return count == 252 ? HMMU_HUGE_PAGES : count == 253 ? HMMU_HUGE_PAGES + 1 : 2 * HMMU_HUGE_PAGES;
	return count < 128 ? count + 1u : (count - 127u) * 9u;
}

struct region record_range(const struct world *w, const struct fuzz_record *r)
{
	const struct region *region = &w->regions[r->region % w->nr_regions];
	/* Three pages behind the region, and one in front of it, can be named, too. */
	uint64_t first = r->first < region->pages ? r->first : r->first % (region->pages + 4);
	struct region range = { region->address + first * HMMU_PAGE_SIZE, fuzz_pages(r->count) };

	if (w->call)
		return w->call->range;
	if (first == region->pages + 3)
		range.address = region->address - HMMU_PAGE_SIZE;
	if (r->count == 255)
		range.pages = region->pages;
	/* Most ranges end where their region does. */
	else if (r->count < 192 && first < region->pages && range.pages > region->pages - first)
		range.pages = region->pages - first;
	return range;
}

void add_region(struct world *w, uint64_t address, uint64_t pages)
{
	unsigned slot = w->nr_regions < MAX_REGIONS ? w->nr_regions++ : (unsigned)(address >> 21) % MAX_REGIONS;

	w->regions[slot] = (struct region){ address, pages };
}

void add_process(struct world *w, uint32_t pid)
{
	if (w->nr_pids < MAX_PIDS)
		w->pids[w->nr_pids++] = pid;
	else
		w->pids[pid % MAX_PIDS] = pid;
	w->max_pid = pid > w->max_pid ? pid : w->max_pid;
	add_task(w, hmmu_process_task(w->m, pid));
}

void add_task(struct world *w, uint32_t tid)
{
	if (w->nr_tids < MAX_TIDS)
		w->tids[w->nr_tids++] = tid;
	else
		w->tids[tid % MAX_TIDS] = tid;
	w->max_tid = tid > w->max_tid ? tid : w->max_tid;
}

void add_ref(struct world *w, uint32_t pfn, uint8_t kind)
{
	if (w->nr_refs < MAX_REFS)
		w->refs[w->nr_refs++] = (struct ref){ pfn, kind };
	else
		w->refs[pfn % MAX_REFS] = (struct ref){ pfn, kind };
}
