/* SPDX-License-Identifier: GPL-2.0-only */
/* handle_mm_fault(): faults on anonymous memory and on swap-type entries, and dispatch of all other kinds. */
#include "fault/device_fault.h"
#include "fault/fault.h"

#include "fault/huge_wp.h"
#include "fault/hugetlb.h"
#include "host/events.h"
#include "host/probe.h"
#include "host/stats.h"
#include "mm/mm.h"
#include "mm/tlb.h"
#include "page/devmem.h"
#include "page/lru.h"
#include "page/memcg.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"
#include "mm/stop.h"

static NOINLINE int map_zero_page(struct ctx *ctx, u32 vma, u64 *pte)
{
	struct hmmu *m = ctx->m;

	if (mm_is_reaped(ctx) || userfaultfd_missing(m, vma))
		return FAULT_SIGBUS;
	*pte = pte_mkspecial(mk_pte(m->zero_pfn, vma_of(m, vma)->page_prot));
	return 0;
}

ALWAYS_INLINE int do_anonymous_page(struct ctx *ctx, u32 vma, u64 address, u64 *pte, struct page *table, bool write)
{
	struct hmmu *m = ctx->m;
	int result;
	u32 page;

	if (!write)
		return map_zero_page(ctx, vma, pte);
	page = alloc_anon_page(ctx, vma, pte, true, &result);
	if (!page)
		return result;
	/* userfaultfd with UFFD_FEATURE_SIGBUS: the fault is not served. */
	if (mm_is_reaped(ctx) || userfaultfd_missing(m, vma)) {
		mem_cgroup_cancel_charge(m, 1);
		put_page(m, page);
		return FAULT_SIGBUS;
	}
	spin_lock_unlock(m, table);
	ctx->space->rss[MM_ANONPAGES]++;
	set_anon_pte(ctx, vma, address, pte, page);
	return 0;
}

/* The first touch of anonymous memory; makes the page table if necessary. */
static int do_first_touch(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	int result;

	if (!pte_alloc(m, vmf->ctx->mm, vmf->pmd))
		return FAULT_OOM;
	if (pmd_trans_unstable(*vmf->pmd))
		return 0;
	result = do_anonymous_page(vmf->ctx, vmf->vma, vmf->address, pte_offset(m, *vmf->pmd, vmf->address),
				   page_of(m, pte_pfn(*vmf->pmd)), vmf->write);
	if (!vmf->write)
		vmf->stat = HMMU_STAT_FAULT_ZERO;
	else if (!result)
		vmf->stat = HMMU_STAT_FAULT_ANON;
	return result;
}

static inline int do_pte_missing(struct fault *vmf)
{
	if (vma_is_anonymous(vmf->ctx->m, vmf->vma))
		return do_first_touch(vmf);
	vmf->stat = HMMU_STAT_FAULT_FILE;
	return do_file_fault(vmf);
}

/* Linux 6.12: something stands in for a page. */
static int handle_pte_marker(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;

	if (swp_offset(vmf->orig_pte) & PTE_MARKER_POISONED)
		return FAULT_SIGBUS;
	if (userfaultfd_wp(m, vmf->vma))
		return do_pte_missing(vmf);
	/* pte_marker_clear(): write protection has ended since. */
	*vmf->pte = 0;
	return 0;
}

/*
 * In 4.14 the waiter holds a reference to the page, and the migration takes that for a pin. "mm/migrate.c: rework
 * migration_entry_wait() to not take a pageref" removed the reference.
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

/*
 * The fault of an access gives the lock that it holds up to wait for a page, and takes mmap_lock then: under the lock of
 * its mapping always, with mmap_lock once. 4.14's waits with mmap_sem.
 */
int lock_page_or_retry(struct fault *vmf, u32 page)
{
	struct ctx *ctx = vmf->ctx;
	u32 flags = ctx->fault_flags;

	if (trylock_page(ctx->m, page))
		return 0;
	if (under_vma_lock(ctx)) {
		vma_end_read(ctx);
		return wait_on_page(ctx, page, true, RESUME_FAULT_RETRY);
	}
	if (KERNEL < V6_12 || !(flags & FAULT_FLAG_ALLOW_RETRY) || flags & FAULT_FLAG_TRIED || ctx->nested)
		return wait_on_page(ctx, page, true, RESUME_LOCKED);
	up_sem(ctx);
	return wait_on_page(ctx, page, true, RESUME_FAULT_TRIED);
}

