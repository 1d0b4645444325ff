/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hugetlb pool: huge pages that nothing else can have, and the reservations of mappings. Its pages have frames of
 * their own between RAM and the device. They are compound pages from their first use on.
 *
 * The kernel keeps a map of the reservations that a private mapping has used. Nothing but munmap() takes an entry from
 * the mapping that reserved it, so here an empty entry of such a mapping is a reservation that is not used.
 */
#include <errno.h>

#include "contents.h"
#include "hugetlb.h"

static u32 huge_pages(const struct vma *v)
{
	return (u32)((v->end - v->start) >> PMD_SHIFT);
}

void hugetlb_init(struct hmmu *m)
{
	m->st->hugetlb_free = m->st->hugetlb_pages;
}

int hugetlb_reserve_pages(struct hmmu *m, u32 vma)
{
	struct vma *v = vma_of(m, vma);
	struct state *st = m->st;

	/* The pool never grows: vm.nr_overcommit_hugepages is 0. */
	if ((v->end - v->start) >> PMD_SHIFT > st->hugetlb_free - st->hugetlb_reserved)
		return -ENOMEM;
	st->hugetlb_reserved += huge_pages(v);
	v->resv = HPAGE_RESV_OWNER;
	return 0;
}

u32 hugetlb_unused_reserve(const struct hmmu *m, u32 vma)
{
	const struct vma *v = vma_of(m, vma);
	u32 unused = huge_pages(v);

	if (!(v->resv & HPAGE_RESV_OWNER))
		return 0;
	for (u64 address = v->start; address < v->end; address += PMD_SIZE) {
		const u64 *pmd = huge_pte_offset(m, v->mm, address);

		unused -= pmd && !pmd_none(*pmd);
	}
	return unused;
}

void hugetlb_vm_op_close(struct hmmu *m, u32 vma)
{
	m->st->hugetlb_reserved -= hugetlb_unused_reserve(m, vma);
}

static void prep_compound_huge_page(struct hmmu *m, u32 head)
{
	page_of(m, head)->flags = HMMU_PG_HEAD;
	for (u32 i = 1; i < HPAGE_PMD_NR; i++) {
		page_of(m, head + i)->flags = HMMU_PG_TAIL;
		page_of(m, head + i)->head = head;
	}
}

/* Take a free page, preferably one that was used before. The caller has checked that there is one. */
static u32 dequeue_huge_page(struct hmmu *m, bool *zeroed)
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

struct hugetlb_page alloc_hugetlb_page(struct hmmu *m, u32 vma, const u64 *pmd, bool avoid_reserve)
{
	struct state *st = m->st;
	struct hugetlb_page page = { 0 };

	page.reserved = !avoid_reserve && (m->vmas[vma].resv & HPAGE_RESV_OWNER) && pmd_none(*pmd);
	if (!page.reserved && st->hugetlb_free == st->hugetlb_reserved)
		return page;
	page.pfn = dequeue_huge_page(m, &page.zeroed);
	st->hugetlb_reserved -= page.reserved;
	return page;
}

void restore_hugetlb_page(struct hmmu *m, const struct hugetlb_page *page)
{
	put_page(m, page->pfn);
	m->st->hugetlb_reserved += page->reserved;
}

/* The kernel keeps the last user's flags. */
void free_huge_page(struct hmmu *m, u32 head)
{
	struct page *page = page_of(m, head);

	if (compound_mapcount(m, head))
		hmmu_bug(m, "a hugetlb page was freed that is mapped");
	page->mapping = 0;
	page->next = m->st->hugetlb_free_head;
	m->st->hugetlb_free_head = head;
	m->st->hugetlb_free++;
}
