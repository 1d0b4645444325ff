/* SPDX-License-Identifier: GPL-2.0-only */
/* Splits huge pmds into ptes, and compound pages into single pages. */
#include <errno.h>

#include "host/probe.h"
#include "host/stats.h"
#include "mm/mmu_notifier.h"
#include "mm/rmap_lock.h"
#include "mm/tlb.h"
#include "page/lru.h"
#include "page/mlock.h"
#include "rmap/huge.h"
#include "rmap/migration_ptes.h"
#include "rmap/rmap.h"
#include "rmap/split_pmd.h"
#include "rmap/try_to_migrate.h"
#include "rmap/try_to_unmap.h"

static void split_huge_zero_pmd(struct ctx *ctx, u32 vma, u64 *pmd, u64 haddr)
{
	struct hmmu *m = ctx->m;
	u32 table = pgtable_trans_huge_withdraw(m, pmd);
	u64 *pte = table_of(m, table), entry = pte_mkspecial(mk_pte(m->zero_pfn, vma_of(m, vma)->page_prot));

	if (pte_uffd_wp(*pmd))
		entry = pte_mkuffd_wp(entry);
	*pmd = 0;
	flush_tlb_range(m, vma_of(m, vma)->mm, haddr, haddr + PMD_SIZE);
	mmu_notifier_invalidate_range(m, vma_of(m, vma)->mm, haddr, haddr + PMD_SIZE);
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		pte[i] = entry;
	pmd_populate(m, pmd, table);
}

void split_huge_pmd_locked(struct ctx *ctx, u32 vma, u64 *pmd, u64 haddr, bool freeze)
{
	struct hmmu *m = ctx->m;

	count_stat(m, HMMU_STAT_SPLIT_PMD);
	probe(split_pmd, vma_of(m, vma)->mm, haddr);
	if (is_huge_zero_pmd(m, *pmd))
		split_huge_zero_pmd(ctx, vma, pmd, haddr);
	else if (KERNEL >= V6_12)
		split_pmd_exclusive(ctx, vma, pmd, haddr, freeze);
	else
		split_pmd_double_map(ctx, vma, pmd, haddr, freeze);
}

void __split_huge_pmd(struct ctx *ctx, u32 vma, u64 *pmd, u64 address, bool freeze, u32 page)
{
	struct hmmu *m = ctx->m;
	u64 haddr = address & PMD_MASK;
	u32 mm = vma_of(m, vma)->mm;

	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, mm, haddr, haddr + PMD_SIZE);
	table_lock(m, pmd);
	if (pmd_trans_huge(*pmd) && (!page || page == pte_pfn(*pmd))) {
		if (KERNEL < V6_12 && page_test(m, pte_pfn(*pmd), HMMU_PG_MLOCKED))
			clear_page_mlock(m, ctx->cpu, pte_pfn(*pmd));
		split_huge_pmd_locked(ctx, vma, pmd, haddr, freeze);
	}
	table_unlock(m, pmd);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, mm, haddr, haddr + PMD_SIZE);
}

void split_huge_pmd_address(struct ctx *ctx, u32 vma, u64 address, bool freeze, u32 page)
{
	u64 *pmd = mm_find_pmd(ctx->m, vma_of(ctx->m, vma)->mm, address);

	if (pmd)
		__split_huge_pmd(ctx, vma, pmd, address, freeze, page);
}

/* Make a tail a page of its own; it takes over state of the head. */
static void split_tail(struct hmmu *m, u32 head, u32 tail)
{
	const u32 inherited = HMMU_PG_REFERENCED | HMMU_PG_SWAPBACKED | HMMU_PG_MLOCKED | HMMU_PG_UPTODATE |
			      HMMU_PG_ACTIVE | HMMU_PG_LOCKED | HMMU_PG_UNEVICTABLE | HMMU_PG_DIRTY | HMMU_PG_YOUNG |
			      HMMU_PG_IDLE;
	struct page *h = page_of(m, head), *t = page_of(m, tail);

	t->flags = h->flags & (inherited | PAGE_USER_CHARGED);
	t->head = 0;
	t->prev = t->next = 0;
	t->count = 1;
	t->mapping = h->mapping;
	t->index = h->index + (tail - head);
	if (h->flags & HMMU_PG_LRU)
		lru_add_page_tail(m, tail);
}

/** Where a split stops: SPLIT. */
enum split_phase { SPLIT_LOCKED, SPLIT_UNMAPPED, SPLIT_SINGLE, SPLIT_MAPPED };

/* The pages are single, and their entries still lead to none of them. */
static void remap_parts(struct ctx *ctx, u32 head)
{
	switch_point(ctx, HMMU_SWITCH_SPLIT, SPLIT_SINGLE);
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		remap_split_page(ctx, head + i);
	switch_point(ctx, HMMU_SWITCH_SPLIT, SPLIT_MAPPED);
}

