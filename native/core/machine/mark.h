/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mark.h Where a mark has to look, and the end of all marks. */
#ifndef HMMU_MARK_H
#define HMMU_MARK_H

#include "host/machine.h"
#include "host/marks.h"

/** The layout of the machine as it is. If it is not @p known (NULL: none is), it is looked for. NULL: the host has no memory. */
static const struct layout *layout_now(const struct hmmu *m, struct marks *marks, const struct layout *known);
/** The layout of the newest mark; NULL: there is no mark. */
static struct layout *layout_of_newest_mark(const struct marks *marks);
/** Find the slots of TLBs in which there may be a translation. */
static void find_slots(const struct hmmu *m, u64 *slots);
/** Give all marks back to the host. */
static void marks_free(struct hmmu *m);

#endif
