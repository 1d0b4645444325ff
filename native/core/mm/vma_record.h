/* SPDX-License-Identifier: GPL-2.0-only */
/** @file vma_record.h What the record of a mapping tells: its kind, its places in a file or an anon_vma, its rights. */
#ifndef HMMU_VMA_RECORD_H
#define HMMU_VMA_RECORD_H

#include "mm/pgtable.h"

static inline bool vma_is_anonymous(const struct hmmu *m, u32 vma)
{
	return !vma_of(m, vma)->file;
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

#endif
