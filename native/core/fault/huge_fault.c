/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults on huge pages: the first touch, and accesses that the huge pmd allows. huge_wp.h has the other ones. */
#include <errno.h>
#include <string.h>

#include "fault/huge_wp.h"
#include "mm/mm.h"
#include "page/frame.h"
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

void count_huge_page(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;

	page_add_new_anon_rmap(m, page, vmf->vma, haddr_of(vmf), true);
	mem_cgroup_commit_charge(m, page);
	lru_cache_add_active_or_unevictable(m, vmf->ctx->cpu, page, vmf->vma, true);
	add_mm_counter(m, vmf->ctx->mm, MM_ANONPAGES, HPAGE_PMD_NR);
}

u64 writable_huge_pmd(const struct hmmu *m, u32 vma, u32 page)
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

	if (!mem_cgroup_try_charge(vmf->ctx, HPAGE_PMD_NR)) {
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
	int result;
	u32 page;

	if (haddr_of(vmf) < v->start || haddr_of(vmf) + PMD_SIZE > v->end)
		return FAULT_FALLBACK;
	result = vmf_anon_prepare(vmf->ctx, vmf->vma, vmf->pmd);
	if (result)
		return result;
	if (!vmf->write)
		return map_huge_zero_page(vmf);
	page = alloc_huge_page(m);
	return page ? map_new_huge_page(vmf, page) : FAULT_FALLBACK;
}

void huge_pmd_set_accessed(struct fault *vmf)
{
	/* x86 stores the new value only where it is to be dirty. */
	if (KERNEL >= V6_12 && vmf->write)
		*vmf->pmd = pte_mkyoung(pte_mkdirty(*vmf->pmd));
	else if (KERNEL < V6_12)
		*vmf->pmd |= _PAGE_ACCESSED | (vmf->write ? _PAGE_DIRTY : 0);
}
