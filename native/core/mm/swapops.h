/* SPDX-License-Identifier: GPL-2.0-only */
/** @file swapops.h Entries that are not present: swap slots, and what else takes the swap format. */
#ifndef HMMU_SWAPOPS_H
#define HMMU_SWAPOPS_H

#include "mm/pte.h"

/** @name Swap-format entries: offset in bits 14…45, type in bits 9…13, soft-dirty in bit 1; in 6.12 uffd-wp in bit 2,
 * exclusive in bit 3, and of migration entries young in bit 46, dirty in bit 47
 * @{ */
enum swp_type {
	/* 0 is the swap area. The next four are 6.12's. */
	SWP_EXCLUSIVE_WRITE = 20, /**< device-exclusive: the device alone uses this page of RAM */
	SWP_EXCLUSIVE_READ = 21,
	SWP_PTE_MARKER = 22,
	SWP_MIGRATION_READ_EXCLUSIVE = 24,
	SWP_HWPOISON = 27,
	SWP_MIGRATION_READ = 28,
	SWP_MIGRATION_WRITE = 29,
	SWP_DEVICE_WRITE = 30,
	SWP_DEVICE_READ = 31,
};
/** Smaller types are swap areas. */
#define FIRST_NON_SWAP_TYPE (KERNEL >= V6_12 ? SWP_EXCLUSIVE_WRITE : SWP_HWPOISON)
#define SWP_TYPE_SHIFT 9
#define SWP_OFFSET_SHIFT 14
/** The soft-dirty bit of a swap-format entry has moved to where a present one is writable. */
#define _PAGE_SWP_SOFT_DIRTY _PAGE_RW
/** 6.12: the uffd-wp bit of a swap-format entry. */
#define _PAGE_SWP_UFFD_WP _PAGE_USER
/** 6.12: the page that was swapped out belonged to this entry alone. */
#define _PAGE_SWP_EXCLUSIVE 0x008ull
static inline u64 swp_entry_to_pte(u32 type, u64 offset)
{
	return (offset << SWP_OFFSET_SHIFT) | ((u64)type << SWP_TYPE_SHIFT);
}
static inline u32 swp_type(u64 pte)
{
	return (u32)(pte >> SWP_TYPE_SHIFT) & 31;
}
static inline u32 swp_offset(u64 pte)
{
	return (u32)(pte >> SWP_OFFSET_SHIFT);
}
/** Whether an entry has the swap format and this type, which is not 0. */
static inline bool is_swp_type(u64 pte, u32 type)
{
	const u64 looked_at = 31ull << SWP_TYPE_SHIFT | _PAGE_PRESENT | _PAGE_PROTNONE;

	return (pte & looked_at) == (u64)type << SWP_TYPE_SHIFT;
}
/** The bit that only the type of a migration entry for writing has. */
#define SWP_MIGRATION_WRITE_BIT ((u64)(SWP_MIGRATION_READ ^ SWP_MIGRATION_WRITE) << SWP_TYPE_SHIFT)
_Static_assert(IS_ONE_BIT(SWP_MIGRATION_READ ^ SWP_MIGRATION_WRITE), "the types differ in one bit");
_Static_assert(SWP_MIGRATION_WRITE &(SWP_MIGRATION_READ ^ SWP_MIGRATION_WRITE), "it is set in the type that may");
/** The bit that a readable-exclusive migration entry lacks. */
#define SWP_MIGRATION_SHARED_BIT ((u64)(SWP_MIGRATION_READ ^ SWP_MIGRATION_READ_EXCLUSIVE) << SWP_TYPE_SHIFT)
_Static_assert(IS_ONE_BIT(SWP_MIGRATION_READ ^ SWP_MIGRATION_READ_EXCLUSIVE), "the types differ in one bit");
/** 6.12: what a migration entry keeps of a present one ("mm: remember young/dirty bit for page migrations"). The swap
 * offset has room for both bits, as L1TF mitigation is not modelled. */
