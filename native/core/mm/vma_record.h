/* SPDX-License-Identifier: GPL-2.0-only */
/** @file vma_record.h What the record of a mapping tells: its kind, its places in a file or an anon_vma, its rights. */
#ifndef HMMU_VMA_RECORD_H
#define HMMU_VMA_RECORD_H

#include "mm/pgtable.h"

static inline bool vma_is_anonymous(const struct hmmu *m, u32 vma)
{
	return vma_of(m, vma)->kind == HMMU_MAP_ANON;
}
static inline bool is_cow_mapping(u32 flags)
{
	return !(flags & VM_SHARED);
}
static inline u64 linear_page_index(const struct hmmu *m, u32 vma, u64 address)
{
	const struct vma *v = vma_of(m, vma);

	return ((address - v->start) >> PAGE_SHIFT) + v->pgoff;
}
static inline u64 vma_pages(const struct vma *v)
{
	return (v->end - v->start) >> PAGE_SHIFT;
}
/** A pte of the mapping's that may be written gets the write bit. */
static inline u64 maybe_mkwrite(const struct hmmu *m, u32 vma, u64 pte)
{
	return vma_of(m, vma)->flags & VM_WRITE ? pte_mkwrite(pte) : pte;
}
/** What becomes of userfaultfd's write protection (MM_CP_UFFD_WP, MM_CP_UFFD_WP_RESOLVE). */
enum uffd_wp { UFFD_WP_KEEP, UFFD_WP_SET, UFFD_WP_RESOLVE };
static inline bool userfaultfd_missing(const struct hmmu *m, u32 vma)
{
	return vma_of(m, vma)->flags & VM_UFFD_MISSING;
}
/** Whether it has registered them for write protection, in Linux 6.12. */
static inline bool userfaultfd_wp(const struct hmmu *m, u32 vma)
{
	return KERNEL >= V6_12 && (vma_of(m, vma)->flags & VM_UFFD_WP);
}
/** Whether a store to a present entry of the mapping is a userfault. */
static inline bool userfaultfd_pte_wp(const struct hmmu *m, u32 vma, u64 pte)
{
	return userfaultfd_wp(m, vma) && pte_uffd_wp(pte);
}

#endif
