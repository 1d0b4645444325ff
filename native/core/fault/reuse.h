/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file reuse.h
 * Whether a store to a page that is mapped read-only needs no copy.
 *
 * reuse_by_mapcount.c is 4.14's rule: the page is mapped once, whoever else has references. reuse_by_exclusive.c is
 * 6.12's: the page is exclusive to this mapping, or nobody else has a reference.
 */
#ifndef HMMU_REUSE_H
#define HMMU_REUSE_H

#include "fault/vm_fault.h"

/** An answer, besides COPY_PAGE and what wait_on_page() returns. */
#define COPY_PAGE 0
#define REUSE_PAGE 1

/** @name 4.14: they take the page's lock, and wait for it
 * @{ */
/** Whether a locked anonymous page has one user only, so that a write needs no copy. */
static bool reuse_swap_page(struct hmmu *m, u32 pfn);
static int reuse_mapped_once(struct fault *vmf, u32 page);
static int reuse_huge_mapped_once(struct fault *vmf, u32 page);
/** @} */
/** @name 6.12: only a huge page's lock is waited for
 * @{ */
static int reuse_exclusive(struct fault *vmf, u32 page);
static int reuse_huge_exclusive(struct fault *vmf, u32 page);
/** @} */

static inline int reuse_anon_page(struct fault *vmf, u32 page)
{
	return KERNEL >= V6_12 ? reuse_exclusive(vmf, page) : reuse_mapped_once(vmf, page);
}
static inline int reuse_huge_page(struct fault *vmf, u32 page)
{
	return KERNEL >= V6_12 ? reuse_huge_exclusive(vmf, page) : reuse_huge_mapped_once(vmf, page);
}

#endif
