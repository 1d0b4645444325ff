/* SPDX-License-Identifier: GPL-2.0-only */
/** @file snapshot.h The pieces of a machine, as snapshots and hashes see them. */
#ifndef HMMU_MACHINE_SNAPSHOT_H
#define HMMU_MACHINE_SNAPSHOT_H

#include "host/machine.h"
#include "host/snapshot.h"

/** One more word of a hash. */
static inline u64 mix(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25ull;
	return hash ^ hash >> 29;
}
/** The hash of a machine of these pieces. */
static u64 hash_of_pieces(const struct piece *piece, u64 pieces);
/** Call a function for each used part of the arena, in ascending order, with a range of pieces. */
static void walk_parts(const struct hmmu *m, void (*visit)(void *data, u64 first, u64 end), void *data);
/** Clear every used part of the arena, except its struct state. */
static void arena_wipe(struct hmmu *m);
/** Set the handle's cached copies of the state. */
static void take_over_state(struct hmmu *m);

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
/** Pages that were ever used stand in arrays one behind the other: RAM, the hugetlb pool, the devices'
 * private and coherent ones, and others. */
static inline u64 used_pages(const struct hmmu *m)
{
	return (u64)ram_used(m) + pool_used(m) + private_high(m->st) + coherent_high(m->st) + m->st->other_device_pages;
}
/** The place of one of them. */
static inline u64 used_index(const struct hmmu *m, u32 pfn)
{
	if (pfn < m->hugetlb_base)
		return pfn;
	if (pfn < m->device_base)
		return ram_used(m) + (pfn - m->hugetlb_base);
	if (pfn < m->coherent_base)
		return (u64)ram_used(m) + pool_used(m) + (pfn - m->device_base);
	if (pfn < m->other_device_base)
		return (u64)ram_used(m) + pool_used(m) + private_high(m->st) + (pfn - m->coherent_base);
	return used_pages(m) - (m->pfn_end - pfn);
}

#endif
