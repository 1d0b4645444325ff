/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file swapped_file.h
 * Pages of tmpfs files and of shared memory that are in the swap area. A kernel's page cache has an entry with the slot in the page's
 * place. Here the slot knows its file and index, and a hash finds it. The chains of the hash begin in the records of the slots.
 * Linux 6.12; 4.14's files are never swapped out here.
 */
#ifndef HMMU_SWAPPED_FILE_H
#define HMMU_SWAPPED_FILE_H

#include "host/machine.h"

/** Where the chain begins. Any record will do: it need not be that of a slot in use. */
static u32 *swapped_chain(const struct hmmu *m, u32 file, u64 index);
/** The slot that has the page at an index of a file, or 0. */
static u32 find_swapped_slow(const struct hmmu *m, u32 file, u64 index);
static inline u32 find_swapped(const struct hmmu *m, u32 file, u64 index)
{
	return KERNEL >= V6_12 && file_of(m, file)->swapped ? find_swapped_slow(m, file, index) : 0;
}
/** shmem_writepage(): write a locked page of a file that nobody maps to a slot that was allocated for it. The page leaves its file. */
static void swap_out_file_page(struct hmmu *m, u32 pfn, u32 slot);
/** A new page has the contents of the slot and is dirty; the slot becomes free. */
static void swap_in_file_page(struct hmmu *m, u32 pfn, u32 slot);
/** Free all slots of a file from an index on. */
static NOINLINE void truncate_swapped_slow(struct hmmu *m, u32 file, u64 from);
static inline void truncate_swapped(struct hmmu *m, u32 file, u64 from)
{
	if (KERNEL >= V6_12 && file_of(m, file)->swapped)
		truncate_swapped_slow(m, file, from);
}

#endif
