/* SPDX-License-Identifier: GPL-2.0-only */
/** @file compact.h A kernel that moves pages of a process. */
#ifndef KAPI_COMPACT_H
#define KAPI_COMPACT_H

#include <linux/mm.h>

/** Move the first page of a range that can be moved to another frame. A thread of the kernel does it while the running one
 * waits, at most for a jiffy: the driver may have a lock that its invalidation needs. */
void compact(const struct mm_struct *mm, u64 start, u64 end, const struct kapi_place *place);

#endif
