/* SPDX-License-Identifier: GPL-2.0-only */
/* handle_mm_fault(): anonymous memory, swap-type entries, and the way to the other kinds. */
#include "fault.h"

#include "devmem.h"
#include "huge.h"
#include "lru.h"
#include "memcg.h"
#include "probe.h"
#include "rmap.h"
#include "stats.h"
#include "tlb.h"

static int map_zero_page(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;

	vmf->stat = HMMU_STAT_FAULT_ZERO;
	if (mm_is_reaped(vmf) || userfaultfd_missing(m, vmf->vma))
		return FAULT_SIGBUS;
	*vmf->pte = pte_mkspecial(mk_pte(m->zero_pfn, m->vmas[vmf->vma].page_prot));
	return 0;
}

static ALWAYS_INLINE int do_anonymous_page(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	int result;
	u32 page;

	if (!pte_alloc(m, vmf->ctx->mm, vmf->pmd))
		return FAULT_OOM;
	if (pmd_trans_unstable(*vmf->pmd))
		return 0;
	vmf->pte = pte_offset(m, *vmf->pmd, vmf->address);
	if (!vmf->write)
		return map_zero_page(vmf);
	page = alloc_anon_page(vmf, true, &result);
	if (!page)
		return result;
	/* userfaultfd with UFFD_FEATURE_SIGBUS: the fault is not served. */
	if (mm_is_reaped(vmf) || userfaultfd_missing(m, vmf->vma)) {
		mem_cgroup_cancel_charge(m, 1);
		put_page(m, page);
		return FAULT_SIGBUS;
	}
	vmf->stat = HMMU_STAT_FAULT_ANON;
	table_lock(m, vmf->pte);
	add_mm_counter(m, vmf->ctx->mm, MM_ANONPAGES, 1);
	set_anon_pte(vmf, page);
	table_unlock(m, vmf->pte);
	return 0;
}

/*
 * In 4.14 the waiter holds a reference to the page, which the migration takes for a pin; "mm/migrate.c: rework
 * migration_entry_wait() to not take a pageref" did away with that.
 */
int migration_entry_wait(struct ctx *ctx, u64 entry)
{
	u32 page = swp_offset(entry);
	bool with_ref = quirk(ctx->m, HMMU_QUIRK_WAIT_PINS_PAGE);

	if (!page_count(ctx->m, page))
		return 0;
	if (with_ref)
		get_page(ctx->m, page);
	return wait_on_page(ctx, page, with_ref, RESUME_RETRY);
}

static int do_swap_page(struct fault *vmf)
{
	u64 entry = vmf->orig_pte;

	vmf->stat = HMMU_STAT_FAULT_MIGRATION;
	if (is_migration_entry(entry))
		return migration_entry_wait(vmf->ctx, entry);
	vmf->stat = HMMU_STAT_FAULT_DEVICE;
	if (is_device_private_entry(entry))
		return device_private_entry_fault(vmf->ctx, vmf->address, swp_offset(entry));
	vmf->stat = HMMU_STAT_FAULT_SWAP;
	return do_swap_slot_fault(vmf);
}

static ALWAYS_INLINE int handle_pte_fault(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;

	if (!pmd_none(*vmf->pmd)) {
		if (pmd_trans_unstable(*vmf->pmd))
			return 0;
		vmf->pte = pte_offset(m, *vmf->pmd, vmf->address);
		vmf->orig_pte = *vmf->pte;
		if (pte_none(vmf->orig_pte))
			vmf->pte = NULL;
	}
	if (!vmf->pte && vma_is_anonymous(m, vmf->vma))
		return do_anonymous_page(vmf);
	if (!vmf->pte) {
		vmf->stat = HMMU_STAT_FAULT_FILE;
		return do_file_fault(vmf);
	}
	if (!pte_present(vmf->orig_pte))
		return do_swap_page(vmf);
	if (vmf->write && !pte_write(vmf->orig_pte)) {
		vmf->stat = HMMU_STAT_FAULT_WP;
		return do_wp_page(vmf);
	}
	vmf->stat = HMMU_STAT_FAULT_ACCESS;
	*vmf->pte = pte_mkyoung(vmf->write ? pte_mkdirty(vmf->orig_pte) : vmf->orig_pte);
	return 0;
}

/* A huge fault, if the place is for one; FAULT_FALLBACK: not so. */
static ALWAYS_INLINE int handle_pmd_fault(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;

	if (pmd_none(*vmf->pmd)) {
		if (!transparent_hugepage_enabled(m, vmf->vma) || !vma_is_anonymous(m, vmf->vma))
			return FAULT_FALLBACK;
		vmf->stat = HMMU_STAT_FAULT_HUGE;
		return do_huge_pmd_anonymous_page(vmf);
	}
	if (!pmd_trans_huge(*vmf->pmd))
		return FAULT_FALLBACK;
	vmf->stat = HMMU_STAT_FAULT_HUGE;
	if (vmf->write && !pte_write(*vmf->pmd))
		return do_huge_pmd_wp_page(vmf);
	huge_pmd_set_accessed(vmf);
	return 0;
}

static ALWAYS_INLINE int handle_fault(struct fault *vmf)
{
	int result = handle_pmd_fault(vmf);

	return result == FAULT_FALLBACK ? handle_pte_fault(vmf) : result;
}

static NOINLINE int handle_fault_counted(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	struct span span = span_begin(m, HMMU_SPAN_PAGE_FAULT);
	int result = handle_fault(vmf);

	span_end(m, &span, 1, 1);
	count_stat(m, vmf->stat);
	return result;
}

int handle_mm_fault(struct ctx *ctx, u32 vma, u64 address, bool write)
{
	struct hmmu *m = ctx->m;
	struct fault vmf = { .ctx = ctx, .vma = vma, .address = address & PAGE_MASK, .write = write };
	int result;

	vmf.stat = HMMU_STAT_FAULT_NONE;
	vmf.goes_on = ctx->resume == RESUME_LOCKED;
	ctx->resume = RESUME_RETRY;
	m->st->counters[HMMU_COUNT_PAGE_FAULTS]++;
	event(m, HMMU_EVENT_PAGE_FAULT, ctx->mm, address, write);
	probe(page_fault, ctx->mm, address, write);
	vmf.pmd = pmd_alloc(m, ctx->mm, address);
	if (!vmf.pmd)
		return FAULT_OOM;
	result = counting(m) ? handle_fault_counted(&vmf) : handle_fault(&vmf);
	if (vmf.prealloc_pte)
		pte_free(m, ctx->mm, vmf.prealloc_pte);
	probe(page_fault_end, ctx->mm, address, result);
	return result;
}
