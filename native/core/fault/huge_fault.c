/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults on huge pages: the first touch, and writes to a huge page that is mapped read-only. */
#include <errno.h>
#include <string.h>

#include "fault/fault.h"
#include "mm/mm.h"
#include "mm/mmu_notifier.h"
#include "mm/tlb.h"
#include "page/contents.h"
#include "page/lru.h"
#include "page/memcg.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"

/* /sys/kernel/mm/transparent_hugepage/enabled is "madvise". */
bool transparent_hugepage_enabled(const struct hmmu *m, u32 vma)
{
	return (vma_of(m, vma)->flags & (VM_HUGEPAGE | VM_NOHUGEPAGE)) == VM_HUGEPAGE;
}

u32 get_huge_zero_page(struct hmmu *m)
{
	struct state *st = m->st;

	if (!st->huge_zero_pfn)
		st->huge_zero_pfn = alloc_huge_page(m);
	return st->huge_zero_pfn;
}

static u64 haddr_of(const struct fault *vmf)
{
	return vmf->address & PMD_MASK;
}

static void count_huge_page(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;

	page_add_new_anon_rmap(m, page, vmf->vma, haddr_of(vmf), true);
	mem_cgroup_commit_charge(m, page);
	lru_cache_add_active_or_unevictable(m, vmf->ctx->cpu, page, vmf->vma);
	add_mm_counter(m, vmf->ctx->mm, MM_ANONPAGES, HPAGE_PMD_NR);
}

static u64 writable_huge_pmd(const struct hmmu *m, u32 vma, u32 page)
{
	u64 entry = pte_mkdirty(mk_pte(page, vma_of(m, vma)->page_prot) | _PAGE_PSE);

	return maybe_mkwrite(m, vma, entry);
}

static void drop_uncommitted(struct hmmu *m, u32 page)
{
	mem_cgroup_cancel_charge(m, HPAGE_PMD_NR);
	put_page(m, page);
}

static int map_new_huge_page(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;
	u32 table;

	if (!mem_cgroup_try_charge(m, HPAGE_PMD_NR)) {
		put_page(m, page);
		return FAULT_FALLBACK;
	}
	table = pte_alloc_one(m, vmf->ctx->mm);
	if (!table) {
		drop_uncommitted(m, page);
		return FAULT_OOM;
	}
	page_set(m, page, HMMU_PG_UPTODATE);
	if (mm_is_reaped(vmf->ctx) || userfaultfd_missing(m, vmf->vma)) {
		drop_uncommitted(m, page);
		pte_free(m, vmf->ctx->mm, table);
		return FAULT_SIGBUS;
	}
	count_huge_page(vmf, page);
	pgtable_trans_huge_deposit(m, vmf->pmd, table);
	*vmf->pmd = writable_huge_pmd(m, vmf->vma, page);
	return 0;
}

static int map_huge_zero_page(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	u32 page, table = pte_alloc_one(m, vmf->ctx->mm);

	if (!table)
		return FAULT_OOM;
	page = get_huge_zero_page(m);
	if (!page || mm_is_reaped(vmf->ctx) || userfaultfd_missing(m, vmf->vma)) {
		pte_free(m, vmf->ctx->mm, table);
		return page ? FAULT_SIGBUS : FAULT_FALLBACK;
	}
	*vmf->pmd = mk_pte(page, vma_of(m, vmf->vma)->page_prot) | _PAGE_PSE;
	pgtable_trans_huge_deposit(m, vmf->pmd, table);
	return 0;
}

int do_huge_pmd_anonymous_page(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	const struct vma *v = vma_of(m, vmf->vma);
	u32 page;

	if (haddr_of(vmf) < v->start || haddr_of(vmf) + PMD_SIZE > v->end)
		return FAULT_FALLBACK;
	if (anon_vma_prepare(m, vmf->vma))
		return FAULT_OOM;
	if (!vmf->write)
		return map_huge_zero_page(vmf);
	page = alloc_huge_page(m);
	return page ? map_new_huge_page(vmf, page) : FAULT_FALLBACK;
}

void huge_pmd_set_accessed(struct fault *vmf)
{
	*vmf->pmd |= _PAGE_ACCESSED | (vmf->write ? _PAGE_DIRTY : 0);
}

/* Copy-on-write with 512 small pages, if no huge page is free. They replace the pmd. */
static int copy_small_pages(struct fault *vmf, u32 page, u32 copies[HPAGE_PMD_NR])
{
	struct hmmu *m = vmf->ctx->m;
	u32 i;

	for (i = 0; i < HPAGE_PMD_NR; i++) {
		copies[i] = alloc_page(m);
		if (copies[i] && mem_cgroup_try_charge(m, 1))
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
		lru_cache_add_active_or_unevictable(m, vmf->ctx->cpu, copies[i], vmf->vma);
		pte[i] = maybe_mkwrite(m, vmf->vma, pte_mkdirty(entry));
	}
	pmd_populate(vmf->pmd, table);
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

	if (!mem_cgroup_try_charge(m, HPAGE_PMD_NR)) {
		put_page(m, copy);
		__split_huge_pmd(vmf->ctx, vmf->vma, vmf->pmd, vmf->address, false, 0);
		return FAULT_FALLBACK;
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

/* The page's only user may write without a copy. */
static int reuse_huge_page(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;

	if (!trylock_page(m, page)) {
		get_page(m, page);
		return wait_on_page(vmf->ctx, page, true, RESUME_LOCKED);
	}
	if (!reuse_swap_page(m, page)) {
		unlock_page(m, page);
		return 0;
	}
	*vmf->pmd = maybe_mkwrite(m, vmf->vma, pte_mkdirty(pte_mkyoung(*vmf->pmd)));
	unlock_page(m, page);
	return FAULT_DONE_WRITE;
}

int do_huge_pmd_wp_page(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	u32 page = pte_pfn(*vmf->pmd), copy;
	int result;

	if (is_huge_zero_pmd(m, *vmf->pmd)) {
		page = 0;
	} else {
		result = reuse_huge_page(vmf, page);
		if (result)
			return result;
	}
	copy = transparent_hugepage_enabled(m, vmf->vma) ? alloc_huge_page(m) : 0;
	if (copy)
		return wp_huge_copy(vmf, page, copy);
	if (!page) {
		__split_huge_pmd(vmf->ctx, vmf->vma, vmf->pmd, vmf->address, false, 0);
		return FAULT_FALLBACK;
	}
	get_page(m, page);
	result = wp_huge_fallback(vmf, page);
	if (fault_is_error(result)) {
		__split_huge_pmd(vmf->ctx, vmf->vma, vmf->pmd, vmf->address, false, 0);
		result = FAULT_FALLBACK;
	}
	put_page(m, page);
	return result;
}
