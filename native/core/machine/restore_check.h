/* SPDX-License-Identifier: GPL-2.0-only */
/** @file restore_check.h What the checks of a snapshot share. */
#ifndef HMMU_RESTORE_CHECK_H
#define HMMU_RESTORE_CHECK_H

#include "machine/snapshot.h"
#include "page/page.h"

/** The mappings of a page of the hugetlb pool. */
struct pool_page {
	u64 address, pgoff;
	u32 file;
	u32 entries;
	bool owned; /**< by a mapping that reserved it */
};

/** Which entry of which migration has locked a page: as its source, whose migration entries it will replace, or as its destination. */
struct page_taken {
	const struct hmmu_migration *mig;
	u64 i;
};

/** A check under way. A function that returns false has described the fault in @p error. */
struct check {
	struct hmmu *m;
	struct hmmu_error *error;
	const struct piece *piece; /**< of the snapshot, in ascending order */
	u64 pieces;                /**< of the arena */
	u64 pieces_behind;         /**< of what is under way */
	u64 *free[NR_SLABS];       /**< bitmaps: records that are free */
	struct pool_page *pool;    /**< pages of the hugetlb pool that were ever used */
	u64 *met; /**< bitmap: frames of RAM that were met as a page table, in an LRU pagevec, or as isolated by a migration */
	u32 destinations;           /**< pages that are marked as destinations of a migration */
	struct page_taken *sources; /**< of migrations, by used_index(); NULL: there are no migrations */
	u32 *chain_of;              /**< by anon_vma: the last mapping that was looked at and has it in its chain */
	u32 chained;                /**< that mapping */
	u32 *migrations_of;         /**< by task: how many of them it has */
};

/** Report that the snapshot is not of a machine. Returns false. */
static bool refuse_snapshot(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Refuse it because the host has no memory; returns false. */
static bool no_memory(struct check *c);
/** Allocate zeroed memory of the host for a check. NULL: the host has none, and the error is set. */
static void *check_alloc(struct check *c, u64 bytes);

/** The first piece that is not below an address in the arena. */
static u64 first_piece(const struct check *c, const void *address);

static inline bool bit_is_set(const u64 *bits, u32 number)
{
	return bits[number / 64] >> (number % 64) & 1;
}
/** Set a bit; false if it was set before. */
static inline bool set_bit_once(u64 *bits, u32 number)
{
	bool first = !bit_is_set(bits, number);

	bits[number / 64] |= 1ull << (number % 64);
	return first;
}
/** Whether a record exists. */
static inline bool is_record(const struct check *c, enum slab_kind kind, u32 slot)
{
	return slot && slot < c->m->st->slabs[kind].high && !bit_is_set(c->free[kind], slot);
}
/** Whether a number names a record, or none. */
static inline bool is_record_or_none(const struct check *c, enum slab_kind kind, u32 slot)
{
	return !slot || is_record(c, kind, slot);
}
/** Whether a frame was handed out by the allocator, and is no page table. */
static inline bool is_used_ram(const struct hmmu *m, u32 pfn)
{
	return pfn && pfn < ram_used(m) && page_of(m, compound_head(m, pfn))->count > 0 &&
	       !(page_of(m, pfn)->flags & (HMMU_PG_TABLE | HMMU_PG_BUDDY | HMMU_PG_RESERVED));
}

#endif
