/* SPDX-License-Identifier: GPL-2.0-only */
/** @file marks.h The stack of marks: copies of what a machine uses. */
#ifndef HMMU_MARKS_H
#define HMMU_MARKS_H

#include "host/types.h"

/** The slots of a TLB, as bits. Each CPU keeps the translations of a page in the same slot. */
#define SLOT_WORDS (TLB_ENTRIES / 64)

/** A part of the arena in which something may be that is not zero. */
struct extent {
	u8 *at;
	u64 bytes; /**< a multiple of 16 */
};
/** All such parts. It holds until mappings move or parts grow, so nested marks share it. */
struct layout {
	u64 moved_mappings;    /**< the machine's; NO_LAYOUT: it does not hold any more */
	u64 grown;             /**< how large all parts are together */
	u64 bytes;             /**< of all extents */
	u64 slots[SLOT_WORDS]; /**< of TLBs, in which there may be a translation */
	u32 count;
	u32 room;
	struct extent extents[];
};
#define NO_LAYOUT UINT64_MAX

/** The stack of marks: of each its layout, if it is the first one that has it, the bytes of the extents, and runs of what else it
 * has to bring back. */
struct marks {
	u8 *bytes;
	u64 used, capacity;
	u64 newest; /**< where the newest mark begins */
	u32 depth;
	bool failed;          /**< the host had no memory */
	struct layout *found; /**< the last one that was looked for and is of no mark; NULL: none yet */
};

#endif
