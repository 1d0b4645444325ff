/* SPDX-License-Identifier: GPL-2.0-only */
/** @file lru.h LRU lists, per-CPU pagevecs, isolation, and mlock's part in them. */
#ifndef HMMU_LRU_H
#define HMMU_LRU_H

#include "host/probe.h"
#include "host/stats.h"
#include "page/mlock_batch.h"
#include "page/page.h"

/** Set up empty lists. */
static void lru_init(struct hmmu *m);
/** The head of a list, as a number in the array of pages. */
static inline u32 lru_head(const struct hmmu *m, enum lru_list which)
{
	return m->pfn_end + which;
}
/** The list of a page, by its flags ACTIVE, REFERENCED (which does not matter), SWAPBACKED and UNEVICTABLE. */
static inline enum lru_list page_lru(const struct page *page)
{
	static const u8 lists[16] = {
		LRU_INACTIVE_FILE, LRU_ACTIVE_FILE, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE,
		LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, LRU_INACTIVE_ANON, LRU_ACTIVE_ANON,
		LRU_UNEVICTABLE,   LRU_UNEVICTABLE, LRU_UNEVICTABLE,   LRU_UNEVICTABLE,
		LRU_UNEVICTABLE,   LRU_UNEVICTABLE, LRU_UNEVICTABLE,   LRU_UNEVICTABLE,
	};

	_Static_assert(HMMU_PG_ACTIVE == 0x10 && HMMU_PG_SWAPBACKED == 0x40 && HMMU_PG_UNEVICTABLE == 0x80,
		       "the table goes by these bits");
	return lists[page->flags >> 4 & 15];
}
/** Whether the pages of a list are linked. 6.12 only counts unevictable ones, and keeps their mlock_count in the place of
 * a link. "mm/munlock: maintain page->mlock_count while unevictable" */
static inline bool lru_is_linked(enum lru_list which)
{
	return KERNEL < V6_12 || which != LRU_UNEVICTABLE;
}
static inline void add_page_to_lru_list(struct hmmu *m, u32 pfn, enum lru_list which, u32 nr)
{
	struct page *head = page_of(m, lru_head(m, which)), *page = page_of(m, pfn);
	u32 first = head->next;

	if (lru_is_linked(which)) {
		/* This order stops gcc from merging two stores into a slower vector store. */
		page->next = first;
		page_of(m, first)->prev = pfn;
		page->prev = lru_head(m, which);
		head->next = pfn;
	} else {
		page->mlock_count = 0;
	}
	m->st->lru[which].nr += nr;
}
static inline void unlink_from_lru_list(struct hmmu *m, const struct page *page)
{
	page_of(m, page->prev)->next = page->next;
	page_of(m, page->next)->prev = page->prev;
}
static inline void del_page_from_lru_list(struct hmmu *m, struct page *page, enum lru_list which, u32 nr)
{
	if (lru_is_linked(which))
		unlink_from_lru_list(m, page);
	page->prev = page->next = 0;
	m->st->lru[which].nr -= nr;
}
/** @name Pagevecs. A page waits in a pagevec before it goes on a list. The pagevec holds a reference.
 * @{ */
/** PAGEVEC_SIZE of 4.14, PAGEVEC_SIZE as "mm: increase folio batch size" has it */
#define PAGEVEC_SIZE (KERNEL >= V6_12 ? PAGEVEC_MAX : 14)
/** Begin to drain a pagevec: it is empty from now on. Returns the number of its pages. */
static inline u32 pagevec_take(struct hmmu *m, u32 cpu, struct pagevec *pvec)
{
	u32 nr = pvec->nr;

	pvec->nr = 0;
	if (nr) {
		count_stat(m, HMMU_STAT_PAGEVEC_DRAIN);
		probe(pagevec_drain, cpu, nr);
	}
	return nr;
}
/** Drain one pagevec of a CPU. */
static NOINLINE void pagevec_drain(struct hmmu *m, u32 cpu, enum pagevec_kind kind);
/** Add a page to a pagevec, which takes over the caller's reference. A pagevec that is full or has a huge page is
 * drained at once. */
