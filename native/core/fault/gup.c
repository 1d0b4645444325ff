/* SPDX-License-Identifier: GPL-2.0-only */
/* follow_page(), get_user_pages() of single pages, and populating a range for mlock(). */
#include <errno.h>

#include "fault/device_fault.h"
#include "fault/gup.h"
#include "fault/fault.h"
#include "fault/hugetlb.h"
#include "page/lru.h"
#include "page/mlock.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"
#include "mm/stop.h"

/* 4.14 forces a write once copy-on-write is broken. In 6.12 nobody here forces one. */
static bool can_follow_write(u64 entry, u32 flags)
{
	if (KERNEL >= V6_12)
		return pte_write(entry);
	return pte_write(entry) || ((flags & FOLL_FORCE) && (flags & FOLL_COW) && pte_dirty(entry));
}

/* A pin that only reads must not lose its page to a later copy: "mm/gup: trigger FAULT_FLAG_UNSHARE when R/O-pinning a
 * possibly shared anonymous page". One that lasts must not miss the stores of its process either, which go to a copy of the zero
 * page, or of a file's: "mm/gup: reliable R/O long-term pinning in COW mappings". */
static bool gup_must_unshare(const struct hmmu *m, u32 vma, u64 entry, u32 page, u32 flags)
{
	if (KERNEL < V6_12 || (flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN || pte_write(entry))
		return false;
	if (PageAnon(m, page))
		return !PageAnonExclusive(m, page);
	return flags & FOLL_LONGTERM && is_cow_mapping(vma_of(m, vma)->flags);
}

static u32 no_page_table(const struct hmmu *m, u32 vma, u32 flags, int *err)
{
	if ((flags & FOLL_DUMP) && !vma_of(m, vma)->file)
		*err = -EFAULT;
	return 0;
}

static void mlock_followed(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;

	if (!page_of(m, page)->mapping || !trylock_page(m, page))
		return;
	/* Pages in a pagevec can't be isolated. */
	lru_add_drain(m, ctx->cpu);
	mlock_vma_page(m, ctx->cpu, page);
	unlock_page(m, page);
}

static u32 follow_page_pte(struct ctx *ctx, u32 vma, u64 pte, u32 flags, int *err)
{
	struct hmmu *m = ctx->m;
	u32 page;

	if (!pte_present(pte))
		return no_page_table(m, vma, flags, err);
	if ((flags & FOLL_WRITE) && !can_follow_write(pte, flags))
		return 0;
	page = vm_normal_page(m, pte);
	if (!page) {
		if ((flags & FOLL_DUMP) || !is_zero_pfn(m, pte_pfn(pte))) {
			*err = -EFAULT;
			return 0;
		}
		page = pte_pfn(pte);
	}
	if (gup_must_unshare(m, vma, pte, page, flags)) {
		*err = -EMLINK;
		return 0;
	}
	grab_page(m, page, flags);
	if (flags & FOLL_TOUCH) {
		if ((flags & FOLL_WRITE) && !pte_dirty(pte) && !page_test(m, compound_head(m, page), HMMU_PG_DIRTY))
			page_set(m, compound_head(m, page), HMMU_PG_DIRTY);
		mark_page_accessed(m, ctx->cpu, page);
	}
	if (KERNEL < V6_12 && (flags & FOLL_MLOCK) && (vma_of(m, vma)->flags & VM_LOCKED) && !PageCompound(m, page))
		mlock_followed(ctx, page);
	return page;
}

static void mlock_followed_huge(struct ctx *ctx, u32 head)
{
	struct hmmu *m = ctx->m;

	if (compound_mapcount(m, head) == 1 && !page_test(m, head, HMMU_PG_DOUBLE_MAP))
		mlock_followed(ctx, head);
}

static u32 follow_trans_huge_pmd(struct ctx *ctx, u32 vma, u64 address, u64 *pmd, u32 flags, int *err)
{
	struct hmmu *m = ctx->m;
	u32 head = pte_pfn(*pmd), page = head + table_index(address, PAGE_SHIFT);

	if ((flags & FOLL_WRITE) && !can_follow_write(*pmd, flags))
		return 0;
	if ((flags & FOLL_DUMP) && is_huge_zero_pmd(m, *pmd)) {
		*err = -EFAULT;
		return 0;
	}
	if (gup_must_unshare(m, vma, *pmd, head, flags)) {
		*err = -EMLINK;
		return 0;
	}
	/* touch_pmd(): x86 stores the new value only if it sets the dirty bit. */
	if ((flags & FOLL_TOUCH) && (flags & FOLL_WRITE))
		*pmd = pte_mkyoung(pte_mkdirty(*pmd));
	if (KERNEL < V6_12 && (flags & FOLL_MLOCK) && (vma_of(m, vma)->flags & VM_LOCKED))
		mlock_followed_huge(ctx, head);
	grab_page(m, page, flags);
	return page;
}

u32 follow_page(struct ctx *ctx, u32 vma, u64 address, u32 flags, int *err, u64 *page_mask)
{
	struct hmmu *m = ctx->m;
	u64 *pmd = mm_find_pmd(m, vma_of(m, vma)->mm, address);

	*page_mask = 0;
	if (!pmd || pmd_maps_nothing(*pmd))
		return no_page_table(m, vma, flags, err);
	if (KERNEL >= V6_12 && (flags & FOLL_SPLIT_PMD) && pmd_trans_huge(*pmd))
		__split_huge_pmd(ctx, vma, pmd, address, false, 0);
	if (!pmd_trans_huge(*pmd))
		return follow_page_pte(ctx, vma, *pte_offset(m, *pmd, address), flags, err);
	*page_mask = HPAGE_PMD_NR - 1;
	return follow_trans_huge_pmd(ctx, vma, address, pmd, flags, err);
}

static int check_vma_flags(const struct hmmu *m, u32 vma, u32 flags)
{
	u32 vm_flags = vma_of(m, vma)->flags;

	if (vm_flags & (VM_IO | VM_PFNMAP))
		return -EFAULT;
	/* "mm/gup: reject FOLL_SPLIT_PMD with hugetlb VMAs" */
	if (KERNEL >= V6_12 && (flags & FOLL_SPLIT_PMD) && vm_flags & VM_HUGETLB)
		return -EOPNOTSUPP;
	if (flags & FOLL_WRITE)
		return vm_flags & VM_WRITE || ((flags & FOLL_FORCE) && is_cow_mapping(vm_flags)) ? 0 : -EFAULT;
	/* On x86 writable memory is readable. */
	return (vm_flags & (VM_READ | VM_WRITE)) || (flags & FOLL_FORCE) ? 0 : -EFAULT;
}

/* What the fault may do to wait for a page: enum fault_flag. */
static u8 retry_flags(const struct ctx *ctx, u32 flags)
{
	if (!(flags & FOLL_UNLOCKABLE))
		return 0;
	return FAULT_FLAG_ALLOW_RETRY | (ctx->resume == RESUME_FAULT_TRIED ? FAULT_COUNTED : 0) |
	       (flags & FOLL_TRIED ? FAULT_FLAG_TRIED : 0);
}

static int faultin_page(struct ctx *ctx, u32 vma, u64 address, u32 *flags, bool unshare)
{
	u32 fault_flags = (*flags & FOLL_WRITE ? FAULT_FLAG_WRITE : 0) | (unshare ? FAULT_FLAG_UNSHARE : 0);
	struct at_hand hand = { .place = *flags | (u64)ctx->resume << 32 };
	int result;

	if (KERNEL < V6_12 && (*flags & (FOLL_POPULATE | FOLL_MLOCK)) == FOLL_MLOCK)
		return -ENOENT;
	if (KERNEL >= V6_12)
		ctx->fault_flags = retry_flags(ctx, *flags);
	at_hand_begin(ctx, &hand);
	result = handle_mm_fault(ctx, vma, address, fault_flags);
	at_hand_end(ctx, &hand);
	if (KERNEL >= V6_12)
		ctx->fault_flags &= FAULT_AT_LIMIT;
	if (result == BLOCKED || result == -EDEADLK)
		return result;
	if (result == FAULT_OOM)
		return -ENOMEM;
	if (fault_is_error(result))
		return -EFAULT;
	if (result == FAULT_DONE_WRITE && !(vma_of(ctx->m, vma)->flags & VM_WRITE))
		*flags |= FOLL_COW;
	return 0;
}

int get_user_page(struct ctx *ctx, u32 vma, u64 address, u32 flags, u32 *page, u64 *page_mask)
{
	int err = device_fault_failed(ctx) ? -EFAULT : check_vma_flags(ctx->m, vma, flags);

	if (KERNEL < V6_12 && !err && is_vm_hugetlb_page(ctx->m, vma))
		return follow_hugetlb_page(ctx, vma, address, flags, page, page_mask);
	for (u32 faults = 0; !err; faults++) {
		bool unshare;

		*page = follow_page(ctx, vma, address, flags, &err, page_mask);
		unshare = KERNEL >= V6_12 && err == -EMLINK;
		if (*page || (err && !unshare))
			break;
		err = faults < MAX_FAULTS ? faultin_page(ctx, vma, address, &flags, unshare) : -EFAULT;
	}
	return err;
}

static u32 populate_flags(u32 vm_flags)
{
	/* 6.12 sets mlock marks by the rmap. */
	u32 flags = FOLL_TOUCH | (KERNEL < V6_12 ? FOLL_POPULATE | FOLL_MLOCK : FOLL_UNLOCKABLE);

	/* Copy-on-write is broken now rather than at the first store. */
	if ((vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		flags |= FOLL_WRITE;
	if (vm_flags & (VM_READ | VM_WRITE))
		flags |= FOLL_FORCE;
	return flags;
}

/* __get_user_pages() that wants no pages. A call that waits goes on at its progress. */
static int populate_pages(struct ctx *ctx, u32 vma, u64 *start, u64 end, u32 flags)
{
	struct progress *progress = &ctx->progress;
	u64 first = progress->gup_first ? progress->gup_first : *start;

	progress->gup_first = 0;
	while (*start < end) {
		struct at_hand hand = { .place = *start > first };
		u64 page_mask;
		u32 page;
		int err;

		at_hand_begin(ctx, &hand);
		err = get_user_page(ctx, vma, *start, flags, &page, &page_mask);
		at_hand_end(ctx, &hand);

		/* A blocked call goes on here. Touching a page again would age it wrongly. */
		if (err == BLOCKED) {
			progress->at = *start;
			progress->gup_first = first;
		}
		/* If it got some pages, get_user_pages() returns their number. The next call returns the error. */
		if (err)
			return err != BLOCKED && *start > first ? 0 : err;
		if (KERNEL >= V6_12) {
			flags &= ~(u32)FOLL_TRIED;
			ctx->resume = RESUME_RETRY;
		}
		*start += (1 + (~(*start >> PAGE_SHIFT) & page_mask)) * PAGE_SIZE;
		if (*start < end)
			switch_point(ctx, HMMU_SWITCH_GUP, *start);
	}
	return 0;
}

/* "mm/munlock: mlock_page() munlock_page() batch by pagevec": the marks are set when the call ends. */
static int populate_and_drain(struct ctx *ctx, u32 vma, u64 *start, u64 end, u32 flags)
{
	int err = populate_pages(ctx, vma, start, end, flags);

	if (KERNEL >= V6_12 && err != BLOCKED)
		lru_add_drain(ctx->m, ctx->cpu);
	return err;
}

int populate_vma_page_range(struct ctx *ctx, u32 vma, u64 *start, u64 end)
{
	return populate_and_drain(ctx, vma, start, end, populate_flags(vma_of(ctx->m, vma)->flags));
}

int faultin_page_range(struct ctx *ctx, u32 vma, u64 *start, u64 end, bool write)
{
	u32 flags = FOLL_TOUCH | FOLL_UNLOCKABLE | (write ? FOLL_WRITE : 0);

	if (ctx->resume == RESUME_FAULT_TRIED)
		flags |= FOLL_TRIED;
	if (check_vma_flags(ctx->m, vma, flags))
		return -EINVAL;
	return populate_and_drain(ctx, vma, start, end, flags);
}

int mm_populate(struct ctx *ctx, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	int err = 0;

	if (ctx->progress.at > start)
		start = ctx->progress.at;
	/* A fault that gives mmap_lock up ends this get_user_pages(). */
	if (KERNEL >= V6_12 && ctx->resume == RESUME_FAULT_TRIED) {
		ctx->progress.gup_first = 0;
		lru_add_drain(m, ctx->cpu);
	}
	while (!err && start < end) {
		u32 vma = find_vma(m, ctx->mm, start);
		u64 to;

		if (!vma || vma_of(m, vma)->start >= end)
			break;
		to = end < vma_of(m, vma)->end ? end : vma_of(m, vma)->end;
		if (start < vma_of(m, vma)->start)
			start = vma_of(m, vma)->start;
		if (vma_of(m, vma)->flags & (VM_IO | VM_PFNMAP))
			start = to;
		else
			err = populate_vma_page_range(ctx, vma, &start, to);
	}
	return err;
}
