/* SPDX-License-Identifier: GPL-2.0-only */
/* Who has the lock of a reverse map. */
#include "mm/rmap_lock.h"
#include "mm/stopped.h"

/* anon_vmas that have forked from each other have one lock. */
static u32 rmap_root(const struct hmmu *m, u32 rmap)
{
	return rmap & MAPPING_ANON ? anon_vma_of(m, rmap & ~MAPPING_ANON)->root | MAPPING_ANON : rmap;
}

static bool has_rmap_lock(const struct hmmu *m, const struct stop *stop, u32 root, bool write)
{
	for (const struct at_hand *hand = &stop->hand; hand; hand = hand->outer)
		if (hand->rmap && (write || hand->rmap_write) && rmap_root(m, hand->rmap) == root)
			return true;
	return false;
}

/* A task that has stopped with a lock that excludes this use; 0: none. */
static u32 rmap_lock_holder(const struct hmmu *m, u32 rmap, bool write)
{
	u32 root = rmap_root(m, rmap);

	for (u32 task = 1; rmap && task < m->stops->end; task++)
		if (stop_of(m, task) && has_rmap_lock(m, stop_of(m, task), root, write))
			return task;
	return 0;
}

u32 rmap_locks_holder(const struct hmmu *m, const u32 *locks, bool write)
{
	u32 holder = rmap_lock_holder(m, locks[0], write);

	return holder ? holder : rmap_lock_holder(m, locks[1], write);
}

bool rmap_lock_available(const struct hmmu *m, const struct stop *stop)
{
	return !rmap_locks_holder(m, stop->awaited, stop->awaited_write);
}
