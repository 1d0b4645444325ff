/* SPDX-License-Identifier: GPL-2.0-only */
/* change_protection(): the entries of a range get other rights. */
#include "call/change_protection.h"

#include <errno.h>

#include "call/huge_pmd.h"
#include "fault/hugetlb.h"
#include "mm/mmu_gather.h"
#include "mm/mmu_notifier.h"
#include "mm/tlb.h"
#include "mm/userfaultfd.h"
#include "rmap/huge.h"
#include "mm/stop.h"

struct change {
	struct ctx *ctx;
	u32 vma;
	u64 prot;
	bool make_writable; /**< 4.14: dirty_accountable; 6.12: MM_CP_TRY_CHANGE_WRITABLE */
	enum uffd_wp uffd_wp;
	bool is_notified;  /**< the notifier range is open */
	u64 notified, end; /**< where it begins, and where it would end */
	u64 pages;
	u64 flush_start, flush_end; /**< 6.12: entries to flush; an end of 0: none */
};

bool vma_wants_manual_pte_write_upgrade(const struct hmmu *m, u32 vma)
{
	const struct vma *v = vma_of(m, vma);

	/* "mm/mprotect: try avoiding write faults for exclusive anonymous pages when changing protection" */
	if (KERNEL >= V6_12 && !(v->flags & VM_SHARED))
		return v->flags & VM_WRITE;
	return vma_wants_writenotify(m, vma, v->page_prot);
}

/* Whether a store must fault, so that soft-dirty tracking sees it. */
static bool needs_soft_dirty_wp(const struct vma *v, u64 entry)
{
	return !(v->flags & VM_SOFTDIRTY) && !pte_soft_dirty(entry);
}

/* can_change_pte_writable() and can_change_pmd_writable(): no fault is needed to see the next store, or to copy the page
 * for it. */
static bool can_change_writable(const struct hmmu *m, u32 vma, u64 entry)
{
	const struct vma *v = vma_of(m, vma);
	u32 page;

	if (!(v->flags & VM_WRITE) || (entry & _PAGE_PROTNONE) || needs_soft_dirty_wp(v, entry))
		return false;
	if (userfaultfd_pte_wp(m, vma, entry))
		return false;
	if (v->flags & VM_SHARED)
		return pte_dirty(entry);
	page = is_huge_zero_pmd(m, entry) ? 0 : vm_normal_page(m, entry);
	return page && PageAnon(m, page) && PageAnonExclusive(m, page);
}

/* A dirty page of a shared mapping need not fault again to be counted. 4.14 has the condition the wrong way round ("mm/
 * mprotect: fix soft-dirty check in can_change_pte_writable()"). */
static bool may_be_writable(const struct hmmu *m, u32 vma, u64 pte)
{
	if (KERNEL >= V6_12)
		return can_change_writable(m, vma, pte);
	return pte_dirty(pte) && (pte_soft_dirty(pte) || !(vma_of(m, vma)->flags & VM_SOFTDIRTY));
}

/* In 6.12 a read entry of a migration says whether the mapping has the page alone. */
u64 downgraded_swap_type(const struct hmmu *m, u64 old)
{
	const u64 flags = _PAGE_SWP_SOFT_DIRTY | (KERNEL >= V6_12 ? _PAGE_SWP_UFFD_WP : 0);
	bool drops = KERNEL >= V6_12 && quirk(m, HMMU_QUIRK_DEVICE_DOWNGRADE_DROPS_SOFT_DIRTY);
	u32 page = swp_offset(old);

	if (is_write_migration_entry(old) && KERNEL >= V6_12)
		return (old & (SWP_MIGRATION_YOUNG | SWP_MIGRATION_DIRTY | _PAGE_SWP_SOFT_DIRTY)) |
		       (PageAnon(m, page) ? make_readable_exclusive_migration_entry(page)
					  : make_migration_entry(page, false));
	if (is_write_migration_entry(old))
		return make_migration_entry(page, false) | (old & flags);
	if (is_write_device_private_entry(old))
		return make_device_private_entry(page, false) | (old & (drops ? _PAGE_SWP_UFFD_WP : flags));
	if (is_writable_device_exclusive_entry(old))
		return make_device_exclusive_entry(page, false) | (old & flags);
	return old;
}

/* An empty entry of a file gets a marker, as the page cache may have a page; of anonymous memory it stays empty. */
static u64 change_no_page(const struct hmmu *m, u32 vma, u64 old, enum uffd_wp change)
{
	if (sets_uffd_wp(change) && pte_none(old) && !vma_is_anonymous(m, vma))
		return make_pte_marker(PTE_MARKER_UFFD_WP);
	return resolves_uffd_wp(change) && pte_marker_uffd_wp(old) ? 0 : old;
}

/* pte_needs_flush(): only TLBs with too many rights matter ("mm/mprotect: do not flush when not required
 * architecturally"). */
static bool needs_flush(u64 old, u64 new)
{
	const u64 software = _PAGE_SPECIAL | _PAGE_UFFD_WP | _PAGE_SOFT_DIRTY;

	return (old & _PAGE_PRESENT) && ((old ^ new) & ~(software | _PAGE_ACCESSED));
}

