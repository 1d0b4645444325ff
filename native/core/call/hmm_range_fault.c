/* SPDX-License-Identifier: GPL-2.0-only */
/* hmm_range_fault(): what the page tables say of a range, with what is missing faulted in. Linux 6.12. */
#include "call/hmm_range_fault.h"

#include <errno.h>

#include "call/syscall.h"
#include "fault/fault.h"
#include "fault/hugetlb.h"
#include "mm/interval_notifier.h"
#include "mm/vma.h"
#include "page/devmem.h"

#define ORDER_OF_PMD (9ull << HMMU_RANGE_ORDER_SHIFT)

/** hmm_pte_need_fault(): what has to be done before a page is as it was asked for. */
enum need { NEED_FAULT = 1, NEED_WRITE = 2 };

struct hmm_vma_walk {
	struct ctx *ctx;
	const struct hmmu_range *range;
	u64 last; /**< words below are results, all others are still inputs */
};

static u64 *word_at(const struct hmmu_range *range, u64 address)
{
	return range->pfns + ((address - range->start) >> PAGE_SHIFT);
}

static void fill_words(const struct hmmu_range *range, u64 address, u64 end, u64 word, u64 step)
{
	u64 *words = word_at(range, address);

	for (u64 i = 0; i < (end - address) >> PAGE_SHIFT; i++)
		words[i] = word + i * step;
}

static u32 hmm_pte_need_fault(const struct hmmu_range *range, u64 word, u64 cpu_flags)
{
	u64 asked = (word & range->pfn_flags_mask) | range->default_flags;

	if (!(asked & HMMU_RANGE_REQ_FAULT))
		return 0;
	if ((asked & HMMU_RANGE_REQ_WRITE) && !(cpu_flags & HMMU_RANGE_WRITE))
		return NEED_FAULT | NEED_WRITE;
	return cpu_flags & HMMU_RANGE_VALID ? 0 : NEED_FAULT;
}

/* What the pages of a part need together. */
static u32 hmm_range_need_fault(const struct hmmu_range *range, u64 address, u64 end, u64 cpu_flags)
{
	const u64 *words = word_at(range, address);
	u32 need = 0;

	if (!((range->default_flags | range->pfn_flags_mask) & HMMU_RANGE_REQ_FAULT))
		return 0;
	for (u64 i = 0; i < (end - address) >> PAGE_SHIFT && need != (NEED_FAULT | NEED_WRITE); i++)
		need |= hmm_pte_need_fault(range, words[i], cpu_flags);
	return need;
}

static u64 pte_to_hmm_pfn_flags(u64 entry)
{
	return HMMU_RANGE_VALID | (pte_write(entry) ? HMMU_RANGE_WRITE : 0);
}

static bool is_own_device_entry(const struct hmm_vma_walk *walk, u64 pte)
{
	return walk->range->owner && is_device_private_entry(pte) &&
	       device_owner(walk->ctx->m, swp_offset(pte)) == walk->range->owner;
}

static u64 flags_of_own_entry(u64 pte)
{
	return HMMU_RANGE_VALID | (is_write_device_private_entry(pte) ? HMMU_RANGE_WRITE : 0);
}

static u64 flags_of_pte(const struct hmm_vma_walk *walk, u64 pte)
{
	if (pte_present(pte))
		return pte_to_hmm_pfn_flags(pte);
	return is_own_device_entry(walk, pte) ? flags_of_own_entry(pte) : 0;
}

/* What one page needs by its own entry, without the quirk mirror-fault-overshoots. */
static u32 need_at(const struct hmm_vma_walk *walk, u64 address)
{
	const struct hmmu *m = walk->ctx->m;
	const u64 *pmd = mm_find_pmd(m, walk->ctx->mm, address);
	u64 flags;

	if (!pmd || pmd_maps_nothing(*pmd))
		flags = 0;
	else if (pmd_trans_huge(*pmd))
		flags = pte_to_hmm_pfn_flags(*pmd);
	else
		flags = flags_of_pte(walk, *pte_offset(m, *pmd, address));
	return hmm_pte_need_fault(walk->range, *word_at(walk->range, address), flags);
}

/* The call goes on where it waits: in the walk, or in the faults of [address, end). */
static int blocked(struct hmm_vma_walk *walk, u64 address, u64 end, bool write)
{
	struct progress *progress = &walk->ctx->progress;

	progress->at = walk->last;
	progress->gup_first = address;
	progress->result = end | write;
	return BLOCKED;
}

