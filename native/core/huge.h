/* SPDX-License-Identifier: GPL-2.0-only */
/** @file huge.h Transparent huge pages: huge_fault.c, huge_split.c, huge_pmd.c. */
#ifndef HMMU_HUGE_H
#define HMMU_HUGE_H

#include "fault.h"

bool transparent_hugepage_enabled(const struct hmmu *m, u32 vma);
static inline bool is_huge_zero_pfn(const struct hmmu *m, u32 pfn)
{
	return pfn && pfn == m->st->huge_zero_pfn;
}
static inline bool is_huge_zero_pmd(const struct hmmu *m, u64 pmd)
{
	return pmd_trans_huge(pmd) && is_huge_zero_pfn(m, pte_pfn(pmd));
}

/** @name huge_fault.c
 * @{ */
int do_huge_pmd_anonymous_page(struct fault *vmf);
int do_huge_pmd_wp_page(struct fault *vmf);
void huge_pmd_set_accessed(struct fault *vmf);
/** The huge zero page, made at its first use; 0 when there is no huge page. */
u32 get_huge_zero_page(struct hmmu *m);
/** @} */

/** @name huge_split.c
 * @{ */
/** Turn a huge pmd into a table of ptes; with @p freeze into migration entries. Tells the notifier of the 2 MiB. A
 * @p page other than 0: only if the pmd maps it. */
void __split_huge_pmd(struct ctx *ctx, u32 vma, u64 *pmd, u64 address, bool freeze, u32 page);
/** The same for the pmd at an address, if it is huge. */
void split_huge_pmd_address(struct ctx *ctx, u32 vma, u64 address, bool freeze, u32 page);
/** Split a locked compound page into single pages. -EBUSY: pinned, or not anonymous any more. */
int split_huge_page(struct ctx *ctx, u32 pfn);
/** @} */

/** @name huge_pmd.c
 * @{ */
/** Each acts on a huge pmd that covers its whole range; false: it is not huge (any more), go on with ptes. */
bool zap_huge_pmd(struct mmu_gather *tlb, u64 *pmd, u64 address);
bool change_huge_pmd(struct ctx *ctx, u64 *pmd, u64 address, u64 prot);
bool madvise_free_huge_pmd(struct mmu_gather *tlb, u64 *pmd, u64 address, u64 end);
/** Of clear_refs, for any huge pmd. */
void clear_soft_dirty_pmd(struct hmmu *m, u32 mm, u64 *pmd, u64 address);
/** fork(): 0, or -ENOMEM; *copied tells whether the pmd was huge. */
int copy_huge_pmd(struct ctx *ctx, u32 child, u32 vma, u64 *dst_pmd, u64 *src_pmd, bool *copied);
/** @} */

#endif
