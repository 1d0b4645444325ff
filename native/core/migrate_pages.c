/* SPDX-License-Identifier: GPL-2.0-only */
/* pages: the destination takes the source's place in the kernel's books; then finalize, which maps it. */
#include <errno.h>

#include "lru.h"
#include "memcg.h"
#include "migrate.h"
#include "probe.h"
#include "rmap.h"
#include "swap.h"

/* Page cache or swap cache: the new page goes where the old one is, and has its dirty bit. */
static void move_cache_page(struct hmmu *m, u32 newpage, u32 page)
{
	if (PageSwapCache(m, page))
		replace_swap_cache(m, page, newpage);
	else
		replace_page_cache(m, page, newpage);
	get_page(m, newpage);
	if (page_test(m, page, HMMU_PG_SWAPBACKED))
		page_set(m, newpage, HMMU_PG_SWAPBACKED);
	if (page_test_and_clear(m, page, HMMU_PG_DIRTY))
		page_set(m, newpage, HMMU_PG_DIRTY);
	put_page(m, page);
}

static int migrate_page_move_mapping(struct hmmu *m, u32 newpage, u32 page, int32_t extra)
{
	int32_t expected = 1 + extra + is_device_private_page(m, page);
	bool mapping = page_in_cache(m, page);

	if (mapping)
		expected += 1 + page_test(m, page, HMMU_PG_PRIVATE);
	if (page_count(m, page) != expected)
		return -EAGAIN;
	if (mapping) {
		move_cache_page(m, newpage, page);
		return 0;
	}
	page_of(m, newpage)->index = page_of(m, page)->index;
	page_of(m, newpage)->mapping = page_of(m, page)->mapping;
	if (page_test(m, page, HMMU_PG_SWAPBACKED))
		page_set(m, newpage, HMMU_PG_SWAPBACKED);
	return 0;
}

static void migrate_page_states(struct hmmu *m, u32 newpage, u32 page)
{
	const u32 copied = HMMU_PG_ERROR | HMMU_PG_REFERENCED | HMMU_PG_UPTODATE | HMMU_PG_CHECKED |
			   HMMU_PG_MAPPEDTODISK | HMMU_PG_DIRTY | HMMU_PG_YOUNG | HMMU_PG_IDLE;

	page_set(m, newpage, page_of(m, page)->flags & copied);
	if (page_test_and_clear(m, page, HMMU_PG_ACTIVE))
		page_set(m, newpage, HMMU_PG_ACTIVE);
	else if (page_test_and_clear(m, page, HMMU_PG_UNEVICTABLE))
		page_set(m, newpage, HMMU_PG_UNEVICTABLE);
	page_clear(m, page, HMMU_PG_SWAPCACHE | HMMU_PG_PRIVATE);
	mem_cgroup_migrate(m, page, newpage);
}

static void refuse(struct hmmu_migration *mig, u64 i, enum hmmu_why why)
{
	mig->src[i] &= ~(u64)HMMU_PFN_MIGRATE;
	set_why(mig, i, why);
}

static void move_page(struct hmmu_migration *mig, u64 i, u32 newpage, u32 page)
{
	struct hmmu *m = mig->ctx.m;

	if (is_zone_device_page(m, newpage) && !is_device_private_page(m, newpage)) {
		refuse(mig, i, HMMU_WHY_UNKNOWN_DEVICE);
		return;
	}
	if (is_device_private_page(m, newpage) && page_in_cache(m, page)) {
		refuse(mig, i, HMMU_WHY_HAS_MAPPING);
		return;
	}
	if (migrate_page_move_mapping(m, newpage, page, page == mig->fault_page)) {
		refuse(mig, i, HMMU_WHY_REFERENCES);
		return;
	}
	migrate_page_states(m, newpage, page);
	probe(move, mig->ctx.mm, mig->start, i, page, newpage);
	m->st->counters[HMMU_COUNT_MIGRATED]++;
}

static void insert_page(struct hmmu_migration *mig, u64 i, u32 newpage)
{
	u64 address = mig->start + (i << PAGE_SHIFT);

	if (!mig->notified) {
		mig->notified = true;
		mig->mmu_start = address;
		mmu_notifier_invalidate_range_start(mig->ctx.m, mig->ctx.mm, address, mig->end);
	}
	migrate_vma_insert_page(mig, i, address, newpage);
}

static inline void pages_one(struct hmmu_migration *mig, u64 i)
{
	u32 newpage = migrate_pfn_to_page(mig->dst[i]);
	u32 page = migrate_pfn_to_page(mig->src[i]);

	if (!newpage) {
		if (mig->src[i] & HMMU_PFN_MIGRATE)
			refuse(mig, i,
			       mig->aborted                   ? HMMU_WHY_ABORTED
			       : mig->dst[i] & HMMU_PFN_ERROR ? HMMU_WHY_DRIVER_ERROR
							      : HMMU_WHY_NO_PAGE);
	} else if (page) {
		move_page(mig, i, newpage, page);
	} else if (mig->src[i] & HMMU_PFN_MIGRATE) {
		insert_page(mig, i, newpage);
	}
}

void migrate_vma_pages(struct hmmu_migration *mig, u64 from, u64 to)
{
	for (u64 i = from; i < to; i++)
		pages_one(mig, i);
}

static void drop_destination(struct hmmu *m, u32 newpage)
{
	if (!newpage)
		return;
	unlock_page(m, newpage);
	put_page(m, newpage);
}

static inline void finalize_one(struct hmmu_migration *mig, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u32 newpage = migrate_pfn_to_page(mig->dst[i]);
	u32 page = migrate_pfn_to_page(mig->src[i]);

	if (newpage)
		page_of(m, newpage)->users &= (u8)~PAGE_USER_DESTINATION;
	if (!page) {
		drop_destination(m, newpage);
		return;
	}
	if (!(mig->src[i] & HMMU_PFN_MIGRATE) || !newpage) {
		drop_destination(m, newpage);
		newpage = page;
	}
	probe(map, mig->ctx.mm, mig->start, i, page, newpage);
	remove_migration_ptes(&mig->ctx, page, newpage);
	unlock_page(m, page);
	mig->cpages--;
	put_page_or_lru(&mig->ctx, page);
	if (newpage != page) {
		unlock_page(m, newpage);
		put_page_or_lru(&mig->ctx, newpage);
	}
}

void migrate_vma_finalize(struct hmmu_migration *mig, u64 from, u64 to)
{
	for (u64 i = from; i < to; i++)
		finalize_one(mig, i);
}
