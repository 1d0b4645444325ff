/* SPDX-License-Identifier: GPL-2.0-only */
/** @file unmap.h Taking entries and mappings away. */
#ifndef HMMU_UNMAP_H
#define HMMU_UNMAP_H

#include "mm/mmu_gather.h"
#include "mm/task.h"

/** Drop the entries of [start, end) of one mapping. Their flush, and that of a later call, is up to @p tlb. */
static void unmap_single_vma(struct mmu_gather *tlb, u32 vma, u64 start, u64 end);
static void zap_page_range(struct ctx *ctx, u64 start, u64 end);
/** The same within one mapping, of any process; with @p keep_wp pages that userfaultfd write-protects leave a marker. */
static void zap_page_range_single(struct ctx *ctx, u32 vma, u64 start, u64 end, bool keep_wp);
static int do_munmap(struct ctx *ctx, u64 start, u64 end);
static int exit_mmap(struct ctx *ctx);

#endif
