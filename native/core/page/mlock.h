/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mlock.h The mlock mark of pages in Linux 4.14. fault/munlock.h takes it off; mlock_batch.h is 6.12's. */
#ifndef HMMU_MLOCK_H
#define HMMU_MLOCK_H

#include "page/page.h"

/** Mark a page, and move it to the list of unevictable pages. */
static void mlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn);
/** Take the mark off a page that has lost its last mapping, or is to be split. An isolated page stays unevictable until it
 * is put back. */
static void clear_page_mlock(struct hmmu *m, u32 cpu, u32 pfn);

#endif
