/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mmap.h The places of mappings. */
#ifndef HMMU_MMAP_H
#define HMMU_MMAP_H

#include "host/machine.h"

/** Where a mapping is put that may be anywhere: above all others. */
static u64 get_unmapped_area(const struct hmmu *m, u32 mm, bool align_huge);

#endif
