/* SPDX-License-Identifier: GPL-2.0-only */
/** @file change_protection.h Changes of the entries of a range, for mprotect() and for userfaultfd. */
#ifndef HMMU_CHANGE_PROTECTION_H
#define HMMU_CHANGE_PROTECTION_H

#include "mm/task.h"

/** Whether entries of the mapping can become writable though its page protection is not. Ask with the new flags, before
 * the protection is set. */
static bool vma_wants_manual_pte_write_upgrade(const struct hmmu *m, u32 vma);
/** What a write entry of a migration or a device becomes when it may only be read; other entries stay. */
static u64 downgraded_swap_type(const struct hmmu *m, u64 old);
/** Give the entries of a part of one mapping its page protection. With @p make_writable those become writable whose next
 * store nobody has to see. */
static void change_protection(struct ctx *ctx, u32 vma, u64 start, u64 end, bool make_writable);
/** Write-protect a part of one mapping for userfaultfd, or end that. 0, or -ENOMEM: no table for the markers of a file.
 * Linux 6.12. */
static int uffd_wp_range(struct ctx *ctx, u32 vma, u64 start, u64 end, bool on);

#endif
