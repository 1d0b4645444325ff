/* SPDX-License-Identifier: GPL-2.0-only */
/* The records of migrations: their memory, their results, and whether one is in a callback. */
#include "migrate/record.h"

#include "host/events.h"
#include "host/platform.h"
#include "host/probe.h"
#include "host/stats.h"
#include "rmap/rmap.h"
#include "rmap/rmap_walk.h"

#define RECORDS (PLATFORM_IS_SMALL ? 1u << 12 : 1u << 16)
/* Arrays of 2^29 pages, or of 2^22 on a small host. */
#define WORDS (PLATFORM_IS_SMALL ? 1ull << 23 : 1ull << 30)
#define RECORD_BYTES (RECORDS * (u64)sizeof(struct hmmu_migration))
#define POOL_BYTES (RECORD_BYTES + WORDS * sizeof(u64))
/* The smallest arrays have 2^5 pages. */
#define SMALLEST_ARRAY 5

struct hmmu_migration *record_alloc_new(struct migration_pool *pool)
{
	if (!pool->records)
		pool->records = platform_reserve(POOL_BYTES);
	if (!pool->records || pool->records_used == RECORDS)
		return NULL;
	pool->words = (u64 *)((u8 *)pool->records + RECORD_BYTES);
	return &pool->records[pool->records_used++];
}

static u32 size_of_arrays(u64 pages)
{
	u32 size = SMALLEST_ARRAY;

	while (size < ARRAY_SIZES && 1ull << size < pages)
		size++;
	return size;
}

u64 *arrays_take(struct migration_pool *pool, u64 pages, u64 *room)
{
	u32 size = size_of_arrays(pages);
	u64 *array;

	if (size == ARRAY_SIZES)
		return NULL;
	array = pool->arrays[size];
	if (array) {
		pool->arrays[size] = next_array(array);
	} else {
		if (WORDS - pool->words_used < 2ull << size)
			return NULL;
		array = pool->words + pool->words_used;
		pool->words_used += 2ull << size;
	}
	*room = 1ull << size;
	return array;
}

void array_give_back(struct migration_pool *pool, u64 *array, u64 pages)
{
	u32 size = size_of_arrays(pages);

	memcpy(array, &pool->arrays[size], sizeof(pool->arrays[size]));
	pool->arrays[size] = array;
}

void arrays_free(struct migration_pool *pool, struct hmmu_migration *mig)
{
	if (mig->many)
		array_give_back(pool, mig->many, mig->many_pages);
	mig->many = NULL;
	mig->many_pages = 0;
}

struct hmmu_migration *record_restore(struct hmmu *m, u64 pages, bool has_why)
{
	struct hmmu_migration *mig = record_alloc(m);
	u64 room, *stand_ins = mig ? arrays_take(&m->migration_pool, stand_in_room(pages), &room) : NULL;

	if (!stand_ins || !arrays_alloc(m, mig, pages))
		return NULL;
	mig->barred = BAR_RESTORED;
	mig->request = (struct hmmu_migrate_request){ .src = stand_ins, .dst = stand_ins + pages };
	if (has_why)
		mig->why = mig->request.why = (u8 *)(stand_ins + 2 * pages);
	return mig;
}

void migration_pool_release(struct hmmu *m)
{
	struct migration_pool *pool = &m->migration_pool;

	if (!pool->records)
		return;
	if (PLATFORM_REUSES_MEMORY) {
		memset(pool->records, 0, pool->records_used * sizeof(*pool->records));
		memset(pool->words, 0, pool->words_used * sizeof(u64));
	}
	platform_release(pool->records, POOL_BYTES);
}

bool migration_in_callback(const struct hmmu *m)
{
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->barred == BAR_CALLBACK)
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
		if (mig->barred == BAR_CALLBACK && mig->ctx.task == task && has_page(mig, pfn))
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
