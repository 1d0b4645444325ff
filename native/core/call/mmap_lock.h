/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mmap_lock.h What a driver may do with the mmap_lock that it has taken. */
#ifndef HMMU_MMAP_LOCK_H
#define HMMU_MMAP_LOCK_H

#include "mm/task.h"

/** The context of a task that has called hmmu_mmap_lock(). -EINVAL (REFERENCE): it has not. */
static int driver_enter(struct hmmu *m, u32 tid, struct ctx *ctx);

#endif
