/* SPDX-License-Identifier: GPL-2.0-only */
/** @file migration_ptes.h From migration entries back to entries that map a page. */
#ifndef HMMU_MIGRATION_PTES_H
#define HMMU_MIGRATION_PTES_H

#include "lru.h"
#include "rmap.h"

/** How the migration entries of a mapping become entries that map a page. */
struct restore {
	u64 ram;               /**< an entry of a page of RAM, not writable but where all are */
	u64 device;            /**< one of a device page, the same */
	u64 write;             /**< the bit of a migration entry that tells who was writable, if that still counts */
	u64 device_soft_dirty; /**< the bit that an entry of a device page takes over */
};

static inline struct restore restore_of(const struct hmmu *m, const struct vma *v)
{
	/* The mapping may have lost its permission since. */
	bool may_write = v->flags & VM_WRITE, all_write = pte_write(v->page_prot);

	/* Linux 4.14 makes entries of device pages without the soft-dirty bit; "mm/migrate: preserve soft dirty in
	 * remove_migration_pte()" keeps it. */
	return (struct restore){
		.ram = pte_mkold(v->page_prot),
		.device = make_device_private_entry(0, all_write),
		.write = may_write && !all_write ? SWP_MIGRATION_WRITE_BIT : 0,
		.device_soft_dirty = quirk(m, HMMU_QUIRK_DEVICE_SOFT_DIRTY) ? 0 : _PAGE_SWP_SOFT_DIRTY,
	};
}
/** The entry of a page of the device: the types of one that may be written and of one that may not differ in the same
 * bit as those of migration entries, with the opposite meaning. */
static inline u64 restored_device_entry(const struct restore *r, u64 pfn, u64 old)
{
	_Static_assert((SWP_DEVICE_READ ^ SWP_DEVICE_WRITE) == (SWP_MIGRATION_READ ^ SWP_MIGRATION_WRITE), "one bit");
	_Static_assert(SWP_DEVICE_READ & (SWP_DEVICE_READ ^ SWP_DEVICE_WRITE), "it is set in the type that may not");
	return (swp_entry_to_pte(0, pfn) | r->device | (old & r->device_soft_dirty)) ^ (old & r->write);
}
/** That of a page of RAM. */
static inline u64 restored_entry(const struct restore *r, u64 pfn, u64 old)
{
	u64 entry = mk_pte(pfn, r->ram);

	if (old & r->write)
		entry = pte_mkwrite(entry);
	if (pte_swp_soft_dirty(old))
		entry = pte_mksoft_dirty(entry);
	return entry;
}

/** A migration entry, its table locked, becomes one that maps @p new. */
static inline void restore_entry(struct ctx *ctx, const struct vma *v, u64 *pte, u32 new)
{
	struct hmmu *m = ctx->m;
	const struct restore r = restore_of(m, v);

	*pte = is_device_private_page(m, new) ? restored_device_entry(&r, new, *pte) : restored_entry(&r, new, *pte);
	get_page(m, new);
	/* Whoever made the migration entry has left the page's place in the reverse maps. */
	page_dup_rmap(m, new, false);
	if ((v->flags & VM_LOCKED) && !PageCompound(m, new))
		mlock_vma_page(m, ctx->cpu, new);
}
/** Whether an entry is the migration entry of a page. */
static inline bool is_migration_entry_of(u64 pte, u64 pfn)
{
	return (pte & ~(SWP_MIGRATION_WRITE_BIT | _PAGE_SWP_SOFT_DIRTY)) == make_migration_entry(pfn, false);
}

#endif
