/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LRU lists. A page first waits in a per-CPU pagevec, which holds a reference to the page. That reference makes a page
 * look pinned until the pagevec is drained.
 */
#include "page/lru.h"

#include "page/last_reference.h"

void lru_init(struct hmmu *m)
{
	for (u32 which = 0; which < NR_LRU_LISTS; which++) {
		struct page *head = page_of(m, lru_head(m, which));

		head->prev = head->next = lru_head(m, which);
	}
}

static inline void put_on_list(struct hmmu *m, u32 pfn, u32 nr)
{
	struct page *page = page_of(m, pfn);

	page->flags |= HMMU_PG_LRU;
	add_page_to_lru_list(m, pfn, page_lru(page), nr);
}

/* lru_add(): 6.12 sees only now whether the page is mlocked. "mm/munlock: maintain page->mlock_count while
 * unevictable" */
static NOINLINE void lru_update_evictable(struct page *page)
{
	if (page->flags & HMMU_PG_MLOCKED)
		page->flags = (page->flags & ~(u32)HMMU_PG_ACTIVE) | HMMU_PG_UNEVICTABLE;
	else
		page->flags &= ~(u32)HMMU_PG_UNEVICTABLE;
}
static inline void lru_add(struct hmmu *m, u32 pfn, u32 nr)
{
	struct page *page = page_of(m, pfn);

	if (KERNEL >= V6_12 && (page->flags & (HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE)))
		lru_update_evictable(page);
	put_on_list(m, pfn, nr);
}

static NOINLINE void lru_add_huge(struct hmmu *m, u32 pfn)
{
	lru_add(m, pfn, HPAGE_PMD_NR);
}

/* __pagevec_lru_add(). If the pagevec holds the last reference, the page is freed without ever being put on a list. */
static inline void add_pages_now(struct hmmu *m, const u32 *pages, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		u32 pfn = pages[i];
		struct page *page = page_of(m, pfn);

		if (!--page->count)
			put_last_reference(m, pfn);
		else if (page->flags & HMMU_PG_HEAD)
			lru_add_huge(m, pfn);
		else
			lru_add(m, pfn, 1);
	}
}

void lru_add_now(struct hmmu *m, u32 pfn)
{
	add_pages_now(m, &pfn, 1);
}

void lru_relist(struct hmmu *m, u32 pfn, u32 clear, u32 set)
{
	struct page *page = page_of(m, pfn);
	u32 nr = hpage_nr_pages(m, pfn);

	del_page_from_lru_list(m, page, page_lru(page), nr);
	page->flags = (page->flags & ~clear) | set;
	add_page_to_lru_list(m, pfn, page_lru(page), nr);
}

static void activate_now(struct hmmu *m, u32 pfn)
{
	if (page_test(m, pfn, HMMU_PG_LRU) && !page_test(m, pfn, HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE))
		lru_relist(m, pfn, 0, HMMU_PG_ACTIVE);
	put_page(m, pfn);
}

static void deactivate_now(struct hmmu *m, u32 pfn)
{
	const u32 states = HMMU_PG_LRU | HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE;

	if ((page_of(m, pfn)->flags & states) == (HMMU_PG_LRU | HMMU_PG_ACTIVE))
		lru_relist(m, pfn, HMMU_PG_ACTIVE | HMMU_PG_REFERENCED, 0);
	put_page(m, pfn);
}

static bool may_lazyfree(const struct hmmu *m, u32 pfn)
{
	u32 flags = page_of(m, pfn)->flags;

	return (flags & HMMU_PG_LRU) && PageAnon(m, pfn) && (flags & HMMU_PG_SWAPBACKED) &&
	       !(flags & (HMMU_PG_SWAPCACHE | HMMU_PG_UNEVICTABLE));
}

static void lazyfree_now(struct hmmu *m, u32 pfn)
{
	if (may_lazyfree(m, pfn))
		lru_relist(m, pfn, HMMU_PG_ACTIVE | HMMU_PG_REFERENCED | HMMU_PG_SWAPBACKED, 0);
	put_page(m, pfn);
}

