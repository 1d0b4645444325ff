/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hugetlb pool: huge pages that nothing else can have. Its pages have frames of their own between RAM and the device.
 * They are compound pages from their first use on.
 */
#include "page/hugetlb_pool.h"

#include "page/page.h"

void hugetlb_init(struct hmmu *m)
{
	m->st->hugetlb_free = m->st->hugetlb_pages;
}

static void prep_compound_huge_page(struct hmmu *m, u32 head)
{
	page_of(m, head)->flags = HMMU_PG_HEAD;
	for (u32 i = 1; i < HPAGE_PMD_NR; i++) {
		page_of(m, head + i)->flags = HMMU_PG_TAIL;
		page_of(m, head + i)->head = head;
	}
}

u32 dequeue_huge_page(struct hmmu *m, bool *zeroed)
{
	struct state *st = m->st;
	u32 head = st->hugetlb_free_head;

	*zeroed = !head;
	if (head) {
		st->hugetlb_free_head = page_of(m, head)->next;
	} else {
		head = m->hugetlb_base + st->hugetlb_high++ * HPAGE_PMD_NR;
		prep_compound_huge_page(m, head);
	}
	page_of(m, head)->next = 0;
	page_of(m, head)->count = 1;
	st->hugetlb_free--;
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		page_of(m, head + i)->alloc_id = st->next_alloc_id++;
	return head;
}

/* The kernel keeps the last user's flags; it clears AnonExclusive. */
void free_huge_page(struct hmmu *m, u32 head)
{
	struct page *page = page_of(m, head);

	if (compound_mapcount(m, head))
		hmmu_bug(m, "a hugetlb page was freed that is mapped");
	page->mapping = 0;
	if (KERNEL >= V6_12 && page->private == HPG_RESTORE_RESERVE) {
		m->st->hugetlb_reserved++;
		page->private = 0;
	}
	ClearPageAnonExclusive(m, head);
	page->next = m->st->hugetlb_free_head;
	m->st->hugetlb_free_head = head;
	m->st->hugetlb_free++;
}
