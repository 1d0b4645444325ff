/* SPDX-License-Identifier: GPL-2.0-only */
/** @file device_map.h Mappings of devices. */
#ifndef KAPI_DEVICE_MAP_H
#define KAPI_DEVICE_MAP_H

#include "hmmu/hmmu.h"
#include "mm/mm.h"

/** Make a mapping without pages, for a driver's mmap(). The thread has mmap_lock for writing. 0, and the address, else 0 as
 * the address. */
int device_map_begin(struct mm_struct *mm, const struct hmmu_map *map, uint64_t *address);
/** The driver has refused it. */
void device_map_undo(struct mm_struct *mm, const struct hmmu_map *map, u64 address);

#endif
