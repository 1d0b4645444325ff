// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim of chosen pages, and truncation of a mapped file.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
#include "../internal.h"
#include "module.h"

/* As reclaim does: isolate the pages mapped in the range, then reclaim them
 * all, whoever maps them, referenced or not. No mmap_lock is held. */
long or_reclaim_pages(struct or_range *r)
{
	struct mm_struct *mm = current->mm;
	LIST_HEAD(list);
	unsigned long i;
	bool locked;

	or_settle();
	for (i = 0; i < r->npages; i++) {
		struct page *page = NULL;
		struct folio *folio;
		struct entry e;

		locked = or_lock_to_look(mm);
		or_look(mm, r->addr + (i << PAGE_SHIFT), &e, false, or_take_ref, &page);
		if (locked)
			mmap_read_unlock(mm);
		if (!page)
			continue;
		folio = page_folio(page);
		if (!is_zone_device_page(page) && folio_isolate_lru(folio)) {
			if (folio_test_unevictable(folio))
				folio_putback_lru(folio);
			else
				list_add(&folio->lru, &list);
		}
		folio_put(folio);
	}
	/* it begins at the end of the list */
	reclaim_pages(&list);
	return 0;
}

long or_truncate_file(struct or_range *r)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct file *file = NULL;
	bool locked;
	long err;

	locked = or_lock_to_look(mm);
	vma = find_vma(mm, r->addr);
	if (vma && vma->vm_start < r->end && vma->vm_file && shmem_mapping(vma->vm_file->f_mapping))
		file = get_file(vma->vm_file);
	if (locked)
		mmap_read_unlock(mm);
	if (!file)
		return -ENOENT;
	err = do_truncate(file_mnt_idmap(file), file_dentry(file), (loff_t)r->npages << PAGE_SHIFT, 0, file);
	fput(file);
	return err;
}
