/* SPDX-License-Identifier: GPL-2.0-only */
/** @file under_way.h What is under way and not in the arena, as pieces behind it: migrations, and device faults that wait. */
#ifndef HMMU_UNDER_WAY_H
#define HMMU_UNDER_WAY_H

#include "host/migration.h"
#include "host/snapshot.h"

/** Call a function for each piece; for none if nothing is under way. */
static void write_under_way(const struct hmmu *m, void (*piece)(void *data, u64 number, const u8 *bytes), void *data);
/** The other way round: give a machine that has its arena, and nothing under way, what is in the pieces. Numbers by which memory is
 * found are checked; all else is left to restore_under_way.c. -EINVAL: the pieces have another form; -ENOMEM. */
static int read_under_way(struct hmmu *m, const struct piece *pieces, u64 count);
/** Give the memory of migrations and faults back to the host. */
static void free_under_way(struct hmmu *m);

/** How many entries of dst, and of the caller's arrays, are known: a migration of device pages clears dst when it collects. */
static inline u64 known_entries(const struct hmmu_migration *mig)
{
	return mig->first ? mig->npages : (mig->end - mig->start) >> PAGE_SHIFT;
}

#endif
