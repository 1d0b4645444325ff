/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private hugetlb mappings: faults, copy on write, and system calls on their entries. An entry is a huge pmd. Its page
 * is on no LRU list, is not charged, and counts for no RSS. No call returns with such a page locked, and no other task
 * can lock one. So the page lock is left out.
 */
#include "fault/hugetlb.h"

#include <errno.h>

#include "fault/gup.h"
#include "mm/mmu_gather.h"
#include "mm/mmu_notifier.h"
#include "mm/tlb.h"
#include "page/contents.h"

/* A writable entry is dirty from the start, because the fault of a store makes it. */
static u64 make_huge_pte(const struct hmmu *m, u32 vma, u32 page, bool writable)
{
	u64 entry = mk_pte(page, vma_of(m, vma)->page_prot) | _PAGE_PSE;

	entry = writable ? pte_mkwrite(pte_mkdirty(entry)) : pte_wrprotect(entry);
	return pte_mkyoung(entry);
}

/* The kernel counts the index of such a page in huge pages; here it is in pages, as everywhere. */
static void hugepage_add_new_anon_rmap(struct hmmu *m, u32 head, u32 vma, u64 address)
{
	set_first_compound_mapcount(m, head);
	SetPageAnonExclusive(m, head);
	set_anon_rmap(m, head, vma, address, true);
}

/* Clear an entry; the gather gets the entry's reference to the page. */
static void zap_huge_entry(struct mmu_gather *tlb, u32 vma, u64 *pmd, u64 address)
{
	struct hmmu *m = tlb->ctx->m;
	u32 page = pte_pfn(*pmd);

	table_lock(m, pmd);
	if (pte_dirty(*pmd))
		page_set(m, page, HMMU_PG_DIRTY);
	*pmd = 0;
	tlb_adjust_range(tlb, address, address + PMD_SIZE);
	mm_of(m, tlb->mm)->hugetlb_usage -= HPAGE_PMD_NR;
	page_remove_rmap(m, tlb->ctx->cpu, page, vma, true);
	table_unlock(m, pmd);
	tlb_remove_page(tlb, page);
	if (tlb_is_full(tlb))
		tlb_flush_mmu(tlb);
}

void __unmap_hugepage_range(struct mmu_gather *tlb, u32 vma, u64 start, u64 end, u32 ref_page)
{
	struct hmmu *m = tlb->ctx->m;

	/* "hugetlb: remove duplicate mmu notifications" (6.2): the caller's is enough. */
	if (KERNEL < V6_12)
		mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_UNMAP, tlb->mm, start, end);
	for (u64 address = start; address < end; address += PMD_SIZE) {
		u64 *pmd = huge_pte_offset(m, tlb->mm, address);
		u32 page = pmd ? pte_pfn(*pmd) : 0;

		if (!page || (ref_page && page != ref_page))
			continue;
		/* Faults of a mapping that lost a page must fail from now on. */
		if (ref_page)
			vma_of(m, vma)->resv |= HPAGE_RESV_UNMAPPED;
		zap_huge_entry(tlb, vma, pmd, address);
	}
	if (KERNEL < V6_12)
		mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_UNMAP, tlb->mm, start, end);
}

static void unmap_hugepage_range(struct ctx *ctx, u32 vma, u64 start, u64 end, u32 ref_page)
{
	u32 mm = vma_of(ctx->m, vma)->mm;
	struct mmu_gather tlb;

	if (KERNEL >= V6_12)
		mmu_notifier_invalidate_range_start(ctx->m, HMMU_NOTIFY_CLEAR, mm, start, end);
	tlb_gather_mmu(&tlb, ctx, mm, false);
	__unmap_hugepage_range(&tlb, vma, start, end, ref_page);
	if (KERNEL >= V6_12)
		mmu_notifier_invalidate_range_end(ctx->m, HMMU_NOTIFY_CLEAR, mm, start, end);
	tlb_finish_mmu(&tlb);
}

