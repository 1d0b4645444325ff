/* SPDX-License-Identifier: GPL-2.0-only */
/* pages: the destination takes the source's place in the kernel's books; then finalize, which maps it. */
#include <errno.h>

#include "memcg.h"
#include "migrate.h"
#include "migration_ptes.h"
#include "probe.h"
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

/* A page that can be isolated is no part of a huge one, so its references are its own. */
static inline int migrate_page_move_mapping(struct hmmu *m, u32 newpage, u32 page, bool in_cache, int32_t extra)
{
	struct page *n = page_of(m, newpage);
	const struct page *p = page_of(m, page);
	int32_t expected = 1 + extra + is_device_private_page(m, page);

	if (in_cache)
		expected += 1 + page_test(m, page, HMMU_PG_PRIVATE);
	if (p->count != expected)
		return -EAGAIN;
	if (in_cache) {
		move_cache_page(m, newpage, page);
		return 0;
	}
	n->index = p->index;
	n->mapping = p->mapping;
	n->flags |= p->flags & HMMU_PG_SWAPBACKED;
	return 0;
}

static inline void migrate_page_states(struct hmmu *m, struct page *n, struct page *p)
{
	const u32 copied = HMMU_PG_ERROR | HMMU_PG_REFERENCED | HMMU_PG_UPTODATE | HMMU_PG_CHECKED |
			   HMMU_PG_MAPPEDTODISK | HMMU_PG_DIRTY | HMMU_PG_YOUNG | HMMU_PG_IDLE;
	u32 flags = p->flags, moved = flags & HMMU_PG_ACTIVE ? HMMU_PG_ACTIVE : flags & HMMU_PG_UNEVICTABLE;

	n->flags |= (flags & copied) | moved;
	p->flags = flags & ~(moved | HMMU_PG_SWAPCACHE | HMMU_PG_PRIVATE);
	mem_cgroup_migrate(m, p, n);
}

static void refuse(struct hmmu_migration *mig, u64 i, enum hmmu_why why)
{
	mig->src[i] &= ~(u64)HMMU_PFN_MIGRATE;
	set_why(mig, i, why);
}

static inline void move_page(struct hmmu_migration *mig, u64 i, u32 newpage, u32 page)
{
	struct hmmu *m = mig->ctx.m;
	struct page *n = page_of(m, newpage), *p = page_of(m, page);
	bool in_cache = page_in_cache(m, page);

	if (is_zone_device_page(m, newpage) && !is_device_private_page(m, newpage)) {
		refuse(mig, i, HMMU_WHY_UNKNOWN_DEVICE);
		return;
	}
	if (in_cache && is_device_private_page(m, newpage)) {
		refuse(mig, i, HMMU_WHY_HAS_MAPPING);
		return;
	}
	if (migrate_page_move_mapping(m, newpage, page, in_cache, page == mig->fault_page)) {
		refuse(mig, i, HMMU_WHY_REFERENCES);
		return;
	}
	migrate_page_states(m, n, p);
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

/*
 * Most pages are anonymous ones that nobody but the migration's mapping can map. Their reverse map leads to the very
 * entry that the migration has come by in collect; that is found here without a walk. mmap_sem keeps mapping and tables.
 */
struct own_ptes {
	const struct vma *vma;
	u32 mapping;     /**< page->mapping of pages in the mapping's own anon_vma, if no other mapping has it */
	u64 first_index; /**< page->index that belongs to entry 0 */
	u64 from, count; /**< entries under the table at hand; 0: there is no table */
	u64 *ptes;       /**< that of entry @p from */
	struct page *table;
};

static struct own_ptes own_ptes_of(const struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	u32 slot = m->vmas[mig->vma].anon_vma;
	const struct anon_vma *anon_vma = &m->anon_vmas[slot];

	/* No page has anon_vma 0. */
	if (anon_vma->first != anon_vma->last)
		slot = 0;
	return (struct own_ptes){
		.vma = vma_of(m, mig->vma),
		.mapping = slot | MAPPING_ANON,
		.first_index = linear_page_index(m, mig->vma, mig->start),
	};
}

static bool own_ptes_find_table(const struct hmmu_migration *mig, struct own_ptes *own, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u64 address = mig->start + (i << PAGE_SHIFT), end = pmd_addr_end(address, mig->end);
	u64 *pmd = mm_find_pmd(m, mig->ctx.mm, address);

	own->count = 0;
	if (!pmd || pmd_trans_unstable(*pmd))
		return false;
	own->from = i;
	own->count = (end - address) >> PAGE_SHIFT;
	own->ptes = pte_offset(m, *pmd, address);
	own->table = page_of(m, pte_pfn(*pmd));
	return true;
}

/* The only entry that can map a page, or be its migration entry: entry i's. NULL: a walk has to tell. */
static inline u64 *own_pte(const struct hmmu_migration *mig, struct own_ptes *own, u64 i, const struct page *page)
{
	if (page->mapping != own->mapping || page->index != own->first_index + i ||
	    (page->flags & (HMMU_PG_HEAD | HMMU_PG_TAIL)))
		return NULL;
	/* One comparison for both ends: i - from of an entry before @p from is huge. */
	if (i - own->from >= own->count && !own_ptes_find_table(mig, own, i))
		return NULL;
	return own->ptes + (i - own->from);
}

static void drop_destination(struct hmmu *m, u32 newpage)
{
	if (!newpage)
		return;
	unlock_page(m, newpage);
	put_page(m, newpage);
}

/* Map a page where its predecessor, or itself, was mapped before. */
static inline void map_again(struct hmmu_migration *mig, struct own_ptes *own, u64 i, u32 page, u32 newpage)
{
	struct hmmu *m = mig->ctx.m;
	u64 *pte = own_pte(mig, own, i, page_of(m, newpage));

	if (!pte) {
		remove_migration_ptes(&mig->ctx, page, newpage);
		return;
	}
	spin_lock(m, own->table);
	if (is_migration_entry_of(*pte, page))
		restore_entry(&mig->ctx, own->vma, pte, newpage);
	spin_unlock(m, own->table);
}

static inline void finalize_one(struct hmmu_migration *mig, struct own_ptes *own, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u64 src = mig->src[i];
	u32 page = migrate_pfn_to_page(src), newpage = migrate_pfn_to_page(mig->dst[i]);

	if (newpage)
		page_of(m, newpage)->users &= (u16)~PAGE_USER_DESTINATION;
	if (!page) {
		drop_destination(m, newpage);
		return;
	}
	if (!(src & HMMU_PFN_MIGRATE) || !newpage) {
		drop_destination(m, newpage);
		newpage = page;
	}
	probe(map, mig->ctx.mm, mig->start, i, page, newpage);
	map_again(mig, own, i, page, newpage);
	unlock_single_page(m, page_of(m, page));
	mig->cpages--;
	put_page_or_lru(&mig->ctx, page);
	if (newpage != page) {
		unlock_single_page(m, page_of(m, newpage));
		put_page_or_lru(&mig->ctx, newpage);
	}
}

void migrate_vma_finalize(struct hmmu_migration *mig, u64 from, u64 to)
{
	struct own_ptes own = own_ptes_of(mig);

	for (u64 i = from; i < to; i++)
		finalize_one(mig, &own, i);
}
