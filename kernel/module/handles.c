// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles: references that a drill holds. Pins, held (locked) pages, pages
 * isolated from the LRU.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/vmalloc.h>
#include "../internal.h"
#include "module.h"

static struct handle {
	int kind;
	unsigned long n;
	struct page **pages;
} handles[OR_MAX_HANDLE];

static void let_go(int kind, struct page *page)
{
	switch (kind) {
	case H_DMA:
		unpin_user_page(page);
		break;
	case H_ISOLATE:
		folio_putback_lru(page_folio(page));
		break;
	case H_HOLD:
		unlock_page(page);
		fallthrough;
	case H_PIN:
		put_page(page);
		break;
	}
}

long or_drop(unsigned int n)
{
	struct handle *h;
	unsigned long i;

	if (n >= OR_MAX_HANDLE)
		return -ENOENT;
	h = &handles[n];
	if (h->kind == H_FREE)
		return -ENOENT;
	for (i = 0; i < h->n; i++)
		let_go(h->kind, h->pages[i]);
	vfree(h->pages);
	h->kind = H_FREE;
	return 0;
}

void or_drop_all(void)
{
	unsigned int i;

	for (i = 0; i < OR_MAX_HANDLE; i++)
		or_drop(i);
}

long or_pin_pages(struct or_pin *p)
{
	struct handle *h = &handles[p->handle];
	int kind = p->flags & OR_PIN_DMA ? H_DMA : H_PIN;
	unsigned int gup = (p->flags & OR_PIN_WRITE ? FOLL_WRITE : 0) |
			   (p->flags & OR_PIN_LONGTERM ? FOLL_LONGTERM : 0);
	struct mm_struct *mm = current->mm;
	struct page **pages;
	unsigned long i;
	long got = 0;

	if (p->handle >= OR_MAX_HANDLE || h->kind != H_FREE)
		return -EINVAL;
	pages = vzalloc(p->npages * sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < p->npages; i++) {
		unsigned long addr = p->addr + (i << PAGE_SHIFT);

		mmap_read_lock(mm);
		got = kind == H_DMA ? pin_user_pages(addr, 1, gup, &pages[i]) : get_user_pages(addr, 1, gup, &pages[i]);
		mmap_read_unlock(mm);
		if (got != 1)
			break;
	}
	if (i < p->npages) {
		while (i--)
			let_go(kind, pages[i]);
		vfree(pages);
		return got ? got : -EFAULT;
	}
	h->pages = pages;
	h->n = p->npages;
	h->kind = kind;
	return 0;
}

long or_grab_page(struct or_grab *g, enum or_handle_kind kind)
{
	struct handle *h = &handles[g->handle];
	struct page *page = NULL;
	struct mm_struct *mm;
	struct entry e;
	bool locked;

	if (g->handle >= OR_MAX_HANDLE || h->kind != H_FREE)
		return -EINVAL;
	mm = or_mm_of(g->pid);
	if (!mm)
		return -ESRCH;
	or_settle();
	locked = or_lock_to_look(mm);
	or_look(mm, g->addr, &e, false, or_take_ref, &page);
	if (locked)
		mmap_read_unlock(mm);
	mmput(mm);
	if (!page)
		return -ENOENT;

	if (kind == H_HOLD) {
		if (!trylock_page(page)) {
			put_page(page);
			return -EBUSY;
		}
	} else {
		bool taken = folio_isolate_lru(page_folio(page));

		put_page(page);
		if (!taken)
			return -EBUSY;
	}
	h->pages = vmalloc(sizeof(*h->pages));
	h->pages[0] = page;
	h->n = 1;
	h->kind = kind;
	return 0;
}
