/* SPDX-License-Identifier: GPL-2.0-only */
/** @file file.h tmpfs inodes, the page cache and i_mmap. */
#ifndef HMMU_FILE_H
#define HMMU_FILE_H

#include "mm/task.h"

static u32 file_create(struct hmmu *m, u64 pages);
/** Unmake a file without pages. */
static void file_free(struct hmmu *m, u32 file);
/** Remove a page from its file. */
static void truncate_page(struct hmmu *m, u32 pfn);
/** Remove all pages of a file from an index on that nobody has locked; with @p locked also the other ones. */
static void truncate_pages(struct hmmu *m, u32 file, u64 from, bool locked);
/**
 * @name shmem_undo_range()
 * First the pages go that nobody has locked. For each other one the task then waits, in the order of indexes. Meanwhile pages
 * behind the one it waits for stay, also if they are unlocked.
 * @{
 */
static void truncate_unlocked(struct ctx *ctx, u32 file, u64 from);
/** The page with the lowest index, from that of the last one on, or 0. */
static u32 first_to_truncate(struct ctx *ctx, u32 file);
/** The same, without a lock; or what wait_on_page() returns. */
static int next_to_truncate(struct ctx *ctx, u32 file, enum resume resume, u32 *page);
/** @} */
static void i_mmap_insert(struct hmmu *m, u32 vma);
/** Insert the child of a mapping right behind it. */
static void i_mmap_insert_after(struct hmmu *m, u32 vma, u32 prev);
static void i_mmap_remove(struct hmmu *m, u32 vma);
/** vma_interval_tree_foreach(): the first mapping of a file that maps one of the indexes, or 0; and the next one. */
static u32 i_mmap_first(const struct hmmu *m, u32 file, u64 first, u64 last);
static u32 i_mmap_next(const struct hmmu *m, u32 vma, u64 first, u64 last);
/** Where the chain of a place in the page cache begins. */
static u32 *hash_chain(const struct hmmu *m, u32 file, u64 index);
/** The page at an index of the cache, or 0. */
static u32 find_page(const struct hmmu *m, u32 file, u64 index);
static void add_to_page_cache(struct hmmu *m, u32 file, u64 index, u32 pfn);
static void delete_from_page_cache(struct hmmu *m, u32 pfn);
/** Put a page in the place of another. */
static NOINLINE void replace_page_cache(struct hmmu *m, u32 old_pfn, u32 new_pfn);

#endif
