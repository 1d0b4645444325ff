/* SPDX-License-Identifier: GPL-2.0-only */
/** @file tlb.h Per-CPU translations: filled by accesses, dropped by flushes, caught when stale. */
#ifndef HMMU_TLB_H
#define HMMU_TLB_H

#include "mm.h"

void flush_tlb_page(struct hmmu *m, u32 mm, u64 address);
void flush_tlb_range(struct hmmu *m, u32 mm, u64 start, u64 end);
void flush_tlb_mm(struct hmmu *m, u32 mm);
/** Take an entry out, flush its translation, and return what it was. */
u64 ptep_clear_flush(struct hmmu *m, u32 mm, u64 address, u64 *pte);
/** The same, and secondary TLBs are told. */
u64 ptep_clear_flush_notify(struct hmmu *m, u32 mm, u64 address, u64 *pte);

/** What the hardware does with an access: translate, or fail (0) and leave it to a fault. Sets accessed and dirty. */
u32 tlb_access(struct hmmu *m, u32 cpu, u32 mm, u64 address, bool write);
/** Whether a cached translation contradicts the page tables. */
bool tlb_entry_stale(struct hmmu *m, const struct tlb_entry *entry);

#endif
