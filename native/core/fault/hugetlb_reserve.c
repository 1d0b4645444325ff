/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reservations in the hugetlb pool.
 *
 * The kernel keeps a map of the reservations that a private mapping has used. In 4.14 nothing but munmap() takes an entry
 * from the mapping that reserved it. So here an empty entry of such a mapping is a reservation that is not used. In 6.12
 * MADV_DONTNEED takes entries, too. It restores the reservation, except of a page that others map: then a marker says so.
 *
 * In 6.12 a page that is pinned gives the reservation back to the pool only when it is free. Until then the pool counts
 * fewer reservations than its mappings have.
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
	if ((int64_t)((v->end - v->start) >> PMD_SHIFT) > (int32_t)(st->hugetlb_free - st->hugetlb_reserved))
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

		unused -= pmd && huge_reserve_used(*pmd);
	}
	return unused;
}

void hugetlb_vm_op_close(struct hmmu *m, u32 vma)
{
	m->st->hugetlb_reserved -= hugetlb_unused_reserve(m, vma);
}

bool restore_reserve(struct hmmu *m, u32 vma, u32 page)
{
	if (!(vma_of(m, vma)->resv & HPAGE_RESV_OWNER) || compound_mapcount(m, page))
		return false;
	page_of(m, page)->private = HPG_RESTORE_RESERVE;
	return true;
}

struct hugetlb_page alloc_hugetlb_page(struct hmmu *m, u32 vma, const u64 *pmd, bool avoid_reserve)
{
	struct state *st = m->st;
	struct hugetlb_page page = { 0 };

	page.reserved = !avoid_reserve && (vma_of(m, vma)->resv & HPAGE_RESV_OWNER) && !huge_reserve_used(*pmd);
	if (!st->hugetlb_free || (!page.reserved && st->hugetlb_free == st->hugetlb_reserved))
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
