/* SPDX-License-Identifier: GPL-2.0-only */
/* prepare and unmap: lock, isolate, look for pins, and take the page out of every address space. */
#include "migrate.h"
#include "probe.h"
#include "rmap.h"
#include "swap.h"

/* Whether every reference of a page is explained: by its mappings, and by those that the kernel itself holds. */
static inline bool migrate_vma_check_page(struct hmmu *m, u32 page)
{
	const struct page *p = page_of(m, page);
	int32_t extra = 1;

	if (PageCompound(m, page))
		return false;
	/* A task that waits for a migration holds a reference that can't be told from a pin. */
	if (is_device_private_page(m, page))
		return true;
	if (page_in_cache(m, page))
		extra += 1 + page_test(m, page, HMMU_PG_PRIVATE);
	return p->count - extra <= p->mapcount;
}

/* The entry is out of it. What collect unmapped keeps its page until its pte is restored. */
static void leave_out(struct hmmu_migration *mig, u64 i, bool remap, enum hmmu_why why)
{
	set_why(mig, i, why);
	mig->cpages--;
	if (remap) {
		mig->src[i] &= ~(u64)HMMU_PFN_MIGRATE;
		mig->restore++;
	} else {
		mig->src[i] = 0;
	}
}

static bool prepare_lock(struct hmmu_migration *mig, u64 i, u32 page)
{
	struct hmmu *m = mig->ctx.m;

	/* Two migrations could wait for each other's pages, so nothing is waited for. */
	if (!trylock_page(m, page)) {
		leave_out(mig, i, false, HMMU_WHY_PAGE_LOCKED);
		put_page(m, page);
		return false;
	}
	mig->src[i] |= HMMU_PFN_LOCKED;
	return true;
}

/* A page may wait in a pagevec for its place on a list. */
static NOINLINE void drain_once(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;

	if (mig->allow_drain)
		lru_add_drain_all(m);
	mig->allow_drain = false;
}

static inline bool prepare_isolate(struct hmmu_migration *mig, u64 i, u32 page, bool remap)
{
	struct hmmu *m = mig->ctx.m;

	if (!page_test(m, page, HMMU_PG_LRU))
		drain_once(mig);
	if (__isolate_lru_page(m, page))
		return true;
	leave_out(mig, i, remap, HMMU_WHY_ISOLATION);
	if (!remap) {
		unlock_page(m, page);
		put_page(m, page);
	}
	return false;
}

static inline void prepare_one(struct hmmu_migration *mig, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u64 src = mig->src[i];
	u32 page = migrate_pfn_to_page(src);
	bool remap = src & HMMU_PFN_LOCKED;

	if (!page || (!remap && !prepare_lock(mig, i, page)))
		return;
	/* Device pages are on no LRU list, and can't be pinned. */
	if (is_zone_device_page(m, page) || !prepare_isolate(mig, i, page, remap))
		return;
	if (migrate_vma_check_page(m, page))
		return;
	leave_out(mig, i, remap, HMMU_WHY_PINNED);
	if (remap)
		get_page(m, page); /* The restore still needs a reference. */
	else
		unlock_page(m, page);
	putback_lru_page(m, mig->ctx.cpu, page);
}

void migrate_vma_prepare(struct hmmu_migration *mig, u64 from, u64 to)
{
	for (u64 i = from; i < to; i++)
		prepare_one(mig, i);
}

static void prepare_restore_one(struct hmmu_migration *mig, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = migrate_pfn_to_page(mig->src[i]);

	if (!page || (mig->src[i] & HMMU_PFN_MIGRATE))
		return;
	remove_migration_pte(&mig->ctx, page, mig->vma, mig->start + (i << PAGE_SHIFT), page);
	mig->src[i] = 0;
	unlock_page(m, page);
	put_page(m, page);
	mig->restore--;
}

void migrate_vma_prepare_restore(struct hmmu_migration *mig, u64 from, u64 to)
{
	for (u64 i = from; i < to && mig->restore; i++)
		prepare_restore_one(mig, i);
}

static inline void unmap_one(struct hmmu_migration *mig, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = migrate_pfn_to_page(mig->src[i]);
	enum hmmu_why why;

	if (!page || !(mig->src[i] & HMMU_PFN_MIGRATE))
		return;
	probe(unmap, mig->ctx.mm, mig->start, i, page);
	if (page_mapped(m, page))
		try_to_unmap(&mig->ctx, page, TTU_MIGRATION | TTU_IGNORE_MLOCK | TTU_IGNORE_ACCESS);
	if (page_mapped(m, page))
		why = HMMU_WHY_STILL_MAPPED;
	else if (!migrate_vma_check_page(m, page))
		why = HMMU_WHY_PINNED_LATE;
	else
		return;
	leave_out(mig, i, true, why);
}

void migrate_vma_unmap(struct hmmu_migration *mig, u64 from, u64 to)
{
	for (u64 i = from; i < to; i++)
		unmap_one(mig, i);
}

static void unmap_restore_one(struct hmmu_migration *mig, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = migrate_pfn_to_page(mig->src[i]);

	if (!page || (mig->src[i] & HMMU_PFN_MIGRATE))
		return;
	remove_migration_ptes(&mig->ctx, page, page);
	mig->src[i] = 0;
	unlock_page(m, page);
	mig->restore--;
	put_page_or_lru(&mig->ctx, page);
}

void migrate_vma_unmap_restore(struct hmmu_migration *mig, u64 from, u64 to)
{
	for (u64 i = from; i < to && mig->restore; i++)
		unmap_restore_one(mig, i);
}
