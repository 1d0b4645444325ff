/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file mlock_batch.h
 * mlock in Linux 6.12: "mm/munlock: mlock_page() munlock_page() batch by pagevec". A page is marked mlocked at once. It
 * goes to the unevictable list, or leaves it, when the CPU's pagevec of such pages is drained. While it is there, the page
 * counts the locked mappings that map it. mlock.h has what 4.14 does instead.
 */
#ifndef HMMU_MLOCK_BATCH_H
#define HMMU_MLOCK_BATCH_H

#include "page/page.h"

/** Whether the pages of a mapping are mlocked. */
static inline bool vma_is_mlocked(const struct hmmu *m, u32 vma)
{
	return (vma_of(m, vma)->flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED;
}

/** What is to be done with a page of the pagevec. It stands above the page's number. */
enum mlock_work {
	MUNLOCK_WORK = 0,
	MLOCK_WORK = 1 << 30,
	MLOCK_NEW_WORK = 1 << 29, /**< put the page on its list for the first time */
};
static inline u32 mlock_work_page(u32 work)
{
	return work & ~(u32)(MLOCK_WORK | MLOCK_NEW_WORK);
}

/** One more locked mapping maps the page, or a mapping of it was locked. */
static void mlock_folio(struct hmmu *m, u32 cpu, u32 pfn);
/** The same for a new page. It is on no list, and in no pagevec. */
static void mlock_new_folio(struct hmmu *m, u32 cpu, u32 pfn);
/** One locked mapping less: the last one takes the mark away. */
static void munlock_folio(struct hmmu *m, u32 cpu, u32 pfn);
/** Drain the CPU's pagevec of mlock's work. */
static void mlock_drain_local(struct hmmu *m, u32 cpu);

#endif
