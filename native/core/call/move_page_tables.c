/* SPDX-License-Identifier: GPL-2.0-only */
/* move_page_tables(): the entries of a mapping go to another place, a page table or a pmd at a time if they can. */
#include "call/move_page_tables.h"

#include "fault/fault.h"
#include "mm/mmu_notifier.h"
#include "mm/tlb.h"
#include "rmap/huge.h"
#include "mm/stop.h"

/* The kernel drops the locks after at most 64 entries; a TLB flush covers as many. */
#define LATENCY_LIMIT (64 * PAGE_SIZE)

/* Moved memory counts as changed for soft-dirty tracking, also if its page is not present. */
static u64 move_soft_dirty_entry(u64 entry)
{
	return pte_present(entry) ? pte_mksoft_dirty(entry) : pte_swp_mksoft_dirty(entry);
}

static u64 without_uffd_wp(u64 entry)
{
	if (pte_marker_uffd_wp(entry))
		return 0;
	return pte_present(entry) ? pte_clear_uffd_wp(entry) : pte_swp_clear_uffd_wp(entry);
}

/*
 * Move entries of one page table to one other table. If an entry is dirty, the TLB is flushed before the locks are
 * dropped, so that no CPU writes through it any longer. Other flushes wait for the end; in 6.12 no flush waits
 * ("mremap: properly flush TLB before releasing the page").
 */
static void move_ptes(struct ctx *ctx, u32 vma, u64 old_pmd, u64 from, u64 new_pmd, u64 to, u64 bytes, bool *need_flush)
{
	struct hmmu *m = ctx->m;
	bool clear_uffd_wp = leaves_userfaultfd(m, vma);
	u64 *old = pte_offset_map_lock(m, old_pmd, from), *new = pte_offset(m, new_pmd, to);
	bool two_tables = pte_pfn(old_pmd) != pte_pfn(new_pmd), dirty = false;

	if (two_tables)
		table_lock(m, new);
	for (u64 i = 0; i < bytes >> PAGE_SHIFT; i++) {
		u64 entry = old[i];

		if (pte_none(entry))
			continue;
		dirty |= pte_present(entry) && (KERNEL >= V6_12 || pte_dirty(entry));
		old[i] = 0;
		if (clear_uffd_wp)
			entry = without_uffd_wp(entry);
		new[i] = pte_none(entry) ? 0 : move_soft_dirty_entry(entry);
	}
	if (two_tables)
		table_unlock(m, new);
	if (dirty)
		flush_tlb_range(m, ctx->mm, from, from + bytes);
	else
		*need_flush = true;
	table_unlock(m, old);
}

/* A deposited table belongs to the table of its huge pmd. */
static void move_deposit(struct hmmu *m, u64 *old_pmd, u64 *new_pmd)
{
	if (table_of_entry(m, old_pmd) != table_of_entry(m, new_pmd))
		pgtable_trans_huge_deposit(m, new_pmd, pgtable_trans_huge_withdraw(m, old_pmd));
}

/* Move a huge pmd as a whole, if both addresses are aligned and the new pmd is empty. */
static bool move_huge_pmd(struct ctx *ctx, u32 vma, u64 *old_pmd, u64 from, u64 *new_pmd, u64 to, bool *need_flush)
{
	struct hmmu *m = ctx->m;
	bool two_tables = table_of_entry(m, old_pmd) != table_of_entry(m, new_pmd), dirty;

	if ((from | to) & ~PMD_MASK || !pmd_none(*new_pmd))
		return false;
	table_lock(m, old_pmd);
	if (two_tables)
		table_lock(m, new_pmd);
	dirty = KERNEL >= V6_12 || pte_dirty(*old_pmd);
	*new_pmd = pte_mksoft_dirty(leaves_userfaultfd(m, vma) ? without_uffd_wp(*old_pmd) : *old_pmd);
	*old_pmd = 0;
	move_deposit(m, old_pmd, new_pmd);
	if (two_tables)
		table_unlock(m, new_pmd);
	if (dirty)
		flush_tlb_range(m, ctx->mm, from, from + PMD_SIZE);
	else
		*need_flush = true;
	table_unlock(m, old_pmd);
	return true;
}

