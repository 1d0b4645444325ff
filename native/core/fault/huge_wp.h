/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file huge_wp.h
 * do_huge_pmd_wp_page(): a store to a huge page that is mapped read-only.
 *
 * huge_wp_copy.c is 4.14's way: it copies the huge page. huge_wp_split.c is 6.12's: it splits the pmd, and then one small
 * page is copied ("thp: change CoW semantics for anon-THP").
 */
#ifndef HMMU_HUGE_WP_H
#define HMMU_HUGE_WP_H

#include "fault/vm_fault.h"
#include "rmap/huge.h"

static int wp_huge_pmd_copy(struct fault *vmf);
static int wp_huge_pmd_split(struct fault *vmf);
static inline int do_huge_pmd_wp_page(struct fault *vmf)
{
	return KERNEL >= V6_12 ? wp_huge_pmd_split(vmf) : wp_huge_pmd_copy(vmf);
}

static inline u64 haddr_of(const struct fault *vmf)
{
	return vmf->address & PMD_MASK;
}
/** The huge page may be written from now on. */
static inline int reuse_huge_pmd(struct fault *vmf)
{
	*vmf->pmd = maybe_mkwrite(vmf->ctx->m, vmf->vma, pte_mkdirty(pte_mkyoung(*vmf->pmd)));
	return FAULT_DONE_WRITE;
}
/** Split the pmd, and go on with a small page. */
static inline int split_huge_pmd(struct fault *vmf)
{
	__split_huge_pmd(vmf->ctx, vmf->vma, vmf->pmd, vmf->address, false, 0);
	return FAULT_FALLBACK;
}
/** @name huge_fault.c
 * @{ */
/** Count a new huge page that is mapped. */
static void count_huge_page(struct fault *vmf, u32 page);
/** The pmd of a new huge page, writable if the mapping is. */
static u64 writable_huge_pmd(const struct hmmu *m, u32 vma, u32 page);
/** @} */

#endif
