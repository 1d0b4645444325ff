/* SPDX-License-Identifier: GPL-2.0-only */
/* pages: the new page takes over the old page's state. finalize: the new page is mapped. */
#include "host/probe.h"
#include "migrate/migrate.h"
#include "migrate/own_ptes.h"
#include "mm/file.h"
#include "mm/mmu_notifier.h"
#include "mm/swap.h"
#include "page/memcg.h"
#include "rmap/migration_ptes.h"

/* Record that the page does not move; returns false. */
static NOINLINE bool refuse(struct hmmu_migration *mig, u64 i, enum hmmu_why why)
{
	mig->src[i] &= ~(u64)HMMU_PFN_MIGRATE;
	set_why(mig, i, why);
	return false;
}

/* The page has more references than the migration, its caches and its fault have. */
static NOINLINE bool refuse_references(struct hmmu_migration *mig, u64 i, u32 page)
{
	const struct page *p = page_of(mig->ctx.m, page);
	int32_t others = page_own_refs(mig->ctx.m, page) + (page == mig->fault_page);

	note_references(mig, i, page, page_in_cache(p) ? 2 + !!(p->flags & HMMU_PG_PRIVATE) : 1 + others);
	return refuse(mig, i, HMMU_WHY_REFERENCES);
}

/* migrate_page_move_mapping() of a page in neither cache. The migration holds one reference, a device page has one of its
 * own, and a fault on the page may hold one. A page that could be isolated is no part of a huge page. */
static inline bool move_anon_page(struct hmmu_migration *mig, u64 i, struct page *n, const struct page *p, u32 page)
{
	int32_t others = p->count;

	if (is_zone_device_page(mig->ctx.m, page))
		others -= is_device_private_page(mig->ctx.m, page) * FREE_DEVICE_REFS;
	if (page == mig->fault_page ? others != 2 : others != 1)
		return refuse_references(mig, i, page);
	n->index = p->index;
	n->mapping = p->mapping;
	return true;
}

/* 6.12 gives up a swap slot, so that a page can leave the swap cache for the device. */
static inline bool leaves_swap_cache(struct hmmu *m, u32 page)
{
	return KERNEL >= V6_12 && PageSwapCache(m, page) && try_to_free_swap(m, page);
}

/* As move_anon_page(), for a page in the page cache or swap cache: the new page replaces the old one in the
 * cache, and takes its dirty bit. */
static NOINLINE bool move_cache_page(struct hmmu_migration *mig, u64 i, u32 newpage, u32 page)
{
	struct hmmu *m = mig->ctx.m;

	if (is_zone_device_page(m, newpage) && !leaves_swap_cache(m, page))
		return refuse(mig, i, HMMU_WHY_HAS_MAPPING);
	if (!page_in_cache(page_of(m, page)))
		return move_anon_page(mig, i, page_of(m, newpage), page_of(m, page), page);
	if (page_of(m, page)->count != 2 + page_test(m, page, HMMU_PG_PRIVATE))
		return refuse_references(mig, i, page);
	if (PageSwapCache(m, page))
		replace_swap_cache(m, page, newpage);
	else
		replace_page_cache(m, page, newpage);
	get_page(m, newpage);
	if (page_test_and_clear(m, page, HMMU_PG_DIRTY))
		page_set(m, newpage, HMMU_PG_DIRTY);
	put_page(m, page);
	return true;
}

/* folio_migrate_flags() of 6.12: it knows no error flag. The memcg charge moves, too: @p kept: UNEVICTABLE, if it stays with the old page. */
static inline void migrate_folio_states(struct page *n, struct page *p, u32 kept)
{
	const u32 copied = HMMU_PG_REFERENCED | HMMU_PG_UPTODATE | HMMU_PG_CHECKED | HMMU_PG_MAPPEDTODISK |
			   HMMU_PG_DIRTY | HMMU_PG_YOUNG | HMMU_PG_IDLE | HMMU_PG_SWAPBACKED | HMMU_PG_EXCLUSIVE;
	const u32 moved = HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE | PAGE_USER_CHARGED;
	u32 flags = p->flags;

	n->flags |= (flags ^ kept) & (copied | moved);
	p->flags = (flags & ~(moved | HMMU_PG_SWAPCACHE | HMMU_PG_PRIVATE)) | kept;
}

/* Hand the page flags to the new page: most are copied, some are moved. */
static inline void migrate_page_states(struct hmmu *m, struct page *n, struct page *p)
{
	const u32 copied = HMMU_PG_ERROR | HMMU_PG_REFERENCED | HMMU_PG_UPTODATE | HMMU_PG_CHECKED |
			   HMMU_PG_MAPPEDTODISK | HMMU_PG_DIRTY | HMMU_PG_YOUNG | HMMU_PG_IDLE | HMMU_PG_SWAPBACKED;
	const u32 lists = HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE;
	u32 flags = p->flags, new = n->flags;
	/* UNEVICTABLE moves only if ACTIVE does not. */
	u32 kept = flags & (u32)move_bit(flags, (u32)HMMU_PG_ACTIVE, (u32)HMMU_PG_UNEVICTABLE);

	if (KERNEL >= V6_12) {
		migrate_folio_states(n, p, kept);
		return;
	}
	new |= (flags ^ kept) & (copied | lists);
	p->flags = (flags & ~(lists | HMMU_PG_SWAPCACHE | HMMU_PG_PRIVATE)) | kept;
	if ((flags & ~new) & PAGE_USER_CHARGED)
		new |= mem_cgroup_migrate(m);
	n->flags = new;
}

