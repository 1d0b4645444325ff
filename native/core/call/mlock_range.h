/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mlock_range.h The pages of a range that mlock() or munlock() of Linux 6.12 was called for. */
#ifndef HMMU_MLOCK_RANGE_H
#define HMMU_MLOCK_RANGE_H

#include "mm/task.h"

/** The range is a mapping's, or a part of it, and VM_LOCKED says whether its pages are to be mlocked or munlocked. */
static void mlock_vma_pages_range(struct ctx *ctx, u32 vma, u64 start, u64 end);

#endif
