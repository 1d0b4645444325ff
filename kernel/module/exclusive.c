// SPDX-License-Identifier: GPL-2.0-only
/*
 * make_device_exclusive_range(), page by page.
 */
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "module.h"

long or_make_exclusive(struct or_exclusive *x)
{
	struct mm_struct *mm = current->mm;
	unsigned long i;
	long err = 0;
	s32 *out;

	out = vzalloc(x->npages * sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (i = 0; i < x->npages; i++) {
		unsigned long addr = x->addr + (i << PAGE_SHIFT);
		struct page *page = NULL;
		int n;

		mmap_read_lock(mm);
		n = make_device_exclusive_range(mm, addr, addr + PAGE_SIZE, &page, &or_owner);
		mmap_read_unlock(mm);
		if (n < 0) {
			out[i] = n;
		} else if (n == 1 && page) {
			/* a driver would fill its page table here */
			unlock_page(page);
			put_page(page);
			out[i] = 1;
		}
	}
	if (copy_to_user((void __user *)x->out, out, x->npages * sizeof(*out)))
		err = -EFAULT;
	vfree(out);
	return err;
}