/* The new value of a present entry: a pte, or a huge pmd. */
static u64 change_present(struct change *change, u64 address, u64 old)
{
	const struct hmmu *m = change->ctx->m;
	u64 entry = pmd_trans_huge(old) ? pmd_modify(old, change->prot) : pte_modify(old, change->prot);
	u64 end = address + (pmd_trans_huge(old) ? PMD_SIZE : PAGE_SIZE);

	entry = change_uffd_wp(entry, change->uffd_wp);
	if (change->make_writable && !pte_write(entry) && may_be_writable(m, change->vma, entry))
		entry = pte_mkwrite(entry);
	if (KERNEL < V6_12 || !needs_flush(old, entry))
		return entry;
	if (!change->flush_end)
		change->flush_start = address;
	change->flush_end = end;
	return entry;
}

static u64 change_entry(struct change *change, u64 address, u64 old)
{
	if (pte_none(old) || is_pte_marker(old))
		return change_no_page(change->ctx->m, change->vma, old, change->uffd_wp);
	if (!pte_present(old))
		return change_uffd_wp(downgraded_swap_type(change->ctx->m, old), change->uffd_wp);
	return change_present(change, address, old);
}

static void change_ptes(struct change *change, u64 pmd, u64 address, u64 end)
{
	struct hmmu *m = change->ctx->m;
	u64 *pte = pte_offset_map_lock(m, pmd, address), *first = pte;

	for (; address < end; address += PAGE_SIZE, pte++) {
		u64 old = *pte;

		*pte = change_entry(change, address, old);
		change->pages += pte_present(old) || *pte != old;
	}
	table_unlock(m, first);
}

/* False: the pmd is not huge (any more), go on with ptes. */
static bool change_huge(struct change *change, u64 *pmd, u64 address)
{
	struct hmmu *m = change->ctx->m;

	if (KERNEL < V6_12)
		return change_huge_pmd(change->ctx, pmd, address, change->prot);
	table_lock(m, pmd);
	*pmd = change_present(change, address, *pmd);
	table_unlock(m, pmd);
	return true;
}

static void open_notifier_range(struct change *change, u64 address)
{
	struct ctx *ctx = change->ctx;

	change->is_notified = true;
	change->notified = address;
	mmu_notifier_invalidate_range_start(ctx->m, HMMU_NOTIFY_PROTECTION_VMA, ctx->mm, address, change->end);
}

static int change_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct change *change = walk->data;

	/* 4.14's notifier hears of the range from the first populated table on. */
	if (KERNEL < V6_12 && !change->is_notified)
		open_notifier_range(change, address);
	if (pmd_trans_huge(*pmd)) {
		if (end - address != PMD_SIZE) {
			__split_huge_pmd(change->ctx, walk->vma, pmd, address, false, 0);
		} else if (change_huge(change, pmd, address)) {
			change->pages += HPAGE_PMD_NR;
			return 0;
		}
	}
	change_ptes(change, *pmd, address, end);
	return 0;
}

/* 6.12 opens the range at the first GiB that has a pmd table ("mm/mprotect: push mmu notifier to PUDs"). */
static void notify_from_pmd_table(struct change *change, u64 address)
{
	struct ctx *ctx = change->ctx;

	while (address < change->end && !mm_find_pmd(ctx->m, ctx->mm, address))
		address = level_end(address, change->end, PUD_SIZE);
	if (address < change->end)
		open_notifier_range(change, address);
}

static void flush_changed(const struct change *change, u64 start, u64 end)
{
	struct ctx *ctx = change->ctx;

	if (KERNEL >= V6_12 && change->flush_end) {
		late_flush(ctx, change->flush_start, change->flush_end);
		flush_tlb_range(ctx->m, ctx->mm, change->flush_start, change->flush_end);
	}
	if (KERNEL < V6_12 && change->pages) {
		late_flush(ctx, start, end);
		flush_tlb_range(ctx->m, ctx->mm, start, end);
	}
}

/* -ENOMEM: no table is left for a marker of a hugetlb mapping. 4.14 opens a notifier range for each GiB, which has a pmd
 * table of its own; 6.12 for each 512 GiB. */
static int change_range(struct change *change, u64 start, u64 end)
{
	struct ctx *ctx = change->ctx;
	struct hmmu *m = ctx->m;
	struct mm_walk walk = { .m = m, .mm = ctx->mm, .vma = change->vma, .pmd_entry = change_pmd, .data = change };

	if (is_vm_hugetlb_page(m, change->vma))
		return hugetlb_change_protection(ctx, change->vma, start, end, change->prot, change->uffd_wp);
	for (u64 address = start, next; address != end; address = next) {
		next = level_end(address, end, KERNEL >= V6_12 ? PGD_SIZE : PUD_SIZE);
		change->is_notified = false;
		change->end = next;
		if (KERNEL >= V6_12)
			notify_from_pmd_table(change, address);
		walk_page_range(&walk, address, next);
		if (change->is_notified)
			mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_PROTECTION_VMA, ctx->mm, change->notified,
							  next);
	}
	flush_changed(change, start, end);
	return 0;
}

void change_protection(struct ctx *ctx, u32 vma, u64 start, u64 end, bool make_writable)
{
	struct change change = {
		.ctx = ctx,
		.vma = vma,
		.prot = vma_of(ctx->m, vma)->page_prot,
		.make_writable = make_writable,
	};

	change_range(&change, start, end);
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
	struct change change = {
		.ctx = ctx,
		.vma = vma,
		.prot = vma_of(m, vma)->page_prot,
		.make_writable = !on && vma_wants_manual_pte_write_upgrade(m, vma),
		.uffd_wp = on ? UFFD_WP_SET : UFFD_WP_RESOLVE,
	};

	if (on && !vma_is_anonymous(m, vma) && !is_vm_hugetlb_page(m, vma) && !alloc_tables(ctx, start, end))
		return -ENOMEM;
	return change_range(&change, start, end);
}
