/* SPDX-License-Identifier: GPL-2.0-only */
/** @file record.h The memory of a migration's record. Inline: the fault on a single device page makes a migration, too. */
#ifndef HMMU_RECORD_H
#define HMMU_RECORD_H

#include <string.h>

#include "migrate/migrate.h"

/** The operations of a request: hmmu_builtin_ops only leads to those of this kernel. */
static inline const struct hmmu_migrate_ops *migrate_ops(const struct hmmu_migrate_ops *ops)
{
	return ops == &hmmu_builtin_ops ? &builtin_ops : ops;
}

/* An unused record keeps arrays of up to so many pages. */
#define KEPT_PAGES 4096

/** A record that was never used. NULL: there are too many, or the host has no room for them. */
static NOINLINE struct hmmu_migration *record_alloc_new(struct migration_pool *pool);

/* Take a record, whose first fields the caller sets. The record that was freed last is taken first. */
static inline struct hmmu_migration *record_alloc(struct hmmu *m)
{
	struct hmmu_migration *mig = m->migration_pool.unused;

	if (!mig)
		return record_alloc_new(&m->migration_pool);
	m->migration_pool.unused = mig->next;
	/* Two pieces, because gcc clears more than 80 bytes by `rep stos`, which begins slowly. */
	memset(&mig->vma, 0, offsetof(struct hmmu_migration, why) - offsetof(struct hmmu_migration, vma));
	memset(&mig->why, 0, offsetof(struct hmmu_migration, collected) - offsetof(struct hmmu_migration, why));
	return mig;
}

/** Arrays that nobody uses are a list: each begins with the address of the next one. */
static inline u64 *next_array(const u64 *array)
{
	u64 *next;

	memcpy(&next, array, sizeof(next));
	return next;
}

/** Arrays for src and dst of so many pages or more; *@p room is set to how many. NULL: there is no room for them. */
static NOINLINE u64 *arrays_take(struct migration_pool *pool, u64 pages, u64 *room);
/** Give back an array that was taken for so many pages. */
static void array_give_back(struct migration_pool *pool, u64 *array, u64 pages);
/** Give the arrays of a record back. */
static NOINLINE void arrays_free(struct migration_pool *pool, struct hmmu_migration *mig);
/**
 * A record with arrays, in no list: of a migration that was under way in the machine of which this one is a copy. Arrays of its own
 * stand in for those of the caller, who is not known yet. NULL: there is no room.
 */
static struct hmmu_migration *record_restore(struct hmmu *m, u64 pages, bool has_why);
/** The stand-ins are src, dst and why in one array for so many pages. */
static inline u64 stand_in_room(u64 pages)
{
	return pages + pages / 16 + 1;
}
/** Stand for the operations that were not given again yet. */
static const struct hmmu_migrate_ops ops_to_be_given;
/** Give all memory back to the host. */
static void migration_pool_release(struct hmmu *m);

static inline void record_free(struct hmmu *m, struct hmmu_migration *mig)
{
	if (!SHORTCUTS || mig->many_pages > KEPT_PAGES)
		arrays_free(&m->migration_pool, mig);
	mig->next = m->migration_pool.unused;
	m->migration_pool.unused = mig;
}

static inline bool arrays_alloc(struct hmmu *m, struct hmmu_migration *mig, u64 pages)
{
	mig->src = mig->few;
	mig->dst = mig->few + FEW_PAGES;
	if (SHORTCUTS && pages <= FEW_PAGES)
		return true;
	if (pages > mig->many_pages) {
		arrays_free(&m->migration_pool, mig);
		mig->many = arrays_take(&m->migration_pool, pages, &mig->many_pages);
		if (!mig->many)
			return false;
	}
	mig->src = mig->many;
	mig->dst = mig->many + pages;
	return true;
}

/** A record with arrays for so many pages, in the machine's list; NULL if there is no room. */
static inline struct hmmu_migration *migration_alloc(struct hmmu *m, u64 pages)
{
	struct hmmu_migration *mig = record_alloc(m);

	if (!mig)
		return NULL;
	if (!arrays_alloc(m, mig, pages)) {
		record_free(m, mig);
		return NULL;
	}
	mig->prev = NULL;
	mig->next = m->migrations;
	if (mig->next)
		mig->next->prev = mig;
	m->migrations = mig;
	return mig;
}

/** Take a record out of the machine's list and free it. */
static inline void migration_free(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;

	*(mig->prev ? &mig->prev->next : &m->migrations) = mig->next;
	if (mig->next)
		mig->next->prev = mig->prev;
	record_free(m, mig);
}

#endif