/* The device's handler works with mmap_lock. */
static inline int device_entry_fault(struct ctx *ctx, u64 address, u64 entry)
{
	return under_vma_lock(ctx) ? FAULT_RETRY : device_private_entry_fault(ctx, address, swp_offset(entry));
}

static int do_swap_page(struct fault *vmf)
{
	u64 entry = vmf->orig_pte;

	vmf->stat = HMMU_STAT_FAULT_MIGRATION;
	if (is_migration_entry(entry))
		return migration_entry_wait(vmf->ctx, entry);
	vmf->stat = HMMU_STAT_FAULT_DEVICE;
	if (is_device_private_entry(entry))
		return device_entry_fault(vmf->ctx, vmf->address, entry);
	vmf->stat = HMMU_STAT_FAULT_EXCLUSIVE;
	if (KERNEL >= V6_12 && is_device_exclusive_entry(entry))
		return device_exclusive_entry_fault(vmf);
	if (KERNEL >= V6_12 && is_pte_marker(entry))
		return handle_pte_marker(vmf);
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
	if (!vmf->pte)
		return do_pte_missing(vmf);
	if (!pte_present(vmf->orig_pte))
		return do_swap_page(vmf);
	if ((vmf->write || is_unshare(vmf)) && !pte_write(vmf->orig_pte)) {
		vmf->stat = HMMU_STAT_FAULT_WP;
		return do_wp_page(vmf);
	}
	vmf->stat = HMMU_STAT_FAULT_ACCESS;
	/* x86 stores the new value only where it is to be dirty. */
	if (KERNEL < V6_12 || vmf->write)
		*vmf->pte = pte_mkyoung(vmf->write ? pte_mkdirty(vmf->orig_pte) : vmf->orig_pte);
	return 0;
}

/* Try a huge fault; FAULT_FALLBACK if not eligible. */
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
	if ((vmf->write || is_unshare(vmf)) && !pte_write(*vmf->pmd))
		return do_huge_pmd_wp_page(vmf);
	huge_pmd_set_accessed(vmf);
	return 0;
}

static ALWAYS_INLINE int handle_fault(struct fault *vmf)
{
	int result;

	if (is_vm_hugetlb_page(vmf->ctx->m, vmf->vma)) {
		vmf->stat = HMMU_STAT_FAULT_HUGE;
		return hugetlb_fault(vmf->ctx, vmf->vma, vmf->address,
				     (vmf->write ? FAULT_FLAG_WRITE : 0) | (is_unshare(vmf) ? FAULT_FLAG_UNSHARE : 0));
	}
	result = handle_pmd_fault(vmf);
	return result == FAULT_FALLBACK ? handle_pte_fault(vmf) : result;
}

static NOINLINE int handle_fault_counted(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	struct span span = span_begin(m, HMMU_SPAN_PAGE_FAULT);
	int result = handle_fault(vmf);

	span_end(m, &span, 1, 1);
	/* Incomplete faults are not counted. */
	if (result != FAULT_RETRY)
		count_stat(m, vmf->stat);
	return result;
}

/* A fault of any kind, with a pmd table. */
static NOINLINE int handle_any_fault(struct ctx *ctx, u32 vma, u64 address, u32 flags, u64 *pmd)
{
	struct hmmu *m = ctx->m;
	struct fault vmf = {
		.ctx = ctx,
		.vma = vma,
		.address = address,
		.write = flags & FAULT_FLAG_WRITE,
		.unshare = KERNEL >= V6_12 && (flags & FAULT_FLAG_UNSHARE),
		.pmd = pmd,
	};
	int result;

	vmf.stat = HMMU_STAT_FAULT_NONE;
	vmf.goes_on = ctx->resume == RESUME_LOCKED;
	ctx->resume = RESUME_RETRY;
	result = counting(m) ? handle_fault_counted(&vmf) : handle_fault(&vmf);
	if (vmf.prealloc_pte)
		pte_free(m, ctx->mm, vmf.prealloc_pte);
	return result;
}