/* move_normal_pmd(): move a whole page table. Its entries stay as they are, and do not become soft-dirty ("mm: speed up
 * mremap by 20x on large regions"). */
static bool move_normal_pmd(struct ctx *ctx, u32 vma, u64 *old_pmd, u64 from, u64 *new_pmd)
{
	struct hmmu *m = ctx->m;

	if (!quirk(m, HMMU_QUIRK_MREMAP_MOVES_TABLES) || !pmd_none(*new_pmd) || leaves_userfaultfd(m, vma))
		return false;
	pmd_populate(m, new_pmd, pte_pfn(*old_pmd));
	*old_pmd = 0;
	flush_tlb_range(m, ctx->mm, from, from + PMD_SIZE);
	return true;
}

/* Move the entries below one pmd, or a part of them. Returns the number of bytes done; 0: a table could not be made. */
static u64 move_extent(struct ctx *ctx, u32 vma, u64 from, u64 to, u64 end, bool *need_flush)
{
	struct hmmu *m = ctx->m;
	u64 *old_pmd = mm_find_pmd(m, ctx->mm, from), *new_pmd;
	u64 extent = pmd_addr_end(from, end) - from, room = PMD_SIZE - (to & ~PMD_MASK);

	if (KERNEL >= V6_12 && extent > room)
		extent = room;
	if (!old_pmd || (KERNEL < V6_12 && pmd_none(*old_pmd)))
		return extent;
	new_pmd = pmd_alloc(m, ctx->mm, to);
	if (!new_pmd)
		return 0;
	if (pmd_trans_huge(*old_pmd)) {
		if (extent == PMD_SIZE && move_huge_pmd(ctx, vma, old_pmd, from, new_pmd, to, need_flush))
			return extent;
		__split_huge_pmd(ctx, vma, old_pmd, from, false, 0);
		if (pmd_trans_unstable(*old_pmd))
			return extent;
	}
	/* Only 6.12 comes here with an empty pmd: it has allocated the new pmd table first. */
	if (pmd_none(*old_pmd))
		return extent;
	if (KERNEL >= V6_12 && extent == PMD_SIZE && room == PMD_SIZE &&
	    move_normal_pmd(ctx, vma, old_pmd, from, new_pmd))
		return extent;
	if (!pte_alloc(m, ctx->mm, new_pmd))
		return 0;
	extent = extent < room ? extent : room;
	if (KERNEL < V6_12)
		extent = extent < LATENCY_LIMIT ? extent : LATENCY_LIMIT;
	move_ptes(ctx, vma, *old_pmd, from, *new_pmd, to, extent, need_flush);
	return extent;
}

/* can_align_down(): whether a mapping begins at the address, and nothing else is in the table below it. */
static bool can_align_down(const struct hmmu *m, u32 vma, u64 address)
{
	u32 below = vma_of(m, vma)->prev;

	return vma_of(m, vma)->start == address && !(below && vma_of(m, below)->end > (address & PMD_MASK));
}

/* try_realign_addr(): how many bytes earlier the move can begin, so that it moves whole tables ("mm/mremap: optimize the
 * start addresses in move_page_tables()"). */
static u64 realign(const struct hmmu *m, u32 vma, u64 from, u32 new, u64 to, u64 length)
{
	u64 past = from & ~PMD_MASK;

	if (KERNEL < V6_12 || !past || past != (to & ~PMD_MASK) || length < PMD_SIZE - past)
		return 0;
	return can_align_down(m, vma, from) && can_align_down(m, new, to) ? past : 0;
}

u64 move_page_tables(struct ctx *ctx, u32 vma, u64 start, u32 new, u64 to, u64 length)
{
	struct hmmu *m = ctx->m;
	u64 earlier = realign(m, vma, start, new, to, length), from = start - earlier, end = start + length, extent;
	bool need_flush = false;

	start -= earlier;
	to -= earlier;

	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_UNMAP, ctx->mm, start, end);
	for (; from < end; from += extent, to += extent) {
		extent = move_extent(ctx, vma, from, to, end, &need_flush);
		if (!extent)
			break;
	}
	if (need_flush) {
		late_flush(ctx, start, from);
		flush_tlb_range(m, ctx->mm, start, from);
	}
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_UNMAP, ctx->mm, start, end);
	return from - start > earlier ? from - start - earlier : 0;
}
