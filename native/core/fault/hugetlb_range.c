/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls on the entries of private hugetlb mappings: unmapping, protection, fork. */
#include <errno.h>

#include "fault/hugetlb.h"
#include "mm/mmu_gather.h"
#include "mm/mmu_notifier.h"
#include "mm/tlb.h"

/* What is left in 6.12 of an entry whose page is not mapped any more. Nothing, if the mapping goes, too. */
static u64 entry_after_zap(const struct mmu_gather *tlb, u32 vma, u32 page, bool protected)
{
	bool owner = vma_of(tlb->ctx->m, vma)->resv & HPAGE_RESV_OWNER, used;

	if (!tlb->keep_wp)
		return 0;
	used = owner && !restore_reserve(tlb->ctx->m, vma, page);
	return make_huge_marker((protected ? PTE_MARKER_UFFD_WP : 0) | (used ? HUGE_MARKER_RESERVE_USED : 0));
}

/* Clear an entry; the gather gets the entry's reference to the page. */
static void zap_huge_entry(struct mmu_gather *tlb, u32 vma, u64 *pmd, u64 address)
{
	struct hmmu *m = tlb->ctx->m;
	bool protected = pte_uffd_wp(*pmd);
	u32 page = pte_pfn(*pmd);

	table_lock(m, pmd);
	if (pte_dirty(*pmd))
		page_set(m, page, HMMU_PG_DIRTY);
	*pmd = 0;
	tlb_adjust_range(tlb, address, address + PMD_SIZE);
	mm_of(m, tlb->mm)->hugetlb_usage -= HPAGE_PMD_NR;
	page_remove_rmap(m, tlb->ctx->cpu, page, vma, true);
	if (KERNEL >= V6_12)
		*pmd = entry_after_zap(tlb, vma, page, protected);
	table_unlock(m, pmd);
	tlb_remove_page(tlb, page);
	if (tlb_is_full(tlb))
		tlb_flush_mmu(tlb);
}

static void drop_marker(const struct mmu_gather *tlb, u64 *pmd)
{
	if (KERNEL >= V6_12 && pmd && !tlb->keep_wp)
		*pmd = 0;
}

void __unmap_hugepage_range(struct mmu_gather *tlb, u32 vma, u64 start, u64 end, u32 ref_page)
{
	struct hmmu *m = tlb->ctx->m;

	/* "hugetlb: remove duplicate mmu notifications" (6.2): the caller's is enough. */
	if (KERNEL < V6_12)
		mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_UNMAP, tlb->mm, start, end);
	for (u64 address = start; address < end; address += PMD_SIZE) {
		u64 *pmd = huge_pte_offset(m, tlb->mm, address);
		u32 page;

		if (!pmd || huge_pte_none_mostly(*pmd)) {
			drop_marker(tlb, pmd);
			continue;
		}
		page = pte_pfn(*pmd);
		if (ref_page && page != ref_page)
			continue;
		/* Faults of a mapping that lost a page must fail from now on. */
		if (ref_page)
			vma_of(m, vma)->resv |= HPAGE_RESV_UNMAPPED;
		zap_huge_entry(tlb, vma, pmd, address);
	}
	if (KERNEL < V6_12)
		mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_UNMAP, tlb->mm, start, end);
}

/* What write protection by userfaultfd makes of an empty entry or a marker. */
static u64 change_no_page_uffd_wp(u64 old, enum uffd_wp uffd_wp)
{
	u64 bits = pte_none(old) ? 0 : swp_offset(old);

	if (sets_uffd_wp(uffd_wp))
		bits |= PTE_MARKER_UFFD_WP;
	else if (resolves_uffd_wp(uffd_wp))
		bits &= ~PTE_MARKER_UFFD_WP;
	return make_huge_marker(bits);
}

