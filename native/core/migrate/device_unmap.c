/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migrate_device_unmap() of Linux 6.12: isolate each page, unmap it everywhere, and only then look for pins. 4.14 looks
 * before (prepare.c).
 */
#include "migrate/leave_out.h"
#include "rmap/migration_ptes.h"
#include "rmap/try_to_migrate.h"

/*
 * The references that do not stop a page. Until "mm: free device private pages have zero refcount" a device page had one of its
 * own. The check still allows for it, so somebody's reference to a device page is found later, in pages.
 */
static inline int32_t references_spared(const struct hmmu_migration *mig, u32 page)
{
	const struct hmmu *m = mig->ctx.m;
	int32_t extra = explained_references(page_of(m, page)) + (page == mig->fault_page);

	if (is_zone_device_page(m, page) && quirk(m, HMMU_QUIRK_CHECK_SPARES_DEVICE))
		extra++;
	return extra;
}

/* migrate_vma_check_page() */
static inline bool migrate_device_check_page(const struct hmmu_migration *mig, u32 page)
{
	const struct page *p = page_of(mig->ctx.m, page);

	/* The migration's own. */
	if (SHORTCUTS && p->count == 1)
		return true;
	return p->count - references_spared(mig, page) <= p->mapcount;
}

/* The page goes back to its list now. Its ptes come back in restore. */
static NOINLINE void refuse_unmapped(struct hmmu_migration *mig, u64 i, u32 page, enum hmmu_why why)
{
	struct hmmu *m = mig->ctx.m;

	if (why == HMMU_WHY_PINNED)
		note_references(mig, i, page, references_spared(mig, page) + page_of(m, page)->mapcount);
	if (!is_zone_device_page(m, page)) {
		get_page(m, page);
		putback_lru_page(m, mig->ctx.cpu, page);
	}
	leave_out(mig, i, true, why);
}

/* The isolation takes a reference, and collect's is dropped: the count stays as it is. */
static inline bool isolate_one(struct hmmu_migration *mig, struct page *p)
{
	if (!(p->flags & HMMU_PG_LRU))
		drain_once(mig);
	return __isolate_lru_page(mig->ctx.m, p, 1);
}

static inline void device_unmap_one(struct hmmu_migration *mig, u64 i, u32 page)
{
	struct hmmu *m = mig->ctx.m;
	struct page *p = page_of(m, page);

	if (!is_zone_device_page(m, page) && !isolate_one(mig, p)) {
		leave_out(mig, i, true, HMMU_WHY_ISOLATION);
		return;
	}
	if (p->mapcount) {
		probe(unmap, mig->ctx.mm, mig->start, i, page);
		try_to_migrate(&mig->ctx, page, false);
		if (p->mapcount) {
			refuse_unmapped(mig, i, page, HMMU_WHY_STILL_MAPPED);
			return;
		}
	}
	if (!migrate_device_check_page(mig, page))
		refuse_unmapped(mig, i, page, HMMU_WHY_PINNED);
}

void migrate_device_unmap(struct hmmu_migration *mig, u64 from, u64 to)
{
	if (!from)
		lru_add_drain(mig->ctx.m, mig->ctx.cpu);
	for (u64 i = from; i < to; i++) {
		u64 src = mig->src[i];

		if (src & HMMU_PFN_VALID)
			device_unmap_one(mig, i, (u32)(src >> HMMU_PFN_SHIFT));
	}
}

static void device_unmap_restore_one(struct hmmu_migration *mig, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = migrate_pfn_to_page(mig->src[i]);

	if (!page || (mig->src[i] & HMMU_PFN_MIGRATE))
		return;
	remove_migration_ptes(&mig->ctx, page, page);
	mig->src[i] = 0;
	unlock_source(mig, page);
	put_page(m, page);
	mig->to_restore--;
}

void migrate_device_unmap_restore(struct hmmu_migration *mig, u64 from, u64 to)
{
	for (u64 i = from; i < to && mig->to_restore; i++)
		device_unmap_restore_one(mig, i);
}
