/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of a migration: its result, and whether one is in a callback. */
#include "migrate/record.h"

#include "host/events.h"
#include "host/probe.h"
#include "host/stats.h"
#include "rmap/rmap.h"
#include "rmap/rmap_walk.h"

bool migration_in_callback(const struct hmmu *m)
{
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->in_callback)
			return true;
	return false;
}

/* The page's offset in the mapping leads to its entry, whichever other mapping the task came by. */
static bool has_page(const struct hmmu_migration *mig, u32 pfn)
{
	u64 i = (vma_address(mig->ctx.m, pfn, mig->vma) - mig->start) >> PAGE_SHIFT;

	return i < mig->npages && (migrate_pfn_to_page(mig->src[i]) == pfn || migrate_pfn_to_page(mig->dst[i]) == pfn);
}

/* The migration goes on only when the callback returns; so does a fault when its handler returns. */
bool task_has_locked(const struct hmmu *m, u32 task, u32 pfn)
{
	for (const struct device_fault *fault = m->faults; fault; fault = fault->outer)
		if (fault->locked && fault->task == task && fault->pfn == pfn)
			return true;
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->in_callback && mig->ctx.task == task && has_page(mig, pfn))
			return true;
	return false;
}

void migrations_drop(struct hmmu *m)
{
	while (m->migrations)
		migration_free(m->migrations);
}

void set_why(struct hmmu_migration *mig, u64 i, enum hmmu_why why)
{
	if (mig->why)
		mig->why[i] = (u8)why;
	if (counting(mig->ctx.m))
		mig->ctx.m->stats->whys[why]++;
	event(mig->ctx.m, HMMU_EVENT_GIVE_UP, mig->ctx.mm, mig->start + (i << PAGE_SHIFT), why);
	probe(give_up, mig->ctx.mm, mig->start, i, why);
}

void note_references(struct hmmu_migration *mig, u64 i, u32 page, int32_t expected)
{
	u64 found = (u32)page_of(mig->ctx.m, page)->count;

	event(mig->ctx.m, HMMU_EVENT_REFERENCES, mig->ctx.mm, mig->start + (i << PAGE_SHIFT),
	      found | (u64)(u32)expected << 32);
}

void migrate_remember_error(struct hmmu_migration *mig, int err)
{
	if (mig->err)
		return;
	mig->err = err;
	mig->error = mig->ctx.m->error;
}
