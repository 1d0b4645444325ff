/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TLB: each CPU caches translations in a direct-mapped table. A flush of a few pages looks at their slots; a large
 * one gives the address space a new generation, a number that is never used again, which voids all its translations at
 * once. A hit is compared with the
 * page tables, since the model is there to catch flushes that are missing.
 */
#include "host/events.h"
#include "mm/mmu_notifier.h"
#include "mm/stopped.h"
#include "mm/tlb.h"

/* Above this many pages x86 flushes the whole address space. */
#define TLB_SINGLE_PAGE_FLUSH_CEILING 33

void flush_tlb_mm(struct hmmu *m, u32 mm)
{
	mm_of(m, mm)->tlb_gen = ++m->st->tlb_gen;
	note_flush(m, mm, 0, HMMU_TASK_SIZE);
}

void flush_tlb_range(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	if (end - start > TLB_SINGLE_PAGE_FLUSH_CEILING * PAGE_SIZE) {
		mm_of(m, mm)->tlb_gen = ++m->st->tlb_gen;
	} else {
		for (u64 address = start; address < end; address += PAGE_SIZE)
			flush_one(m, mm, address >> PAGE_SHIFT);
	}
	note_flush(m, mm, start, end);
}

void flush_tlb_page(struct hmmu *m, u32 mm, u64 address)
{
	__flush_tlb_page(m, mm, address & PAGE_MASK);
}

/* Whether a call that has stopped has changed entries of the address space, and flushes when it goes on. */
static bool mm_tlb_flush_pending(const struct hmmu *m, u32 mm)
{
	for (u32 task = 1; m->stops && task < m->stops->end; task++)
		for (const struct at_hand *hand = stop_of(m, task) ? &stop_of(m, task)->hand : NULL; hand;
		     hand = hand->outer)
			if (hand->flush_mm == mm)
				return true;
	return false;
}

/* Of an entry without any rights CPUs have a translation as long as mprotect() has not flushed it. */
static NOINLINE void flush_without_rights(struct hmmu *m, u32 mm, u64 address)
{
	if (mm_tlb_flush_pending(m, mm))
		flush_tlb_page(m, mm, address);
}

/* Inlined, as before the rare case came: a call costs copy-on-write faults and moved zero pages 3 to 8 %. */
ALWAYS_INLINE u64 ptep_clear_flush(struct hmmu *m, u32 mm, u64 address, u64 *pte)
{
	u64 old = *pte;

	*pte = 0;
	/* pte_accessible() */
	if (old & _PAGE_PRESENT)
		flush_tlb_page(m, mm, address);
	else if (old & _PAGE_PROTNONE)
		flush_without_rights(m, mm, address);
	return old;
}

ALWAYS_INLINE u64 ptep_clear_flush_notify(struct hmmu *m, u32 mm, u64 address, u64 *pte)
{
	u64 old = ptep_clear_flush(m, mm, address, pte);

	mmu_notifier_invalidate_range(m, mm, address & PAGE_MASK, (address & PAGE_MASK) + PAGE_SIZE);
	return old;
}

bool tlb_entry_stale(struct hmmu *m, const struct tlb_entry *entry)
{
	u64 address = entry->vpn << PAGE_SHIFT;
	struct leaf leaf = mm_find_leaf(m, entry->mm, address);

	if (!leaf.entry || !(*leaf.entry & _PAGE_PRESENT) || pte_pfn(*leaf.entry) + leaf.offset != entry->pfn)
		return true;
	if ((entry->flags & TLB_WRITE) && !pte_write(*leaf.entry))
		return true;
	return (entry->flags & TLB_DIRTY) && !pte_dirty(*leaf.entry);
}

u32 tlb_hit(const struct ctx *ctx, struct tlb_entry *entry, u64 address, bool write)
{
	struct hmmu *m = ctx->m;
	struct leaf leaf;

	if (!tlb_entry_stale(m, entry))
		return entry->pfn;
	m->st->counters[HMMU_COUNT_TLB_STALE]++;
	event(m, HMMU_EVENT_STALE_TLB, entry->mm, address, entry->pfn);
	/* A CPU does not know that a flush is still to come. */
	if (m->switch_points & HMMU_SWITCH_LATE_FLUSH)
		return entry->pfn;
	leaf = mm_find_leaf(m, ctx->mm, address);
	return tlb_fill(entry, &leaf, ctx, address, write);
}
