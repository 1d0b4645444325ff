/* SPDX-License-Identifier: GPL-2.0-only */
/** @file numbering.h Where the numbers of machine/numbering.h stand. They are no state of the machine. */
#ifndef HMMU_HOST_NUMBERING_H
#define HMMU_HOST_NUMBERING_H

#include "host/types.h"

enum numbered { NUMBERED_PAGES, NUMBERED_ANON_VMAS, NUMBERED_FILES, NUMBERED_SLOTS, NR_NUMBERED };

struct numbering {
	u64 *of[NR_NUMBERED]; /**< by record: its last number of all rounds */
	u32 room[NR_NUMBERED];
	u64 before; /**< numbers up to this one are of earlier rounds */
	u64 given;  /**< the last number of all rounds */
};

#endif
