/* SPDX-License-Identifier: GPL-2.0-only */
/** @file snapshot.h What a snapshot consists of: snapshot.c writes it, restore.c reads it. */
#ifndef HMMU_SNAPSHOT_H
#define HMMU_SNAPSHOT_H

#include "machine.h"

#define SNAPSHOT_MAGIC 0x3230504e53554d48ull /* "HMUSNP02", little-endian */

/** What a snapshot begins with; a struct piece for each piece follows. */
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

/** The hash of a machine of these pieces. */
u64 hash_of_pieces(const struct piece *piece, u64 pieces);
/** Tell of each part of the arena that is in use, in ascending order, as a range of pieces. */
void walk_parts(const struct hmmu *m, void (*part)(void *data, u64 first, u64 end), void *data);
/** Remember in the handle what it caches of the state. */
void take_over_state(struct hmmu *m);

/** Frames of RAM in blocks that were opened; those behind were never used. */
static inline u32 ram_used(const struct hmmu *m)
{
	u64 frames = (u64)m->st->next_block * HPAGE_PMD_NR;

	return frames < m->st->ram_pages ? (u32)frames : m->st->ram_pages;
}
/** Frames of the hugetlb pool up to the highest page that was used. */
static inline u32 pool_used(const struct hmmu *m)
{
	return m->st->hugetlb_high * HPAGE_PMD_NR;
}

#endif
