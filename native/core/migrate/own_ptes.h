/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file own_ptes.h
 * A shortcut of finalize. Most pages are anonymous, and only the migration's mapping can map them. Their reverse map has
 * one entry: the one that collect has passed. It is found here without a walk, and the references of the migration become
 * those of the entry and of a pagevec. mmap_sem keeps the mapping and its tables in place.
 */
#ifndef HMMU_OWN_PTES_H
#define HMMU_OWN_PTES_H

#include "migrate/migrate.h"
#include "page/last_reference.h"
#include "rmap/migration_ptes.h"

struct own_ptes {
	struct restore restore; /**< Linux 4.14 */
	u64 prot;               /**< Linux 6.12: the mapping's page_prot */
	u32 mapping;            /**< page->mapping of such pages: the mapping's anon_vma, if no other mapping has it */
	struct entries_of_table at; /**< the current table */
	struct pagevec *pvec;
};

static inline struct own_ptes own_ptes_of(const struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	const struct vma *v = vma_of(m, mig->vma);
	bool known = anon_vma_has_one(m, v->anon_vma) && !(v->flags & VM_LOCKED);

	/* No page has anon_vma 0. */
	return (struct own_ptes){
		.restore = restore_of(m, v),
		.prot = v->page_prot,
		.mapping = (known ? v->anon_vma : 0) | MAPPING_ANON,
		.at = mig->collected,
		.pvec = lru_add_pvec(m, mig->ctx.cpu),
	};
}

/** Find the table of entry i; false: it is not there, or may change. */
static NOINLINE bool own_ptes_find_table(const struct hmmu_migration *mig, struct entries_of_table *at, u64 i);

/* A device-exclusive entry is left to the reverse map. */
static inline bool is_own_migration_entry(const struct hmmu *m, u64 pte, u64 pfn)
{
	const u64 kept = _PAGE_SWP_SOFT_DIRTY | _PAGE_SWP_UFFD_WP | SWP_MIGRATION_YOUNG | SWP_MIGRATION_DIRTY;
	const u64 types = SWP_MIGRATION_WRITE_BIT | SWP_MIGRATION_SHARED_BIT;

	if (KERNEL >= V6_12)
		return (pte & ~(kept | types)) == (make_migration_entry(pfn, false) & ~types);
	return is_migration_entry_of(m, pte, pfn);
}

/* Find the only pte that can be the migration entry of a page in this anon_vma: that of entry i, because a page is
 * mapped only at the address of its index. False: the reverse map has to be walked. */
static inline bool own_pte(const struct hmmu_migration *mig, struct own_ptes *own, u64 i, const struct page *page,
			   u64 **pte)
{
	if (page->mapping != own->mapping)
		return false;
	/* Unsigned wrap-around checks both bounds at once. */
	if (i - own->at.from >= own->at.count && !own_ptes_find_table(mig, &own->at, i))
		return false;
	*pte = own->at.ptes + (i - own->at.from);
	return true;
}

/* The page moved from RAM to the device. The migration's reference becomes the entry's. page_free() is never called for a
 * RAM page, so the order cannot be observed. */
static ALWAYS_INLINE void own_pte_on_device(struct hmmu_migration *mig, const struct own_ptes *own, u64 *pte, u64 src,
					    u64 dst)
{
	struct hmmu *m = mig->ctx.m;
	struct page *n = migrate_word_page(m, dst);

	spin_lock_unlock(m, own->at.table);
	*pte = restored_device_entry(&own->restore, dst >> HMMU_PFN_SHIFT, *pte);
	n->mapcount++;
	unlock_and_putback(m, mig->ctx.cpu, own->pvec, (u32)(src >> HMMU_PFN_SHIFT));
	unlock_single_page(m, n);
}

/* The page moved to RAM. The migration's reference becomes that of a pagevec. */
static ALWAYS_INLINE void own_pte_in_ram(struct hmmu_migration *mig, const struct own_ptes *own, u64 *pte, u64 src,
					 u64 dst)
{
	struct hmmu *m = mig->ctx.m;
	struct page *n = migrate_word_page(m, dst);

	n->count++;
	spin_lock_unlock(m, own->at.table);
	*pte = restored_entry(&own->restore, dst >> HMMU_PFN_SHIFT, *pte);
	n->mapcount++;
	unlock_and_put(mig, own->pvec, (u32)(src >> HMMU_PFN_SHIFT));
	unlock_and_putback(m, mig->ctx.cpu, own->pvec, (u32)(dst >> HMMU_PFN_SHIFT));
}

/* In 6.12, as folio_finalize(). The driver's reference to the new page becomes the entry's. */
static ALWAYS_INLINE void own_pte_finalize(struct hmmu_migration *mig, const struct own_ptes *own, u64 *pte, u32 page,
					   u32 newpage)
{
	struct hmmu *m = mig->ctx.m;
	struct page *n = page_of(m, newpage);
	u64 old = *pte;

	spin_lock_unlock(m, own->at.table);
	if (is_zone_device_page(m, newpage)) {
		*pte = restored_entry_of_device(m, own->prot, newpage, old);
	} else {
		n->count++;
		lru_pagevec_add_single(m, mig->ctx.cpu, own->pvec, newpage);
		*pte = restored_ram_entry_6_12(own->prot, newpage, old, n->flags & HMMU_PG_DIRTY);
	}
	n->mapcount++;
	n->flags = (n->flags & ~(u32)(HMMU_PG_LOCKED | PAGE_USER_DESTINATION)) |
		   (is_readable_migration_entry(old) ? 0 : HMMU_PG_EXCLUSIVE);
	/* No entry maps a page of another kind of device. */
	if (is_zone_device_page(m, page))
		unlock_and_put_private_page(m, page);
	else
		unlock_and_put_ram_page(m, page);
}

/** Finalize the entry of a page that has moved; false: the page is not such a page, and nothing was done. */
static ALWAYS_INLINE bool own_ptes_finalize(struct hmmu_migration *mig, struct own_ptes *own, u64 i, u64 src, u64 dst)
{
	const u64 moves = HMMU_PFN_VALID | HMMU_PFN_MIGRATE;
	struct page *n = migrate_word_page(mig->ctx.m, dst);
	u64 *pte;

	if (!SHORTCUTS || (src & moves) != moves || !(dst & HMMU_PFN_VALID))
		return false;
	if (KERNEL >= V6_12 && mig->fault_lock && src >> HMMU_PFN_SHIFT == mig->fault_lock)
		return false;
	if (!own_pte(mig, own, i, n, &pte) || !is_own_migration_entry(mig->ctx.m, *pte, src >> HMMU_PFN_SHIFT) ||
	    (KERNEL < V6_12 && dst & HMMU_PFN_DEVICE && is_zone_device_page(mig->ctx.m, (u32)(src >> HMMU_PFN_SHIFT))))
		return false;
	probe(map, mig->ctx.mm, mig->start, i, src >> HMMU_PFN_SHIFT, dst >> HMMU_PFN_SHIFT);
	mig->cpages--;
	if (KERNEL >= V6_12) {
		own_pte_finalize(mig, own, pte, (u32)(src >> HMMU_PFN_SHIFT), (u32)(dst >> HMMU_PFN_SHIFT));
		return true;
	}
	n->flags &= ~(u32)PAGE_USER_DESTINATION;
	if (dst & HMMU_PFN_DEVICE)
		own_pte_on_device(mig, own, pte, src, dst);
	else
		own_pte_in_ram(mig, own, pte, src, dst);
	return true;
}

#endif
