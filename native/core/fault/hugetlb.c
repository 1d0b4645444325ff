/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private hugetlb mappings: faults, and copy on write. hugetlb_range.c has the system calls. An entry is a huge pmd. Its page
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
u64 make_huge_pte(const struct hmmu *m, u32 vma, u32 page, bool writable)
{
	u64 entry = mk_pte(page, vma_of(m, vma)->page_prot) | _PAGE_PSE;

	entry = writable ? pte_mkwrite(pte_mkdirty(entry)) : pte_wrprotect(entry);
	return pte_mkyoung(entry);
}

/* The kernel counts the index of such a page in huge pages; here it is in pages, as everywhere. */
void hugepage_add_new_anon_rmap(struct hmmu *m, u32 head, u32 vma, u64 address)
{
	set_first_compound_mapcount(m, head);
	SetPageAnonExclusive(m, head);
	set_anon_rmap(m, head, vma, address, true);
}

static void unmap_hugepage_range(struct ctx *ctx, u32 vma, u64 start, u64 end, u32 ref_page)
{
	u32 mm = vma_of(ctx->m, vma)->mm;
	struct mmu_gather tlb;

	if (KERNEL >= V6_12)
		mmu_notifier_invalidate_range_start(ctx->m, HMMU_NOTIFY_CLEAR, mm, start, end);
	tlb_gather_mmu(&tlb, ctx, mm, false);
	if (KERNEL >= V6_12)
		tlb.keep_wp = true;
	__unmap_hugepage_range(&tlb, vma, start, end, ref_page);
	if (KERNEL >= V6_12)
		mmu_notifier_invalidate_range_end(ctx->m, HMMU_NOTIFY_CLEAR, mm, start, end);
	tlb_finish_mmu(&tlb);
}

/* The owner could not copy a page that children share. Unmap it from the children, so that the owner has it alone. False:
 * that took nothing away. A child that has moved its mapping is looked for at the owner's address; 6.12 then tries for
 * ever. */
static bool unmap_ref_private(struct ctx *ctx, u32 owner, u32 page, u64 address)
{
	struct hmmu *m = ctx->m;
	u64 pgoff = linear_page_index(m, owner, address);
	u32 file = vma_of(m, owner)->file;
	int32_t before = page_mapcount(m, page);

	for (u32 vma = i_mmap_first(m, file, pgoff, pgoff); vma; vma = i_mmap_next(m, vma, pgoff, pgoff))
		if (!(vma_of(m, vma)->resv & HPAGE_RESV_OWNER))
			unmap_hugepage_range(ctx, vma, address, address + PMD_SIZE, page);
	return page_mapcount(m, page) < before;
}

void copy_user_huge_page(struct hmmu *m, u32 to, u32 from)
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

static void break_cow(struct ctx *ctx, u32 vma, u64 address, u64 *pmd, u32 copy, bool unshare)
{
	struct hmmu *m = ctx->m;
	u32 old = pte_pfn(*pmd), mm = ctx->mm;
	u64 entry = make_huge_pte(m, vma, copy, !unshare);

	if (pte_uffd_wp(*pmd))
		entry = pte_mkuffd_wp(entry);

	copy_user_huge_page(m, copy, old);
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, mm, address, address + PMD_SIZE);
	table_lock(m, pmd);
	huge_ptep_clear_flush(m, mm, address, pmd);
	mmu_notifier_invalidate_range(m, mm, address, address + PMD_SIZE);
	*pmd = entry;
	page_remove_rmap(m, ctx->cpu, old, vma, true);
	hugepage_add_new_anon_rmap(m, copy, vma, address);
	table_unlock(m, pmd);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, mm, address, address + PMD_SIZE);
	put_page(m, old);
}

/* The page's only mapping may write without a copy. */
static bool reuse_hugetlb_page(struct hmmu *m, u32 vma, u64 *pmd, bool unshare)
{
	u32 page = pte_pfn(*pmd);

	if (page_mapcount(m, page) != 1)
		return false;
	page_move_anon_rmap(m, page, vma);
	SetPageAnonExclusive(m, page);
	if (!unshare)
		*pmd = pte_mkwrite(pte_mkdirty(*pmd));
	return true;
}

/*
 * The mapping that reserved the page has used its reservation for the page itself. It gets an unreserved page for the
 * copy, or else takes the page from the children that share it.
 */
