/* SPDX-License-Identifier: GPL-2.0-only */
/** @file page_fault.h From an address to a page, by the TLB, the page tables, or a fault. */
#ifndef HMMU_PAGE_FAULT_H
#define HMMU_PAGE_FAULT_H

#include "mm/task.h"

/** The page of an address, for an access that is in no fault; or BLOCKED, or an error. */
static int translate(struct ctx *ctx, u64 address, bool write);
/** The same for any access. */
static NOINLINE int translate_any(struct ctx *ctx, u64 address, bool write);
/** The fault that waited for a page has ended; the instruction starts again, unless the page's handler has failed. */
static NOINLINE int fault_has_ended(struct ctx *ctx, u64 address, bool write);

/** @name The parts of a fault that an access handles itself
 * @{ */
static bool access_error(const struct hmmu *m, u32 vma, bool write);
/** Linux 6.12: what the fault may do. */
static void fault_begins(struct ctx *ctx);
/** What the fault comes to; BLOCKED where it has to wait for memory of the group. */
static int fault_ends(struct ctx *ctx, int result);
/** An error of a fault becomes that of the call. */
static int fault_errno(const struct ctx *ctx, u64 address, bool write, int result);
/** @} */

#endif
