/* SPDX-License-Identifier: GPL-2.0-only */
/* Address spaces: making and unmaking. */
#include <errno.h>

#include "mm/mm.h"

#include "host/arena.h"
#include "mm/interval_notifier.h"
#include "mm/pgtable.h"
#include "mm/task.h"

int check_process(const struct hmmu *m, u32 pid)
{
	if (mm_is_alive(m, pid))
		return 0;
	return hmmu_fail((struct hmmu *)m, -ESRCH, HMMU_ERR_NO_PROCESS, "there is no process %u", pid);
}

int mm_create(struct hmmu *m, u32 *out)
{
	u32 mm = slab_alloc(m, SLAB_MM);
	struct mm *new = mm_of(m, mm);

	if (!mm)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_SLOTS, "no process number is left");
	new->pgd = pgd_alloc(m);
	new->main_task = new->pgd ? task_alloc(m, mm) : 0;
	if (!new->main_task) {
		int err = hmmu_fail(m, -ENOMEM, new->pgd ? HMMU_ERR_OUT_OF_SLOTS : HMMU_ERR_OUT_OF_FRAMES,
				    new->pgd ? "no task number is left" : "no frame for the page directory");

		if (new->pgd)
			pgd_free(m, new->pgd);
		slab_free(m, SLAB_MM, mm);
		return err;
	}
	new->state = MM_ALIVE;
	if (KERNEL >= V6_12)
		new->mm_lock_seq = 1;
	new->tlb_gen = ++m->st->tlb_gen;
	new->tables = 1;
	*out = mm;
	return 0;
}

void mm_hide(struct hmmu *m, u32 mm)
{
	mm_of(m, mm)->state = MM_COPIED;
	task_of(m, mm_of(m, mm)->main_task)->op = OP_FORK;
}

void mm_show(struct hmmu *m, u32 mm)
{
	mm_of(m, mm)->state = MM_ALIVE;
	task_of(m, mm_of(m, mm)->main_task)->op = OP_NONE;
}

void mm_free(struct hmmu *m, u32 mm)
{
	struct mm *old = mm_of(m, mm);

	for (int counter = 0; counter < NR_MM_COUNTERS; counter++)
		if (old->rss[counter])
			hmmu_bug(m, "a process ended with pages in its RSS");
	if (old->hugetlb_usage)
		hmmu_bug(m, "a process ended with pages of hugetlb mappings");
	if (old->tables != 1)
		hmmu_bug(m, "a process ended with page tables");
	*lookup_of(m, mm) = (struct lookup){ 0 };
	if (KERNEL >= V6_12)
		intervals_leave_mm(m, mm);
	pgd_free(m, old->pgd);
	task_free(m, old->main_task);
	slab_free(m, SLAB_MM, mm);
}
