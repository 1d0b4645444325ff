/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 4.14: a store to a huge page that others map, too, copies all of it. */
#include "fault/huge_wp.h"
#include "fault/reuse.h"
#include "mm/mm.h"
#include "mm/mmu_notifier.h"
#include "mm/tlb.h"
#include "page/contents.h"
#include "page/frame.h"
#include "page/lru.h"
#include "page/memcg.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"

/* Copy-on-write with 512 small pages, if no huge page is free. They replace the pmd. */
static int copy_small_pages(struct fault *vmf, u32 page, u32 copies[HPAGE_PMD_NR])
{
	struct hmmu *m = vmf->ctx->m;
	u32 i;

	for (i = 0; i < HPAGE_PMD_NR; i++) {
		copies[i] = alloc_page(m);
		if (copies[i] && mem_cgroup_try_charge(vmf->ctx, 1))
			continue;
		if (copies[i])
			put_page(m, copies[i]);
		break;
	}
	if (i == HPAGE_PMD_NR) {
		for (i = 0; i < HPAGE_PMD_NR; i++) {
			copy_contents(m, copies[i], page + i);
			page_set(m, copies[i], HMMU_PG_UPTODATE);
		}
		return 0;
	}
	while (i-- > 0) {
		mem_cgroup_cancel_charge(m, 1);
		put_page(m, copies[i]);
	}
	return FAULT_OOM;
}

static void map_small_pages(struct fault *vmf, const u32 copies[HPAGE_PMD_NR])
{
	struct hmmu *m = vmf->ctx->m;
	u32 table = pgtable_trans_huge_withdraw(m, vmf->pmd);
	u64 *pte = table_of(m, table), haddr = haddr_of(vmf);

	*vmf->pmd = 0;
	flush_tlb_range(m, vmf->ctx->mm, haddr, haddr + PMD_SIZE);
	mmu_notifier_invalidate_range(m, vmf->ctx->mm, haddr, haddr + PMD_SIZE);
	for (u32 i = 0; i < HPAGE_PMD_NR; i++) {
		u64 entry = mk_pte(copies[i], vma_of(m, vmf->vma)->page_prot);

		page_add_new_anon_rmap(m, copies[i], vmf->vma, haddr + i * PAGE_SIZE, false);
		mem_cgroup_commit_charge(m, copies[i]);
		lru_cache_add_active_or_unevictable(m, vmf->ctx->cpu, copies[i], vmf->vma, false);
		pte[i] = maybe_mkwrite(m, vmf->vma, pte_mkdirty(entry));
	}
	pmd_populate(m, vmf->pmd, table);
}

static int wp_huge_fallback(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;
	u32 copies[HPAGE_PMD_NR];
	u64 haddr = haddr_of(vmf);
	int result = copy_small_pages(vmf, page, copies);

	if (result)
		return result;
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, vmf->ctx->mm, haddr, haddr + PMD_SIZE);
	map_small_pages(vmf, copies);
	page_remove_rmap(m, vmf->ctx->cpu, page, vmf->vma, true);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, vmf->ctx->mm, haddr, haddr + PMD_SIZE);
	put_page(m, page);
	return FAULT_DONE_WRITE;
}

static void copy_huge_contents(struct hmmu *m, u32 to, u32 from)
{
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		copy_contents(m, to + i, from + i);
}

/* @page is 0 for the huge zero page. */
static int wp_huge_copy(struct fault *vmf, u32 page, u32 copy)
{
	struct hmmu *m = vmf->ctx->m;
	u64 haddr = haddr_of(vmf);

	if (!mem_cgroup_try_charge(vmf->ctx, HPAGE_PMD_NR)) {
		put_page(m, copy);
		return split_huge_pmd(vmf);
	}
	if (page)
		copy_huge_contents(m, copy, page);
	page_set(m, copy, HMMU_PG_UPTODATE);
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, vmf->ctx->mm, haddr, haddr + PMD_SIZE);
	*vmf->pmd = 0;
	flush_tlb_range(m, vmf->ctx->mm, haddr, haddr + PMD_SIZE);
	mmu_notifier_invalidate_range(m, vmf->ctx->mm, haddr, haddr + PMD_SIZE);
	count_huge_page(vmf, copy);
	*vmf->pmd = writable_huge_pmd(m, vmf->vma, copy);
	if (page) {
		add_mm_counter(m, vmf->ctx->mm, MM_ANONPAGES, -(int64_t)HPAGE_PMD_NR);
		page_remove_rmap(m, vmf->ctx->cpu, page, vmf->vma, true);
		put_page(m, page);
	}
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, vmf->ctx->mm, haddr, haddr + PMD_SIZE);
	return FAULT_DONE_WRITE;
}

int wp_huge_pmd_copy(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	u32 page = pte_pfn(*vmf->pmd), copy;
	int result;

	if (is_huge_zero_pmd(m, *vmf->pmd)) {
		page = 0;
	} else {
		result = reuse_huge_page(vmf, page);
		if (result != COPY_PAGE)
			return result == REUSE_PAGE ? reuse_huge_pmd(vmf) : result;
	}
	copy = transparent_hugepage_enabled(m, vmf->vma) ? alloc_huge_page(m) : 0;
	if (copy)
		return wp_huge_copy(vmf, page, copy);
	if (!page)
		return split_huge_pmd(vmf);
	get_page(m, page);
	result = wp_huge_fallback(vmf, page);
	if (fault_is_error(result))
		result = split_huge_pmd(vmf);
	put_page(m, page);
	return result;
}
