/* SPDX-License-Identifier: GPL-2.0-only */
/** @file raw_entry.h The words of page tables as users see them. */
#ifndef HMMU_RAW_ENTRY_H
#define HMMU_RAW_ENTRY_H

#include "mm/pgtable.h"

/** The word that the kernel has in its page table for a pte or a huge pmd. */
static u64 raw_entry(u64 entry);

#endif
