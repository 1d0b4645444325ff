/* SPDX-License-Identifier: GPL-2.0-only */
/** @file huge_pmd.h What calls do to huge pmds. */
#ifndef HMMU_HUGE_PMD_H
#define HMMU_HUGE_PMD_H

#include "mm/mmu_gather.h"
#include "mm/task.h"
#include "rmap/huge.h"

/** Each acts on a huge pmd that covers its whole range; false: it is not huge (any more), go on with ptes. */
static bool zap_huge_pmd(struct mmu_gather *tlb, u32 vma, u64 *pmd, u64 address);
static bool change_huge_pmd(struct ctx *ctx, u64 *pmd, u64 address, u64 prot);
static bool madvise_free_huge_pmd(struct mmu_gather *tlb, u64 *pmd, u64 address, u64 end);
/** Of clear_refs, for any huge pmd. */
static void clear_soft_dirty_pmd(struct hmmu *m, u32 mm, u64 *pmd, u64 address);
/** What fork() copies. */
struct huge_copy {
	u32 child; /**< mm */
	u32 vma;   /**< of the child */
	u32 parent_vma;
	u64 address;
};
/** fork(): 0, or -ENOMEM; *copied tells whether a huge pmd was copied. */
static int copy_huge_pmd(struct ctx *ctx, const struct huge_copy *copy, u64 *dst_pmd, u64 *src_pmd, bool *copied);

#endif
