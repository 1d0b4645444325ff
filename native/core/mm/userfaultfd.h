/* SPDX-License-Identifier: GPL-2.0-only */
/** @file userfaultfd.h For what a mapping is registered with userfaultfd, and write protection by it, which Linux 6.12 has. */
#ifndef HMMU_USERFAULTFD_H
#define HMMU_USERFAULTFD_H

#include "mm/vma_record.h"

#define __VM_UFFD_FLAGS ((u32)(VM_UFFD_MISSING | VM_UFFD_WP))

static inline bool userfaultfd_armed(const struct hmmu *m, u32 vma)
{
	return vma_of(m, vma)->flags & __VM_UFFD_FLAGS;
}
static inline bool userfaultfd_missing(const struct hmmu *m, u32 vma)
{
	return vma_of(m, vma)->flags & VM_UFFD_MISSING;
}
static inline bool userfaultfd_wp(const struct hmmu *m, u32 vma)
{
	return KERNEL >= V6_12 && (vma_of(m, vma)->flags & VM_UFFD_WP);
}
/** Whether a store to a present entry of the mapping is a userfault. */
static inline bool userfaultfd_pte_wp(const struct hmmu *m, u32 vma, u64 pte)
{
	return userfaultfd_wp(m, vma) && pte_uffd_wp(pte);
}

/** What becomes of the write protection of entries (MM_CP_UFFD_WP, MM_CP_UFFD_WP_RESOLVE). 4.14 only keeps. */
enum uffd_wp { UFFD_WP_KEEP, UFFD_WP_SET, UFFD_WP_RESOLVE };
static inline bool sets_uffd_wp(enum uffd_wp change)
{
	return KERNEL >= V6_12 && change == UFFD_WP_SET;
}
static inline bool resolves_uffd_wp(enum uffd_wp change)
{
	return KERNEL >= V6_12 && change == UFFD_WP_RESOLVE;
}
/** Change a present entry, or a swap-format one other than a marker. */
static inline u64 change_uffd_wp(u64 entry, enum uffd_wp change)
{
	if (sets_uffd_wp(change))
		return pte_present(entry) ? pte_mkuffd_wp(entry) : pte_swp_mkuffd_wp(entry);
	if (resolves_uffd_wp(change))
		return pte_present(entry) ? pte_clear_uffd_wp(entry) : pte_swp_clear_uffd_wp(entry);
	return entry;
}

#endif
