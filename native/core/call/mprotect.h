/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mprotect.h Changes of the entries of a range, for mprotect() and for userfaultfd. */
#ifndef HMMU_MPROTECT_H
#define HMMU_MPROTECT_H

#include "mm/task.h"

/** Write-protect a part of one mapping for userfaultfd, or end that. 0, or -ENOMEM: no table for the markers of a file.
 * Linux 6.12. */
static int uffd_wp_range(struct ctx *ctx, u32 vma, u64 start, u64 end, bool on);

#endif
