/* SPDX-License-Identifier: GPL-2.0-only */
/** @file huge.h Transparent huge pages: the huge zero page, and huge_split.c. */
#ifndef HMMU_HUGE_H
#define HMMU_HUGE_H

#include "mm/pgtable.h"
#include "mm/task.h"

static inline bool is_huge_zero_pfn(const struct hmmu *m, u32 pfn)
{
	return pfn && pfn == m->st->huge_zero_pfn;
}
static inline bool is_huge_zero_pmd(const struct hmmu *m, u64 pmd)
{
	return pmd_trans_huge(pmd) && is_huge_zero_pfn(m, pte_pfn(pmd));
}

/** @name huge_split.c
 * @{ */
/** Turn a huge pmd into a table of ptes; with @p freeze into migration entries. Tells the notifier of the 2 MiB. A
 * @p page other than 0: only if the pmd maps it. */
static void __split_huge_pmd(struct ctx *ctx, u32 vma, u64 *pmd, u64 address, bool freeze, u32 page);
/** __split_huge_pmd_locked(): the same for a huge pmd whose table is locked. Tells no notifier. */
static void split_huge_pmd_locked(struct ctx *ctx, u32 vma, u64 *pmd, u64 haddr, bool freeze);
/** The same for the pmd at an address, if it is huge. */
static void split_huge_pmd_address(struct ctx *ctx, u32 vma, u64 address, bool freeze, u32 page);
/** Split a locked compound page into single pages. -EBUSY: pinned, or not anonymous any more. */
static int split_huge_page(struct ctx *ctx, u32 pfn);
/** The same for a page that is isolated: then each part is, and the caller has a reference to each. Only the head stays locked. */
static int split_isolated_huge_page(struct ctx *ctx, u32 head);
/** Take a reference to the whole of a compound page, and its lock; false: the lock is taken, and there is no reference. */
static bool get_and_trylock_huge_page(struct hmmu *m, u32 pfn);
/** Split a page that get_and_trylock_huge_page() has got, then unlock and put it. Of a split page that is @p pfn. */
static int split_and_put_huge_page(struct ctx *ctx, u32 pfn);
/** @} */

#endif