/* The split has a reference to each part, and its lock. The caller's are among them. */
static NOINLINE __attribute__((cold)) void remap_parts_and_stop(struct ctx *ctx, u32 head)
{
	u32 parts[HPAGE_PMD_NR];
	struct at_hand hand = { .pages = parts, .nr_pages = HPAGE_PMD_NR, .locked = true };

	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		parts[i] = head + i;
	at_hand_begin(ctx, &hand);
	remap_parts(ctx, head);
	at_hand_end(ctx, &hand);
}

/* @hand is that of the split, whose page is now one of the parts. With @tails the caller gets the reference to each part. */
static void split_compound(struct ctx *ctx, u32 head, u32 keep_locked, struct at_hand *tails, struct at_hand *hand)
{
	struct hmmu *m = ctx->m;

	/* From now on the head counts as one page of its LRU list. */
	if (page_test(m, head, HMMU_PG_LRU))
		lru_account_split(m, head);
	for (u32 i = HPAGE_PMD_NR - 1; i > 0; i--)
		split_tail(m, head, head + i);
	page_clear(m, head, HMMU_PG_HEAD);
	if (m->stops) {
		hand->nr_pages = 0;
		remap_parts_and_stop(ctx, head);
		hand->nr_pages = 1;
	} else {
		remap_parts(ctx, head);
	}
	for (u32 i = 0; i < HPAGE_PMD_NR; i++) {
		if (head + i == keep_locked)
			continue;
		unlock_page(m, head + i);
		if (!tails)
			put_page(m, head + i);
	}
	if (tails)
		tails->nr_pages = HPAGE_PMD_NR - 1;
}

/* split_huge_page_to_list() with the lock of the anon_vma. */
static int split_locked(struct ctx *ctx, u32 head, u32 pfn, struct at_hand *tails, struct at_hand *hand)
{
	const u32 flags = TTU_IGNORE_MLOCK | TTU_IGNORE_ACCESS | TTU_SPLIT_HUGE_PMD | TTU_SPLIT_FREEZE;
	struct hmmu *m = ctx->m;
	bool mlocked = page_test(m, head, HMMU_PG_MLOCKED);

	/* All references must belong to mappings, except the caller's. */
	if (!total_mapcount(m, head) || total_mapcount(m, head) != page_count(m, head) - 1)
		return -EBUSY;
	switch_point(ctx, HMMU_SWITCH_SPLIT, SPLIT_LOCKED);
	if (KERNEL >= V6_12)
		try_to_migrate(ctx, head, true);
	else
		try_to_unmap(ctx, head, flags);
	if (KERNEL < V6_12 && mlocked)
		lru_add_drain(m, ctx->cpu);
	switch_point(ctx, HMMU_SWITCH_SPLIT, SPLIT_UNMAPPED);
	if (!total_mapcount(m, head) && page_count(m, head) == 1) {
		split_compound(ctx, head, pfn, tails, hand);
		count_stat(m, HMMU_STAT_SPLIT_PAGE);
		probe(split_page, head);
		return 0;
	}
	remove_migration_ptes(ctx, head, head);
	return -EBUSY;
}

static int split_huge_page_to_list(struct ctx *ctx, u32 pfn, struct at_hand *tails)
{
	struct hmmu *m = ctx->m;
	u32 head = compound_head(m, pfn), anon_vma = page_anon_vma(m, head), rmap = rmap_of_anon_vma(anon_vma);
	struct at_hand hand = { .pages = &pfn, .nr_pages = 1, .locked = true };
	int err;

	if (!anon_vma)
		return -EBUSY;
	get_anon_vma(m, anon_vma);
	at_hand_begin(ctx, &hand);
	rmap_lock(ctx, (struct rmap_locks){ { rmap } }, true);
	hand.rmap = rmap;
	hand.rmap_write = true;
	err = split_locked(ctx, head, pfn, tails, &hand);
	hand.rmap = 0;
	rmap_unlock(ctx);
	at_hand_end(ctx, &hand);
	put_anon_vma(m, anon_vma);
	return err;
}

int split_huge_page(struct ctx *ctx, u32 pfn)
{
	return split_huge_page_to_list(ctx, pfn, NULL);
}

int split_isolated_huge_page(struct ctx *ctx, u32 head)
{
	u32 pages[HPAGE_PMD_NR - 1];
	struct at_hand tails = { .pages = pages };
	int err;

	for (u32 i = 1; i < HPAGE_PMD_NR; i++)
		pages[i - 1] = head + i;
	at_hand_begin(ctx, &tails);
	err = split_huge_page_to_list(ctx, head, &tails);
	at_hand_end(ctx, &tails);
	return err;
}

bool get_and_trylock_huge_page(struct hmmu *m, u32 pfn)
{
	if (!trylock_page(m, pfn))
		return false;
	get_page(m, pfn);
	return true;
}

int split_and_put_huge_page(struct ctx *ctx, u32 pfn)
{
	int err = split_huge_page(ctx, pfn);

	unlock_page(ctx->m, pfn);
	put_page(ctx->m, pfn);
	return err;
}