static void change_huge_entry(struct hmmu *m, u64 *pmd, u64 prot, enum uffd_wp uffd_wp)
{
	table_lock(m, pmd);
	*pmd = change_uffd_wp(pmd_modify(*pmd, prot), uffd_wp);
	table_unlock(m, pmd);
}

int hugetlb_change_protection(struct ctx *ctx, u32 vma, u64 start, u64 end, u64 prot, enum uffd_wp uffd_wp)
{
	struct hmmu *m = ctx->m;
	u32 mm = vma_of(m, vma)->mm;
	int err = 0;

	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_PROTECTION_VMA, mm, start, end);
	for (u64 address = start; address < end && !err; address += PMD_SIZE) {
		/* Markers need tables. */
		u64 *pmd = sets_uffd_wp(uffd_wp) ? pmd_alloc(m, mm, address) : huge_pte_offset(m, mm, address);

		if (pmd && !huge_pte_none_mostly(*pmd))
			change_huge_entry(m, pmd, prot, uffd_wp);
		else if (pmd)
			*pmd = change_no_page_uffd_wp(*pmd, uffd_wp);
		else if (sets_uffd_wp(uffd_wp))
			err = -ENOMEM;
	}
	/* The kernel flushes even if it has found no entry. */
	flush_tlb_range(m, mm, start, end);
	mmu_notifier_invalidate_range(m, mm, start, end);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_PROTECTION_VMA, mm, start, end);
	return err;
}

/* Share the page of an entry with the child; neither may write. */
static void share_huge_entry(struct hmmu *m, const struct vma *parent, u64 *src, u64 *dst)
{
	*src = pte_wrprotect(*src);
	mmu_notifier_invalidate_range(m, parent->mm, parent->start, parent->end);
	get_page(m, pte_pfn(*src));
	*dst = *src;
}

/* "hugetlb: do early cow when page pinned on src mm": a page that may be pinned for DMA stays the parent's, and the child
 * gets a copy. That uses no reservation. */
static int copy_pinned_huge_page(struct hmmu *m, u32 vma, u64 address, u32 page, u64 *dst)
{
	struct hugetlb_page copy = alloc_hugetlb_page(m, vma, dst, true);

	if (!copy.pfn)
		return -ENOMEM;
	copy_user_huge_page(m, copy.pfn, page);
	hugepage_add_new_anon_rmap(m, copy.pfn, vma, address);
	*dst = make_huge_pte(m, vma, copy.pfn, true);
	return 0;
}

static int copy_huge_entry(struct ctx *ctx, u32 vma, u32 parent_vma, u64 address, u64 *src, u64 *dst)
{
	struct hmmu *m = ctx->m;
	const struct vma *parent = vma_of(m, parent_vma);
	int err = 0;

	/* The child has no userfaultfd, so that it needs no markers. */
	if (huge_pte_none_mostly(*src))
		return 0;
	if (page_try_dup_rmap(m, pte_pfn(*src), parent->mm, true))
		share_huge_entry(m, parent, src, dst);
	else
		err = copy_pinned_huge_page(m, vma, address, pte_pfn(*src), dst);
	if (err)
		return err;
	*dst = pte_clear_uffd_wp(*dst);
	mm_of(m, vma_of(m, vma)->mm)->hugetlb_usage += HPAGE_PMD_NR;
	return 0;
}

int copy_hugetlb_page_range(struct ctx *ctx, u32 vma, u32 parent_vma)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, parent_vma);
	int err = 0;

	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, v->mm, v->start, v->end);
	for (u64 address = v->start; address < v->end && !err; address += PMD_SIZE) {
		u64 *src = huge_pte_offset(m, v->mm, address), *dst;

		/* The child gets each table that the parent has, even if the entry is empty. */
		dst = src ? pmd_alloc(m, vma_of(m, vma)->mm, address) : NULL;
		if (src && !dst)
			err = -ENOMEM;
		else if (src)
			err = copy_huge_entry(ctx, vma, parent_vma, address, src, dst);
	}
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, v->mm, v->start, v->end);
	return err;
}
