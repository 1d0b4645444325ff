// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entries of a range, with the state of their pages.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "module.h"

/* in the order of docs/drills.md; head, tail and exclusive follow */
static const int flag_bits[] = {
	PG_locked, PG_uptodate, PG_dirty, PG_lru, PG_active, PG_referenced, PG_swapbacked, PG_unevictable, PG_mlocked,
};

static void dump_page_state(struct entry *e, void *arg)
{
	struct or_page *p = arg;
	struct folio *folio;
	struct page *flags;
	int i;

	memset(p, 0, sizeof(*p));
	p->kind = e->kind;
	p->bits = e->bits;
	p->users = e->users;
	if (!e->page)
		return;

	folio = page_folio(e->page);
	p->page = 1;
	p->dev = or_device_of(e->page) ? or_device_of(e->page) - or_devices + 1 : 0;
	p->label = p->dev ? or_dev_index(e->page) : or_label_of(e->page);
	p->ref = folio_ref_count(folio);
	/* mappings of this page by itself, and of the whole folio */
	p->map = atomic_read(&e->page->_mapcount) + 1;
	if (folio_test_large(folio))
		p->map += folio_entire_mapcount(folio);
	for (i = 0; i < ARRAY_SIZE(flag_bits); i++)
		if (test_bit(flag_bits[i], &folio->flags))
			p->flags |= 1 << i;
	if (PageHead(e->page))
		p->flags |= 1 << i;
	if (PageTail(e->page))
		p->flags |= 2 << i;
	/* a huge pmd's is its head's; the bit means that only for anon */
	flags = e->kind == OR_HUGE ? folio_page(folio, 0) : e->page;
	if (folio_test_anon(folio) && test_bit(PG_anon_exclusive, &flags->flags))
		p->flags |= 4 << i;
	if (folio_test_swapcache(folio))
		p->flags |= 8 << i;
}

long or_dump_pages(struct or_dump *d)
{
	struct mm_struct *mm = or_mm_of(d->pid);
	struct or_page *p;
	unsigned long i;
	bool locked;
	long err = 0;

	if (!mm)
		return -ESRCH;
	p = vmalloc(d->npages * sizeof(*p));
	if (!p) {
		mmput(mm);
		return -ENOMEM;
	}
	or_make_labels();
	or_settle();

	locked = or_lock_to_look(mm);
	for (i = 0; i < d->npages; i++) {
		struct entry e;

		or_look(mm, d->addr + (i << PAGE_SHIFT), &e, false, dump_page_state, &p[i]);
	}
	if (locked)
		mmap_read_unlock(mm);

	if (copy_to_user((void __user *)d->out, p, d->npages * sizeof(*p)))
		err = -EFAULT;
	vfree(p);
	mmput(mm);
	return err;
}
