/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: the hugetlb pool. Its counters decide whether a page is there at all, so that they have to be exact. */
#include "fault/hugetlb.h"
#include "host/platform.h"
#include "machine/restore.h"
#include "page/hugetlb_pool.h"

static u32 head_of(const struct hmmu *m, u32 index)
{
	return m->hugetlb_base + index * HPAGE_PMD_NR;
}

/* No page of the pool is on a list, locked, charged, or a driver's. */
static bool is_pool_page(struct check *c, u32 head)
{
	const u32 never = HMMU_PG_TAIL | HMMU_PG_LRU | HMMU_PG_TABLE | HMMU_PG_BUDDY | HMMU_PG_RESERVED |
			  HMMU_PG_SWAPCACHE | HMMU_PG_DEVICE | HMMU_PG_DOUBLE_MAP | HMMU_PG_LOCKED | PAGE_USERS;
	const struct page *page = page_of(c->m, head);

	if (page->private > (KERNEL >= V6_12 && page->count ? HPG_RESTORE_RESERVE : 0))
		return false;
	if (!(page->flags & HMMU_PG_HEAD) || (page->flags & never) || !counts_in_range(page) || page->mapcount ||
	    !is_compound(c->m, head) || (page->mapping && !is_anon_mapping(c, page->mapping)))
		return false;
	for (u32 i = 1; i < HPAGE_PMD_NR; i++)
		if (page[i].flags != HMMU_PG_TAIL || page[i].count || page[i].mapcount)
			return false;
	return true;
}

static bool check_pool_list(struct check *c, u32 free)
{
	const struct hmmu *m = c->m;
	u32 listed = 0;

	for (u32 head = m->st->hugetlb_free_head; head; head = page_of(m, head)->next, listed++)
		if (head < m->hugetlb_base || head >= m->hugetlb_base + pool_used(m) || head % HPAGE_PMD_NR ||
		    page_of(m, head)->count || listed == free)
			return refuse_snapshot(c, "the list of free hugetlb pages is broken at page %u", head);
	if (listed != free || m->st->hugetlb_free != free + m->st->hugetlb_pages - m->st->hugetlb_high)
		return refuse_snapshot(c, "%u used hugetlb pages are free again, %u are listed; the counter says %u",
				       free, listed, m->st->hugetlb_free);
	return true;
}

bool check_pool(struct check *c)
{
	const struct hmmu *m = c->m;
	u32 free = 0;

	c->pool = check_alloc(c, (m->st->hugetlb_high + 1ull) * sizeof(*c->pool));
	if (!c->pool)
		return false;
	for (u32 i = 0; i < m->st->hugetlb_high; i++) {
		if (!is_pool_page(c, head_of(m, i)))
			return refuse_snapshot(c, "hugetlb page %u contradicts itself", head_of(m, i));
		free += !page_of(m, head_of(m, i))->count;
	}
	return check_pool_list(c, free);
}

/* All mappings of a page have it in one place, as a fork leaves it; at most one has reserved it. */
bool take_pool_page(struct check *c, u32 vma, u64 address, u64 pfn)
{
	const struct hmmu *m = c->m;
	const struct vma *v = vma_of(m, vma);
	struct pool_page *page;
	bool owner = v->resv & HPAGE_RESV_OWNER;

	if (pfn < m->hugetlb_base || pfn >= m->hugetlb_base + pool_used(m) || pfn % HPAGE_PMD_NR ||
	    !page_of(m, (u32)pfn)->count)
		return false;
	page = &c->pool[(pfn - m->hugetlb_base) / HPAGE_PMD_NR];
	if (page->entries++ && (page->address != address || page->file != v->file ||
				page->pgoff != linear_page_index(m, vma, address) || (owner && page->owned)))
		return false;
	page->address = address;
	page->pgoff = linear_page_index(m, vma, address);
	page->file = v->file;
	page->owned |= owner;
	return true;
}

bool check_pool_users(struct check *c)
{
	const struct hmmu *m = c->m;
	u64 owned = 0, reserved = 0;
	u32 on_their_way = 0;

	for (u32 i = 0; i < m->st->hugetlb_high; i++) {
		on_their_way += page_of(m, head_of(m, i))->private == HPG_RESTORE_RESERVE;
		if (compound_mapcount(m, head_of(m, i)) != (int32_t)c->pool[i].entries)
			return refuse_snapshot(c, "hugetlb page %u: %u entries map it, its mapcount is %d",
					       head_of(m, i), c->pool[i].entries, compound_mapcount(m, head_of(m, i)));
		if (page_of(m, head_of(m, i))->private && c->pool[i].entries)
			return refuse_snapshot(c, "hugetlb page %u is mapped, and its reservation restored",
					       head_of(m, i));
	}
	for (u32 vma = 1; vma < m->st->slabs[SLAB_VMA].high; vma++) {
		if (!is_record(c, SLAB_VMA, vma) || !(vma_of(m, vma)->resv & HPAGE_RESV_OWNER))
			continue;
		/* Each page of such a mapping is a reservation or a page of its own. */
		owned += vma_pages(vma_of(m, vma)) / HPAGE_PMD_NR;
		if (owned > m->st->hugetlb_pages)
			break;
		reserved += hugetlb_unused_reserve(m, vma);
	}
	return (owned <= m->st->hugetlb_pages && (u32)reserved - on_their_way == m->st->hugetlb_reserved) ||
	       refuse_snapshot(c, "mappings have reserved %llu hugetlb pages, the counter says %u",
			       (unsigned long long)reserved, m->st->hugetlb_reserved);
}
