/* SPDX-License-Identifier: GPL-2.0-only */
/** @file try_to_unmap.h Taking the entries of a page out of all mappings. */
#ifndef HMMU_TRY_TO_UNMAP_H
#define HMMU_TRY_TO_UNMAP_H

#include "mm/task.h"

enum ttu_flags {
	TTU_MIGRATION = 1,
	TTU_MUNLOCK = 2,
	TTU_SPLIT_HUGE_PMD = 4,
	TTU_IGNORE_MLOCK = 8,
	TTU_IGNORE_ACCESS = 16,
	TTU_SPLIT_FREEZE = 32,
};
/** Replace or clear the ptes of a page, as the flags say; true if none is left. */
static bool try_to_unmap(struct ctx *ctx, u32 pfn, u32 flags);
/** Look for a locked mapping of a page, to mlock it again. */
static void try_to_munlock(struct ctx *ctx, u32 pfn);

#endif
