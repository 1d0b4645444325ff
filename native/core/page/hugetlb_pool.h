/* SPDX-License-Identifier: GPL-2.0-only */
/** @file hugetlb_pool.h The hugetlb pool. */
#ifndef HMMU_HUGETLB_POOL_H
#define HMMU_HUGETLB_POOL_H

#include "host/machine.h"

/** page->private of a page in use, in 6.12: whoever reserved the page has lost it. */
#define HPG_RESTORE_RESERVE 1u

/** Set up the pool: all pages are free and never used. */
static void hugetlb_init(struct hmmu *m);
/** Take a free page, preferably one that was used before; @p zeroed: it was not. The caller has checked that there is one. */
static u32 dequeue_huge_page(struct hmmu *m, bool *zeroed);
/** Free a page of the pool after its last reference was dropped. */
static void free_huge_page(struct hmmu *m, u32 head);

#endif
