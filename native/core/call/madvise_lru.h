/* SPDX-License-Identifier: GPL-2.0-only */
/** @file madvise_lru.h Advice of Linux 6.12 on how soon pages are needed: MADV_FREE, MADV_COLD, MADV_PAGEOUT. */
#ifndef HMMU_MADVISE_LRU_H
#define HMMU_MADVISE_LRU_H

#include "mm/task.h"

/** Advise on a part of one mapping. 0, or -EINVAL: not for such a mapping. */
static int madvise_lru(struct ctx *ctx, u32 vma, u64 start, u64 end, u32 advice);

#endif