/* Fault pages in; then the walk begins again. The kernel faults in each page up to the end of the part, also pages that nobody
 * asked for, and all of them for writing if the first one is. */
static int fault_pages(struct hmm_vma_walk *walk, u32 vma, u64 address, u64 end, bool write)
{
	struct ctx *ctx = walk->ctx;
	bool all = quirk(ctx->m, HMMU_QUIRK_MIRROR_FAULT_OVERSHOOTS);

	for (; address < end; address += PAGE_SIZE) {
		u32 need = all || ctx->resume == RESUME_LOCKED ? NEED_FAULT : need_at(walk, address);
		int result;

		if (!need)
			continue;
		if (!all && need & NEED_WRITE && !(vma_of(ctx->m, vma)->flags & VM_WRITE))
			break;
		result = handle_mm_fault(ctx, vma, address, write || need & NEED_WRITE ? FAULT_FLAG_WRITE : 0);
		if (result == BLOCKED)
			return blocked(walk, address, end, write);
		if (result == -EDEADLK)
			return result;
		if (fault_is_error(result))
			return -EFAULT;
	}
	return -EBUSY;
}

static int hmm_vma_fault(struct hmm_vma_walk *walk, u32 vma, u64 address, u64 end, u32 need)
{
	walk->last = address;
	if (need & NEED_WRITE && !(vma_of(walk->ctx->m, vma)->flags & VM_WRITE))
		return -EPERM;
	return fault_pages(walk, vma, address, end,
			   quirk(walk->ctx->m, HMMU_QUIRK_MIRROR_FAULT_OVERSHOOTS) && need & NEED_WRITE);
}

/* No page can be mapped: there is no mapping, no right to read, or the pmd is bad. */
static int hmm_vma_walk_error(const struct hmmu_range *range, u64 address, u64 end)
{
	if (hmm_range_need_fault(range, address, end, 0))
		return -EFAULT;
	fill_words(range, address, end, HMMU_RANGE_ERROR, 0);
	return 0;
}

static int hmm_vma_walk_hole(struct hmm_vma_walk *walk, u32 vma, u64 address, u64 end)
{
	u32 need = hmm_range_need_fault(walk->range, address, end, 0);

	if (need)
		return hmm_vma_fault(walk, vma, address, end, need);
	fill_words(walk->range, address, end, 0, 0);
	return 0;
}

/* A huge pmd, also one of a hugetlb mapping: then the word has the order even if nothing is mapped. */
static int hmm_vma_handle_pmd(struct hmm_vma_walk *walk, u32 vma, u64 pmd, u64 address, u64 end)
{
	u64 flags = (pmd_trans_huge(pmd) ? pte_to_hmm_pfn_flags(pmd) : 0) | ORDER_OF_PMD;
	u64 pfn = pmd_trans_huge(pmd) ? pte_pfn(pmd) + table_index(address, PAGE_SHIFT) : 0;
	u32 need = hmm_range_need_fault(walk->range, address, end, flags);

	if (need)
		return hmm_vma_fault(walk, vma, address, end, need);
	fill_words(walk->range, address, end, pfn | flags, pmd_trans_huge(pmd));
	return 0;
}

static int wait_for_migration(struct hmm_vma_walk *walk, u64 address, u64 entry)
{
	int result;

	walk->last = address;
	result = migration_entry_wait(walk->ctx, entry);
	if (result == BLOCKED)
		return blocked(walk, 0, 0, false);
	return result ? result : -EBUSY;
}

/* An entry of the swap format, other than a marker. */
static int handle_absent_pte(struct hmm_vma_walk *walk, u32 vma, u64 pte, u64 address, u64 end)
{
	u64 *word = word_at(walk->range, address);
	u64 flags = is_own_device_entry(walk, pte) ? flags_of_own_entry(pte) : 0;
	u32 need = hmm_pte_need_fault(walk->range, *word, flags);

	/* The kernel reports its own page without a look at what was asked for. */
	if (flags && (!need || quirk(walk->ctx->m, HMMU_QUIRK_MIRROR_OWN_READ_ENTRY)))
		*word = swp_offset(pte) | flags;
	else if (!need)
		*word = 0;
	else if (!non_swap_entry(pte) || is_device_private_entry(pte) || is_device_exclusive_entry(pte))
		return hmm_vma_fault(walk, vma, address, end, need);
	else if (is_migration_entry(pte))
		return wait_for_migration(walk, address, pte);
	else
		return -EFAULT;
	return 0;
}