/* The owner could not copy a page that children share. Unmap it from the children, so that the owner has it alone. */
static void unmap_ref_private(struct ctx *ctx, u32 owner, u32 page, u64 address)
{
	struct hmmu *m = ctx->m;
	u64 pgoff = linear_page_index(m, owner, address);

	for (u32 vma = file_of(m, vma_of(m, owner)->file)->first; vma; vma = vma_of(m, vma)->i_mmap_next) {
		const struct vma *v = vma_of(m, vma);

		if (v->pgoff <= pgoff && pgoff < v->pgoff + vma_pages(v) && !(v->resv & HPAGE_RESV_OWNER))
			unmap_hugepage_range(ctx, vma, address, address + PMD_SIZE, page);
	}
}

static void copy_user_huge_page(struct hmmu *m, u32 to, u32 from)
{
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		copy_contents(m, to + i, from + i);
	page_set(m, to, HMMU_PG_UPTODATE);
}

/* One INVLPG drops the translation of the whole huge page. */
static void huge_ptep_clear_flush(struct hmmu *m, u32 mm, u64 address, u64 *pmd)
{
	*pmd = 0;
	flush_tlb_range(m, mm, address, address + PMD_SIZE);
}

static void break_cow(struct ctx *ctx, u32 vma, u64 address, u64 *pmd, u32 copy)
{
	struct hmmu *m = ctx->m;
	u32 old = pte_pfn(*pmd), mm = ctx->mm;

	copy_user_huge_page(m, copy, old);
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, mm, address, address + PMD_SIZE);
	table_lock(m, pmd);
	huge_ptep_clear_flush(m, mm, address, pmd);
	mmu_notifier_invalidate_range(m, mm, address, address + PMD_SIZE);
	*pmd = make_huge_pte(m, vma, copy, true);
	page_remove_rmap(m, ctx->cpu, old, vma, true);
	hugepage_add_new_anon_rmap(m, copy, vma, address);
	table_unlock(m, pmd);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, mm, address, address + PMD_SIZE);
	put_page(m, old);
}

/* The page's only mapping may write without a copy. */
static bool reuse_hugetlb_page(struct hmmu *m, u32 vma, u64 *pmd)
{
	u32 page = pte_pfn(*pmd);

	if (page_mapcount(m, page) != 1)
		return false;
	page_move_anon_rmap(m, page, vma);
	*pmd = pte_mkwrite(pte_mkdirty(*pmd));
	return true;
}

/*
 * The mapping that reserved the page has used its reservation for the page itself. It gets an unreserved page for the
 * copy, or else takes the page from the children that share it.
 */
static int hugetlb_cow(struct ctx *ctx, u32 vma, u64 address, u64 *pmd)
{
	struct hmmu *m = ctx->m;
	bool owner = vma_of(m, vma)->resv & HPAGE_RESV_OWNER;

	while (!reuse_hugetlb_page(m, vma, pmd)) {
		struct hugetlb_page copy = alloc_hugetlb_page(m, vma, pmd, owner);

		if (copy.pfn) {
			break_cow(ctx, vma, address, pmd, copy.pfn);
			return 0;
		}
		if (!owner)
			return FAULT_SIGBUS;
		unmap_ref_private(ctx, vma, pte_pfn(*pmd), address);
	}
	return 0;
}

static void clear_hugetlb_page(struct hmmu *m, const struct hugetlb_page *page)
{
	for (u32 i = 0; i < HPAGE_PMD_NR && !page->zeroed; i++)
		clear_contents(m, page->pfn + i);
	page_set(m, page->pfn, HMMU_PG_UPTODATE);
}

static int hugetlb_no_page(struct ctx *ctx, u32 vma, u64 address, u64 *pmd, bool write)
{
	struct hmmu *m = ctx->m;
	struct hugetlb_page page;

	/* A new page would look like data lost. */
	if ((vma_of(m, vma)->resv & HPAGE_RESV_UNMAPPED) || userfaultfd_missing(m, vma))
		return FAULT_SIGBUS;
	page = alloc_hugetlb_page(m, vma, pmd, false);
	if (!page.pfn)
		return FAULT_SIGBUS;
	clear_hugetlb_page(m, &page);
	if (anon_vma_prepare(m, vma)) {
		restore_hugetlb_page(m, &page);
		return FAULT_OOM;
	}
	table_lock(m, pmd);
	hugepage_add_new_anon_rmap(m, page.pfn, vma, address);
	*pmd = make_huge_pte(m, vma, page.pfn, false);
	mm_of(m, ctx->mm)->hugetlb_usage += HPAGE_PMD_NR;
	table_unlock(m, pmd);
	return write ? hugetlb_cow(ctx, vma, address, pmd) : 0;
}

