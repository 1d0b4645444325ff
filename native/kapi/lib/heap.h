/* SPDX-License-Identifier: GPL-2.0-only */
/** @file heap.h The memory of drivers: who allocated it, and where. */
#ifndef KAPI_HEAP_H
#define KAPI_HEAP_H

#include <linux/slab.h>

/** What new memory has in it, where nothing promises zeros. */
#define HEAP_POISON 0x5a
/** What freed memory has in it: who goes on with it finds no lock, no list and no pointer. */
#define HEAP_FREED 0x6b

/** Whether a word has never been written since it was allocated, or since its function began: drivers are compiled so that their
 * local variables begin with a pattern. */
static inline bool is_uninitialised(unsigned long word)
{
	return word == HEAP_POISON * 0x0101010101010101ul || word == 0xfefefefefefefefeul ||
	       word == 0xaaaaaaaaaaaaaaaaul;
}
/** Memory of an object that belongs to the driver, such as a node of its XArray. Zeroed. */
void *heap_alloc_internal(size_t size, gfp_t gfp, const struct kapi_place *place);
void heap_free_internal(void *memory);
/** An allocation with these flags may sleep, and takes pages from others. */
void heap_may_reclaim(gfp_t gfp, const struct kapi_place *place);
/** Whether the next allocation of a driver is to fail. It counts. */
bool heap_fails(gfp_t gfp, const struct kapi_place *place);
/** Report everything that drivers have not freed, and free it. */
void heap_report_left(void);
/** Free it, without a report. */
void heap_forget(void);

#endif
