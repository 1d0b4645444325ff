/* SPDX-License-Identifier: GPL-2.0-only */
/** @file marks.h The stack of marks: copies of what a machine uses. */
#ifndef HMMU_MARKS_H
#define HMMU_MARKS_H

#include "host/types.h"

/** The slots of a TLB, as bits. Each CPU keeps the translations of a page in the same slot. */
#define SLOT_WORDS (TLB_ENTRIES / 64)

/** The stack of marks. Copies are runs, each with its place in front. */
struct marks {
	u8 *bytes;
	u64 used, capacity;
	u64 newest; /**< where the newest mark begins */
	u32 depth;
	bool failed; /**< the host had no memory for a run */
	/** Slots in which there may be a translation: since the first mark they were not empty, or were of a page of a mapping. */
	u64 slots[SLOT_WORDS];
	u64 moved_mappings; /**< the machine's, when the slots were found last */
	/** Lines of page tables in which there may be entries. */
	u8 **lines;
	u32 nr_lines, room_for_lines;
};
#define LINE_BYTES 64u

#endif
