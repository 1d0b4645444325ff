/* SPDX-License-Identifier: GPL-2.0-only */
/** @file collect_selected.h Linux 6.12: collect takes only pages that the migration selects. "mm/migrate: add a flags
 * parameter to migrate_vma" */
#ifndef HMMU_COLLECT_SELECTED_H
#define HMMU_COLLECT_SELECTED_H

#include "migrate/migrate.h"

/** Whether the migration selects a kind of pages; @p kind is an enum hmmu_select. */
static inline bool selects(const struct hmmu_migration *mig, u32 kind)
{
	return mig->request.flags & kind;
}
/** The src word of a present pte. */
static u64 collect_selected_present(struct hmmu_migration *mig, u64 i, u64 *pte);
/** The src word of a device-private entry. */
static u64 collect_selected_device_entry(struct hmmu_migration *mig, u64 i, u64 *pte);
/** Append no word: the reason goes where the caller wants it. Returns 0, the word. */
static NOINLINE u64 skip_entry(struct hmmu_migration *mig, u64 i, enum hmmu_why why);

#endif