static int hmm_vma_handle_pte(struct hmm_vma_walk *walk, u32 vma, u64 pte, u64 address, u64 end)
{
	const struct hmmu *m = walk->ctx->m;
	u64 *word = word_at(walk->range, address);
	bool missing = pte_none(pte) || is_pte_marker(pte);
	u64 flags = missing ? 0 : pte_to_hmm_pfn_flags(pte);
	u32 need;

	if (!missing && !pte_present(pte))
		return handle_absent_pte(walk, vma, pte, address, end);
	need = hmm_pte_need_fault(walk->range, *word, flags);
	if (need)
		return hmm_vma_fault(walk, vma, address, end, need);
	if (missing) {
		*word = 0;
	} else if (!vm_normal_page(m, pte) && !is_zero_pfn(m, pte_pfn(pte))) {
		if (hmm_pte_need_fault(walk->range, *word, 0))
			return -EFAULT;
		*word = HMMU_RANGE_ERROR;
	} else {
		*word = pte_pfn(pte) | flags;
	}
	return 0;
}

static int walk_hole(struct mm_walk *walk, u64 address, u64 end)
{
	return hmm_vma_walk_hole(walk->data, walk->vma, address, end);
}

static int hmm_vma_walk_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct hmm_vma_walk *hmm = walk->data;
	int err = 0;

	if (pmd_trans_huge(*pmd))
		return hmm_vma_handle_pmd(hmm, walk->vma, *pmd, address, end);
	if (pmd_bad(*pmd))
		return hmm_vma_walk_error(hmm->range, address, end);
	for (const u64 *pte = pte_offset(walk->m, *pmd, address); address < end && !err; address += PAGE_SIZE, pte++)
		err = hmm_vma_handle_pte(hmm, walk->vma, *pte, address, end);
	return err;
}

/* hmm_vma_walk_hugetlb_entry() for each huge page whose entry has a table. */
static int hmm_vma_walk_hugetlb(struct hmm_vma_walk *walk, u32 vma, u64 address, u64 end)
{
	int err = 0;

	for (u64 next; address < end && !err; address = next) {
		const u64 *pmd = huge_pte_offset(walk->ctx->m, walk->ctx->mm, address);

		next = pmd_addr_end(address, end);
		err = pmd ? hmm_vma_handle_pmd(walk, vma, *pmd, address, next)
			  : hmm_vma_walk_hole(walk, vma, address, next);
	}
	return err;
}

static int walk_vma(struct hmm_vma_walk *walk, u32 vma, u64 address, u64 end)
{
	struct hmmu *m = walk->ctx->m;
	u32 flags = vma_of(m, vma)->flags;
	struct mm_walk tables = {
		.m = m,
		.mm = walk->ctx->mm,
		.vma = vma,
		.pmd_entry = hmm_vma_walk_pmd,
		.pte_hole = walk_hole,
		.data = walk,
	};

	if (flags & (VM_IO | VM_PFNMAP) || !(flags & VM_READ))
		return hmm_vma_walk_error(walk->range, address, end);
	return flags & VM_HUGETLB ? hmm_vma_walk_hugetlb(walk, vma, address, end)
				  : walk_page_range(&tables, address, end);
}

static int walk_range(struct hmm_vma_walk *walk)
{
	const struct ctx *ctx = walk->ctx;
	u64 end = walk->range->end;
	int err = 0;

	for (u64 address = walk->last, next; address < end && !err; address = next) {
		u32 vma = find_vma(ctx->m, ctx->mm, address);
		bool inside = vma && vma_of(ctx->m, vma)->start <= address;

		next = inside ? vma_of(ctx->m, vma)->end : end;
		if (vma && !inside)
			next = vma_of(ctx->m, vma)->start;
		if (next > end)
			next = end;
		err = inside ? walk_vma(walk, vma, address, next) : hmm_vma_walk_error(walk->range, address, next);
	}
	return err;
}

