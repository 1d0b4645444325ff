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

#include "machine/restore_check.h"

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
/** Whether [from, to) is zero, of which only pieces that begin before it, or end behind it, were restored. */
static bool gap_is_zero(const struct hmmu *m, const void *from, const void *to);
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
/** restore_under_way.c: faults that wait for their handlers, and migrations; also the pages that these have. */
static bool check_under_way(struct check *c);
/** Whether a migration will replace a migration entry, which has no reference to its page. */
static bool will_be_replaced(struct check *c, u32 vma, u64 address, u64 pfn);
/** restore_tasks.c: tasks, what they wait for, and the locks that they have. */
static bool check_tasks(struct check *c);
/** restore_tables.c: page tables and what their entries lead to. */
static bool check_tables(struct check *c);
/** @} */

#endif
