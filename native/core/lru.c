/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LRU lists as in Linux 4.14: a page gets there by way of a per-CPU pagevec, in which a reference of its own keeps it.
 * That reference is what makes a page look pinned until the pagevec is drained.
 */
#include "lru.h"

#include "mm.h"
#include "probe.h"
#include "stats.h"

static inline bool page_is_file_cache(const struct hmmu *m, u32 pfn)
{
	return !page_test(m, pfn, HMMU_PG_SWAPBACKED);
}

static inline enum lru_list page_lru(const struct hmmu *m, u32 pfn)
{
	enum lru_list lru;

	if (page_test(m, pfn, HMMU_PG_UNEVICTABLE))
		return LRU_UNEVICTABLE;
	lru = page_is_file_cache(m, pfn) ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	return page_test(m, pfn, HMMU_PG_ACTIVE) ? lru + 1 : lru;
}

void lru_init(struct hmmu *m)
{
	for (u32 which = 0; which < NR_LRU_LISTS; which++) {
		struct page *head = page_of(m, lru_head(m, which));

		head->prev = head->next = lru_head(m, which);
	}
}

static inline void add_page_to_lru_list(struct hmmu *m, u32 pfn, enum lru_list which)
{
	u32 head = lru_head(m, which);
	struct page *page = page_of(m, pfn);

	page->prev = head;
	page->next = page_of(m, head)->next;
	page_of(m, page->next)->prev = pfn;
	page_of(m, head)->next = pfn;
	m->st->lru[which].nr += hpage_nr_pages(m, pfn);
}

static inline void del_page_from_lru_list(struct hmmu *m, u32 pfn, enum lru_list which)
{
	struct page *page = page_of(m, pfn);

	page_of(m, page->prev)->next = page->next;
	page_of(m, page->next)->prev = page->prev;
	page->prev = page->next = 0;
	m->st->lru[which].nr -= hpage_nr_pages(m, pfn);
}

void del_page_from_lru(struct hmmu *m, u32 pfn)
{
	page_clear(m, pfn, HMMU_PG_LRU);
	del_page_from_lru_list(m, pfn, page_lru(m, pfn));
	page_clear(m, pfn, HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE);
}

static inline void put_on_list(struct hmmu *m, u32 pfn)
{
	page_set(m, pfn, HMMU_PG_LRU);
	add_page_to_lru_list(m, pfn, page_lru(m, pfn));
}

static inline void add_now(struct hmmu *m, u32 pfn)
{
	/* A page that nobody but the pagevec has is freed, and need not see the list before. */
	if (page_of(m, pfn)->count > 1)
		put_on_list(m, pfn);
	put_page(m, pfn);
}

void lru_add_now(struct hmmu *m, u32 pfn)
{
	add_now(m, pfn);
}

static void activate_now(struct hmmu *m, u32 pfn)
{
	if (page_test(m, pfn, HMMU_PG_LRU) && !page_test(m, pfn, HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE)) {
		del_page_from_lru_list(m, pfn, page_lru(m, pfn));
		page_set(m, pfn, HMMU_PG_ACTIVE);
		add_page_to_lru_list(m, pfn, page_lru(m, pfn));
	}
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
	if (may_lazyfree(m, pfn)) {
		del_page_from_lru_list(m, pfn, page_lru(m, pfn));
		page_clear(m, pfn, HMMU_PG_ACTIVE | HMMU_PG_REFERENCED | HMMU_PG_SWAPBACKED);
		add_page_to_lru_list(m, pfn, LRU_INACTIVE_FILE);
	}
	put_page(m, pfn);
}

static void drain(struct hmmu *m, u32 cpu, enum pagevec_kind kind)
{
	struct pagevec *pvec = &m->st->cpu[cpu].pvecs[kind];
	u32 nr = pvec->nr;

	pvec->nr = 0;
	if (!nr)
		return;
	count_stat(m, HMMU_STAT_PAGEVEC_DRAIN);
	probe(pagevec_drain, cpu, nr);
	for (u32 i = 0; i < nr; i++) {
		if (kind == PVEC_LRU_ADD)
			add_now(m, pvec->pages[i]);
		else if (kind == PVEC_LAZYFREE)
			lazyfree_now(m, pvec->pages[i]);
		else
			activate_now(m, pvec->pages[i]);
	}
}

/* Collect a page in a pagevec, which takes over a reference of the caller's; a full one, or one with a huge page, is
 * emptied at once. */
static void pagevec_add(struct hmmu *m, u32 cpu, enum pagevec_kind kind, u32 pfn)
{
	struct pagevec *pvec = &m->st->cpu[cpu].pvecs[kind];

	pvec->pages[pvec->nr++] = pfn;
	if (pvec->nr == PAGEVEC_SIZE || PageCompound(m, pfn))
		drain(m, cpu, kind);
}

void lru_cache_add(struct hmmu *m, u32 cpu, u32 pfn)
{
	get_page(m, pfn);
	pagevec_add(m, cpu, PVEC_LRU_ADD, pfn);
}

/* Pages nobody may evict bypass the pagevec. */
static void add_page_to_unevictable_list(struct hmmu *m, u32 pfn)
{
	page_clear(m, pfn, HMMU_PG_ACTIVE);
	page_set(m, pfn, HMMU_PG_UNEVICTABLE);
	put_on_list(m, pfn);
}

void lru_cache_add_active_or_unevictable(struct hmmu *m, u32 cpu, u32 pfn, u32 vma)
{
	if ((m->vmas[vma].flags & (VM_LOCKED | VM_SPECIAL)) != VM_LOCKED) {
		page_set(m, pfn, HMMU_PG_ACTIVE);
		lru_cache_add(m, cpu, pfn);
		return;
	}
	page_set(m, pfn, HMMU_PG_MLOCKED);
	add_page_to_unevictable_list(m, pfn);
}

void lru_add_drain(struct hmmu *m, u32 cpu)
{
	for (int kind = 0; kind < NR_PAGEVECS; kind++)
		drain(m, cpu, kind);
}

void lru_add_drain_all(struct hmmu *m)
{
	for (u32 cpu = 0; cpu < m->st->cpus; cpu++)
		lru_add_drain(m, cpu);
}

bool isolate_lru_page(struct hmmu *m, u32 pfn)
{
	if (!page_test(m, pfn, HMMU_PG_LRU))
		return false;
	get_page(m, pfn);
	del_page_from_lru_list(m, pfn, page_lru(m, pfn));
	page_clear(m, pfn, HMMU_PG_LRU);
	return true;
}

void putback_lru_page(struct hmmu *m, u32 cpu, u32 pfn)
{
	page_clear(m, pfn, HMMU_PG_UNEVICTABLE);
	if (page_test(m, pfn, HMMU_PG_MLOCKED)) {
		add_page_to_unevictable_list(m, pfn);
		put_page(m, pfn);
	} else {
		/* The reference of the isolation becomes the pagevec's. */
		pagevec_add(m, cpu, PVEC_LRU_ADD, pfn);
	}
}

void lru_account_split(struct hmmu *m, u32 head)
{
	m->st->lru[page_lru(m, head)].nr -= HPAGE_PMD_NR - 1;
}

void lru_add_page_tail(struct hmmu *m, u32 tail)
{
	put_on_list(m, tail);
}

/* A page whose pagevec is still to be drained is activated in there. */
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
	lru_add_drain_all(m);
}
