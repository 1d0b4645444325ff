/* SPDX-License-Identifier: GPL-2.0-only */
/* MADV_COLLAPSE, as mm/khugepaged.c does it for anonymous memory. The page cache has no huge pages here. */
#include "call/collapse.h"

#include <errno.h>

#include "fault/fault.h"
#include "fault/huge_wp.h"
#include "mm/mm.h"
#include "mm/mmu_notifier.h"
#include "mm/rmap_lock.h"
#include "mm/swap.h"
#include "mm/tlb.h"
#include "mm/userfaultfd.h"
#include "mm/vma_lock.h"
#include "page/contents.h"
#include "page/frame.h"
#include "page/lru.h"
#include "page/memcg.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"

/** Why a block of 2 MiB is not made huge: enum scan_result of the kernel. BLOCKED and -EDEADLK besides. */
enum scan_result {
	SCAN_SUCCEED,
	SCAN_FAIL,
	SCAN_PMD_NULL,
	SCAN_PMD_NONE,
	SCAN_PMD_MAPPED,
	SCAN_EXCEED_NONE_PTE,
	SCAN_PTE_NON_PRESENT,
	SCAN_PTE_UFFD_WP,
	SCAN_PAGE_RO,
	SCAN_PAGE_NULL,
	SCAN_PAGE_ANON,
	SCAN_PAGE_COUNT,
	SCAN_PAGE_LRU,
	SCAN_PAGE_LOCK,
	SCAN_VMA_CHECK,
	SCAN_ALLOC_HUGE_PAGE_FAIL,
	SCAN_CGROUP_CHARGE_FAIL,
};

struct collapse {
	struct ctx *ctx;
	u32 vma;
	u64 address; /**< of the block */
	u64 *pmd;
	u64 fault_at; /**< where the faults of this block go on after a wait, 0: they have not begun */
	u64 waits_at; /**< the block's address, or that of the page whose fault waits */
};

/* madvise_collapse_errno() */
static int errno_of_scan(int result)
{
	switch (result) {
	case SCAN_ALLOC_HUGE_PAGE_FAIL:
		return -ENOMEM;
	case SCAN_CGROUP_CHARGE_FAIL:
	case SCAN_EXCEED_NONE_PTE:
		return -EBUSY;
	case SCAN_PAGE_COUNT:
	case SCAN_PAGE_LOCK:
	case SCAN_PAGE_LRU:
		return -EAGAIN;
	default:
		return -EINVAL;
	}
}

bool is_errno_of_collapse(u64 number)
{
	return !number || number == ENOMEM || number == EBUSY || number == EAGAIN || number == EINVAL;
}

/* Whether other blocks are still looked at. */
static bool goes_on_after(int result)
{
	switch (result) {
	case SCAN_SUCCEED:
	case SCAN_PMD_MAPPED:
	case SCAN_PMD_NULL:
	case SCAN_PTE_NON_PRESENT:
	case SCAN_PTE_UFFD_WP:
	case SCAN_PAGE_RO:
	case SCAN_PAGE_NULL:
	case SCAN_PAGE_COUNT:
	case SCAN_PAGE_LOCK:
	case SCAN_PAGE_LRU:
		return true;
	default:
		return false;
	}
}

/* thp_vma_allowable_order(): /sys/kernel/mm/transparent_hugepage/enabled is not asked. */
static bool may_be_huge(const struct hmmu *m, u32 vma)
{
	const struct vma *v = vma_of(m, vma);
	u64 last = (v->end & PMD_MASK) - PMD_SIZE;

	if (v->flags & (VM_NOHUGEPAGE | VM_SPECIAL | VM_HUGETLB) || !vma_is_anonymous(m, vma) || !v->anon_vma)
		return false;
	return v->end >= PMD_SIZE && last >= v->start;
}

/* hugepage_vma_revalidate(), and the pmd: mmap_sem was dropped. */
static int find_block(struct collapse *c)
{
	struct hmmu *m = c->ctx->m;

	c->vma = vma_at(m, c->ctx->mm, c->address);
	if (!c->vma || vma_of(m, c->vma)->end < c->address + PMD_SIZE || !may_be_huge(m, c->vma))
		return SCAN_VMA_CHECK;
	c->pmd = mm_find_pmd(m, c->ctx->mm, c->address);
	if (!c->pmd)
		return SCAN_PMD_NULL;
	if (pmd_none(*c->pmd))
		return SCAN_PMD_NONE;
	return pmd_trans_huge(*c->pmd) ? SCAN_PMD_MAPPED : SCAN_SUCCEED;
}