#define SWP_MIGRATION_YOUNG (1ull << 46)
#define SWP_MIGRATION_DIRTY (1ull << 47)
/** The bit that only the type of a device-private entry for reading has. */
#define SWP_DEVICE_READ_BIT ((u64)(SWP_DEVICE_READ ^ SWP_DEVICE_WRITE) << SWP_TYPE_SHIFT)
_Static_assert(IS_ONE_BIT(SWP_DEVICE_READ ^ SWP_DEVICE_WRITE), "the types differ in one bit");
_Static_assert(SWP_DEVICE_READ &(SWP_DEVICE_READ ^ SWP_DEVICE_WRITE), "it is set in the type that may not");
/** The same of device-exclusive entries. */
#define SWP_EXCLUSIVE_READ_BIT ((u64)(SWP_EXCLUSIVE_READ ^ SWP_EXCLUSIVE_WRITE) << SWP_TYPE_SHIFT)
_Static_assert(IS_ONE_BIT(SWP_EXCLUSIVE_READ ^ SWP_EXCLUSIVE_WRITE), "the types differ in one bit");
_Static_assert(SWP_EXCLUSIVE_READ &(SWP_EXCLUSIVE_READ ^ SWP_EXCLUSIVE_WRITE), "it is set in the type that may not");
static inline bool is_migration_entry(u64 pte)
{
	/* The types differ in these bits, and no other type has the rest. */
	const u64 differ = SWP_MIGRATION_WRITE_BIT | (KERNEL >= V6_12 ? SWP_MIGRATION_SHARED_BIT : 0);

	return is_swp_type(pte | differ, SWP_MIGRATION_WRITE);
}
static inline bool is_write_migration_entry(u64 pte)
{
	return is_swp_type(pte, SWP_MIGRATION_WRITE);
}
static inline bool is_readable_migration_entry(u64 pte)
{
	return is_swp_type(pte, SWP_MIGRATION_READ);
}
static inline bool is_readable_exclusive_migration_entry(u64 pte)
{
	return KERNEL >= V6_12 && is_swp_type(pte, SWP_MIGRATION_READ_EXCLUSIVE);
}
static inline bool is_device_private_entry(u64 pte)
{
	return is_swp_type(pte | SWP_DEVICE_READ_BIT, SWP_DEVICE_READ);
}
static inline bool is_write_device_private_entry(u64 pte)
{
	return is_swp_type(pte, SWP_DEVICE_WRITE);
}
static inline bool is_device_exclusive_entry(u64 pte)
{
	return KERNEL >= V6_12 && is_swp_type(pte | SWP_EXCLUSIVE_READ_BIT, SWP_EXCLUSIVE_READ);
}
static inline bool is_writable_device_exclusive_entry(u64 pte)
{
	return KERNEL >= V6_12 && is_swp_type(pte, SWP_EXCLUSIVE_WRITE);
}
static inline bool non_swap_entry(u64 pte)
{
	return swp_type(pte) >= FIRST_NON_SWAP_TYPE;
}
static inline u64 make_migration_entry(u64 pfn, bool write)
{
	return swp_entry_to_pte(write ? SWP_MIGRATION_WRITE : SWP_MIGRATION_READ, pfn);
}
static inline u64 make_readable_exclusive_migration_entry(u64 pfn)
{
	return swp_entry_to_pte(SWP_MIGRATION_READ_EXCLUSIVE, pfn);
}
static inline u64 make_device_private_entry(u64 pfn, bool write)
{
	return swp_entry_to_pte(write ? SWP_DEVICE_WRITE : SWP_DEVICE_READ, pfn);
}
static inline u64 make_device_exclusive_entry(u64 pfn, bool write)
{
	return swp_entry_to_pte(write ? SWP_EXCLUSIVE_WRITE : SWP_EXCLUSIVE_READ, pfn);
}
/** @name A marker stands where a page would: its offset is a set of these.
 * @{ */
#define PTE_MARKER_UFFD_WP 1ull
#define PTE_MARKER_POISONED 2ull
static inline u64 make_pte_marker(u64 marker)
{
	return swp_entry_to_pte(SWP_PTE_MARKER, marker);
}
static inline bool is_pte_marker(u64 pte)
{
	return KERNEL >= V6_12 && is_swp_type(pte, SWP_PTE_MARKER);
}
static inline bool pte_marker_uffd_wp(u64 pte)
{
	return is_pte_marker(pte) && (swp_offset(pte) & PTE_MARKER_UFFD_WP);
}
/** @} */
/** The page that an entry refers to, or 0: swap slots and markers refer to none. */
static inline u32 pfn_swap_entry(u64 pte)
{
	bool has_page = is_migration_entry(pte) || is_device_private_entry(pte) || is_device_exclusive_entry(pte);

	return has_page ? swp_offset(pte) : 0;
}
static inline bool pte_swp_soft_dirty(u64 pte)
{
	return pte & _PAGE_SWP_SOFT_DIRTY;
}
static inline u64 pte_swp_mksoft_dirty(u64 pte)
{
	return pte | _PAGE_SWP_SOFT_DIRTY;
}
static inline u64 pte_swp_clear_soft_dirty(u64 pte)
{
	return pte & ~_PAGE_SWP_SOFT_DIRTY;
}
static inline bool pte_swp_uffd_wp(u64 pte)
{
	return KERNEL >= V6_12 && (pte & _PAGE_SWP_UFFD_WP);
}
static inline u64 pte_swp_mkuffd_wp(u64 pte)
{
	return KERNEL >= V6_12 ? pte | _PAGE_SWP_UFFD_WP : pte;
}
static inline u64 pte_swp_clear_uffd_wp(u64 pte)
{
	return KERNEL >= V6_12 ? pte & ~_PAGE_SWP_UFFD_WP : pte;
}
static inline u64 pte_swp_clear_exclusive(u64 pte)
{
	return KERNEL >= V6_12 ? pte & ~_PAGE_SWP_EXCLUSIVE : pte;
}
/** Whether the page of a swap entry belonged to its mapping alone. */
static inline bool pte_swp_exclusive(u64 pte)
{
	return KERNEL >= V6_12 && (pte & _PAGE_SWP_EXCLUSIVE);
}
/** @} */

#endif