int hugetlb_fault(struct ctx *ctx, u32 vma, u64 address, bool write)
{
	struct hmmu *m = ctx->m;
	u64 *pmd = pmd_alloc(m, ctx->mm, address);

	address &= PMD_MASK;
	if (!pmd)
		return FAULT_OOM;
	if (pmd_none(*pmd))
		return hugetlb_no_page(ctx, vma, address, pmd, write);
	if (write && !pte_write(*pmd))
		return hugetlb_cow(ctx, vma, address, pmd);
	/* huge_ptep_set_access_flags(): x86 stores the new value only where it is to be dirty. */
	if (write)
		*pmd = pte_mkyoung(pte_mkdirty(*pmd));
	return 0;
}

/* Whether get_user_pages() has to fault first. */
static bool must_fault(const u64 *pmd, u32 flags)
{
	return !pmd || pmd_none(*pmd) || ((flags & FOLL_WRITE) && !pte_write(*pmd));
}

int follow_hugetlb_page(struct ctx *ctx, u32 vma, u64 address, u32 flags, u32 *page, u64 *page_mask)
{
	struct hmmu *m = ctx->m;
	u64 *pmd = huge_pte_offset(m, ctx->mm, address);

	while (must_fault(pmd, flags)) {
		int result = hugetlb_fault(ctx, vma, address, flags & FOLL_WRITE);

		if (fault_is_error(result))
			return result == FAULT_OOM ? -ENOMEM : -EFAULT;
		pmd = huge_pte_offset(m, ctx->mm, address);
	}
	*page = pte_pfn(*pmd) + table_index(address, PAGE_SHIFT);
	*page_mask = HPAGE_PMD_NR - 1;
	grab_page(m, *page, flags);
	return 0;
}

void hugetlb_change_protection(struct ctx *ctx, u32 vma, u64 start, u64 end, u64 prot)
{
	struct hmmu *m = ctx->m;
	u32 mm = vma_of(m, vma)->mm;

	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_PROTECTION_VMA, mm, start, end);
	for (u64 address = start; address < end; address += PMD_SIZE) {
		u64 *pmd = huge_pte_offset(m, mm, address);

		if (!pmd || pmd_none(*pmd))
			continue;
		table_lock(m, pmd);
		*pmd = pmd_modify(*pmd, prot);
		table_unlock(m, pmd);
	}
	/* The kernel flushes even if it has found no entry. */
	flush_tlb_range(m, mm, start, end);
	mmu_notifier_invalidate_range(m, mm, start, end);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_PROTECTION_VMA, mm, start, end);
}

/* Share the page of an entry with the child; neither may write. */
static void copy_huge_entry(struct ctx *ctx, u32 child, u32 vma, u64 *src, u64 *dst)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);

	*src = pte_wrprotect(*src);
	mmu_notifier_invalidate_range(m, v->mm, v->start, v->end);
	get_page(m, pte_pfn(*src));
	page_try_dup_rmap(m, pte_pfn(*src), v->mm, true);
	*dst = *src;
	mm_of(m, child)->hugetlb_usage += HPAGE_PMD_NR;
}

int copy_hugetlb_page_range(struct ctx *ctx, u32 child, u32 parent_vma)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, parent_vma);
	int err = 0;

	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, v->mm, v->start, v->end);
	for (u64 address = v->start; address < v->end && !err; address += PMD_SIZE) {
		u64 *src = huge_pte_offset(m, v->mm, address), *dst;

		/* The child gets each table that the parent has, even if the entry is empty. */
		dst = src ? pmd_alloc(m, child, address) : NULL;
		if (src && !dst)
			err = -ENOMEM;
		else if (src && !pmd_none(*src))
			copy_huge_entry(ctx, child, parent_vma, src, dst);
	}
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, v->mm, v->start, v->end);
	return err;
}
