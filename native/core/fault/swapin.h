/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file swapin.h
 * Mapping of a page that has come back from swap.
 *
 * swapin_by_mapcount.c is 4.14's rule: a store makes the entry writable if the page and its slot have no other user.
 * swapin_by_exclusive.c is 6.12's: the swap entry remembers whether the mapping had the page alone, so that a load maps it
 * writable, too.
 */
#ifndef HMMU_SWAPIN_H
#define HMMU_SWAPIN_H

#include "fault/vm_fault.h"

/** Map a locked page of the swap cache. The entry leaves its slot, and takes the caller's reference. True: a store needs no more. @{ */
static bool map_swapped_by_mapcount(struct fault *vmf, u32 page, u32 slot);
static bool map_swapped_exclusive(struct fault *vmf, u32 page, u32 slot);
/** @} */

#endif
