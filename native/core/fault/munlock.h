/* SPDX-License-Identifier: GPL-2.0-only */
/** @file munlock.h Linux 4.14: taking the mlock marks off a page, or a range. 6.12 has page/mlock_batch.h and
 * call/mlock_range.h. */
#ifndef HMMU_MUNLOCK_H
#define HMMU_MUNLOCK_H

#include "mm/task.h"

/** Take the mark off a locked page, and put the page back on its list. Another locked mapping renews the mark. */
static void munlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn);
/** Take the mlock marks off a range; BLOCKED on a locked page. */
static int munlock_vma_pages_range(struct ctx *ctx, u32 vma, u64 start, u64 end);
/** A walk that waits at an address is given up: the mapping there is locked as before. */
static void munlock_give_up(struct hmmu *m, u32 mm, u64 munlock_at);

#endif
