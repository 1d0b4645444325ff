/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mlock.h The mlock mark of pages. */
#ifndef HMMU_MLOCK_H
#define HMMU_MLOCK_H

#include "mm/task.h"

/** Mark a page, and move it to the list of unevictable pages. */
static void mlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn);
static void munlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn);
static void clear_page_mlock(struct hmmu *m, u32 cpu, u32 pfn);
/** Put back a page that is isolated and has lost its mlock mark, which another locked mapping may renew. Drops the
 * isolation's reference. */
static void munlock_isolated_page(struct ctx *ctx, u32 pfn);

#endif
