/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of page tables as users see them. */
#include "machine/raw_entry.h"

#include "fault/hugetlb.h"

/* The bits of 6.12's words. */
#define RAW_SAVED_DIRTY (1ull << 58)
#define RAW_SWP_TYPE_SHIFT 59
#define RAW_SWP_OFFSET_MASK (((1ull << 50) - 1) << SWP_TYPE_SHIFT)
/* Within an offset: those of a migration entry, behind as many bits as 46 physical ones need. */
#define RAW_MIGRATION_YOUNG (1ull << 34)
#define RAW_MIGRATION_DIRTY (1ull << 35)

static u64 raw_swap_type(u64 pte)
{
	static const u8 types[] = {
		[SWP_HWPOISON] = 23,        [SWP_MIGRATION_READ] = 24, [SWP_MIGRATION_READ_EXCLUSIVE] = 25,
		[SWP_MIGRATION_WRITE] = 26, [SWP_DEVICE_WRITE] = 27,   [SWP_DEVICE_READ] = 28,
		[SWP_EXCLUSIVE_WRITE] = 29, [SWP_EXCLUSIVE_READ] = 30, [SWP_PTE_MARKER] = 31,
	};
	u64 offset = swp_offset(pte), flags = pte & (_PAGE_SWP_SOFT_DIRTY | _PAGE_SWP_UFFD_WP | _PAGE_SWP_EXCLUSIVE);

	if (is_migration_entry(pte))
		offset |= (pte & SWP_MIGRATION_YOUNG ? RAW_MIGRATION_YOUNG : 0) |
			  (pte & SWP_MIGRATION_DIRTY ? RAW_MIGRATION_DIRTY : 0);
	return (u64)types[swp_type(pte)] << RAW_SWP_TYPE_SHIFT | (~(offset << SWP_TYPE_SHIFT) & RAW_SWP_OFFSET_MASK) |
	       flags;
}

/*
 * 4.14 has the words as they are here. 6.12 inverts what a CPU must not take for the address of memory ("x86/speculation/
 * l1tf: Protect swap entries against L1TF" and the commits with it), and marks an entry that is dirty but not writable in
 * another bit ("x86/mm: Introduce _PAGE_SAVED_DIRTY").
 */
u64 raw_entry(u64 entry)
{
	u64 address = pmd_trans_huge(entry) ? PTE_PFN_MASK & PMD_MASK : PTE_PFN_MASK;

	/* The kernel has this elsewhere. */
	if (is_pte_marker(entry))
		entry = make_huge_marker(swp_offset(entry) & ~HUGE_MARKER_RESERVE_USED);
	if (KERNEL < V6_12 || pte_none(entry))
		return entry;
	if (!pte_present(entry))
		return raw_swap_type(entry);
	if (pte_dirty(entry) && !pte_write(entry))
		entry = (entry & ~_PAGE_DIRTY) | RAW_SAVED_DIRTY;
	return entry & _PAGE_PRESENT ? entry : entry ^ address;
}
