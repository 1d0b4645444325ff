/* SPDX-License-Identifier: GPL-2.0-only */
/* pages: the new page takes over the old page's state. finalize: the new page is mapped. */
#include "host/probe.h"
#include "migrate/migrate.h"
#include "mm/file.h"
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

/* migrate_page_move_mapping() of a page in the page cache or swap cache: the new page replaces the old one in the
 * cache, and takes its dirty bit. */
static NOINLINE bool move_cache_page(struct hmmu_migration *mig, u64 i, u32 newpage, u32 page)
{
	struct hmmu *m = mig->ctx.m;

	if (is_device_private_page(m, newpage))
		return refuse(mig, i, HMMU_WHY_HAS_MAPPING);
	if (page_of(m, page)->count != 2 + page_test(m, page, HMMU_PG_PRIVATE))
		return refuse(mig, i, HMMU_WHY_REFERENCES);
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

/* As move_cache_page(), for a page in neither cache. The migration holds one reference, a device page has one of its
 * own, and a fault on the page may hold one. A page that could be isolated is no part of a huge page. */
static inline bool move_anon_page(struct hmmu_migration *mig, u64 i, struct page *n, const struct page *p, u32 page)
{
	int32_t others = p->count;

	if (is_zone_device_page(mig->ctx.m, page))
		others -= is_device_private_page(mig->ctx.m, page);
	if (page == mig->fault_page ? others != 2 : others != 1)
		return refuse(mig, i, HMMU_WHY_REFERENCES);
	n->index = p->index;
	n->mapping = p->mapping;
	return true;
}

/* Hand the page flags to the new page: most are copied, some are moved. */
static inline void migrate_page_states(struct hmmu *m, struct page *n, struct page *p)
{
	const u32 copied = HMMU_PG_ERROR | HMMU_PG_REFERENCED | HMMU_PG_UPTODATE | HMMU_PG_CHECKED |
			   HMMU_PG_MAPPEDTODISK | HMMU_PG_DIRTY | HMMU_PG_YOUNG | HMMU_PG_IDLE | HMMU_PG_SWAPBACKED;
	const u32 lists = HMMU_PG_ACTIVE | HMMU_PG_UNEVICTABLE;
	u32 flags = p->flags, new = n->flags;
	/* UNEVICTABLE moves only if ACTIVE does not. */
	u32 kept = flags & (flags & HMMU_PG_ACTIVE) * (HMMU_PG_UNEVICTABLE / HMMU_PG_ACTIVE);

	new |= (flags ^ kept) & (copied | lists);
	p->flags = (flags & ~(lists | HMMU_PG_SWAPCACHE | HMMU_PG_PRIVATE)) | kept;
	if ((flags & ~new) & PAGE_USER_CHARGED)
		new |= mem_cgroup_migrate(m);
	n->flags = new;
}

static inline void move_page(struct hmmu_migration *mig, u64 i, u64 dst, u64 src)
{
	struct hmmu *m = mig->ctx.m;
	struct page *n = migrate_word_page(m, dst), *p = migrate_word_page(m, src);
	u32 newpage = (u32)(dst >> HMMU_PFN_SHIFT), page = (u32)(src >> HMMU_PFN_SHIFT);

	if (newpage >= m->other_device_base) {
		refuse(mig, i, HMMU_WHY_UNKNOWN_DEVICE);
		return;
	}
	if (page_in_cache(p) ? !move_cache_page(mig, i, newpage, page) : !move_anon_page(mig, i, n, p, page))
		return;
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

/* The driver has given no page for this entry. */
static NOINLINE void no_destination(struct hmmu_migration *mig, u64 i)
{
	if (mig->src[i] & HMMU_PFN_MIGRATE)
		refuse(mig, i,
		       mig->aborted                   ? HMMU_WHY_ABORTED
		       : mig->dst[i] & HMMU_PFN_ERROR ? HMMU_WHY_DRIVER_ERROR
						      : HMMU_WHY_NO_PAGE);
}

static inline void pages_one(struct hmmu_migration *mig, u64 i, u64 src, u64 dst)
{
	if (!(dst & HMMU_PFN_VALID))
		no_destination(mig, i);
	else if (src & HMMU_PFN_VALID)
		move_page(mig, i, dst, src);
	else if (src & HMMU_PFN_MIGRATE)
		insert_page(mig, i, (u32)(dst >> HMMU_PFN_SHIFT));
}

void migrate_vma_pages(struct hmmu_migration *mig, u64 from, u64 to)
{
	const u64 *src = mig->src, *dst = mig->dst;

	for (u64 i = from; i < to; i++)
		pages_one(mig, i, src[i], dst[i]);
}

/*
 * Most pages are anonymous, and only the migration's mapping can map them. Their reverse map has one entry: the one
 * that collect has passed. It is found here without a walk. mmap_sem keeps the mapping and its tables in place.
 */
struct own_ptes {
	struct restore restore;
	u32 mapping;     /**< page->mapping of such pages: the mapping's anon_vma, if no other mapping has it */
	u64 from, count; /**< entries under the current table; 0: none */
	u64 *ptes;       /**< the pte of entry @p from */
	struct page *table;
	struct pagevec *pvec;
};

static struct own_ptes own_ptes_of(const struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	const struct vma *v = vma_of(m, mig->vma);
	const struct anon_vma *anon_vma = &m->anon_vmas[v->anon_vma];
	bool known = anon_vma->first == anon_vma->last && !(v->flags & VM_LOCKED);

	/* No page has anon_vma 0. */
	return (struct own_ptes){
		.restore = restore_of(m, v),
		.mapping = (known ? v->anon_vma : 0) | MAPPING_ANON,
		.pvec = lru_add_pvec(m, mig->ctx.cpu),
	};
}

static NOINLINE bool own_ptes_find_table(const struct hmmu_migration *mig, struct own_ptes *own, u64 i)
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

/* Find the only pte that can be the migration entry of a page in this anon_vma: that of entry i, because a page is
 * mapped only at the address of its index. False: the reverse map has to be walked. */
static inline bool own_pte(const struct hmmu_migration *mig, struct own_ptes *own, u64 i, const struct page *page,
			   u64 **pte)
{
	if (page->mapping != own->mapping)
		return false;
	/* Unsigned wrap-around checks both bounds at once. */
	if (i - own->from >= own->count && !own_ptes_find_table(mig, own, i))
		return false;
	*pte = own->ptes + (i - own->from);
	return true;
}

static NOINLINE void unlock_and_put_device_page(struct hmmu *m, u32 page)
{
	unlock_single_page(m, page_of(m, page));
	put_device_page(m, page);
}

/* Unlock and put. A device page is free when only its own reference is left; put_device_page() is done inline here. */
static ALWAYS_INLINE void unlock_and_put(struct hmmu_migration *mig, const struct own_ptes *own, u32 page)
{
	struct hmmu *m = mig->ctx.m;
	struct page *p = page_of(m, page);

	if (!is_zone_device_page(m, page)) {
		unlock_and_putback(m, mig->ctx.cpu, own->pvec, page);
		return;
	}
	if (p->count != 2 || page >= m->other_device_base || !(p->flags & HMMU_PG_LOCKED)) {
		unlock_and_put_device_page(m, page);
		return;
	}
	p->flags &= ~(u32)HMMU_PG_LOCKED;
	p->count = 1;
	free_device_page(m, p, page);
}

static void drop_destination(struct hmmu *m, u32 newpage)
{
	unlock_page(m, newpage);
	put_page(m, newpage);
}

/* Finalize an entry whose page has not moved. */
static NOINLINE void finalize_unmoved(struct hmmu_migration *mig, const struct own_ptes *own, u64 i)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = migrate_pfn_to_page(mig->src[i]), newpage = migrate_pfn_to_page(mig->dst[i]);

	if (newpage)
		drop_destination(m, newpage);
	if (!page)
		return;
	probe(map, mig->ctx.mm, mig->start, i, page, page);
	remove_migration_ptes(&mig->ctx, page, page);
	mig->cpages--;
	unlock_and_put(mig, own, page);
}

/* Finalize a moved page that other mappings may map. */
static NOINLINE void finalize_walk(struct hmmu_migration *mig, const struct own_ptes *own, u64 i)
{
	u32 page = migrate_pfn_to_page(mig->src[i]), newpage = migrate_pfn_to_page(mig->dst[i]);

	remove_migration_ptes(&mig->ctx, page, newpage);
	unlock_and_put(mig, own, page);
	unlock_and_put(mig, own, newpage);
}

/* Finalize a page that moved from RAM to the device. The migration's reference becomes the entry's. page_free() is
 * never called for a RAM page, so the order cannot be observed. */
static ALWAYS_INLINE void finalize_on_device(struct hmmu_migration *mig, const struct own_ptes *own, u64 *pte, u64 src,
					     u64 dst)
{
	struct hmmu *m = mig->ctx.m;
	struct page *n = migrate_word_page(m, dst);

	spin_lock_unlock(m, own->table);
	*pte = restored_device_entry(&own->restore, dst >> HMMU_PFN_SHIFT, *pte);
	n->mapcount++;
	unlock_and_putback(m, mig->ctx.cpu, own->pvec, (u32)(src >> HMMU_PFN_SHIFT));
	unlock_single_page(m, n);
}

/* Finalize a page that moved to RAM. The migration's reference becomes that of a pagevec. */
static ALWAYS_INLINE void finalize_in_ram(struct hmmu_migration *mig, const struct own_ptes *own, u64 *pte, u64 src,
					  u64 dst)
{
	struct hmmu *m = mig->ctx.m;
	struct page *n = migrate_word_page(m, dst);

	n->count++;
	spin_lock_unlock(m, own->table);
	*pte = restored_entry(&own->restore, dst >> HMMU_PFN_SHIFT, *pte);
	n->mapcount++;
	unlock_and_put(mig, own, (u32)(src >> HMMU_PFN_SHIFT));
	unlock_and_putback(m, mig->ctx.cpu, own->pvec, (u32)(dst >> HMMU_PFN_SHIFT));
}

static inline void finalize_one(struct hmmu_migration *mig, struct own_ptes *own, u64 i, u64 src, u64 dst)
{
	const u64 moves = HMMU_PFN_VALID | HMMU_PFN_MIGRATE;
	u64 *pte;
	struct page *n = migrate_word_page(mig->ctx.m, dst);

	if (dst & HMMU_PFN_VALID)
		n->flags &= ~(u32)PAGE_USER_DESTINATION;
	if ((src & moves) != moves || !(dst & HMMU_PFN_VALID)) {
		finalize_unmoved(mig, own, i);
		return;
	}
	probe(map, mig->ctx.mm, mig->start, i, src >> HMMU_PFN_SHIFT, dst >> HMMU_PFN_SHIFT);
	mig->cpages--;
	if (!own_pte(mig, own, i, n, &pte) || !is_migration_entry_of(*pte, src >> HMMU_PFN_SHIFT) ||
	    (dst & HMMU_PFN_DEVICE && is_zone_device_page(mig->ctx.m, (u32)(src >> HMMU_PFN_SHIFT))))
		finalize_walk(mig, own, i);
	else if (dst & HMMU_PFN_DEVICE)
		finalize_on_device(mig, own, pte, src, dst);
	else
		finalize_in_ram(mig, own, pte, src, dst);
}

void migrate_vma_finalize(struct hmmu_migration *mig, u64 from, u64 to)
{
	struct own_ptes own = own_ptes_of(mig);
	const u64 *src = mig->src, *dst = mig->dst;

	for (u64 i = from; i < to; i++)
		finalize_one(mig, &own, i, src[i], dst[i]);
}
