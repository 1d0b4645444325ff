// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters: RSS of a drill's regions, free device pages, free swap.
 */
#include <linux/hugetlb.h>
#include <linux/percpu_counter.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include "module.h"

static void count_one(struct or_count *c, int counter)
{
	switch (counter) {
	case MM_ANONPAGES:
		c->anon--;
		break;
	case MM_FILEPAGES:
		c->file--;
		break;
	case MM_SHMEMPAGES:
		c->shmem--;
		break;
	}
}

long or_count_pages(struct or_count *c)
{
	struct mm_struct *mm = or_mm_of(c->pid);
	struct vm_area_struct *vma;
	unsigned long addr;
	bool locked;
	VMA_ITERATOR(vmi, mm, 0);

	if (!mm)
		return -ESRCH;
	locked = or_lock_to_look(mm);
	/* the sum over all CPUs: a plain read may be off by a batch */
	c->anon = percpu_counter_sum(&mm->rss_stat[MM_ANONPAGES]);
	c->file = percpu_counter_sum(&mm->rss_stat[MM_FILEPAGES]);
	c->shmem = percpu_counter_sum(&mm->rss_stat[MM_SHMEMPAGES]);
	c->swap = percpu_counter_sum(&mm->rss_stat[MM_SWAPENTS]);

	for_each_vma(vmi, vma)
	{
		if (vma->vm_start >= c->lo && vma->vm_end <= c->hi)
			continue;
		for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
			pmd_t *pmd = or_find_pmd(mm, addr);
			struct entry e;

			if (!pmd || pmd_none(*pmd)) {
				addr = (addr | ~PMD_MASK) - PAGE_SIZE + 1;
				continue;
			}
			or_look(mm, addr, &e, true, NULL, NULL);
			if (e.page && e.kind != OR_SWAP)
				count_one(c, mm_counter(page_folio(e.page)));
		}
	}
	if (locked)
		mmap_read_unlock(mm);
	mmput(mm);

	c->devfree = or_free_pages_of(&or_devices[PRIVATE]);
	c->cohfree = or_free_pages_of(&or_devices[COHERENT]);
	c->swapfree = get_nr_swap_pages();
	return 0;
}
