/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking ptes away: zap_page_range(), munmap(), the end of an address space. */
#include <errno.h>

#include "call/huge_pmd.h"
#include "call/unmap.h"
#include "fault/hugetlb.h"
#include "fault/munlock.h"
#include "mm/mm.h"
#include "mm/mmu_gather.h"
#include "mm/mmu_notifier.h"
#include "mm/rmap_lock.h"
#include "mm/swap.h"
#include "page/lru.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"

/* What zap_pte_range() does while it holds the lock of a table. */
struct zap {
	int64_t rss[NR_MM_COUNTERS];
	bool force_flush; /* the TLBs are flushed before the lock is dropped */
	bool keep_wp;     /* entries that userfaultfd write-protects leave a marker */
	bool registered;  /* the mapping is registered for that */
};

/* A CPU that may still write by its TLB would make the page dirty again after it was cleaned. */
static NOINLINE void zap_present_file(struct ctx *ctx, struct zap *zap, u64 old)
{
	struct hmmu *m = ctx->m;
	u32 page = pte_pfn(old);

	if (pte_dirty(old)) {
		zap->force_flush = true;
		page_set(m, page, HMMU_PG_DIRTY);
	}
	if (pte_young(old))
		mark_page_accessed(m, ctx->cpu, page);
	zap->rss[mm_counter_file(m, page)]--;
}

/* Special entries, such as that of the zero page, have no page to give up. */
static ALWAYS_INLINE void zap_present(struct hmmu *m, struct mmu_gather *tlb, u32 vma, struct zap *zap, u64 old)
{
	u32 page = pte_pfn(old);
	struct page *p = page_of(m, page);

	if (old & _PAGE_SPECIAL)
		return;
	if ((p->mapping & MAPPING_ANON) || PageAnon(m, page))
		zap->rss[MM_ANONPAGES]--;
	else
		zap_present_file(tlb->ctx, zap, old);
	if (KERNEL >= V6_12)
		folio_remove_rmap(m, tlb->ctx->cpu, page, vma, false);
	else if (--p->mapcount < 0 || (p->flags & (HMMU_PG_MLOCKED | HMMU_PG_TAIL)))
		page_remove_rmap_slow(m, tlb->ctx->cpu, page, false);
	tlb_remove_page(tlb, page);
}

/* No TLB has such an entry, so that its page needs no flush. */
static void zap_swap_type(struct ctx *ctx, u32 vma, struct zap *zap, u64 old)
{
	struct hmmu *m = ctx->m;
	u32 page = swp_offset(old);

	if (is_device_private_entry(old)) {
		zap->rss[mm_counter(m, page)]--;
		page_remove_rmap(m, ctx->cpu, page, vma, false);
		put_page(m, page);
	} else if (KERNEL >= V6_12 && is_device_exclusive_entry(old)) {
		zap->rss[mm_counter(m, page)]--;
		put_page(m, page);
	} else if (is_migration_entry(old)) {
		zap->rss[mm_counter(m, page)]--;
	} else if (is_swap_entry(old)) {
		zap->rss[MM_SWAPENTS]--;
		free_swap_and_cache(m, page);
	}
}

static void add_rss(struct hmmu *m, u32 mm, const struct zap *zap)
{
	for (int counter = 0; counter < NR_MM_COUNTERS; counter++)
		add_mm_counter(m, mm, counter, zap->rss[counter]);
}

/* TLBs can have translations from the first present entry to the last one. */
static void gather_present(struct mmu_gather *tlb, const u64 *pte, u64 start, u64 end)
{
	const u64 *stop = pte + ((end - start) >> PAGE_SHIFT);

	for (; pte < stop && !pte_present(*pte); pte++)
		start += PAGE_SIZE;
	if (pte == stop)
		return;
	while (!pte_present(*--stop))
		end -= PAGE_SIZE;
	tlb_adjust_range(tlb, start, end);
}

/* What stands in the place of an entry of a file: a marker stays. A page leaves one where the mapping is registered for write
 * protection, as zap_install_uffd_wp_if_needed() says; it may have been registered otherwise since. */
static u64 uffd_wp_marker(const struct zap *zap, u64 old)
{
	bool protected = pte_present(old) ? pte_uffd_wp(old) : pte_swp_uffd_wp(old);

	return pte_marker_uffd_wp(old) || (protected && zap->registered) ? make_pte_marker(PTE_MARKER_UFFD_WP) : 0;
}

/* The batch has room for a page of each entry. */
static void zap_ptes(struct mmu_gather *tlb, u32 vma, struct zap *zap, u64 *pte, u64 nr)
{
	struct ctx *ctx = tlb->ctx;
	struct hmmu *m = ctx->m;

	for (const u64 *stop = pte + nr; pte < stop; pte++) {
		u64 old = *pte;

		*pte = KERNEL >= V6_12 && zap->keep_wp && !pte_none(old) ? uffd_wp_marker(zap, old) : 0;
		if (pte_present(old))
			zap_present(m, tlb, vma, zap, old);
		else if (!pte_none(old))
			zap_swap_type(ctx, vma, zap, old);
	}
}

