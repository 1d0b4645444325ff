/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file device_exclusive.h
 * Device-exclusive entries of Linux 6.12: the CPU can't reach the page, so that a device has it for itself and can use
 * atomic instructions. "mm: device exclusive memory access". Such an entry keeps the reference of the pte in whose place it
 * stands, and does not count as a mapping.
 */
#ifndef HMMU_DEVICE_EXCLUSIVE_H
#define HMMU_DEVICE_EXCLUSIVE_H

#include "mm/task.h"

/**
 * folio_make_device_exclusive(). @p page is locked: a small page, or the first one of a large one. The notifiers are told
 * @p owner. False: the page is not anonymous, its entry at @p address was not writable, or some entry maps it still. Other
 * entries of it may have become exclusive all the same.
 */
static bool folio_make_device_exclusive(struct ctx *ctx, u32 page, u32 vma, u64 address, u64 owner);
/** Put a present pte in the place of a device-exclusive entry. The table and the page are locked. */
static void restore_exclusive_pte(struct ctx *ctx, u32 vma, u64 address, u64 *pte);

#endif
