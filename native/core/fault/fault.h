/* SPDX-License-Identifier: GPL-2.0-only */
/** @file fault.h Page faults: the way in. vm_fault.h has the kinds of faults. */
#ifndef HMMU_FAULT_H
#define HMMU_FAULT_H

#include "fault/vm_fault.h"
#include "mm/tlb.h"

/** Most faults of one access. In a kernel, a device's fault handler that does nothing makes the access loop for
 * ever. */
#define MAX_FAULTS 1000

/** Handle a fault of an access. @p flags is of enum fault_flag. The caller holds mmap_sem. */
static int handle_mm_fault(struct ctx *ctx, u32 vma, u64 address, u32 flags);
/** The same for somebody who has walked the tables. If the fault has changed nothing but the entry, they are still where
 * @p leaf says; otherwise that has no leaf any more. */
static int handle_walked_fault(struct ctx *ctx, u32 vma, u64 address, u32 flags, struct leaf *leaf);
/** A fault begins, as counters, events and probes tell. */
static void fault_is_counted(const struct ctx *ctx, u64 address, bool write);
/** The first touch of anonymous memory, if its page table exists. */
static int do_anonymous_page(struct ctx *ctx, u32 vma, u64 address, u64 *pte, struct page *table, bool write);
/** Wait for the end of the migration to which a migration entry belongs. */
static int migration_entry_wait(struct ctx *ctx, u64 entry);

#endif
