/* SPDX-License-Identifier: GPL-2.0-only */
/** @file snapshot.h The format of a snapshot: machine/snapshot.c writes it, machine/restore.c reads it. */
#ifndef HMMU_SNAPSHOT_H
#define HMMU_SNAPSHOT_H

#include "host/types.h"

#define SNAPSHOT_MAGIC 0x3530504e53554d48ull /* "HMUSNP05", little-endian */

/** The header of a snapshot. A struct piece for each piece follows. */
struct snapshot_header {
	u64 magic;
	u64 arena_bytes;
	u64 pieces;
	u64 hash; /**< of the machine */
};

/** 4 KiB of the arena that are not zero. */
struct piece {
	u64 number; /**< offset in the arena / 4096 */
	u8 bytes[PAGE_SIZE];
};

#endif
