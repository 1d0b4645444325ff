/* SPDX-License-Identifier: GPL-2.0-only */
/* Reclaim of pages that the caller has chosen by their addresses. */
#include <errno.h>

#include "call/shrink.h"
#include "call/syscall.h"
#include "mm/mm.h"
#include "rmap/huge.h"

/* 4.14. The swap area has no clusters for whole huge pages. So split the page first; its other 511 pages stay. */
static int split_for_reclaim(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;
	u32 head = compound_head(m, page);

	if (page_test(m, head, HMMU_PG_MLOCKED) || !page_test(m, head, HMMU_PG_LRU) ||
	    !get_and_trylock_huge_page(m, head))
		return -EBUSY;
	return split_and_put_huge_page(ctx, page);
}

/* 4.14 */
static int reclaim_anon_page(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;
	int err = 0;

	if (!PageAnon(m, page))
		return -EINVAL;
	lru_add_drain(m, ctx->cpu);
	/* Without swap, reclaim ignores the lists of anonymous pages. */
	if (!m->st->swap_pages && page_test(m, compound_head(m, page), HMMU_PG_SWAPBACKED))
		return -ENOSPC;
	if (PageCompound(m, page))
		err = split_for_reclaim(ctx, page);
	return err ? err : shrink_page(ctx, page);
}

static bool isolate_evictable(struct hmmu *m, u32 head)
{
	return !page_test(m, head, HMMU_PG_UNEVICTABLE) && isolate_lru_page(m, head);
}

/* 6.12 */
static int reclaim_any_page(struct ctx *ctx, u32 page)
{
	u32 head = compound_head(ctx->m, page);

	lru_add_drain(ctx->m, ctx->cpu);
	return isolate_evictable(ctx->m, head) ? reclaim_pages(ctx, &head, 1) : -EBUSY;
}

static int reclaim_one(struct ctx *ctx, u32 page)
{
	return KERNEL >= V6_12 ? reclaim_any_page(ctx, page) : reclaim_anon_page(ctx, page);
}

static int fail_reclaim(struct hmmu *m, u64 address, int err)
{
	static const char *const reasons[] = {
		"it is not anonymous",
		"no swap slot is free",
		"it is locked, mlocked, on no LRU list, or somebody else has a reference to it",
	};

	return hmmu_fail(m, err, HMMU_ERR_SYSCALL, "the page at %#llx can't be reclaimed: %s",
			 (unsigned long long)address,
			 reasons[err == -EINVAL   ? 0
				 : err == -ENOSPC ? 1
						  : 2]);
}

/* Of an entry that is not present: the page that a device uses there; in 6.12 also the one of a swap slot, while it is in memory. */
static u32 absent_page(const struct hmmu *m, u64 pte)
{
	if (is_device_exclusive_entry(pte))
		return swp_offset(pte);
	return KERNEL >= V6_12 && is_swap_entry(pte) ? slot_of(m, swp_offset(pte))->page : 0;
}

/* The page of RAM at an address, or 0. */
static u32 page_to_reclaim(const struct hmmu *m, u32 mm, u64 address)
{
	u32 vma = vma_at(m, mm, address);
	u64 *pmd = vma ? mm_find_pmd(m, mm, address) : NULL, pte;

	if (!pmd || pmd_none(*pmd) || vma_of(m, vma)->flags & (VM_SPECIAL | VM_HUGETLB) || is_huge_zero_pmd(m, *pmd))
		return 0;
	if (pmd_trans_huge(*pmd))
		return pte_pfn(*pmd) + table_index(address, PAGE_SHIFT);
	pte = *pte_offset(m, *pmd, address);
	return pte_present(pte) ? vm_normal_page(m, pte) : absent_page(m, pte);
}

/* Any task can reclaim. */
static int reclaim_begin(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;
	int err = check_process(m, ctx->mm);

	if (!err)
		err = check_outside_page_free(m);
	if (err)
		return err;
	ctx->cpu = task_of(m, mm_of(m, ctx->mm)->main_task)->cpu;
	ctx->task = m->stops ? m->stops->running : 0;
	return 0;
}

int hmmu_reclaim(struct hmmu *m, uint32_t pid, uint64_t address)
{
	struct ctx ctx = { .m = m, .mm = pid };
	int err = reclaim_begin(&ctx);
	u32 page;

	if (err)
		return err;
	page = page_to_reclaim(m, pid, address);
	if (!page)
		return hmmu_fail(m, -ENOENT, HMMU_ERR_SYSCALL, "no page of RAM is mapped at %#llx",
				 (unsigned long long)address);
	err = reclaim_one(&ctx, page);
	flush_swap_reclaim_work(m);
	return err ? fail_reclaim(m, address, err) : 0;
}

/* All pages are isolated before the first one is reclaimed. Returns the address behind them. */
static u64 reclaim_some(struct ctx *ctx, u64 address, u64 end)
{
	u32 isolated[HPAGE_PMD_NR], nr = 0;

	for (; address < end && nr < HPAGE_PMD_NR; address += PAGE_SIZE) {
		u32 page = compound_head(ctx->m, page_to_reclaim(ctx->m, ctx->mm, address));

		if (page && isolate_evictable(ctx->m, page))
			isolated[nr++] = page;
	}
	reclaim_pages(ctx, isolated, nr);
	return address;
}

static void reclaim_each(struct ctx *ctx, u64 address, u64 end)
{
	for (; address < end; address += PAGE_SIZE) {
		u32 page = page_to_reclaim(ctx->m, ctx->mm, address);

		if (page)
			reclaim_one(ctx, page);
	}
}

int hmmu_reclaim_pages(struct hmmu *m, uint32_t pid, uint64_t address, uint64_t pages)
{
	struct ctx ctx = { .m = m, .mm = pid };
	int err = reclaim_begin(&ctx);
	u64 end;

	address &= PAGE_MASK;
	if (err)
		return err;
	if (address >= HMMU_TASK_SIZE || pages > (HMMU_TASK_SIZE - address) >> PAGE_SHIFT)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "%llu pages at %#llx: user addresses end at %#llx", (unsigned long long)pages,
				 (unsigned long long)address, (unsigned long long)HMMU_TASK_SIZE);
	end = address + (pages << PAGE_SHIFT);
	if (KERNEL < V6_12)
		reclaim_each(&ctx, address, end);
	else
		for (lru_add_drain(m, ctx.cpu); address < end;)
			address = reclaim_some(&ctx, address, end);
	flush_swap_reclaim_work(m);
	return 0;
}