static bool is_none_or_zero(const struct hmmu *m, u64 pte)
{
	return pte_none(pte) || (pte_present(pte) && is_zero_pfn(m, pte_pfn(pte)));
}

/* is_refcount_suitable(): all references are those of mappings and of the swap cache. */
static bool is_refcount_suitable(const struct hmmu *m, u32 head)
{
	int32_t expected = total_mapcount(m, head) + (PageSwapCache(m, head) ? (int32_t)hpage_nr_pages(m, head) : 0);

	return page_count(m, head) == expected;
}

static int scan_page(const struct hmmu *m, u64 pte)
{
	u32 page = vm_normal_page(m, pte), head = compound_head(m, page);

	if (!page || is_zone_device_page(m, page))
		return SCAN_PAGE_NULL;
	if (!PageAnon(m, page))
		return SCAN_PAGE_ANON;
	if (!page_test(m, head, HMMU_PG_LRU))
		return SCAN_PAGE_LRU;
	if (page_test(m, head, HMMU_PG_LOCKED))
		return SCAN_PAGE_LOCK;
	return is_refcount_suitable(m, head) ? SCAN_SUCCEED : SCAN_PAGE_COUNT;
}

/* One entry of hpage_collapse_scan_pmd() and of __collapse_huge_page_isolate(). */
static int scan_pte(const struct collapse *c, u64 pte)
{
	const struct hmmu *m = c->ctx->m;

	if (is_none_or_zero(m, pte))
		return userfaultfd_armed(m, c->vma) ? SCAN_EXCEED_NONE_PTE : SCAN_SUCCEED;
	if (!pte_present(pte))
		return pte_swp_uffd_wp(pte) || pte_marker_uffd_wp(pte) ? SCAN_PTE_UFFD_WP : SCAN_SUCCEED;
	return pte_uffd_wp(pte) ? SCAN_PTE_UFFD_WP : scan_page(m, pte);
}

/* Whether all entries can be part of a huge page; *absent becomes the number of those to be faulted in first. */
static int scan_ptes(const struct collapse *c, u32 *absent)
{
	struct hmmu *m = c->ctx->m;
	const u64 *pte = pte_offset(m, *c->pmd, c->address);
	bool writable = false;

	*absent = 0;
	for (u32 i = 0; i < HPAGE_PMD_NR; i++) {
		int result = scan_pte(c, pte[i]);

		if (result != SCAN_SUCCEED)
			return result;
		*absent += is_swap_pte(pte[i]);
		writable |= pte_present(pte[i]) && pte_write(pte[i]);
	}
	return writable ? SCAN_SUCCEED : SCAN_PAGE_RO;
}

/* __collapse_huge_page_swapin(): entries that are not present are brought in, as loads do it. Each gets one fault: an entry
 * that was waited for is not looked at again. A fault may give mmap_lock up to wait for a page; then this block is given up,
 * too. */
static int fault_in(struct collapse *c, u64 from)
{
	struct ctx *ctx = c->ctx;

	for (u64 address = from; address < c->address + PMD_SIZE; address += PAGE_SIZE) {
		int result;

		if (!is_swap_pte(*pte_offset(ctx->m, *c->pmd, address)))
			continue;
		ctx->fault_flags = FAULT_FLAG_ALLOW_RETRY;
		result = handle_mm_fault(ctx, c->vma, address, 0);
		ctx->fault_flags = 0;
		c->waits_at = result == BLOCKED ? address : c->address;
		if (result == BLOCKED || result == -EDEADLK)
			return result;
		if (fault_is_error(result))
			return SCAN_FAIL;
	}
	lru_add_drain(ctx->m, ctx->cpu);
	return SCAN_SUCCEED;
}

/* alloc_charge_folio(): a huge page, charged and not yet committed; 0: *result tells why there is none. */
static u32 alloc_charged(struct ctx *ctx, int *result)
{
	struct hmmu *m = ctx->m;
	u32 page = alloc_huge_page(m);

	*result = page ? SCAN_SUCCEED : SCAN_ALLOC_HUGE_PAGE_FAIL;
	if (!page || mem_cgroup_try_charge(ctx, HPAGE_PMD_NR))
		return page;
	put_page(m, page);
	*result = SCAN_CGROUP_CHARGE_FAIL;
	return 0;
}

