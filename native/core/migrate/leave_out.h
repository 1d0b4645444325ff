/* SPDX-License-Identifier: GPL-2.0-only */
/** @file leave_out.h What prepare and unmap of both kernels share: looking for pins, and leaving entries out. */
#ifndef HMMU_LEAVE_OUT_H
#define HMMU_LEAVE_OUT_H

#include "migrate/migrate.h"
#include "mm/swap.h"

/** References to a page of RAM that the migration and a cache explain. */
static inline int32_t explained_references(const struct page *p)
{
	if (page_in_cache(p))
		return 2 + !!(p->flags & HMMU_PG_PRIVATE);
	return 1;
}
/** Whether a RAM page has no other references than those of its mappings, of the migration and of a cache. */
static inline bool references_explained(const struct page *p)
{
	return p->count - explained_references(p) <= p->mapcount;
}
/** This entry will not migrate. If the page is unmapped (@p remap), the entry keeps it until its ptes are restored. */
static void leave_out(struct hmmu_migration *mig, u64 i, bool remap, enum hmmu_why why);
/** A page may still be in a pagevec of some CPU: drain them all, once a migration. */
static NOINLINE void drain_once(struct hmmu_migration *mig);

#endif
