/* SPDX-License-Identifier: GPL-2.0-only */
/* mprotect(): the entries of a range get other rights. */
#include "call/mprotect.h"

#include <errno.h>

#include "call/huge_pmd.h"
#include "call/syscall.h"
#include "fault/gup.h"
#include "fault/hugetlb.h"
#include "mm/mmu_notifier.h"
#include "mm/tlb.h"
#include "rmap/huge.h"

/** What becomes of userfaultfd's write protection (MM_CP_UFFD_WP, MM_CP_UFFD_WP_RESOLVE). */
enum uffd_wp { UFFD_WP_KEEP, UFFD_WP_SET, UFFD_WP_RESOLVE };

struct change {
	struct ctx *ctx;
	enum uffd_wp uffd_wp;
	u64 prot;
	bool dirty_accountable;
	u64 notified; /**< start of the notifier range, if it is open */
	u64 end;      /**< where the range would end */
	u64 pages;
};

/* A dirty page of a shared mapping need not fault again to be counted. */
static bool may_be_writable(const struct hmmu *m, u32 vma, u64 pte, bool dirty_accountable)
{
	return dirty_accountable && pte_dirty(pte) && (pte_soft_dirty(pte) || !(vma_of(m, vma)->flags & VM_SOFTDIRTY));
}

static u64 change_swap_type(u64 old)
{
	u64 entry;

	if (is_write_migration_entry(old))
		entry = make_migration_entry(swp_offset(old), false);
	else if (is_write_device_private_entry(old))
		entry = make_device_private_entry(swp_offset(old), false);
	else
		return old;
	return pte_swp_soft_dirty(old) ? pte_swp_mksoft_dirty(entry) : entry;
}

static u64 change_entry(const struct hmmu *m, u32 vma, u64 old, const struct change *change)
{
	u64 pte;

	if (!pte_present(old))
		return change_swap_type(old);
	pte = pte_modify(old, change->prot);
	return may_be_writable(m, vma, pte, change->dirty_accountable) ? pte_mkwrite(pte) : pte;
}

static u64 change_uffd_wp(u64 entry, enum uffd_wp change)
{
	if (change == UFFD_WP_KEEP)
		return entry;
	if (pte_present(entry))
		return change == UFFD_WP_SET ? pte_mkuffd_wp(entry) : pte_clear_uffd_wp(entry);
	return change == UFFD_WP_SET ? pte_swp_mkuffd_wp(entry) : pte_swp_clear_uffd_wp(entry);
}

/* An empty entry of a file gets a marker, as the page cache may have a page; of anonymous memory it stays empty. */
static u64 change_no_page(const struct hmmu *m, u32 vma, u64 old, enum uffd_wp change)
{
	if (change == UFFD_WP_SET && pte_none(old) && !vma_is_anonymous(m, vma))
		return make_pte_marker(PTE_MARKER_UFFD_WP);
	return change == UFFD_WP_RESOLVE && pte_marker_uffd_wp(old) ? 0 : old;
}

static int change_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct change *change = walk->data;
	struct hmmu *m = walk->m;
	u64 *first, *pte;

	/* The notifier hears of the range from the first populated table on. */
	if (!change->notified) {
		change->notified = address;
		mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_PROTECTION_VMA, walk->mm, address, change->end);
	}
	if (pmd_trans_huge(*pmd)) {
		if (end - address != PMD_SIZE) {
			__split_huge_pmd(change->ctx, walk->vma, pmd, address, false, 0);
		} else if (change_huge_pmd(change->ctx, pmd, address, change->prot)) {
			*pmd = change_uffd_wp(*pmd, change->uffd_wp);
			change->pages += HPAGE_PMD_NR;
			return 0;
		}
	}
	pte = first = pte_offset_map_lock(m, *pmd, address);
	for (; address < end; address += PAGE_SIZE, pte++) {
		u64 entry;

		if (pte_none(*pte) || is_pte_marker(*pte)) {
			*pte = change_no_page(m, walk->vma, *pte, change->uffd_wp);
			continue;
		}
		entry = change_uffd_wp(change_entry(m, walk->vma, *pte, change), change->uffd_wp);
		change->pages += pte_present(*pte) || entry != *pte;
		*pte = entry;
	}
	table_unlock(m, first);
	return 0;
}

/* The kernel opens a notifier range for each top-level part of at most 1 GiB. */
static void change_protection(struct ctx *ctx, u32 vma, u64 start, u64 end, u64 prot, bool dirty_accountable,
			      enum uffd_wp uffd_wp)
{
	struct change change = { .ctx = ctx, .prot = prot, .dirty_accountable = dirty_accountable, .uffd_wp = uffd_wp };
	struct mm_walk walk = { .m = ctx->m, .mm = ctx->mm, .vma = vma, .pmd_entry = change_pmd, .data = &change };