/* Returns how far it came: a full batch is flushed, and given up without the lock, before it goes on. */
static u64 zap_pte_range(struct mmu_gather *tlb, u32 vma, u64 pmd, u64 address, u64 end)
{
	struct hmmu *m = tlb->ctx->m;
	struct zap zap = { .keep_wp = KERNEL >= V6_12 && tlb->keep_wp && !vma_is_anonymous(m, vma),
			   .registered = userfaultfd_wp(m, vma) };
	u64 *pte = pte_offset_map_lock(m, pmd, address), *first = pte;

	do {
		u64 left = (end - address) >> PAGE_SHIFT, room = MAX_GATHER_PAGES - tlb->nr;
		u64 nr = left < room ? left : room;

		gather_present(tlb, pte, address, address + (nr << PAGE_SHIFT));
		zap_ptes(tlb, vma, &zap, pte, nr);
		pte += nr;
		address += nr << PAGE_SHIFT;
	} while (address < end && !tlb_is_full(tlb));
	add_rss(m, tlb->mm, &zap);
	zap.force_flush |= tlb_is_full(tlb);
	if (zap.force_flush)
		tlb_flush_mmu_tlbonly(tlb);
	table_unlock(m, first);
	if (zap.force_flush)
		tlb_flush_mmu_free(tlb);
	return address;
}

static int zap_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct mmu_gather *tlb = walk->data;

	if (pmd_trans_huge(*pmd)) {
		if (end - address != PMD_SIZE)
			__split_huge_pmd(tlb->ctx, walk->vma, pmd, address, false, 0);
		else if (zap_huge_pmd(tlb, walk->vma, pmd, address))
			return 0;
	}
	if (pmd_trans_unstable(*pmd))
		return 0;
	while (address < end)
		address = zap_pte_range(tlb, walk->vma, *pmd, address, end);
	return 0;
}

void unmap_single_vma(struct mmu_gather *tlb, u32 vma, u64 start, u64 end)
{
	struct hmmu *m = tlb->ctx->m;
	const struct vma *v = vma_of(m, vma);
	struct mm_walk walk = { .m = m, .mm = tlb->mm, .vma = vma, .pmd_entry = zap_pmd, .data = tlb };

	if (start < v->start)
		start = v->start;
	if (end > v->end)
		end = v->end;
	if (start < end && (v->flags & VM_HUGETLB))
		__unmap_hugepage_range(tlb, vma, start, end, 0);
	else if (start < end)
		walk_page_range(&walk, start, end);
}

/* All mappings of a range, beginning with @vma; @kind is what notifiers are told. Returns the first one above the range. */
static ALWAYS_INLINE u32 unmap_vmas(struct mmu_gather *tlb, u32 kind, u32 vma, u64 start, u64 end)
{
	struct hmmu *m = tlb->ctx->m;

	mmu_notifier_invalidate_range_start(m, kind, tlb->mm, start, end);
	for (; vma && vma_of(m, vma)->start < end; vma = vma_of(m, vma)->next)
		unmap_single_vma(tlb, vma, start, end);
	mmu_notifier_invalidate_range_end(m, kind, tlb->mm, start, end);
	return vma;
}

void zap_page_range(struct ctx *ctx, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	struct mmu_gather tlb;

	lru_add_drain(m, ctx->cpu);
	tlb_gather_mmu(&tlb, ctx, ctx->mm, false);
	if (KERNEL >= V6_12)
		tlb.keep_wp = true;
	unmap_vmas(&tlb, HMMU_NOTIFY_CLEAR, find_vma(m, ctx->mm, start), start, end);
	tlb_finish_mmu(&tlb);
}

void zap_page_range_single(struct ctx *ctx, u32 vma, u64 start, u64 end, bool keep_wp)
{
	struct hmmu *m = ctx->m;
	u32 mm = vma_of(m, vma)->mm;
	struct mmu_gather tlb;

	lru_add_drain(m, ctx->cpu);
	tlb_gather_mmu(&tlb, ctx, mm, false);
	tlb.keep_wp = keep_wp;
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, mm, start, end);
	unmap_single_vma(&tlb, vma, start, end);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, mm, start, end);
	/* i_mmap is locked: the call does not stop here. */
	tlb_flush_mmu(&tlb);
}

