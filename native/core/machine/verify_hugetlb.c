/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(): the hugetlb pool. */
#include "machine/verify.h"
#include "page/hugetlb_pool.h"

/* The pages on the free list, which end it where the list is broken. */
static u32 free_on_list(struct verify *v)
{
	const struct hmmu *m = v->m;
	u32 count = 0;

	for (u32 head = m->st->hugetlb_free_head; head && count <= m->st->hugetlb_high;
	     head = page_of(m, head)->next, count++) {
		if (!PageHuge(m, head) || page_of(m, head)->count || !page_test(m, head, HMMU_PG_HEAD)) {
			complain(v, "hugetlb: page %u is on the free list and not free", head);
			break;
		}
	}
	return count;
}

/* Reservations that come back to the pool when the pages are free. */
static u32 reserves_on_their_way(const struct hmmu *m)
{
	u32 count = 0;

	for (u32 i = 0; i < m->st->hugetlb_high; i++)
		count += page_of(m, m->hugetlb_base + i * HPAGE_PMD_NR)->private == HPG_RESTORE_RESERVE;
	return count;
}

static u32 pages_in_use(const struct hmmu *m)
{
	u32 count = 0;

	for (u32 i = 0; i < m->st->hugetlb_high; i++)
		count += page_of(m, m->hugetlb_base + i * HPAGE_PMD_NR)->count != 0;
	return count;
}

void verify_hugetlb(struct verify *v)
{
	const struct state *st = v->m->st;
	u32 free = free_on_list(v) + st->hugetlb_pages - st->hugetlb_high;

	if (free != st->hugetlb_free || free + pages_in_use(v->m) != st->hugetlb_pages)
		complain(v, "hugetlb: %u pages are in use and %u free, of %u; the counter says %u", pages_in_use(v->m),
			 free, st->hugetlb_pages, st->hugetlb_free);
	/* The counter can be less than 0 for a while. */
	if ((u32)(v->hugetlb_reserved - reserves_on_their_way(v->m)) != st->hugetlb_reserved ||
	    (int32_t)st->hugetlb_reserved > (int32_t)st->hugetlb_free)
		complain(v, "hugetlb: mappings have reserved %llu pages, the counter says %u, and %u are free",
			 (unsigned long long)v->hugetlb_reserved, st->hugetlb_reserved, st->hugetlb_free);
}
