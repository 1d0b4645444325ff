/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file mmu_gather.h
 * A call that removes translations gathers their range and their pages. It flushes the TLBs once, at its end, and only
 * if it has gathered something; the pages lose their references after the flush.
 */
#ifndef HMMU_MMU_GATHER_H
#define HMMU_MMU_GATHER_H

#include "host/stops.h"
#include "mm/task.h"

/** Pages of a full batch: 8 in the kernel's structure itself, then 19 frames with 510 pointers each. */
#define MAX_GATHER_PAGES (8u + 10000u / 510u * 510u)

struct mmu_gather {
	struct ctx *ctx;
	u32 mm;
	bool fullmm;    /**< the whole address space is flushed, in any case */
	bool keep_wp;   /**< write protection by userfaultfd outlasts the pages of files; the mappings stay */
	u64 start, end; /**< the range to flush; an end of 0: nothing was gathered */
	u32 nr;
	u32 pages[MAX_GATHER_PAGES];
};

/** Begin to gather from an address space; with @p fullmm all of it. */
static void tlb_gather_mmu(struct mmu_gather *tlb, struct ctx *ctx, u32 mm, bool fullmm);
/** Flush the gathered range, and notify secondary TLBs; nothing if no range was gathered. */
static void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb);
/** Drop the references of the gathered pages, whose range has been flushed. */
static void tlb_flush_mmu_free(struct mmu_gather *tlb);
/** Both, of a batch that is full. */
static void tlb_flush_mmu(struct mmu_gather *tlb);
/** Both, at the end of the call. */
static void tlb_finish_mmu(struct mmu_gather *tlb);

/** What a call has at hand that gathers. */
static struct at_hand at_hand_of_gather(const struct mmu_gather *tlb);

/** Add a range to the range to flush: __tlb_adjust_range(). */
static inline void tlb_adjust_range(struct mmu_gather *tlb, u64 start, u64 end)
{
	if (start < tlb->start)
		tlb->start = start;
	if (end > tlb->end)
		tlb->end = end;
}

/** Keep a page until the flush. A batch that is full then (tlb_is_full()) has to be flushed before the next page. */
static ALWAYS_INLINE void tlb_remove_page(struct mmu_gather *tlb, u32 page)
{
	tlb->pages[tlb->nr++] = page;
}

static inline bool tlb_is_full(const struct mmu_gather *tlb)
{
	return tlb->nr == MAX_GATHER_PAGES;
}

#endif
