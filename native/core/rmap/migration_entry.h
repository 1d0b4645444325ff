/* SPDX-License-Identifier: GPL-2.0-only */
/** @file migration_entry.h Makes the migration entry that takes the place of an entry. */
#ifndef HMMU_MIGRATION_ENTRY_H
#define HMMU_MIGRATION_ENTRY_H

#include "mm/pgtable.h"

/**
 * Of a present pte or huge pmd. It keeps the write and soft-dirty bits. 6.12 keeps more: whether the mapping had the page
 * alone (@p exclusive, by PageAnonExclusive), the uffd-wp bit, and the young and dirty bits ("mm/thp: carry over dirty bit
 * when thp splits on pmd", "mm: remember young/dirty bit for page migrations").
 */
_Static_assert(SWP_MIGRATION_YOUNG / _PAGE_ACCESSED == SWP_MIGRATION_DIRTY / _PAGE_DIRTY, "both bits move as far");
static ALWAYS_INLINE u64 migration_entry_of_present(u64 page, u64 old, bool exclusive)
{
	u64 entry = make_migration_entry(page, false) | move_bit(old, _PAGE_RW, SWP_MIGRATION_WRITE_BIT) |
		    move_bit(old, _PAGE_SOFT_DIRTY, _PAGE_SWP_SOFT_DIRTY);

	if (KERNEL < V6_12)
		return entry;
	if (exclusive && !pte_write(old))
		entry &= ~SWP_MIGRATION_SHARED_BIT;
	return entry | move_bit(old, _PAGE_UFFD_WP, _PAGE_SWP_UFFD_WP) |
	       (old & (_PAGE_ACCESSED | _PAGE_DIRTY)) * (SWP_MIGRATION_YOUNG / _PAGE_ACCESSED);
}

/**
 * Of a device-private entry. 4.14 takes another bit for the write bit: @p write_bit, 0 if none ("mm/migrate: properly
 * preserve write attribute in special migrate entry"). It reads the soft-dirty bit as that of a present pte ("mm/rmap:
 * fixup copying of soft dirty and uffd ptes").
 */
static ALWAYS_INLINE u64 migration_entry_of_device(const struct hmmu *m, u64 page, u64 old, u64 write_bit)
{
	const u32 as_present = HMMU_QUIRK_DEVICE_WRITE_LOST | HMMU_QUIRK_DEVICE_SOFT_DIRTY;
	bool write, soft_dirty;

	if (SHORTCUTS && write_bit == _PAGE_RW && (m->quirks & as_present) == as_present)
		return migration_entry_of_present(page, old, false);
	write = quirk(m, HMMU_QUIRK_DEVICE_WRITE_LOST) ? old & write_bit : is_write_device_private_entry(old);
	soft_dirty = quirk(m, HMMU_QUIRK_DEVICE_SOFT_DIRTY) ? pte_soft_dirty(old) : pte_swp_soft_dirty(old);
	return make_migration_entry(page, write) | (soft_dirty ? _PAGE_SWP_SOFT_DIRTY : 0);
}
/** The same in 6.12. Only the type changes, and the bits that differ do not depend on what it allows. The entry takes over
 * that its mapping has the page alone; the page can't be pinned. */
static inline u64 migration_entry_of_device_page(struct hmmu *m, u32 page, u64 old)
{
	u64 entry = old ^ (u64)(SWP_DEVICE_WRITE ^ SWP_MIGRATION_WRITE) << SWP_TYPE_SHIFT;

	_Static_assert((SWP_DEVICE_WRITE ^ SWP_MIGRATION_WRITE) == (SWP_DEVICE_READ ^ SWP_MIGRATION_READ), "they do");
	if (PageAnonExclusive(m, page) && !is_write_migration_entry(entry))
		entry &= ~SWP_MIGRATION_SHARED_BIT;
	ClearPageAnonExclusive(m, page);
	return entry;
}

#endif
