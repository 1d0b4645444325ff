/* SPDX-License-Identifier: GPL-2.0-only */
/** @file try_to_migrate.h Linux 6.12: replacing the entries of a page by migration entries, in all mappings. */
#ifndef HMMU_TRY_TO_MIGRATE_H
#define HMMU_TRY_TO_MIGRATE_H

#include "mm/task.h"

/** With @p split_pmds huge pmds are split first. Some entries may stay: of a page that may be pinned. */
static void try_to_migrate(struct ctx *ctx, u32 pfn, bool split_pmds);

#endif