void pagevec_drain(struct hmmu *m, u32 cpu, enum pagevec_kind kind)
{
	struct pagevec *pvec = &m->st->cpu[cpu].pvecs[kind];
	u32 nr = pagevec_take(m, cpu, pvec);

	if (kind == PVEC_LRU_ADD)
		add_pages_now(m, pvec->pages, nr);
	else if (kind == PVEC_LAZYFREE)
		for (u32 i = 0; i < nr; i++)
			lazyfree_now(m, pvec->pages[i]);
	else if (KERNEL >= V6_12 && kind == PVEC_DEACTIVATE)
		for (u32 i = 0; i < nr; i++)
			deactivate_now(m, pvec->pages[i]);
	else
		for (u32 i = 0; i < nr; i++)
			activate_now(m, pvec->pages[i]);
}

void add_page_to_unevictable_list(struct hmmu *m, u32 pfn)
{
	page_clear(m, pfn, HMMU_PG_ACTIVE);
	page_set(m, pfn, HMMU_PG_UNEVICTABLE);
	put_on_list(m, pfn, hpage_nr_pages(m, pfn));
}

void putback_lru_page(struct hmmu *m, u32 cpu, u32 pfn)
{
	if (KERNEL < V6_12)
		page_clear(m, pfn, HMMU_PG_UNEVICTABLE);
	if (KERNEL < V6_12 && page_test(m, pfn, HMMU_PG_MLOCKED)) {
		add_page_to_unevictable_list(m, pfn);
		put_page(m, pfn);
	} else {
		/* The reference of the isolation becomes the pagevec's. */
		pagevec_add(m, cpu, PVEC_LRU_ADD, pfn);
	}
}

void unlock_and_putback_slow(struct hmmu *m, u32 cpu, u32 pfn)
{
	unlock_page(m, pfn);
	putback_lru_page(m, cpu, pfn);
}

void lru_add_drain_all(struct hmmu *m)
{
	for (u32 cpu = 0; cpu < m->st->cpus; cpu++)
		lru_add_drain(m, cpu);
}

void lru_account_split(struct hmmu *m, u32 head)
{
	m->st->lru[page_lru(page_of(m, head))].nr -= HPAGE_PMD_NR - 1;
}

void lru_add_page_tail(struct hmmu *m, u32 tail)
{
	put_on_list(m, tail, 1);
}

/* A page that still waits in a pagevec is activated there. */
void activate_page(struct hmmu *m, u32 cpu, u32 pfn)
{
	struct pagevec *pvec = &m->st->cpu[cpu].pvecs[PVEC_LRU_ADD];

	if (page_test(m, pfn, HMMU_PG_LRU)) {
		get_page(m, pfn);
		pagevec_add(m, cpu, PVEC_ACTIVATE, pfn);
		return;
	}
	for (u32 i = pvec->nr; i-- > 0;) {
		if (pvec->pages[i] == pfn) {
			page_set(m, pfn, HMMU_PG_ACTIVE);
			return;
		}
	}
}

void mark_page_accessed(struct hmmu *m, u32 cpu, u32 pfn)
{
	u32 head = compound_head(m, pfn);

	if (page_test(m, head, HMMU_PG_REFERENCED)) {
		if (!page_test(m, head, HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE)) {
			activate_page(m, cpu, head);
			page_clear(m, head, HMMU_PG_REFERENCED);
		}
	} else {
		page_set(m, head, HMMU_PG_REFERENCED);
	}
	page_clear(m, head, HMMU_PG_IDLE);
}

void mark_page_lazyfree(struct hmmu *m, u32 cpu, u32 pfn)
{
	if (!may_lazyfree(m, pfn))
		return;
	get_page(m, pfn);
	pagevec_add(m, cpu, PVEC_LAZYFREE, pfn);
}

void hmmu_lru_add_drain_all(struct hmmu *m)
{
	if (!m->in_page_free)
		lru_add_drain_all(m);
}