/* do_wp_page() of a store that has found its entry. */
static inline int do_write_protected(struct ctx *ctx, u32 vma, u64 address, const struct leaf *leaf)
{
	struct fault vmf = {
		.ctx = ctx,
		.vma = vma,
		.address = address & PAGE_MASK,
		.write = true,
		.pmd = leaf->pmd,
		.pte = leaf->entry,
		.orig_pte = *leaf->entry,
	};

	return do_wp_page(&vmf);
}

/*
 * The shortcuts of handle_mm_fault(), where the page table exists: the first touch of anonymous memory, stores to anonymous
 * memory that is mapped read-only, and device pages (do_swap_page()). False: the fault is of another kind. The first two
 * change nothing of what the walk has found but the entry, unless another task has run in between.
 */
static ALWAYS_INLINE bool handle_frequent_fault(struct ctx *ctx, u32 vma, u64 address, struct leaf *leaf, bool write,
						int *result)
{
	struct hmmu *m = ctx->m;
	u64 *pte = leaf->entry;

	if (!SHORTCUTS || !pte || pte == leaf->pmd || counting(m) || !vma_is_anonymous(m, vma))
		return false;
	if (pte_none(*pte)) {
		ctx->resume = RESUME_RETRY;
		*result = do_anonymous_page(ctx, vma, address, pte, page_of(m, pte_pfn(*leaf->pmd)), write);
		return true;
	}
	/* A call that goes on in its fault has done a part of it. */
	if (write && (*pte & (_PAGE_PRESENT | _PAGE_RW)) == _PAGE_PRESENT && ctx->resume == RESUME_RETRY) {
		*result = do_write_protected(ctx, vma, address, leaf);
		if (m->switch_points)
			leaf->entry = NULL;
		return true;
	}
	if (!is_device_private_entry(*pte))
		return false;
	ctx->resume = RESUME_RETRY;
	leaf->entry = NULL;
	*result = device_entry_fault(ctx, address, *pte);
	return true;
}

ALWAYS_INLINE void fault_is_counted(const struct ctx *ctx, u64 address, bool write)
{
	struct hmmu *m = ctx->m;

	m->st->counters[HMMU_COUNT_PAGE_FAULTS]++;
	event(m, HMMU_EVENT_PAGE_FAULT, ctx->mm, address, write);
	probe(page_fault, ctx->mm, address, write);
}

/* Where a fault stops: at its address, with its flags above the bits of addresses. */
#define FAULT_PLACE_FLAGS 48

ALWAYS_INLINE int handle_walked_fault(struct ctx *ctx, u32 vma, u64 address, u32 flags, struct leaf *leaf)
{
	struct hmmu *m = ctx->m;
	bool write = flags & FAULT_FLAG_WRITE;
	int result;

	if (device_fault_failed(ctx))
		return FAULT_SIGBUS;
	if (KERNEL < V6_12 || !(ctx->fault_flags & FAULT_COUNTED))
		fault_is_counted(ctx, address, write);
	if (stops_at(m, HMMU_SWITCH_FAULT)) {
		stop_at(ctx, HMMU_SWITCH_FAULT, address | (u64)flags << FAULT_PLACE_FLAGS);
		*leaf = mm_find_leaf(m, ctx->mm, address);
	}
	if (!handle_frequent_fault(ctx, vma, address, leaf, write, &result)) {
		leaf->entry = NULL;
		if (!leaf->pmd)
			leaf->pmd = pmd_alloc_slow(m, ctx->mm, address);
		result = leaf->pmd ? handle_any_fault(ctx, vma, address & PAGE_MASK, flags, leaf->pmd) : FAULT_OOM;
	}
	if (KERNEL < V6_12 || result != FAULT_RETRY)
		probe(page_fault_end, ctx->mm, address, result);
	return result;
}

int handle_mm_fault(struct ctx *ctx, u32 vma, u64 address, u32 flags)
{
	struct leaf leaf = mm_find_leaf(ctx->m, ctx->mm, address);

	return handle_walked_fault(ctx, vma, address, flags, &leaf);
}
