/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of a migration: its memory, its result, and whether one is in a callback. */
#include <string.h>

#include "host/platform.h"
#include "host/probe.h"
#include "host/stats.h"
#include "migrate/migrate.h"
#include "rmap/rmap.h"
#include "rmap/rmap_walk.h"

/* Allocate a record. One freed record is kept as a spare for the next migration. */
static struct hmmu_migration *record_alloc(struct hmmu *m)
{
	struct hmmu_migration *mig = m->spare_migration;

	m->spare_migration = NULL;
	if (!mig)
		return platform_alloc(sizeof(*mig));
	memset(mig, 0, offsetof(struct hmmu_migration, error));
	return mig;
}

static void record_free(struct hmmu *m, struct hmmu_migration *mig)
{
	if (!SHORTCUTS || m->spare_migration)
		platform_free(mig);
	else
		m->spare_migration = mig;
}

static bool arrays_alloc(struct hmmu_migration *mig, u64 pages)
{
	mig->src = mig->few;
	mig->dst = mig->few + FEW_PAGES;
	if (SHORTCUTS && pages <= FEW_PAGES)
		return true;
	mig->src = platform_alloc_raw(2 * pages * sizeof(u64));
	if (!mig->src)
		return false;
	mig->dst = mig->src + pages;
	return true;
}

struct hmmu_migration *migration_alloc(struct hmmu *m, u64 pages)
{
	struct hmmu_migration *mig = record_alloc(m);

	if (!mig)
		return NULL;
	if (!arrays_alloc(mig, pages)) {
		record_free(m, mig);
		return NULL;
	}
	mig->next = m->migrations;
	m->migrations = mig;
	return mig;
}

void migration_free(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	struct hmmu_migration **link = &m->migrations;

	while (*link != mig)
		link = &(*link)->next;
	*link = mig->next;
	if (mig->src != mig->few)
		platform_free(mig->src);
	record_free(m, mig);
}

/* The page's offset in the mapping leads to its entry, whichever other mapping the task came by. */
bool migration_has_locked(const struct hmmu_migration *mig, u32 pfn)
{
	u64 i = (vma_address(mig->ctx.m, pfn, mig->vma) - mig->start) >> PAGE_SHIFT;

	return i < mig->npages && (migrate_pfn_to_page(mig->src[i]) == pfn || migrate_pfn_to_page(mig->dst[i]) == pfn);
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

void migrate_remember_error(struct hmmu_migration *mig, int err)
{
	if (mig->err)
		return;
	mig->err = err;
	mig->error = mig->ctx.m->error;
}
