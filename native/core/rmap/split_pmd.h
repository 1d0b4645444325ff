/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file split_pmd.h
 * __split_huge_pmd_locked() of an anonymous huge page: ptes, or migration entries with @p freeze, take the place of its
 * pmd. Each kernel has its own. The pmd's table is locked, and the page keeps a reference of somebody else.
 */
#ifndef HMMU_SPLIT_PMD_H
#define HMMU_SPLIT_PMD_H

#include "mm/task.h"

/** Linux 4.14: split_pmd_double_map.c. While pmds and ptes map the page, the flag DOUBLE_MAP says so. */
static void split_pmd_double_map(struct ctx *ctx, u32 vma, u64 *pmd, u64 haddr, bool freeze);
/** Linux 6.12: split_pmd_exclusive.c. The head's mark PageAnonExclusive goes over to all parts. */
static void split_pmd_exclusive(struct ctx *ctx, u32 vma, u64 *pmd, u64 haddr, bool freeze);

#endif
