/* SPDX-License-Identifier: GPL-2.0-only */
/** @file migration_ptes.h From migration entries back to entries that map a page. */
#ifndef HMMU_MIGRATION_PTES_H
#define HMMU_MIGRATION_PTES_H

#include "lru.h"
#include "rmap.h"

/*
 * The entry of a page that has moved to the device, or that stayed there. Linux 4.14 makes it without the soft-dirty
 * bit; "mm/migrate: preserve soft dirty in remove_migration_pte()" keeps it.
 */
static inline u64 device_entry_of(struct hmmu *m, u32 pfn, u64 rights, u64 old)
{
	u64 entry = make_device_private_entry(pfn, pte_write(rights));

	if (!quirk(m, HMMU_QUIRK_DEVICE_SOFT_DIRTY) && pte_swp_soft_dirty(old))
		entry = pte_swp_mksoft_dirty(entry);
	return entry;
}

/* The entry of a page of RAM. */
static inline u64 entry_of(u32 pfn, u64 rights, u64 old)
{
	u64 entry = pte_mkold(mk_pte(pfn, rights));

	return pte_swp_soft_dirty(old) ? pte_mksoft_dirty(entry) : entry;
}

/* A migration entry, its table locked, becomes one that maps @p new. */
static inline void restore_entry(struct ctx *ctx, const struct vma *v, u64 *pte, u32 new)
{
	struct hmmu *m = ctx->m;
	u64 old = *pte, rights = v->page_prot;

	/* The mapping may have lost its permission since. */
	if ((old & SWP_MIGRATION_WRITE_BIT) && (v->flags & VM_WRITE))
		rights = pte_mkwrite(rights);
	*pte = is_device_private_page(m, new) ? device_entry_of(m, new, rights, old) : entry_of(new, rights, old);
	get_page(m, new);
	/* Whoever made the migration entry has left the page's place in the reverse maps. */
	page_dup_rmap(m, new, false);
	if ((v->flags & VM_LOCKED) && !PageCompound(m, new))
		mlock_vma_page(m, ctx->cpu, new);
}
/** Whether an entry is the migration entry of a page. */
static inline bool is_migration_entry_of(u64 pte, u32 pfn)
{
	return (pte & ~(SWP_MIGRATION_WRITE_BIT | _PAGE_SWP_SOFT_DIRTY)) == make_migration_entry(pfn, false);
}

#endif
