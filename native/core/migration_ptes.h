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
static inline u64 device_entry_of(struct hmmu *m, u32 pfn, u64 pte, u64 old)
{
	u64 entry = make_device_private_entry(pfn, pte_write(pte));

	if (!quirk(m, HMMU_QUIRK_DEVICE_SOFT_DIRTY) && pte_swp_soft_dirty(old))
		entry = pte_swp_mksoft_dirty(entry);
	return entry;
}

/* A migration entry, its table locked, becomes one that maps @p new. */
static inline void restore_entry(struct ctx *ctx, u32 vma, u64 *pte, u32 new)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);
	u64 old = *pte;
	u64 entry = pte_mkold(mk_pte(new, v->page_prot));

	if (pte_swp_soft_dirty(old))
		entry = pte_mksoft_dirty(entry);
	/* The mapping may have lost its permission since. */
	if (is_write_migration_entry(old))
		entry = maybe_mkwrite(m, vma, entry);
	*pte = is_device_private_page(m, new) ? device_entry_of(m, new, entry, old) : entry;
	get_page(m, new);
	/* Whoever made the migration entry has left the page's place in the reverse maps. */
	page_dup_rmap(m, new, false);
	if ((v->flags & VM_LOCKED) && !PageCompound(m, new))
		mlock_vma_page(m, ctx->cpu, new);
}
/** Whether an entry is the migration entry of a page. */
static inline bool is_migration_entry_of(u64 pte, u32 pfn)
{
	return is_migration_entry(pte) && swp_offset(pte) == pfn;
}

#endif