	if (vma_of(ctx->m, vma)->flags & VM_HUGETLB) {
		hugetlb_change_protection(ctx, vma, start, end, prot);
		return;
	}
	for (u64 address = start, next; address != end; address = next) {
		next = level_end(address, end, PUD_SIZE);
		change.notified = 0;
		change.end = next;
		walk_page_range(&walk, address, next);
		if (change.notified)
			mmu_notifier_invalidate_range_end(ctx->m, HMMU_NOTIFY_PROTECTION_VMA, ctx->mm, change.notified,
							  next);
	}
	if (change.pages)
		flush_tlb_range(ctx->m, ctx->mm, start, end);
}

/* Markers need tables. */
static bool alloc_tables(struct ctx *ctx, u64 start, u64 end)
{
	for (u64 address = start; address < end; address = level_end(address, end, PMD_SIZE)) {
		u64 *pmd = pmd_alloc(ctx->m, ctx->mm, address);

		if (!pmd || !pte_alloc(ctx->m, ctx->mm, pmd))
			return false;
	}
	return true;
}

int uffd_wp_range(struct ctx *ctx, u32 vma, u64 start, u64 end, bool on)
{
	struct hmmu *m = ctx->m;

	if (on && !vma_is_anonymous(m, vma) && !is_vm_hugetlb_page(m, vma) && !alloc_tables(ctx, start, end))
		return -ENOMEM;
	change_protection(ctx, vma, start, end, vma_of(m, vma)->page_prot, false, on ? UFFD_WP_SET : UFFD_WP_RESOLVE);
	return 0;
}

/* A locked mapping that becomes writable gets its own pages at once, with mmap_sem held for writing. Only a page to
 * wait for keeps the call from going on; other errors come again when the page is touched. */
static int populate_after_mprotect(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	int err = populate_vma_page_range(ctx, vma, &start, end);

	return err == BLOCKED ? BLOCKED : 0;
}

/* A call that waited while it populated finds the rights changed, and goes on populating. */
static int resume_populate(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	u64 progress = ctx->progress.at;

	if (progress < start || progress >= end)
		return 0;
	return populate_after_mprotect(ctx, vma, progress, end);
}

static int mprotect_fixup(struct ctx *ctx, u32 *prev, u32 vma, u64 start, u64 end, u32 flags)
{
	struct hmmu *m = ctx->m;
	u32 old = vma_of(m, vma)->flags;
	bool dirty_accountable;
	int err;

	if (flags == old) {
		*prev = vma;
		return resume_populate(ctx, vma, start, end);
	}
	/* Private memory that can be written from now on counts against the commit limit from now on. */
	if ((flags & VM_WRITE) && !(old & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED)))
		flags |= VM_ACCOUNT;
	err = vma_change_flags(ctx, &vma, *prev, start, end, flags);
	if (err)
		return err;
	*prev = vma;
	vma_of(m, vma)->flags = flags;
	dirty_accountable = vma_wants_writenotify(m, vma, vma_of(m, vma)->page_prot);
	vma_set_page_prot(m, vma);
	change_protection(ctx, vma, start, end, vma_of(m, vma)->page_prot, dirty_accountable, UFFD_WP_KEEP);
	if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && (flags & VM_WRITE))
		return populate_after_mprotect(ctx, vma, start, end);
	return 0;
}

static u32 vm_prot_flags(u32 prot)
{
	return (prot & HMMU_PROT_READ ? VM_READ : 0) | (prot & HMMU_PROT_WRITE ? VM_WRITE : 0);
}

static int do_mprotect(struct ctx *ctx, u64 start, u64 end, u32 prot)
{
	struct hmmu *m = ctx->m;
	u32 vma = find_vma(m, ctx->mm, start), prev;
	int err;

	if (!vma || vma_of(m, vma)->start > start)
		return -ENOMEM;
	prev = start > vma_of(m, vma)->start ? vma : vma_of(m, vma)->prev;
	for (;;) {
		u32 flags = (vma_of(m, vma)->flags & ~(u32)(VM_READ | VM_WRITE)) | vm_prot_flags(prot);
		u64 to = end < vma_of(m, vma)->end ? end : vma_of(m, vma)->end;

		err = mprotect_fixup(ctx, &prev, vma, start, to, flags);
		if (err)
			return err;
		start = to > vma_of(m, prev)->end ? to : vma_of(m, prev)->end;
		if (start >= end)
			return 0;
		vma = vma_of(m, prev)->next;
		if (!vma || vma_of(m, vma)->start != start)
			return -ENOMEM;
	}
}

int hmmu_mprotect(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t prot)
{
	const struct call call = { .op = OP_MPROTECT, .args = { address, length, prot } };
	struct ctx ctx;
	u64 end;
	int err = check_range(m, address, length, &end);

	if (!err && prot & ~(u32)(HMMU_PROT_READ | HMMU_PROT_WRITE))
		err = hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "protection %#x: READ and WRITE are allowed",
				prot);
	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	err = down_write(&ctx);
	if (!err && end > address)
		err = do_mprotect(&ctx, address, end, prot);
	return syscall_leave(&ctx, &call, err);
}