static void cancel_charged(struct hmmu *m, u32 page)
{
	mem_cgroup_cancel_charge(m, HPAGE_PMD_NR);
	put_page(m, page);
}

/** The pages of a block that are taken off their lists while they are copied. */
struct isolated {
	u32 nr;
	u32 pages[HPAGE_PMD_NR];
};

/* __collapse_huge_page_isolate(): take the pages off their lists. Nobody can lock them meanwhile, so they are not locked. */
static int isolate(const struct collapse *c, struct isolated *isolated)
{
	struct hmmu *m = c->ctx->m;
	const u64 *pte = pte_offset(m, *c->pmd, c->address);
	u32 absent;
	int result = scan_ptes(c, &absent);

	if (result == SCAN_SUCCEED && absent)
		result = SCAN_PTE_NON_PRESENT;
	for (u32 i = 0; result == SCAN_SUCCEED && i < HPAGE_PMD_NR; i++) {
		u32 head = is_none_or_zero(m, pte[i]) ? 0 : compound_head(m, pte_pfn(pte[i]));

		/* A large page is isolated with its first entry. */
		if (head && isolate_lru_page(m, head))
			isolated->pages[isolated->nr++] = head;
	}
	return result;
}

/* __collapse_huge_page_copy(): @huge gets the contents, the pages lose their entries. Small pages are put back before
 * that, so that a pagevec has the last reference; large ones afterwards. */
static void copy_and_unmap(const struct collapse *c, u64 *pte, const struct isolated *isolated, u32 huge)
{
	struct ctx *ctx = c->ctx;
	struct hmmu *m = ctx->m;

	for (u32 i = 0; i < HPAGE_PMD_NR; i++) {
		u32 page = is_none_or_zero(m, pte[i]) ? 0 : pte_pfn(pte[i]);

		pte[i] = 0;
		if (!page)
			continue;
		copy_contents(m, huge + i, page);
		add_mm_counter(m, ctx->mm, MM_ANONPAGES, -1);
		if (!PageCompound(m, page))
			putback_lru_page(m, ctx->cpu, page);
		page_remove_rmap(m, ctx->cpu, page, c->vma, false);
		free_swap_cache(m, compound_head(m, page));
		put_page(m, page);
	}
	for (u32 i = 0; i < isolated->nr; i++)
		if (PageCompound(m, isolated->pages[i]))
			putback_lru_page(m, ctx->cpu, isolated->pages[i]);
}

/* The part of collapse_huge_page() with mmap_sem for writing. The page is used up if it returns SCAN_SUCCEED. */
static int collapse_locked(struct collapse *c, u32 huge)
{
	struct ctx *ctx = c->ctx;
	struct hmmu *m = ctx->m;
	struct fault vmf = { .ctx = ctx, .address = c->address };
	struct isolated isolated = { .nr = 0 };
	u32 table;
	int result = find_block(c);

	if (result == SCAN_SUCCEED)
		result = vma_start_write(ctx, c->vma);
	if (result != SCAN_SUCCEED)
		return result;
	/* The new huge page is charged, and nothing says so yet. */
	if (m->stops)
		rmap_lock_press(ctx, rmap_locks_of_vma(m, c->vma), true);
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, ctx->mm, c->address, c->address + PMD_SIZE);
	flush_tlb_range(m, ctx->mm, c->address, c->address + PMD_SIZE);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, ctx->mm, c->address, c->address + PMD_SIZE);
	result = isolate(c, &isolated);
	if (result != SCAN_SUCCEED)
		return result;
	table = pte_pfn(*c->pmd);
	copy_and_unmap(c, table_of(m, table), &isolated, huge);
	page_set(m, huge, HMMU_PG_UPTODATE);
	vmf.vma = c->vma;
	count_huge_page(&vmf, huge);
	pgtable_trans_huge_deposit(m, c->pmd, table);
	*c->pmd = writable_huge_pmd(m, c->vma, huge);
	return SCAN_SUCCEED;
}