/* A call that has waited in a fault: that fault goes on with the page's lock, or has ended with its wait. */
static int resume_fault(struct hmm_vma_walk *walk)
{
	struct ctx *ctx = walk->ctx;
	const struct progress was = ctx->progress;
	u64 address = was.gup_first, end = was.result & PAGE_MASK;
	u32 vma;

	ctx->progress = (struct progress){ 0 };
	if (was.at)
		walk->last = was.at;
	if (!address)
		return 0;
	if (ctx->resume != RESUME_LOCKED)
		address += PAGE_SIZE;
	vma = vma_at(ctx->m, ctx->mm, walk->last);
	return vma ? fault_pages(walk, vma, address, end, was.result & 1) : -EFAULT;
}

int hmm_range_fault(struct ctx *ctx, const struct hmmu_range *range)
{
	struct hmm_vma_walk walk = { .ctx = ctx, .range = range, .last = range->start };
	int err = resume_fault(&walk);

	if (err && err != -EBUSY)
		return err;
	for (u32 faults = 0; faults < MAX_FAULTS; faults++) {
		u64 last = walk.last;

		if (interval_of(ctx->m, range->notifier)->invalidate_seq != range->notifier_seq)
			return -EBUSY;
		err = walk_range(&walk);
		if (err != -EBUSY)
			return err;
		if (walk.last != last)
			faults = 0;
	}
	ctx->progress.at = walk.last;
	return -ELOOP;
}

int check_mirrored_range(struct hmmu *m, const struct hmmu_range *range)
{
	const u64 flags = HMMU_RANGE_REQ_FAULT | HMMU_RANGE_REQ_WRITE;

	if (KERNEL < V6_12)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_SYSCALL,
				 "Linux 6.12 has hmm_range_fault() as it is here, and this kernel has not");
	if (!range || !range->pfns)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "there is no array of words");
	if ((range->start | range->end) & ~PAGE_MASK || range->start >= range->end || range->end > HMMU_TASK_SIZE)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "%#llx to %#llx is no range of pages below %#llx", (unsigned long long)range->start,
				 (unsigned long long)range->end, (unsigned long long)HMMU_TASK_SIZE);
	if (range->default_flags & ~flags)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "flags %#llx: HMMU_RANGE_REQ_FAULT and HMMU_RANGE_REQ_WRITE can be asked for",
				 (unsigned long long)range->default_flags);
	return 0;
}

/* The interval is of the task's process, so that the driver hears of each change of the range. */
static int check_notifier(struct hmmu *m, u32 tid, const struct hmmu_range *range)
{
	const struct interval *i;
	int err = check_interval(m, range->notifier);

	if (!err)
		err = check_task(m, tid);
	if (err)
		return err;
	i = interval_of(m, range->notifier);
	if (i->mm == task_of(m, tid)->mm && i->node.start <= range->start && i->node.last >= range->end - 1)
		return 0;
	return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
			 "interval notifier %u does not contain %#llx to %#llx of the process of task %u",
			 range->notifier, (unsigned long long)range->start, (unsigned long long)range->end, tid);
}

int fail_range_fault(const struct ctx *ctx, const struct hmmu_range *range, int err)
{
	struct hmmu *m = ctx->m;

	if (!err || err == BLOCKED)
		return err;
	if (err != -ELOOP)
		return hmmu_fail(m, err, HMMU_ERR_SYSCALL, "hmm_range_fault() of %#llx to %#llx fails with %s",
				 (unsigned long long)range->start, (unsigned long long)range->end, errno_name(err));
	hmmu_fail(m, -EFAULT, HMMU_ERR_DRIVER_RULE,
		  "a page fault handler returned 0, and the page was not back after %d faults", MAX_FAULTS);
	m->error.rule = HMMU_RULE_FAULT_NO_PROGRESS;
	m->error.address = ctx->progress.at;
	return -EFAULT;
}

int hmmu_range_fault(struct hmmu *m, uint32_t tid, struct hmmu_range *range)
{
	struct call call = { .op = OP_RANGE_FAULT };
	struct ctx ctx;
	int err = check_mirrored_range(m, range);

	if (!err)
		err = check_notifier(m, tid, range);
	if (KERNEL < V6_12 || err)
		return err;
	call.args[0] = range->start;
	call.args[1] = range->end;
	call.args[2] = range->notifier;
	call.args[3] = range->notifier_seq;
	call.args[4] = range->default_flags;
	call.args[5] = range->pfn_flags_mask;
	call.args[6] = range->owner;
	err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	err = down_read(&ctx);
	if (!err)
		err = fail_range_fault(&ctx, range, hmm_range_fault(&ctx, range));
	return task_leave(&ctx, call, err);
}
