/* SPDX-License-Identifier: GPL-2.0-only */
/** @file lru.h LRU lists, per-CPU pagevecs, isolation, and mlock's part in them. */
#ifndef HMMU_LRU_H
#define HMMU_LRU_H

#include "page.h"

/** Make the lists empty. */
void lru_init(struct hmmu *m);
/** The head of a list, as a number in the array of pages. */
static inline u32 lru_head(const struct hmmu *m, enum lru_list which)
{
	return m->pfn_end + which;
}
void lru_cache_add(struct hmmu *m, u32 cpu, u32 pfn);
void lru_cache_add_active_or_unevictable(struct hmmu *m, u32 cpu, u32 pfn, u32 vma);
/** Empty the pagevecs of one CPU; of all CPUs. */
void lru_add_drain(struct hmmu *m, u32 cpu);
void lru_add_drain_all(struct hmmu *m);
/** Take a page off its list, with a reference; false if it is on none. */
bool isolate_lru_page(struct hmmu *m, u32 pfn);
/** The way back: the reference of the isolation is dropped. */
void putback_lru_page(struct hmmu *m, u32 cpu, u32 pfn);
/** Take a page that is going to be freed off its list. */
void del_page_from_lru(struct hmmu *m, u32 pfn);
/** A split: the head's list counts one page where it counted 512, and each tail goes beside its head. */
void lru_account_split(struct hmmu *m, u32 head);
void lru_add_page_tail(struct hmmu *m, u32 tail);
/** An inactive page becomes an active one, by way of a pagevec. */
void activate_page(struct hmmu *m, u32 cpu, u32 pfn);
void mark_page_accessed(struct hmmu *m, u32 cpu, u32 pfn);
void mark_page_lazyfree(struct hmmu *m, u32 cpu, u32 pfn);
/** Put a pagevec's pages on their lists at once: __pagevec_lru_add() of one page that carries a reference. */
void lru_add_now(struct hmmu *m, u32 pfn);

/** @name mlock.c
 * @{ */
void mlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn);
void munlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn);
void clear_page_mlock(struct hmmu *m, u32 cpu, u32 pfn);
/** @} */

#endif
