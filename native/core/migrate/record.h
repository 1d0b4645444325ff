/* SPDX-License-Identifier: GPL-2.0-only */
/** @file record.h The memory of a migration's record. Inline: the fault on a single device page makes a migration, too. */
#ifndef HMMU_RECORD_H
#define HMMU_RECORD_H

#include <string.h>

#include "host/platform.h"
#include "migrate/migrate.h"

/** The operations of a request: hmmu_builtin_ops only leads to those of this kernel. */
static inline const struct hmmu_migrate_ops *migrate_ops(const struct hmmu_migrate_ops *ops)
{
	return ops == &hmmu_builtin_ops ? &builtin_ops : ops;
}

/* A spare record keeps the arrays of so many pages. */
#define SPARE_PAGES 4096

/* Allocate a record, whose ctx and request the caller fills. One freed record is kept as a spare for the next
 * migration. */
static inline struct hmmu_migration *record_alloc(struct hmmu *m)
{
	struct hmmu_migration *mig = m->spare_migration;

	m->spare_migration = NULL;
	if (!mig)
		return platform_alloc(sizeof(*mig));
	memset(&mig->vma, 0, offsetof(struct hmmu_migration, error) - offsetof(struct hmmu_migration, vma));
	return mig;
}

static inline void arrays_free(struct hmmu_migration *mig)
{
	platform_free(mig->many);
	mig->many = NULL;
	mig->many_pages = 0;
}

static inline void record_free(struct hmmu *m, struct hmmu_migration *mig)
{
	if (!SHORTCUTS || mig->many_pages > SPARE_PAGES)
		arrays_free(mig);
	if (SHORTCUTS && !m->spare_migration) {
		m->spare_migration = mig;
		return;
	}
	arrays_free(mig);
	platform_free(mig);
}

static inline void spare_record_free(struct hmmu *m)
{
	if (!m->spare_migration)
		return;
	arrays_free(m->spare_migration);
	platform_free(m->spare_migration);
}

static inline bool arrays_alloc(struct hmmu_migration *mig, u64 pages)
{
	mig->src = mig->few;
	mig->dst = mig->few + FEW_PAGES;
	if (SHORTCUTS && pages <= FEW_PAGES)
		return true;
	if (pages > mig->many_pages) {
		arrays_free(mig);
		mig->many = platform_alloc_raw(2 * pages * sizeof(u64));
		if (!mig->many)
			return false;
		mig->many_pages = pages;
	}
	mig->src = mig->many;
	mig->dst = mig->many + pages;
	return true;
}

/** A record with arrays for so many pages, in the machine's list; NULL if the host has no memory. */
static inline struct hmmu_migration *migration_alloc(struct hmmu *m, u64 pages)
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

/** Take a record out of the machine's list and free it. */
static inline void migration_free(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	struct hmmu_migration *before = m->migrations;

	if (before == mig) {
		m->migrations = mig->next;
	} else {
		while (before && before->next != mig)
			before = before->next;
		if (before)
			before->next = mig->next;
	}
	record_free(m, mig);
}

#endif
