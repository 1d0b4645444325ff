/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mark.h Where a mark has to look, and the end of all marks. */
#ifndef HMMU_MARK_H
#define HMMU_MARK_H

#include "host/machine.h"
#include "host/marks.h"

/** Find the lines and slots that mappings can use now. False: the host has no memory. */
static bool marks_find_lines(const struct hmmu *m, struct marks *marks);
/** Find the slots of TLBs in which there may be a translation. */
static void find_slots(const struct hmmu *m, u64 *slots);
/** Give all marks back to the host. */
static void marks_free(struct hmmu *m);

#endif
