/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reservations in the hugetlb pool.
 *
 * The kernel keeps a map of the reservations that a private mapping has used. Nothing but munmap() takes an entry from
 * the mapping that reserved it, so here an empty entry of such a mapping is a reservation that is not used.
 */
#include <errno.h>

#include "fault/hugetlb.h"
#include "page/hugetlb_pool.h"

static u32 huge_pages(const struct vma *v)
{
	return (u32)((v->end - v->start) >> PMD_SHIFT);
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

struct hugetlb_page alloc_hugetlb_page(struct hmmu *m, u32 vma, const u64 *pmd, bool avoid_reserve)
{
	struct state *st = m->st;
	struct hugetlb_page page = { 0 };

	page.reserved = !avoid_reserve && (vma_of(m, vma)->resv & HPAGE_RESV_OWNER) && pmd_none(*pmd);
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
