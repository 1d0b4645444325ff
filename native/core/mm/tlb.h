/* SPDX-License-Identifier: GPL-2.0-only */
/** @file tlb.h Per-CPU translations: filled by accesses, dropped by flushes, caught when stale. */
#ifndef HMMU_TLB_H
#define HMMU_TLB_H

#include "host/probe.h"
#include "mm/mmu_notifier.h"
#include "mm/pgtable.h"
#include "mm/task.h"

static void flush_tlb_page(struct hmmu *m, u32 mm, u64 address);
static void flush_tlb_range(struct hmmu *m, u32 mm, u64 start, u64 end);
static void flush_tlb_mm(struct hmmu *m, u32 mm);
/** Take an entry out, flush its translation, and return what it was. */
static u64 ptep_clear_flush(struct hmmu *m, u32 mm, u64 address, u64 *pte);
/** The same, and secondary TLBs are told. */
static u64 ptep_clear_flush_notify(struct hmmu *m, u32 mm, u64 address, u64 *pte);

/** Whether a cached translation contradicts the page tables. */
static bool tlb_entry_stale(struct hmmu *m, const struct tlb_entry *entry);
static inline struct tlb_entry *tlb_slot(struct hmmu *m, u32 cpu, u64 vpn)
{
	return &m->tlb[cpu * TLB_ENTRIES + (vpn & (TLB_ENTRIES - 1))];
}

/** Forget what the CPUs have translated for a page, and tell of the flush.
 * @{ */
static inline void flush_one(struct hmmu *m, u32 mm, u64 vpn)
{
	struct tlb_entry *entry = tlb_slot(m, 0, vpn);

	for (u32 cpus = m->st->cpus; cpus; cpus--, entry += TLB_ENTRIES)
		if (entry->mm == mm && entry->vpn == vpn)
			entry->gen = 0;
}

static inline void note_flush(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	m->st->counters[HMMU_COUNT_TLB_FLUSHES]++;
	event(m, HMMU_EVENT_TLB_FLUSH, mm, start, end);
	probe(tlb_flush, mm, start, end);
	mmu_notifier_arch_invalidate_secondary_tlbs(m, mm, start, end);
}
static inline void __flush_tlb_page(struct hmmu *m, u32 mm, u64 address)
{
	flush_one(m, mm, address >> PAGE_SHIFT);
	note_flush(m, mm, address, address + PAGE_SIZE);
}
/** @} */
/** A shortcut. Nobody is told of a flush in this address space, and only one CPU has a TLB. That holds until something is
 * called that the core does not know. */
static inline bool flushes_are_silent(const struct hmmu *m, u32 mm)
{
	return SHORTCUTS && m->st->cpus == 1 && !event_wanted(m, HMMU_EVENT_TLB_FLUSH) && !mm_of(m, mm)->watched;
}
/** __flush_tlb_page() where flushes_are_silent(). */
static inline void flush_tlb_page_silently(struct hmmu *m, u32 mm, u64 address)
{
	struct tlb_entry *entry = tlb_slot(m, 0, address >> PAGE_SHIFT);

	if (entry->mm == mm && entry->vpn == address >> PAGE_SHIFT)
		entry->gen = 0;
	m->st->counters[HMMU_COUNT_TLB_FLUSHES]++;
	probe(tlb_flush, mm, address, address + PAGE_SIZE);
}

/** Where a walk of the tables ends. */
struct leaf {
	u64 *pmd;   /**< NULL: a table above it is missing */
	u64 *entry; /**< what translates the address: a pte, or the huge pmd; NULL if there is no table for it */
	u32 offset; /**< of the page in the huge one */
};
static ALWAYS_INLINE struct leaf mm_find_leaf(const struct hmmu *m, u32 mm, u64 address)
{
	struct leaf leaf = { .pmd = mm_find_pmd(m, mm, address) };

	if (!leaf.pmd)
		return leaf;
	if ((*leaf.pmd & (_PAGE_PRESENT | _PAGE_PSE)) == _PAGE_PRESENT) {
		leaf.entry = pte_offset(m, *leaf.pmd, address);
	} else if (pmd_trans_huge(*leaf.pmd)) {
		leaf.entry = leaf.pmd;
		leaf.offset = table_index(address, PAGE_SHIFT);
	}
	return leaf;
}

static inline bool tlb_entry_hits(const struct tlb_entry *entry, const struct mm *mm, u32 mm_slot, u64 vpn, bool write)
{
	if (entry->mm != mm_slot || entry->vpn != vpn || entry->gen != mm->tlb_gen)
		return false;
	return !write || (entry->flags & (TLB_WRITE | TLB_DIRTY)) == (TLB_WRITE | TLB_DIRTY);
}

/** Cache what a walk has found, and set accessed and dirty bits, as the hardware does. 0: the access faults. */
static ALWAYS_INLINE u32 tlb_fill(struct tlb_entry *entry, const struct leaf *leaf, const struct ctx *ctx, u64 address,
				  bool write)
{
	const u64 needed = _PAGE_PRESENT | (write ? _PAGE_RW : 0);
	u64 pte;

	if (!leaf->entry || (*leaf->entry & needed) != needed)
		return 0;
	pte = *leaf->entry | _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);
	*leaf->entry = pte;
	entry->vpn = address >> PAGE_SHIFT;
	entry->gen = ctx->space->tlb_gen;
	entry->mm = ctx->mm;
	entry->pfn = pte_pfn(pte) + leaf->offset;
	entry->alloc_id = ctx->m->st->next_alloc_id;
	entry->flags = (pte_write(pte) ? TLB_WRITE : 0) | (pte_dirty(pte) ? TLB_DIRTY : 0);
	return entry->pfn;
}

/** Whether the frame of a translation was handed out again since it was cached. */
static inline bool frame_is_reused(const struct hmmu *m, const struct tlb_entry *entry)
{
	return page_of(m, entry->pfn)->alloc_id >= entry->alloc_id;
}

/** A hit that contradicts the tables: recorded, and treated as a miss. */
static u32 tlb_hit(const struct ctx *ctx, struct tlb_entry *entry, u64 address, bool write);
/** An access as the hardware makes it: translate, and set accessed and dirty bits. 0: the access faults. */
static ALWAYS_INLINE u32 tlb_access(const struct ctx *ctx, struct tlb_entry *entry, u64 address, bool write)
{
	struct leaf leaf;

	if (tlb_entry_hits(entry, ctx->space, ctx->mm, address >> PAGE_SHIFT, write))
		return tlb_hit(ctx, entry, address, write);
	leaf = mm_find_leaf(ctx->m, ctx->mm, address);
	return tlb_fill(entry, &leaf, ctx, address, write);
}

#endif
