/* SPDX-License-Identifier: GPL-2.0-only */
/* do_wp_page(): a store to a page that is mapped read-only in a mapping that may be written. */
#include <string.h>

#include "fault/munlock.h"
#include "fault/reuse.h"
#include "mm/mm.h"
#include "mm/mmu_notifier.h"
#include "mm/swap.h"
#include "mm/tlb.h"
#include "page/contents.h"
#include "page/lru.h"
#include "page/memcg.h"
#include "rmap/rmap.h"

/* The store has changed its entry before it waited for the page. */
void wp_page_settle(struct hmmu *m, const struct task *task)
{
	if (task->resume == RESUME_DIRTY_SHARED)
		page_set(m, task->wait_pfn, HMMU_PG_DIRTY);
	else if (KERNEL < V6_12 && task->resume == RESUME_MUNLOCK)
		munlock_vma_page(m, task->cpu, task->wait_pfn);
}

static int wp_page_reuse(struct fault *vmf)
{
	u64 entry = pte_mkdirty(pte_mkyoung(vmf->orig_pte));

	*vmf->pte = maybe_mkwrite(vmf->ctx->m, vmf->vma, entry);
	return FAULT_DONE_WRITE;
}

/* A copy that nobody has written to yet. */
static u64 unshared_pte(const struct fault *vmf, u32 copy)
{
	u64 entry = mk_pte(copy, vma_of(vmf->ctx->m, vmf->vma)->page_prot);

	if (pte_soft_dirty(vmf->orig_pte))
		entry = pte_mksoft_dirty(entry);
	return pte_uffd_wp(vmf->orig_pte) ? pte_mkuffd_wp(entry) : entry;
}

static void replace_with_copy(struct fault *vmf, u32 old, u32 copy)
{
	struct hmmu *m = vmf->ctx->m;
	u32 mm = vmf->ctx->mm;

	table_lock(m, vmf->pte);
	if (!old || !PageAnon(m, old)) {
		if (old)
			add_mm_counter(m, mm, mm_counter_file(m, old), -1);
		add_mm_counter(m, mm, MM_ANONPAGES, 1);
	}
	/* The entry is cleared and flushed first, so that no CPU writes to the old page after the copy. */
	ptep_clear_flush_notify(m, mm, vmf->address, vmf->pte);
	set_anon_pte(vmf->ctx, vmf->vma, vmf->address, vmf->pte, copy);
	if (is_unshare(vmf))
		*vmf->pte = unshared_pte(vmf, copy);
	if (old)
		page_remove_rmap(m, vmf->ctx->cpu, old, vmf->vma, false);
	table_unlock(m, vmf->pte);
}

/* If this locked mapping was the reason why the old page is mlocked, clear the mark. That takes the page's lock. Linux
 * 6.12 has done it with the map count, without the lock ("mm/munlock: rmap call mlock_vma_page() munlock_vma_page()"), and
 * takes a page that is idle now out of the swap cache ("mm: free idle swap cache page after COW"). Drops a reference to
 * the page. */
static int leave_old(struct fault *vmf, u32 old)
{
	struct hmmu *m = vmf->ctx->m;
	u32 head = compound_head(m, old);

	if (KERNEL < V6_12 && (vma_of(m, vmf->vma)->flags & VM_LOCKED)) {
		if (page_test(m, head, HMMU_PG_LOCKED))
			return wait_on_page(vmf->ctx, head, true, RESUME_MUNLOCK);
		munlock_vma_page(m, vmf->ctx->cpu, head);
	}
	if (KERNEL >= V6_12)
		free_swap_cache(m, head);
	put_page(m, old);
	return FAULT_DONE_WRITE;
}

static NOINLINE __attribute__((cold)) void discard_copy(struct hmmu *m, u32 copy)
{
	mem_cgroup_cancel_charge(m, 1);
	put_page(m, copy);
}

/* Drops the caller's reference to the old page (0: the zero page). */
static int wp_page_copy(struct fault *vmf, u32 old)
{
	struct hmmu *m = vmf->ctx->m;
	int result;
	u32 copy = alloc_anon_page(vmf->ctx, vmf->vma, vmf->pte, !old, &result);
	bool replaced;

	if (!copy) {
		if (old)
			put_page(m, old);
		return result;
	}
	if (old)
		copy_contents(m, copy, old);
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, vmf->ctx->mm, vmf->address, vmf->address + PAGE_SIZE);
	/* Reclaim within the memory cgroup has met the old page, and has taken its accessed bit. */
	replaced = KERNEL < V6_12 || *vmf->pte == vmf->orig_pte;
	if (replaced)
		replace_with_copy(vmf, old, copy);
	else
		discard_copy(m, copy);
	if (old)
		put_page(m, old);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, vmf->ctx->mm, vmf->address, vmf->address + PAGE_SIZE);
	if (!replaced)
		return 0;
	return old ? leave_old(vmf, old) : FAULT_DONE_WRITE;
}

/* A shared page is marked dirty under its lock, after the entry was made writable. */
static int wp_page_shared(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;

	wp_page_reuse(vmf);
	if (page_test(m, page, HMMU_PG_LOCKED)) {
		get_page(m, page);
		return wait_on_page(vmf->ctx, page, true, RESUME_DIRTY_SHARED);
	}
	page_set(m, page, HMMU_PG_DIRTY);
	return FAULT_DONE_WRITE;
}

int do_wp_page(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	u32 page = vm_normal_page(m, vmf->orig_pte);
	u32 flags = vma_of(m, vmf->vma)->flags;
	int result;

	if (!is_unshare(vmf) && userfaultfd_pte_wp(m, vmf->vma, vmf->orig_pte))
		return FAULT_SIGBUS;
	if (!page) {
		if ((flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED))
			return wp_page_reuse(vmf);
		return wp_page_copy(vmf, 0);
	}
	if (PageAnon(m, page)) {
		result = reuse_anon_page(vmf, page);
		if (result == REUSE_PAGE)
			return is_unshare(vmf) ? 0 : wp_page_reuse(vmf);
		if (result != COPY_PAGE)
			return result;
	} else if ((flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED)) {
		return wp_page_shared(vmf, page);
	}
	get_page(m, page);
	return wp_page_copy(vmf, page);
}
