/* SPDX-License-Identifier: GPL-2.0-only */
/** @file snapshot.h The format of a snapshot: snapshot.c writes it, restore.c reads it. */
#ifndef HMMU_SNAPSHOT_H
#define HMMU_SNAPSHOT_H

#include "host/machine.h"

#define SNAPSHOT_MAGIC 0x3330504e53554d48ull /* "HMUSNP03", little-endian */

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

/** The hash of a machine of these pieces. */
u64 hash_of_pieces(const struct piece *piece, u64 pieces);
/** Call a function for each used part of the arena, in ascending order, with a range of pieces. */
void walk_parts(const struct hmmu *m, void (*visit)(void *data, u64 first, u64 end), void *data);
/** Set the handle's cached copies of the state. */
void take_over_state(struct hmmu *m);

/** The number of frames of RAM in opened blocks. Later frames were never used. */
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
