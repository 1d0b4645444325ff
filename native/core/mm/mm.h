/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mm.h Address spaces and their counters. The number of one is the number of its process, too. */
#ifndef HMMU_MM_H
#define HMMU_MM_H

#include "host/machine.h"

static inline bool mm_is_alive(const struct hmmu *m, u32 mm)
{
	return mm && mm < m->st->slabs[SLAB_MM].high && mm_of(m, mm)->state == MM_ALIVE;
}
/** An address space with mappings: that of a process, or one that a fork() which waits has begun to copy. */
static inline bool mm_exists(const struct hmmu *m, u32 mm)
{
	return mm_of(m, mm)->state == MM_ALIVE || mm_of(m, mm)->state == MM_COPIED;
}
/** 0, or -ESRCH with an error if there is no such process. */
static int check_process(const struct hmmu *m, u32 pid);
static inline void add_mm_counter(struct hmmu *m, u32 mm, int counter, int64_t n)
{
	mm_of(m, mm)->rss[counter] += (u64)n;
}
/** RSS: anonymous, of files and shared. */
static inline u64 resident_pages(const struct hmmu *m, u32 mm)
{
	const u64 *rss = mm_of(m, mm)->rss;

	return rss[MM_ANONPAGES] + rss[MM_FILEPAGES] + rss[MM_SHMEMPAGES];
}

static int mm_create(struct hmmu *m, u32 *mm);
/** While a fork() waits, nobody sees the process that it makes, nor the process's task: that is in its call. */
static void mm_hide(struct hmmu *m, u32 mm);
static void mm_show(struct hmmu *m, u32 mm);
/** Undo a mm that has no mappings (any more). */
static void mm_free(struct hmmu *m, u32 mm);

#endif
