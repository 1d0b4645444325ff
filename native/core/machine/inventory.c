/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists the processes, tasks and page references of a machine, for example of a restored one. */
#include <errno.h>

#include "mm/mm.h"
#include "page/contents.h"

void hmmu_machine_options(const struct hmmu *m, struct hmmu_options *out)
{
	const struct state *st = m->st;

	*out = (struct hmmu_options){
		.ram_pages = st->ram_pages,
		.device_pages = st->device_pages,
		.cpus = st->cpus,
		.profile = st->profile,
		.quirks_on = st->quirks,
		.quirks_off = ~st->quirks,
		.no_contents = st->no_contents,
		.memcg_limit = st->memcg_limit,
		.other_device_pages = st->other_device_pages,
		.swap_pages = st->swap_pages,
		.coherent_pages = st->coherent_pages,
		.hugetlb_pages = st->hugetlb_pages ? st->hugetlb_pages : HMMU_HUGETLB_NONE,
	};
}

uint64_t hmmu_memory_used(const struct hmmu *m)
{
	const struct state *st = m->st;
	u64 ram = (u64)st->next_block * HPAGE_PMD_NR, other = st->other_device_pages;
	u64 device = other ? (u64)st->device_pages + st->coherent_pages + other : private_high(st) + coherent_high(st);
	u64 bytes = sizeof(*st) + (ram + device) * (sizeof(struct page) + sizeof(u16) + contents_size(m));

	for (int kind = 0; kind < NR_SLABS; kind++)
		bytes += (u64)st->slabs[kind].high * st->slabs[kind].record;
	return bytes + st->swap_high * (contents_size(m) + sizeof(struct swap_slot));
}

int hmmu_processes(const struct hmmu *m, uint32_t *pids, uint32_t capacity)
{
	u32 count = 0;

	for (u32 pid = 1; pid < m->st->slabs[SLAB_MM].high; pid++) {
		if (!hmmu_process_alive(m, pid))
			continue;
		if (count < capacity)
			pids[count] = pid;
		count++;
	}
	return (int)count;
}

int hmmu_tasks(const struct hmmu *m, uint32_t pid, uint32_t *tids, uint32_t capacity)
{
	u32 count = 0, tid;

	if (check_process(m, pid))
		return -ESRCH;
	tid = mm_of(m, pid)->main_task;
	do {
		if (count < capacity)
			tids[count] = tid;
		count++;
		tid = task_of(m, tid)->thread_next;
	} while (tid != mm_of(m, pid)->main_task);
	return (int)count;
}

uint32_t hmmu_events_recorded(const struct hmmu *m)
{
	return m->st->event_mask;
}
