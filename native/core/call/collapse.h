/* SPDX-License-Identifier: GPL-2.0-only */
/** @file collapse.h MADV_COLLAPSE: small pages become a huge page. Linux 6.12. */
#ifndef HMMU_COLLAPSE_H
#define HMMU_COLLAPSE_H

#include "mm/task.h"

/**
 * madvise_collapse() of a part of one mapping. The caller has mmap_sem for reading; it is dropped and taken again. A call
 * that waits goes on at its progress. 0 if all whole 2 MiB are huge now; -EAGAIN, -EBUSY, -EINVAL, -ENOMEM.
 */
static int madvise_collapse(struct ctx *ctx, u32 vma, u64 start, u64 end);
/** Whether a block of madvise_collapse() fails with this errno, as it notes it (positive); 0 stands for no failure. */
static bool is_errno_of_collapse(u64 number);

#endif
