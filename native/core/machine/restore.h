/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file restore.h
 * Checks of a snapshot of unknown origin, before any other code uses it. restore.c has the order.
 *
 * Each number that is used as an index is within its bounds; each list ends, and its links agree in both directions; each
 * record and frame is used for one thing. After that no call can leave the arena, or run for ever. Numbers that are only
 * counted, compared or shown (RSS, statistics, contents of pages, allocation numbers) are left to verify().
 */
#ifndef HMMU_RESTORE_H
#define HMMU_RESTORE_H

#include "machine/snapshot.h"
#include "page/page.h"

/** The mappings of a page of the hugetlb pool. */
struct pool_page {
	u64 address, pgoff;
	u32 file;
	u32 entries;
	bool owned; /**< by a mapping that reserved it */
};

/** A check under way. A function that returns false has described the fault in @p error. */
struct check {
	struct hmmu *m;
	struct hmmu_error *error;
	const struct piece *piece; /**< of the snapshot, in ascending order */
	u64 pieces;
	u64 *free[NR_SLABS];    /**< bitmaps: records that are free */
	struct pool_page *pool; /**< pages of the hugetlb pool that were ever used */
	u64 *met;               /**< bitmap: frames of RAM that were met as a page table, or in an LRU pagevec */
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

/** @name restore_pages.c, of any page
 * @{ */
static bool counts_in_range(const struct page *page);
/** Whether 512 frames are one page. Also checks the bounds of the counts in the second and third page. */
static bool is_compound(const struct hmmu *m, u32 head);
static bool is_anon_mapping(const struct check *c, u32 mapping);
/** @} */

/** @name The checks, in their order. Each relies on those above it.
 * @{ */
/** restore_state.c: struct state, the event ring, the TLBs, slabs and their free lists. */
static bool check_state(struct check *c);
static bool check_slabs(struct check *c);
/** Check that unused memory is zero, because its first user does not clear it. */
static bool check_unused(struct check *c);
/** restore_pages.c: blocks and free frames; struct page and its users. */
static bool check_blocks(struct check *c);
static bool check_pages(struct check *c);
static bool check_device(struct check *c);
/** The records of devices; and whether pages of removed ones are in use. */
static bool check_devices(struct check *c);
static bool check_device_counts(struct check *c);
/** restore_hugetlb.c: the pool, and an entry of a mapping; then who has mapped and reserved what. */
static bool check_pool(struct check *c);
static bool take_pool_page(struct check *c, u32 vma, u64 address, u64 pfn);
static bool check_pool_users(struct check *c);
/** restore_lists.c: LRU lists and pagevecs, the page cache, the swap area. */
static bool check_lru(struct check *c);
static bool check_page_cache(struct check *c);
static bool check_swap(struct check *c);
/** restore_mm.c: address spaces, mappings, interval notifiers; restore_rmap.c: the lists by which reverse maps find
 * mappings. */
static bool check_mappings(struct check *c);
static bool check_intervals(struct check *c);
static bool check_reverse_maps(struct check *c);
/** restore_tasks.c: tasks, what they wait for, and the locks that they have. */
static bool check_tasks(struct check *c);
/** restore_tables.c: page tables and what their entries lead to. */
static bool check_tables(struct check *c);
/** @} */

#endif
