/* SPDX-License-Identifier: GPL-2.0-only */
/* prepare and unmap of Linux 4.14: lock and isolate pages, look for pins, and unmap the pages from every address space. */
#include "host/probe.h"
#include "migrate/leave_out.h"
#include "migrate/migrate.h"
#include "rmap/migration_ptes.h"
#include "rmap/rmap.h"
#include "rmap/try_to_unmap.h"

/* A task that waits for the migration of a device page holds a reference, which looks like a pin. So device-private
 * pages always pass. Compound pages never get here: collect leaves them out. */
static inline bool migrate_vma_check_page(const struct hmmu *m, u32 page)
{
	return is_device_private_page(m, page) || references_explained(page_of(m, page));
}

void leave_out(struct hmmu_migration *mig, u64 i, bool remap, enum hmmu_why why)
{
	set_why(mig, i, why);
	mig->cpages--;
	if (remap) {
		mig->src[i] &= ~(u64)HMMU_PFN_MIGRATE;
		mig->to_restore++;
	} else {
		mig->src[i] = 0;
	}
}

static NOINLINE bool prepare_lock(struct hmmu_migration *mig, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = migrate_pfn_to_page(mig->src[i]);

	/* Two migrations could deadlock on each other's pages, so prepare waits for no lock. */
	if (!trylock_page(m, page)) {
		leave_out(mig, i, false, HMMU_WHY_PAGE_LOCKED);
		put_page(m, page);
		return false;
	}
	mig->src[i] |= HMMU_PFN_LOCKED;
	return true;
}

void drain_once(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;

	if (mig->allow_drain)
		lru_add_drain_all(m);
	mig->allow_drain = false;
}

/* The page is on no LRU list. @p src is collect's word. */
static NOINLINE void refuse_unlisted(struct hmmu_migration *mig, u64 i, u64 src)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = migrate_pfn_to_page(src);
	bool remap = src & HMMU_PFN_LOCKED;

	leave_out(mig, i, remap, HMMU_WHY_ISOLATION);
	if (remap)
		return;
	unlock_page(m, page);
	put_page(m, page);
}

/* The page has an unknown reference; it goes back to its list. */
static NOINLINE void refuse_pinned(struct hmmu_migration *mig, u64 i, u64 src)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = migrate_pfn_to_page(src);
	bool remap = src & HMMU_PFN_LOCKED;

	note_references(mig, i, page, explained_references(page_of(m, page)) + page_of(m, page)->mapcount);
	leave_out(mig, i, remap, HMMU_WHY_PINNED);
	if (remap)
		get_page(m, page); /* for the restore */
	else
		unlock_page(m, page);
	putback_lru_page(m, mig->ctx.cpu, page);
}

/* True: the page can migrate, and unmap need not look at it. */
static inline bool prepare_one(struct hmmu_migration *mig, u64 i, u64 src)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = (u32)(src >> HMMU_PFN_SHIFT);
	struct page *p = page_of(m, page);

	if (!(src & HMMU_PFN_LOCKED) && !prepare_lock(mig, i))
		return false;
	/* A device page is on no LRU list. A device-private page can't be pinned. */
	if (is_zone_device_page(m, page))
		return is_device_private_page(m, page) && !p->mapcount;
	if (!(p->flags & HMMU_PG_LRU))
		drain_once(mig);
	/* The page is not compound: collect leaves compound pages out. */
	if (!__isolate_lru_page(m, p, 1)) {
		refuse_unlisted(mig, i, src);
		return false;
	}
	/* The migration holds the only reference. */
	if (p->count == 1 && !p->mapcount)
		return true;
	if (!references_explained(p))
		refuse_pinned(mig, i, src);
	return false;
}

void migrate_vma_prepare(struct hmmu_migration *mig, u64 from, u64 to)
{
	bool settled = to - from == mig->npages;

	for (u64 i = from; i < to; i++) {
		u64 src = mig->src[i];

		if ((src & HMMU_PFN_VALID) && !prepare_one(mig, i, src))
			settled = false;
	}
	mig->settled = SHORTCUTS && settled;
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
	mig->to_restore--;
}

void migrate_vma_prepare_restore(struct hmmu_migration *mig, u64 from, u64 to)
{
	for (u64 i = from; i < to && mig->to_restore; i++)
		prepare_restore_one(mig, i);
}

static inline void unmap_one(struct hmmu *m, struct hmmu_migration *mig, u64 i)
{
	u32 page = migrate_pfn_to_page(mig->src[i]);
	enum hmmu_why why;

	if (!page || !(mig->src[i] & HMMU_PFN_MIGRATE))
		return;
	if (page_mapped(m, page)) {
		probe(unmap, mig->ctx.mm, mig->start, i, page);
		try_to_unmap(&mig->ctx, page, TTU_MIGRATION | TTU_IGNORE_MLOCK | TTU_IGNORE_ACCESS);
	}
	if (page_mapped(m, page))
		why = HMMU_WHY_STILL_MAPPED;
	else if (!migrate_vma_check_page(m, page))
		why = HMMU_WHY_PINNED_LATE;
	else
		return;
	if (why == HMMU_WHY_PINNED_LATE)
		note_references(mig, i, page, explained_references(page_of(m, page)));
	leave_out(mig, i, true, why);
}

void migrate_vma_unmap(struct hmmu_migration *mig, u64 from, u64 to)
{
	struct hmmu *m = mig->ctx.m;

	for (u64 i = from; i < to; i++)
		unmap_one(m, mig, i);
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
	mig->to_restore--;
	put_page_or_lru(&mig->ctx, page);
}

void migrate_vma_unmap_restore(struct hmmu_migration *mig, u64 from, u64 to)
{
	for (u64 i = from; i < to && mig->to_restore; i++)
		unmap_restore_one(mig, i);
}