static ALWAYS_INLINE void pagevec_add(struct hmmu *m, u32 cpu, enum pagevec_kind kind, u32 pfn)
{
	struct pagevec *pvec = &m->st->cpu[cpu].pvecs[kind];

	pvec->pages[pvec->nr++] = pfn;
	if (pvec->nr == PAGEVEC_SIZE || PageCompound(m, pfn))
		pagevec_drain(m, cpu, kind);
}
/** The CPU's pagevec of pages to be added to LRU lists. */
static inline struct pagevec *lru_add_pvec(const struct hmmu *m, u32 cpu)
{
	return &m->st->cpu[cpu].pvecs[PVEC_LRU_ADD];
}
/** pagevec_add() of a page that is no part of a huge one, to the CPU's pagevec of pages to be added. */
static ALWAYS_INLINE void lru_pagevec_add_single(struct hmmu *m, u32 cpu, struct pagevec *pvec, u32 pfn)
{
	pvec->pages[pvec->nr++] = pfn;
	if (pvec->nr == PAGEVEC_SIZE)
		pagevec_drain(m, cpu, PVEC_LRU_ADD);
}
static ALWAYS_INLINE void lru_cache_add(struct hmmu *m, u32 cpu, u32 head)
{
	page_of(m, head)->count++;
	pagevec_add(m, cpu, PVEC_LRU_ADD, head);
}
/** Put an unevictable page on its list, past the pagevec. */
static void add_page_to_unevictable_list(struct hmmu *m, u32 pfn);
/** @p huge: the page may be one. */
static ALWAYS_INLINE void lru_cache_add_active_or_unevictable(struct hmmu *m, u32 cpu, u32 pfn, u32 vma, bool huge)
{
	if (!vma_is_mlocked(m, vma)) {
		/* "mm/vmscan: make active/inactive ratio as 1:1 for anon lru" */
		if (KERNEL < V6_12)
			page_set(m, pfn, HMMU_PG_ACTIVE);
		page_of(m, pfn)->count++;
		if (huge)
			pagevec_add(m, cpu, PVEC_LRU_ADD, pfn);
		else
			lru_pagevec_add_single(m, cpu, lru_add_pvec(m, cpu), pfn);
		return;
	}
	if (KERNEL >= V6_12) {
		mlock_new_folio(m, cpu, pfn);
		return;
	}
	page_set(m, pfn, HMMU_PG_MLOCKED);
	add_page_to_unevictable_list(m, pfn);
}
static inline void pagevec_drain_any(struct hmmu *m, u32 cpu, const struct pagevec *pvecs, enum pagevec_kind kind)
{
	if (pvecs[kind].nr)
		pagevec_drain(m, cpu, kind);
}
/** Drain the pagevecs of one CPU, or of all CPUs. */
static inline void lru_add_drain(struct hmmu *m, u32 cpu)
{
	const struct pagevec *pvecs = m->st->cpu[cpu].pvecs;

	pagevec_drain_any(m, cpu, pvecs, PVEC_LRU_ADD);
	if (KERNEL >= V6_12)
		pagevec_drain_any(m, cpu, pvecs, PVEC_DEACTIVATE);
	pagevec_drain_any(m, cpu, pvecs, PVEC_LAZYFREE);
	pagevec_drain_any(m, cpu, pvecs, PVEC_ACTIVATE);
	if (KERNEL >= V6_12)
		mlock_drain_local(m, cpu);
}
static void lru_add_drain_all(struct hmmu *m);
/** @} */

/** Take a page of @p nr frames off its list. The caller's reference becomes the isolation's. False: the page is on no
 * list. */
static inline bool __isolate_lru_page(struct hmmu *m, struct page *page, u32 nr)
{
	if (!(page->flags & HMMU_PG_LRU))
		return false;
	del_page_from_lru_list(m, page, page_lru(page), nr);
	page->flags &= ~(u32)HMMU_PG_LRU;
	return true;
}
/** As __isolate_lru_page(), with a new reference. */
static inline bool isolate_lru_page(struct hmmu *m, u32 pfn)
{
	bool isolated = __isolate_lru_page(m, page_of(m, pfn), hpage_nr_pages(m, pfn));

	if (isolated)
		get_page(m, pfn);
	return isolated;
}
/** Undo isolate_lru_page(): put the page back and drop the isolation's reference. */
static void putback_lru_page(struct hmmu *m, u32 cpu, u32 pfn);
static NOINLINE void unlock_and_putback_slow(struct hmmu *m, u32 cpu, u32 pfn);
/** unlock_page() and putback_lru_page() of a page that is no part of a huge one, with the CPU's lru_add_pvec(). */
static ALWAYS_INLINE void unlock_and_putback(struct hmmu *m, u32 cpu, struct pagevec *pvec, u32 pfn)
{
	struct page *page = page_of(m, pfn);
	u32 flags = page->flags;

	/* In 6.12 the pagevec's drain looks at both. */
	u32 mlocked = KERNEL >= V6_12 ? 0 : HMMU_PG_MLOCKED, unevictable = KERNEL >= V6_12 ? 0 : HMMU_PG_UNEVICTABLE;

	if (!SHORTCUTS || (flags & (HMMU_PG_LOCKED | mlocked)) != HMMU_PG_LOCKED) {
		unlock_and_putback_slow(m, cpu, pfn);
		return;
	}
	page->flags = flags & ~(HMMU_PG_LOCKED | unevictable);
	lru_pagevec_add_single(m, cpu, pvec, pfn);
}
/** A page goes from one list to the one that fits its new flags. */
static void lru_relist(struct hmmu *m, u32 pfn, u32 clear, u32 set);
/** For a split: count the head as one page of its list, not as 512; put a tail on the head's list. */
static void lru_account_split(struct hmmu *m, u32 head);
static void lru_add_page_tail(struct hmmu *m, u32 tail);
/** Make an inactive page active, through a pagevec. */
static void activate_page(struct hmmu *m, u32 cpu, u32 pfn);
static void mark_page_accessed(struct hmmu *m, u32 cpu, u32 pfn);
static void mark_page_lazyfree(struct hmmu *m, u32 cpu, u32 pfn);
/** Make an active page inactive, through a pagevec. Linux 6.12. */
static inline void deactivate_page(struct hmmu *m, u32 cpu, u32 pfn)
{
	u32 head = compound_head(m, pfn);
	u32 flags = page_of(m, head)->flags;

	if (!(flags & HMMU_PG_LRU) || !(flags & HMMU_PG_ACTIVE) || (flags & HMMU_PG_UNEVICTABLE))
		return;
	get_page(m, head);
	pagevec_add(m, cpu, PVEC_DEACTIVATE, head);
}
/** __pagevec_lru_add() of a single page, with a reference: put the page on its list at once. */
static NOINLINE void lru_add_now(struct hmmu *m, u32 pfn);

#endif