static int hugetlb_cow(struct ctx *ctx, u32 vma, u64 address, u64 *pmd, bool unshare)
{
	struct hmmu *m = ctx->m;
	bool owner = vma_of(m, vma)->resv & HPAGE_RESV_OWNER;

	while (!reuse_hugetlb_page(m, vma, pmd, unshare)) {
		struct hugetlb_page copy = alloc_hugetlb_page(m, vma, pmd, owner);

		if (copy.pfn) {
			break_cow(ctx, vma, address, pmd, copy.pfn, unshare);
			return 0;
		}
		if (!owner || !unmap_ref_private(ctx, vma, pte_pfn(*pmd), address))
			return FAULT_SIGBUS;
	}
	return 0;
}

static void clear_hugetlb_page(struct hmmu *m, const struct hugetlb_page *page)
{
	for (u32 i = 0; i < HPAGE_PMD_NR && !page->zeroed; i++)
		clear_contents(m, page->pfn + i);
	page_set(m, page->pfn, HMMU_PG_UPTODATE);
}

/* A new page of a mapping whose anon_vma is made before the page in 6.12, behind it in 4.14. */
static int new_hugetlb_page(struct ctx *ctx, u32 vma, const u64 *pmd, struct hugetlb_page *page)
{
	struct hmmu *m = ctx->m;
	int result = KERNEL >= V6_12 ? vmf_anon_prepare(ctx, vma, pmd) : 0;

	if (result)
		return result;
	*page = alloc_hugetlb_page(m, vma, pmd, false);
	if (!page->pfn)
		return FAULT_SIGBUS;
	clear_hugetlb_page(m, page);
	result = vmf_anon_prepare(ctx, vma, pmd);
	if (result)
		restore_hugetlb_page(m, page);
	return result;
}

static int hugetlb_no_page(struct ctx *ctx, u32 vma, u64 address, u64 *pmd, bool write)
{
	struct hmmu *m = ctx->m;
	bool protected = pte_marker_uffd_wp(*pmd);
	struct hugetlb_page page;
	int result;

	/* A new page would look like data lost. */
	if ((vma_of(m, vma)->resv & HPAGE_RESV_UNMAPPED) || userfaultfd_missing(m, vma))
		return FAULT_SIGBUS;
	result = new_hugetlb_page(ctx, vma, pmd, &page);
	if (result)
		return result;
	table_lock(m, pmd);
	hugepage_add_new_anon_rmap(m, page.pfn, vma, address);
	*pmd = make_huge_pte(m, vma, page.pfn, false);
	if (protected)
		*pmd = pte_mkuffd_wp(*pmd);
	mm_of(m, ctx->mm)->hugetlb_usage += HPAGE_PMD_NR;
	table_unlock(m, pmd);
	/* A store to a protected page faults again. */
	return write && !protected ? hugetlb_cow(ctx, vma, address, pmd, false) : 0;
}

int hugetlb_fault(struct ctx *ctx, u32 vma, u64 address, u32 flags)
{
	struct hmmu *m = ctx->m;
	u64 *pmd = pmd_alloc(m, ctx->mm, address);
	bool write = flags & FAULT_FLAG_WRITE, unshare = KERNEL >= V6_12 && (flags & FAULT_FLAG_UNSHARE);

	address &= PMD_MASK;
	if (!pmd)
		return FAULT_OOM;
	if (huge_pte_none_mostly(*pmd))
		return hugetlb_no_page(ctx, vma, address, pmd, write);
	if (write && userfaultfd_pte_wp(m, vma, *pmd))
		return FAULT_SIGBUS;
	if ((write || unshare) && !pte_write(*pmd))
		return hugetlb_cow(ctx, vma, address, pmd, unshare);
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
		int result = hugetlb_fault(ctx, vma, address, flags & FOLL_WRITE ? FAULT_FLAG_WRITE : 0);

		if (fault_is_error(result))
			return result == FAULT_OOM ? -ENOMEM : -EFAULT;
		pmd = huge_pte_offset(m, ctx->mm, address);
	}
	*page = pte_pfn(*pmd) + table_index(address, PAGE_SHIFT);
	*page_mask = HPAGE_PMD_NR - 1;
	grab_page(m, *page, flags);
	return 0;
}
