/* SPDX-License-Identifier: GPL-2.0-only */
/** @file migration_ptes.h Turns migration entries back into entries that map a page. */
#ifndef HMMU_MIGRATION_PTES_H
#define HMMU_MIGRATION_PTES_H

#include "mm/pgtable.h"
#include "page/lru.h"
#include "page/mlock.h"
#include "rmap/rmap.h"

/** How the migration entries of a mapping become entries that map a page. */
struct restore {
	u64 ram;               /**< a pte of a RAM page; writable only if every pte of the mapping is */
	u64 device;            /**< an entry of a device page; writable only if every pte of the mapping is */
	u64 write;             /**< the write bit of a migration entry; 0 if the bit does not matter */
	u64 device_soft_dirty; /**< the soft-dirty bit, if an entry of a device page keeps it */
};

static inline struct restore restore_of(const struct hmmu *m, const struct vma *v)
{
	/* The mapping may have lost its write permission since. */
	bool may_write = v->flags & VM_WRITE, all_write = pte_write(v->page_prot);

	/* 4.14 drops the soft-dirty bit of device entries. "mm/migrate: preserve soft dirty in remove_migration_pte()"
	 * keeps it. */
	return (struct restore){
		.ram = pte_mkold(v->page_prot),
		.device = make_device_private_entry(0, all_write),
		.write = may_write && !all_write ? SWP_MIGRATION_WRITE_BIT : 0,
		.device_soft_dirty = quirk(m, HMMU_QUIRK_DEVICE_SOFT_DIRTY) ? 0 : _PAGE_SWP_SOFT_DIRTY,
	};
}
/** The entry of a device page. `device` is that of a page which may be read only, where `write` matters; the write bit
 * takes the read bit away. */
static inline u64 restored_device_entry(const struct restore *r, u64 pfn, u64 old)
{
	return (swp_entry_to_pte(0, pfn) | r->device | (old & r->device_soft_dirty)) ^
	       move_bit(old & r->write, SWP_MIGRATION_WRITE_BIT, SWP_DEVICE_READ_BIT);
}
/** The pte of a RAM page. */
static inline u64 restored_entry(const struct restore *r, u64 pfn, u64 old)
{
	u64 entry = mk_pte(pfn, r->ram);

	if (old & r->write)
		entry = pte_mkwrite(entry);
	if (pte_swp_soft_dirty(old))
		entry = pte_mksoft_dirty(entry);
	return entry;
}

/**
 * @name What 6.12 makes of a migration entry: of a page of RAM (and one that CPUs map as RAM), of a device-private page, of a page of a
 * device, of any
 * The entry alone tells whether it may write: mprotect() has downgraded it. A page of RAM is as young as it was, and as
 * dirty ("mm: remember young/dirty bit for page migrations").
 * @{ */
static ALWAYS_INLINE u64 restored_ram_entry_6_12(u64 prot, u64 pfn, u64 old, bool page_is_dirty)
{
	u64 entry = pte_mkold(pte_clear_soft_dirty(mk_pte(pfn, prot))) |
		    move_bit(old, SWP_MIGRATION_YOUNG, _PAGE_ACCESSED) |
		    move_bit(old, _PAGE_SWP_SOFT_DIRTY, _PAGE_SOFT_DIRTY);

	if (page_is_dirty)
		entry |= move_bit(old, SWP_MIGRATION_DIRTY, _PAGE_DIRTY);
	if (is_write_migration_entry(old))
		return pte_mkwrite(entry);
	return pte_swp_uffd_wp(old) ? pte_mkuffd_wp(entry) : entry;
}
static ALWAYS_INLINE u64 restored_device_entry_6_12(u64 pfn, u64 old)
{
	bool write = is_write_migration_entry(old);

	return make_device_private_entry(pfn, write) | (old & _PAGE_SWP_SOFT_DIRTY) |
	       (write ? 0 : old & _PAGE_SWP_UFFD_WP);
}
static NOINLINE u64 restored_coherent_entry(const struct hmmu *m, u64 prot, u32 page, u64 old);
static ALWAYS_INLINE u64 restored_entry_of_device(const struct hmmu *m, u64 prot, u32 page, u64 old)
{
	if (page >= m->coherent_base)
		return restored_coherent_entry(m, prot, page, old);
	return restored_device_entry_6_12(page, old);
}
static inline u64 restored_entry_6_12(const struct hmmu *m, const struct vma *v, u32 page, u64 old)
{
	if (is_zone_device_page(m, page))
		return restored_entry_of_device(m, v->page_prot, page, old);
	return restored_ram_entry_6_12(v->page_prot, page, old, page_test(m, compound_head(m, page), HMMU_PG_DIRTY));
}
/** @} */

/** As restore_entry(), in 6.12. A page is exclusive again unless its entry is a plain readable one. */
static inline void restore_entry_6_12(struct ctx *ctx, u32 vma, u64 *pte, u32 new)
{
	struct hmmu *m = ctx->m;
	u64 old = *pte;

	*pte = restored_entry_6_12(m, vma_of(m, vma), new, old);
	/* The entry has a reference, and gets a second one, which nobody will drop. */
	if (is_device_exclusive_entry(old))
		m->pins[new].leaked++;
	get_page(m, new);
	page_dup_rmap(m, new, false);
	if (PageAnon(m, new) && !is_readable_migration_entry(old))
		SetPageAnonExclusive(m, new);
	mlock_mapped_page(m, ctx->cpu, new, vma);
	if (vma_of(m, vma)->flags & VM_LOCKED)
		mlock_drain_local(m, ctx->cpu);
}
/** Replace a migration entry by one that maps @p new. The table is locked. */
static inline void restore_entry(struct ctx *ctx, u32 vma, u64 *pte, u32 new)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);
	const struct restore r = restore_of(m, v);

	if (KERNEL >= V6_12) {
		restore_entry_6_12(ctx, vma, pte, new);
		return;
	}
	*pte = is_device_private_page(m, new) ? restored_device_entry(&r, new, *pte) : restored_entry(&r, new, *pte);
	get_page(m, new);
	/* page->mapping is still set; only the map count changes. */
	page_dup_rmap(m, new, false);
	if ((v->flags & VM_LOCKED) && !PageCompound(m, new))
		mlock_vma_page(m, ctx->cpu, new);
}
/** Whether an entry is the migration entry of a page. 6.12 takes a device-exclusive one for it, too. A driver meets that where it
 * evicts a device-coherent page. */
static inline bool is_migration_entry_of(const struct hmmu *m, u64 pte, u64 pfn)
{
	if (KERNEL >= V6_12)
		return (is_migration_entry(pte) ||
			(is_device_exclusive_entry(pte) && quirk(m, HMMU_QUIRK_EVICT_LOSES_EXCLUSIVE))) &&
		       swp_offset(pte) == pfn;
	return (pte & ~(SWP_MIGRATION_WRITE_BIT | _PAGE_SWP_SOFT_DIRTY)) == make_migration_entry(pfn, false);
}

/** Replace the migration entries of one page by entries of another page, or of that page itself: in all mappings, or in
 * one. */
static void remove_migration_ptes(struct ctx *ctx, u32 old_pfn, u32 new_pfn);
static void remove_migration_pte(struct ctx *ctx, u32 new_pfn, u32 vma, u64 address, u32 old_pfn);
/** remap_page(): the same for a page that has become single by a split. In 6.12 ptes of the zero page take its place if it
 * is all zero. */
static void remap_split_page(struct ctx *ctx, u32 pfn);

#endif
