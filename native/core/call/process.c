/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes: making one, its counters, its notifier. */
#include <errno.h>

#include "mm/mm.h"
#include "mm/vma.h"

bool hmmu_process_alive(const struct hmmu *m, uint32_t pid)
{
	return mm_is_alive(m, pid);
}

int hmmu_process_create(struct hmmu *m, uint32_t *pid)
{
	u32 mm = 0;
	int err = mm_create(m, &mm);

	if (!err)
		*pid = mm;
	return err;
}

uint32_t hmmu_process_task(const struct hmmu *m, uint32_t pid)
{
	return hmmu_process_alive(m, pid) ? mm_of(m, pid)->main_task : 0;
}

int hmmu_mm_counters(const struct hmmu *m, uint32_t pid, struct hmmu_mm_counters *out)
{
	const struct mm *mm = mm_of(m, pid < m->st->slabs[SLAB_MM].capacity ? pid : 0);

	if (check_process(m, pid))
		return -ESRCH;
	*out = (struct hmmu_mm_counters){
		.anon = mm->rss[MM_ANONPAGES],
		.file = mm->rss[MM_FILEPAGES],
		.shmem = mm->rss[MM_SHMEMPAGES],
		.swap = mm->rss[MM_SWAPENTS],
		.locked = mm->locked_vm,
		.tables = mm->tables,
		.hugetlb = mm->hugetlb_usage,
	};
	for (u32 vma = mm->mmap; vma; vma = vma_of(m, vma)->next)
		out->mapped += vma_pages(vma_of(m, vma));
	return 0;
}

int hmmu_watch(struct hmmu *m, uint32_t pid)
{
	if (check_process(m, pid))
		return -ESRCH;
	mm_of(m, pid)->watched |= WATCH_EVENTS;
	return 0;
}

int hmmu_notify(struct hmmu *m, uint32_t pid, bool on)
{
	u32 others;

	if (check_process(m, pid))
		return -ESRCH;
	others = mm_of(m, pid)->watched & ~WATCH_CALLS;
	mm_of(m, pid)->watched = others | (on ? WATCH_CALLS : 0);
	return 0;
}