/* Locked mappings give their marks up before they go; may block. In 6.12 the removal of each page does it. */
static int munlock_range(struct ctx *ctx, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	u64 progress = ctx->progress.munlock_at;
	int err = 0;

	ctx->progress.munlock_at = 0;
	for (u32 vma = find_vma(m, ctx->mm, start); vma && vma_of(m, vma)->start < end && !err;
	     vma = vma_of(m, vma)->next) {
		const struct vma *v = vma_of(m, vma);

		if (KERNEL < V6_12 && progress >= v->start && progress < v->end) {
			err = munlock_vma_pages_range(ctx, vma, progress, v->end);
		} else if (v->flags & VM_LOCKED) {
			mm_of(m, ctx->mm)->locked_vm -= vma_pages(v);
			if (KERNEL < V6_12)
				err = munlock_vma_pages_range(ctx, vma, v->start, v->end);
		}
	}
	return err;
}

/* free_pgtables() takes each mapping out of its reverse map first, so that no walk meets tables that go. Here a mapping leaves when
 * it is freed, and its tables wait until nobody walks. */
static NOINLINE __attribute__((cold)) void leave_rmaps(const struct mmu_gather *tlb, u32 first, u32 next)
{
	struct at_hand hand = at_hand_of_gather(tlb);

	at_hand_begin(tlb->ctx, &hand);
	for (u32 vma = first; vma != next; vma = vma_of(tlb->ctx->m, vma)->next)
		rmap_lock_vma(tlb->ctx, vma);
	at_hand_end(tlb->ctx, &hand);
}

/* @first is the first mapping of the range, which ends with a mapping, or beyond the last one. */
static void unmap_region(struct ctx *ctx, u32 first, u64 start, u64 end, bool fullmm)
{
	struct hmmu *m = ctx->m;
	u32 prev = vma_of(m, first)->prev, next;
	u64 floor = prev ? vma_of(m, prev)->end : 0, low = vma_of(m, first)->start;
	struct mmu_gather tlb;

	lru_add_drain(m, ctx->cpu);
	for (u32 vma = first; vma && vma_of(m, vma)->start < end; vma = vma_of(m, vma)->next)
		if (is_vm_hugetlb_page(m, vma))
			hugetlb_vm_op_close(m, vma);
	tlb_gather_mmu(&tlb, ctx, ctx->mm, fullmm);
	next = unmap_vmas(&tlb, HMMU_NOTIFY_UNMAP, first, start, end);
	if (m->stops)
		leave_rmaps(&tlb, first, next);
	if (next)
		free_pgd_range(&tlb, low, vma_of(m, vma_of(m, next)->prev)->end, floor, vma_of(m, next)->start);
	else
		free_pgd_range(&tlb, low, vma_of(m, vma_last(m, ctx->mm))->end, floor, 0);
	tlb_finish_mmu(&tlb);
	for (u32 vma = first; vma != next; vma = first) {
		first = vma_of(m, vma)->next;
		rmap_lock_vma(ctx, vma);
		vma_free(ctx, vma);
	}
}

/* Nobody may be in a fault of a mapping that goes. */
static inline int mark_range(struct ctx *ctx, u64 start, u64 end)
{
	const struct hmmu *m = ctx->m;
	int err = 0;

	if (KERNEL < V6_12 || !(ctx->space->vma_readers | m->switch_points))
		return 0;
	for (u32 vma = find_vma(m, ctx->mm, start); vma && vma_of(m, vma)->start < end && !err;
	     vma = vma_of(m, vma)->next)
		err = vma_start_write(ctx, vma);
	return err;
}

int do_munmap(struct ctx *ctx, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	u32 vma = find_vma(m, ctx->mm, start), last;
	int err = 0;

	if (!vma || vma_of(m, vma)->start >= end)
		return 0;
	if (start > vma_of(m, vma)->start)
		err = split_vma(ctx, vma, start, false);
	if (err)
		return err;
	last = find_vma(m, ctx->mm, end);
	if (last && end > vma_of(m, last)->start)
		err = split_vma(ctx, last, end, true);
	if (!err)
		err = mark_range(ctx, start, end);
	if (!err)
		err = munlock_range(ctx, start, end);
	if (!err)
		unmap_region(ctx, find_vma(m, ctx->mm, start), start, end, false);
	return err;
}

int exit_mmap(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;
	u32 watched = mm_of(m, ctx->mm)->watched;
	int err;

	/* mmu_notifier_release() comes first. Intervals stay, and hear of the pages as well. */
	if (KERNEL >= V6_12)
		intervals_release(m, ctx->mm);
	mm_of(m, ctx->mm)->watched &= KERNEL >= V6_12 ? WATCH_INTERVALS | WATCH_RELEASED : 0;
	err = munlock_range(ctx, 0, HMMU_TASK_SIZE);
	if (err)
		mm_of(m, ctx->mm)->watched = watched;
	else if (mm_of(m, ctx->mm)->mmap)
		unmap_region(ctx, mm_of(m, ctx->mm)->mmap, 0, HMMU_TASK_SIZE, true);
	return err;
}