/* True: the page moved. */
static inline bool move_page(struct hmmu_migration *mig, u64 i, u64 dst, u64 src)
{
	struct hmmu *m = mig->ctx.m;
	struct page *n = migrate_word_page(m, dst), *p = migrate_word_page(m, src);
	u32 newpage = (u32)(dst >> HMMU_PFN_SHIFT), page = (u32)(src >> HMMU_PFN_SHIFT);

	if (newpage >= m->other_device_base) {
		return refuse(mig, i, HMMU_WHY_UNKNOWN_DEVICE);
	}
	if (page_in_cache(p) ? !move_cache_page(mig, i, newpage, page) : !move_anon_page(mig, i, n, p, page))
		return false;
	migrate_page_states(m, n, p);
	probe(move, mig->ctx.mm, mig->start, i, page, newpage);
	return true;
}

static void insert_page(struct hmmu_migration *mig, u64 i, u32 newpage)
{
	u64 address = mig->start + (i << PAGE_SHIFT);

	if (!mig->notified) {
		mig->notified = true;
		mig->mmu_start = address;
		mmu_notifier_invalidate_range_start_owner(mig->ctx.m, HMMU_NOTIFY_MIGRATE, mig->ctx.mm, address,
							  mig->end, mig->request.owner);
	}
	migrate_vma_insert_page(mig, i, address, newpage);
}

/* The driver has given no page for this entry. */
static NOINLINE void no_destination(struct hmmu_migration *mig, u64 i)
{
	if (mig->src[i] & HMMU_PFN_MIGRATE)
		refuse(mig, i,
		       mig->aborted                   ? HMMU_WHY_ABORTED
		       : mig->dst[i] & HMMU_PFN_ERROR ? HMMU_WHY_DRIVER_ERROR
						      : HMMU_WHY_NO_PAGE);
}

static inline void count_moved(struct hmmu_migration *mig, u64 *moved)
{
	mig->ctx.m->st->counters[HMMU_COUNT_MIGRATED] += *moved;
	*moved = 0;
}

/* @p moved pages are not counted yet. An insertion tells notifiers, which may look at the count. */
static inline void pages_one(struct hmmu_migration *mig, u64 i, u64 src, u64 dst, u64 *moved)
{
	if (!(dst & HMMU_PFN_VALID)) {
		no_destination(mig, i);
	} else if (src & HMMU_PFN_VALID) {
		*moved += move_page(mig, i, dst, src);
	} else if (src & HMMU_PFN_MIGRATE) {
		count_moved(mig, moved);
		insert_page(mig, i, (u32)(dst >> HMMU_PFN_SHIFT));
	}
}

void migrate_vma_pages(struct hmmu_migration *mig, u64 from, u64 to)
{
	const u64 *src = mig->src, *dst = mig->dst;
	u64 moved = 0;

	for (u64 i = from; i < to; i++)
		pages_one(mig, i, src[i], dst[i], &moved);
	count_moved(mig, &moved);
}

static void folio_finalize(struct hmmu_migration *mig, u32 page, u32 newpage)
{
	struct hmmu *m = mig->ctx.m;

	unlock_source(mig, page);
	put_page(m, page);
	if (newpage == page)
		return;
	unlock_page(m, newpage);
	put_page(m, newpage);
}

/* A destination that is not mapped for a page is given back: it was inserted, or has no use. */
static inline void give_back_destination(struct hmmu *m, u32 newpage)
{
	if (!newpage)
		return;
	page_of(m, newpage)->flags &= ~(u32)PAGE_USER_DESTINATION;
	unlock_page(m, newpage);
	put_page(m, newpage);
}

/* Map the new page, or the old one again, then unlock and put both. Where the walk of the reverse map stops, the migration has both
 * still. */
static ALWAYS_INLINE void finalize_page(struct hmmu_migration *mig, u64 i, struct pagevec *pvec, u32 page, u32 newpage)
{
	struct hmmu *m = mig->ctx.m;
	u64 pos = mig->pos;

	if (!(mig->src[i] & HMMU_PFN_MIGRATE)) {
		give_back_destination(m, newpage);
		newpage = 0;
	}
	if (!newpage)
		newpage = page;
	probe(map, mig->ctx.mm, mig->start, i, page, newpage);
	mig->cpages--;
	mig->pos = i;
	/* In 6.12 the page that is mapped goes by the LRU's pagevec before it is mapped. So a page of RAM that has moved never sees
	 * an LRU list again. */
	if (KERNEL >= V6_12 && !is_zone_device_page(m, newpage))
		lru_cache_add(m, mig->ctx.cpu, newpage);
	remove_migration_ptes(&mig->ctx, page, newpage);
	mig->pos = pos;
	page_of(m, newpage)->flags &= ~(u32)PAGE_USER_DESTINATION;
	if (KERNEL >= V6_12) {
		folio_finalize(mig, page, newpage);
		return;
	}
	unlock_and_put(mig, pvec, page);
	if (newpage != page)
		unlock_and_put(mig, pvec, newpage);
}

static NOINLINE void finalize_one(struct hmmu_migration *mig, u64 i, struct pagevec *pvec)
{
	u32 page = migrate_pfn_to_page(mig->src[i]), newpage = migrate_pfn_to_page(mig->dst[i]);

	if (page)
		finalize_page(mig, i, pvec, page, newpage);
	else
		give_back_destination(mig->ctx.m, newpage);
}

void migrate_vma_finalize(struct hmmu_migration *mig, u64 from, u64 to)
{
	struct own_ptes own = own_ptes_of(mig);
	const u64 *src = mig->src, *dst = mig->dst;

	for (u64 i = from; i < to; i++)
		if (!own_ptes_finalize(mig, &own, i, src[i], dst[i]))
			finalize_one(mig, i, own.pvec);
}