/* The part with mmap_sem for reading, which ends without it if it returns SCAN_SUCCEED. */
static int scan_block(struct collapse *c)
{
	u64 from = c->fault_at ? c->fault_at : c->address;
	u32 absent = c->fault_at != 0;
	int result = down_read(c->ctx);

	if (!result)
		result = find_block(c);
	if (result == SCAN_SUCCEED && !absent)
		result = scan_ptes(c, &absent);
	c->fault_at = 0;
	if (result == SCAN_SUCCEED && absent)
		result = fault_in(c, from);
	if (result != SCAN_SUCCEED)
		return result;
	/* A migration of this task keeps mmap_sem for reading; waiting to write would be waiting for itself. */
	if (c->ctx->nested)
		return -EDEADLK;
	up_sem(c->ctx);
	return SCAN_SUCCEED;
}

/* hpage_collapse_scan_pmd(). The kernel has the huge page while it waits for mmap_sem; here it is allocated again. */
static int collapse_block(struct collapse *c)
{
	struct ctx *ctx = c->ctx;
	struct hmmu *m = ctx->m;
	bool waited = ctx->self->sem_hold == SEM_WRITE;
	int result;
	u32 huge;

	c->waits_at = c->address;
	/* VM_FAULT_RETRY */
	if (ctx->resume == RESUME_FAULT_TRIED) {
		ctx->resume = RESUME_RETRY;
		return SCAN_PAGE_LOCK;
	}
	result = waited ? SCAN_SUCCEED : scan_block(c);
	huge = result == SCAN_SUCCEED ? alloc_charged(ctx, &result) : 0;
	if (!huge)
		return result;
	result = down_write(ctx);
	if (!result)
		result = collapse_locked(c, huge);
	if (result != SCAN_SUCCEED)
		cancel_charged(m, huge);
	return result;
}

/* 0: done with all blocks; a failure is noted. Else the call waits, or ends. */
static int collapse_blocks(struct collapse *c, u64 last)
{
	struct progress *progress = &c->ctx->progress;

	for (; c->address < last; c->address += PMD_SIZE) {
		int result = collapse_block(c);

		if (result < 0) {
			progress->at = c->waits_at;
			return result;
		}
		if (c->ctx->self->sem_hold == SEM_WRITE)
			up_sem(c->ctx);
		if (result != SCAN_SUCCEED && result != SCAN_PMD_MAPPED)
			progress->result = (u64)-errno_of_scan(result);
		if (!goes_on_after(result))
			break;
	}
	return 0;
}

/* Go on at the block in which the call waited. A fault that waited for a migration is over; one that has its page's lock
 * now goes on. */
static void begin_at(struct collapse *c, u64 first)
{
	const struct ctx *ctx = c->ctx;
	u64 at = ctx->progress.at;

	c->address = at > first ? at & PMD_MASK : first;
	if (at >= first && ctx->waited == HMMU_WAIT_PAGE_LOCK && ctx->resume != RESUME_FAULT_TRIED)
		c->fault_at = ctx->resume == RESUME_LOCKED ? at : at + PAGE_SIZE;
}

/* Whether the call has waited in this mapping, after its checks. */
static bool is_resumed(const struct ctx *ctx, u64 start)
{
	return ctx->progress.at > start || ctx->self->sem_hold == SEM_WRITE || ctx->waited == HMMU_WAIT_PAGE_LOCK ||
	       ctx->resume == RESUME_FAULT_TRIED;
}

int madvise_collapse(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	struct collapse c = { .ctx = ctx };
	struct progress *progress = &ctx->progress;
	u64 first = (start + PMD_SIZE - 1) & PMD_MASK, last = end & PMD_MASK;
	bool resumed = is_resumed(ctx, start);
	int err;

	/* The call waited in a later mapping; this one was done without a failure. */
	if (progress->at > end)
		return 0;
	if (!resumed && !may_be_huge(ctx->m, vma))
		return -EINVAL;
	/* A range within one block ends before the first whole one. */
	if (last < first)
		return -EINVAL;
	if (!resumed)
		lru_add_drain_all(ctx->m);
	begin_at(&c, first);
	err = collapse_blocks(&c, last);
	if (err)
		return err;
	/* A call that waits here has no block left. */
	if (progress->at < end)
		progress->at = end;
	err = down_read(ctx);
	return err ? err : -(int)progress->result;
}
