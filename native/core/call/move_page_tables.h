/* SPDX-License-Identifier: GPL-2.0-only */
/** @file move_page_tables.h Moving entries from one mapping to another, for mremap(). */
#ifndef HMMU_MOVE_PAGE_TABLES_H
#define HMMU_MOVE_PAGE_TABLES_H

#include "mm/task.h"
#include "mm/userfaultfd.h"

/** A moved mapping is no longer registered with userfaultfd ("userfaultfd: clear flag if remap event not enabled"), so its
 * entries are not write-protected by it ("mm: clear uffd-wp PTE/PMD state on mremap()"). */
static inline bool leaves_userfaultfd(const struct hmmu *m, u32 vma)
{
	return KERNEL >= V6_12 && userfaultfd_armed(m, vma);
}
/**
 * Move the entries of @p length bytes of mapping @p vma, from @p start on, to address @p to of mapping @p new. Returns the
 * number of bytes moved; fewer than @p length if a table could not be made. The kernel holds the rmap locks, so that no walk
 * misses an entry on its way. Here no walk can come between.
 */
static u64 move_page_tables(struct ctx *ctx, u32 vma, u64 start, u32 new, u64 to, u64 length);

#endif
