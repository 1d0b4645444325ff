/* SPDX-License-Identifier: GPL-2.0-only */
/** @file migration.h The record of a migration. It is the same for each kernel, because users have pointers to it. */
#ifndef HMMU_MIGRATION_H
#define HMMU_MIGRATION_H

#include "host/machine.h"

/** A task in the middle of a call: what most functions need to know. */
struct ctx {
	struct hmmu *m;
	struct task *self; /**< the record of the task, if it was entered */
	struct mm *space;  /**< that of its address space */
	u32 task;
	u32 mm;
	u32 cpu;
	bool nested;    /**< mmap_sem was held when the call began */
	u8 waited;      /**< enum hmmu_wait: what the call, which goes on, had waited for */
	u8 resume;      /**< enum resume: how its first fault goes on */
	u8 fault_flags; /**< enum fault_flag, of the fault of an access. Linux 6.12 */
	u32 vma_lock;   /**< the mapping whose lock that fault holds, and not mmap_lock; 0: none. Linux 6.12 */
	struct progress progress;
};

/** A migration of up to so many pages allocates no arrays: it uses `few`. */
#define FEW_PAGES 16

/** Why no call can drive a migration now. */
enum bar {
	BAR_NONE,
	BAR_CALLBACK, /**< a callback of it runs */
	BAR_STOPPED,  /**< its task stands at a switching point */
	BAR_RESTORED, /**< it was restored, and has neither the caller's arrays nor the driver's operations yet */
};

/** The entries of a migration under one page table. */
struct entries_of_table {
	u64 from, count; /**< count 0: no table is known */
	u64 *ptes;       /**< the pte of entry @p from */
	struct page *table;
};

struct hmmu_migration {
	/* Who takes the record sets the first fields. */
	struct ctx ctx;
	struct hmmu_migrate_request request;
	u64 start, end;
	u64 *src, *dst; /**< the migration's own words; a driver may write to the request's arrays at any time */
	/* These are cleared on reuse. */
	u32 vma;
	u32 fault_page; /**< the page of the device fault being handled; the fault holds a reference */
	u32 fault_lock; /**< fault_page, if its fault has locked it for this migration; else 0. Linux 6.12 */
	u32 first;      /**< migrate_device_range(): the first device page; else 0 */
	u32 stage;      /**< enum hmmu_stage */
	u64 pos;        /**< entry of the stage's loop */
	u64 npages;     /**< entries collected */
	u64 cpages;     /**< entries still to be migrated */
	u64 to_restore; /**< entries whose mappings are to be restored by the stage */
	u64 mmu_start;  /**< of the notifier range of the pages stage, once it is open */
	u64 flush_start, flush_end; /**< range that collect has still to flush: 4.14 flushes after the unlock */
	u8 *why;
	bool restoring; /**< prepare or unmap has finished its first loop, and restores entries */
	/* Known of all pages within one call, as nothing else can have run in between: */
	bool prepared; /**< collect has taken them all; none is on an LRU list or mapped */
	bool settled;  /**< prepare has found no unknown reference; none is mapped */
	bool allow_drain;
	bool mlocks; /**< the mapping is locked: each page that leaves it is munlocked. Linux 6.12 */
	bool notified;
	bool callbacks_ran;
	bool dst_is_ready;    /**< Linux 6.12: migrate_vma_pages() was called */
	bool dst_is_accepted; /**< alloc_and_copy was that of the built-in driver, which breaks no rule in dst */
	bool out_of_bounds;
	u8 barred; /**< enum bar */
	bool aborted;
	bool unwritten; /**< the driver had not written to some destination when alloc_and_copy() returned */
	int err;
	struct hmmu_migration *next; /**< of those under way; of an unused record the next unused one */
	struct hmmu_migration *prev; /**< of those under way */
	/* These are not. */
	struct entries_of_table collected; /**< the table that collect has come to last, within one call */
	struct hmmu_error error;           /**< of err */
	u64 few[2 * FEW_PAGES];            /**< src and dst of a short range, such as that of a fault */
	u64 *many;                         /**< src and dst of a longer one */
	u64 many_pages;                    /**< room of many */
};

/** Whether a page is one of the sources that the migration has still to finalize. */
static inline bool migration_has_source(const struct hmmu_migration *mig, u32 pfn)
{
	u64 first = mig->stage == HMMU_STAGE_FINALIZE ? mig->pos : 0;

	for (u64 i = first; i < mig->npages && mig->stage != HMMU_STAGE_DONE; i++)
		if (mig->src[i] & HMMU_PFN_VALID && mig->src[i] >> HMMU_PFN_SHIFT == pfn)
			return true;
	return false;
}

#endif
