/* SPDX-License-Identifier: GPL-2.0-only */
/** @file reclaim.h Reclaim of pages that the caller has chosen. */
#ifndef HMMU_RECLAIM_H
#define HMMU_RECLAIM_H

#include "mm/task.h"

/** Reclaim pages that are isolated, large ones by their head. The isolation's references are dropped. Linux 6.12. */
static void reclaim_pages(struct ctx *ctx, const u32 *pages, u32 nr);

#endif
