/* SPDX-License-Identifier: GPL-2.0-only */
/* fork(): copies the parent's mappings and entries. */
#include <errno.h>

#include "call/fork.h"
#include "call/huge_pmd.h"
#include "call/syscall.h"
#include "call/unmap.h"
#include "fault/fault.h"
#include "fault/hugetlb.h"
#include "host/arena.h"
#include "host/stats.h"
#include "mm/file.h"
#include "mm/mm.h"
#include "mm/mmu_notifier.h"
#include "mm/pte_batch.h"
#include "mm/swap.h"
#include "mm/tlb.h"
#include "mm/vma_lock.h"
#include "page/frame.h"
#include "page/memcg.h"
#include "rmap/device_exclusive.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"
#include "mm/stop.h"

struct copy {
	struct ctx *ctx;
	u32 child;      /**< mm */
	u32 vma;        /**< of the child */
	u32 parent_vma; /**< that it is copied from */
};

/* An entry for reading, which both processes have in the place of one that may write, or of one that says that a process
 * has the page alone. */
static u64 shared_swap_type(const struct hmmu *m, u64 old)
{
	bool keeps_soft_dirty = true;
	u64 entry;

	if (is_device_private_entry(old)) {
		if (!is_write_device_private_entry(old))
			return old;
		entry = make_device_private_entry(swp_offset(old), false);
		/* Both kernels lose the soft-dirty bit here; 4.14 by a quirk that it has at other places, too. */
		keeps_soft_dirty = !quirk(m, KERNEL < V6_12 ? HMMU_QUIRK_DEVICE_SOFT_DIRTY
							    : HMMU_QUIRK_DEVICE_DOWNGRADE_DROPS_SOFT_DIRTY);
	} else {
		if (is_readable_migration_entry(old))
			return old;
		entry = make_migration_entry(swp_offset(old), false);
		if (KERNEL >= V6_12)
			entry |= old & (SWP_MIGRATION_YOUNG | SWP_MIGRATION_DIRTY);
	}
	return entry | (keeps_soft_dirty ? old & _PAGE_SWP_SOFT_DIRTY : 0) |
	       (KERNEL >= V6_12 ? old & _PAGE_SWP_UFFD_WP : 0);
}

/* copy_pte_marker(): the child is not registered with userfaultfd. */
static u64 copy_marker(u64 entry)
{
	u64 marker = swp_offset(entry) & PTE_MARKER_POISONED;

	return marker ? make_pte_marker(marker) : 0;
}

/* copy_nonpresent_pte(): make the child's entry from one that is not present. */
static u64 copy_swap_type(struct copy *copy, u64 *src)
{
	struct hmmu *m = copy->ctx->m;
	u32 page = swp_offset(*src);

	if (KERNEL >= V6_12 && is_pte_marker(*src))
		return copy_marker(*src);
	if (is_swap_entry(*src)) {
		swap_duplicate(m, swp_offset(*src));
		add_mm_counter(m, copy->child, MM_SWAPENTS, 1);
		*src = pte_swp_clear_exclusive(*src);
		return pte_swp_clear_uffd_wp(*src);
	}
	add_mm_counter(m, copy->child, mm_counter(m, page), 1);
	if (is_device_private_entry(*src)) {
		get_page(m, page);
		/* Nobody pins a device page. */
		page_try_dup_rmap(m, page, copy->ctx->mm, false);
	}
	if (is_cow_mapping(vma_of(m, copy->vma)->flags))
		*src = shared_swap_type(m, *src);
	return pte_swp_clear_uffd_wp(*src);
}

/* __copy_present_ptes(): take the write permission of an entry. Returns the child's, which has not accessed the page. */
static u64 share_pte(const struct copy *copy, u64 *src)
{
	u32 flags = vma_of(copy->ctx->m, copy->vma)->flags;
	u64 pte;

	if (is_cow_mapping(flags))
		*src = pte_wrprotect(*src);
	pte = flags & VM_SHARED ? pte_mkclean(*src) : *src;
	return pte_mkold(pte_clear_uffd_wp(pte));
}

/* copy_present_page(): the child gets its own copy of a page that a device may write to. 0 or -ENOMEM. */
static int copy_device_page(struct copy *copy, u64 address, u32 page, u64 *dst)
{
	struct ctx child = { .m = copy->ctx->m, .mm = copy->child, .cpu = copy->ctx->cpu };
	struct hmmu *m = child.m;
	u32 new = alloc_page(m);

	if (!new)
		return -ENOMEM;
	/* The processes of drills are not in the memory cgroup in fork(), so the limit does not count this charge. */
	if (should_fail(m, HMMU_INJECT_MEMCG)) {
		put_page(m, new);
		return -ENOMEM;
	}
	copy_contents(m, new, page);
	page_set(m, new, HMMU_PG_UPTODATE);
	add_mm_counter(m, copy->child, MM_ANONPAGES, 1);
	set_uncharged_pte(&child, copy->vma, address, dst, new);
	return 0;
}

/* The bits that need not be equal in entries which are copied at once. */
static u64 ignored_by_batch(const struct copy *copy)
{
	u32 flags = vma_of(copy->ctx->m, copy->vma)->flags;

	return (flags & VM_SHARED ? _PAGE_DIRTY : 0) | (flags & VM_SOFTDIRTY ? _PAGE_SOFT_DIRTY : 0);
}

/*
 * Of a large page neighbouring entries are copied at once, and all get the bits of the first one in the child ("mm/memory:
 * optimize fork() with PTE-mapped THP"). Returns their number. None of the pages is pinned.
 */
static NOINLINE u64 copy_batch(struct copy *copy, u64 *src, u64 *dst, u64 most, u32 page)
{
	struct hmmu *m = copy->ctx->m;
	u32 nr = folio_pte_batch(m, src, most, ignored_by_batch(copy));
	u64 pte = share_pte(copy, src);

	for (u32 i = 0; i < nr; i++) {
		get_page(m, page);
		page_try_dup_rmap(m, page + i, copy->ctx->mm, false);
		add_mm_counter(m, copy->child, mm_counter(m, page), 1);
		share_pte(copy, &src[i]);
		dst[i] = pte + ((u64)i << PAGE_SHIFT);
	}
	return nr;
}

/* *copied becomes the number of entries that were copied. */
static int copy_present_ptes(struct copy *copy, u64 address, u64 *src, u64 *dst, u64 most, u64 *copied)
{
	struct hmmu *m = copy->ctx->m;
	u32 page = vm_normal_page(m, *src);

	if (KERNEL >= V6_12 && page && PageCompound(m, page) && !page_maybe_dma_pinned(m, page)) {
		*copied = copy_batch(copy, src, dst, most, page);
		return 0;
	}
	if (page) {
		get_page(m, page);
		if (!page_try_dup_rmap(m, page, copy->ctx->mm, false)) {
			put_page(m, page);
			return copy_device_page(copy, address, page, dst);
		}
		add_mm_counter(m, copy->child, mm_counter(m, page), 1);
	}
	*dst = share_pte(copy, src);
	return 0;
}

/* try_restore_exclusive_pte(): false if somebody has the page's lock. */
static bool try_restore_exclusive_pte(struct copy *copy, u64 address, u64 *src)
{
	struct hmmu *m = copy->ctx->m;
	u32 page = swp_offset(*src);

	if (!trylock_page(m, page))
		return false;
	restore_exclusive_pte(copy->ctx, copy->parent_vma, address, src);
	unlock_page(m, page);
	return true;
}

/*
 * A device-exclusive entry becomes a present one, which is then copied. 6.12 fails as if memory were short where somebody
 * has the page's lock. Without that quirk the entry stays, and the child gets a copy of the page.
 */
static NOINLINE int copy_exclusive_entry(struct copy *copy, u64 address, u64 *src, u64 *dst)
{
	if (try_restore_exclusive_pte(copy, address, src))
		return 0;
	if (quirk(copy->ctx->m, HMMU_QUIRK_EXCLUSIVE_FORK_ENOMEM))
		return -ENOMEM;
	return copy_device_page(copy, address, swp_offset(*src), dst);
}

static int copy_ptes(struct copy *copy, u64 *src, u64 *dst, u64 count, u64 address)
{
	int err = 0;

	for (u64 i = 0, copied = 1; i < count && !err; i += copied) {
		copied = 1;
		if (pte_none(src[i]))
			continue;
		if (KERNEL >= V6_12 && !pte_present(src[i]) && is_device_exclusive_entry(src[i]))
			err = copy_exclusive_entry(copy, address + (i << PAGE_SHIFT), &src[i], &dst[i]);
		if (pte_present(src[i]))
			err = copy_present_ptes(copy, address + (i << PAGE_SHIFT), &src[i], &dst[i], count - i,
						&copied);
		else if (!is_device_exclusive_entry(src[i]))
			dst[i] = copy_swap_type(copy, &src[i]);
	}
	return err;
}

/* The locks are given up after each entry, as the kernel does after some of them. */
static int copy_one_by_one(struct copy *copy, const u64 *dst_pmd, const u64 *src_pmd, u64 address, u64 end)
{
	struct hmmu *m = copy->ctx->m;
	int err = 0;

	for (; address < end && !err; address += PAGE_SIZE) {
		u64 *dst = pte_offset_map_lock(m, *dst_pmd, address), *src = pte_offset_map_lock(m, *src_pmd, address);

		err = copy_ptes(copy, src, dst, 1, address);
		table_unlock(m, src);
		table_unlock(m, dst);
		switch_point(copy->ctx, HMMU_SWITCH_FORK, address);
	}
	return err;
}

static int copy_pmd(struct mm_walk *walk, u64 *src_pmd, u64 address, u64 end)
{
	struct copy *copy = walk->data;
	struct hmmu *m = walk->m;
	u64 *dst_pmd = pmd_alloc(m, copy->child, address), *src, *dst;
	bool copied = false;
	int err;

	if (!dst_pmd)
		return -ENOMEM;
	if (pmd_trans_huge(*src_pmd)) {
		const struct huge_copy huge = { copy->child, copy->vma, walk->vma, address };

		err = copy_huge_pmd(copy->ctx, &huge, dst_pmd, src_pmd, &copied);
		if (err || copied)
			return err;
	}
	if (!pte_alloc(m, copy->child, dst_pmd))
		return -ENOMEM;
	if (stops_at(m, HMMU_SWITCH_FORK))
		return copy_one_by_one(copy, dst_pmd, src_pmd, address, end);
	dst = pte_offset_map_lock(m, *dst_pmd, address);
	src = pte_offset_map_lock(m, *src_pmd, address);
	err = copy_ptes(copy, src, dst, (end - address) >> PAGE_SHIFT, address);
	table_unlock(m, src);
	table_unlock(m, dst);
	return err;
}

static int copy_page_range(struct ctx *ctx, u32 child, u32 vma, u32 parent_vma)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, parent_vma);
	struct copy copy = { .ctx = ctx, .child = child, .vma = vma, .parent_vma = parent_vma };
	struct mm_walk walk = { .m = m, .mm = ctx->mm, .vma = parent_vma, .pmd_entry = copy_pmd, .data = &copy };
	bool cow = is_cow_mapping(v->flags);
	int err;

	/* Entries that a fault can make again are not copied. */
	if (!v->anon_vma && !(v->flags & (VM_PFNMAP | VM_MIXEDMAP | (KERNEL < V6_12 ? VM_HUGETLB : 0))))
		return 0;
	if (v->flags & VM_HUGETLB)
		return copy_hugetlb_page_range(ctx, vma, parent_vma);
	if (cow)
		mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_PROTECTION_PAGE, ctx->mm, v->start, v->end);
	err = walk_page_range(&walk, v->start, v->end);
	if (cow)
		mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_PROTECTION_PAGE, ctx->mm, v->start, v->end);
	return err;
}

static int dup_vma(struct ctx *ctx, u32 child, u32 parent_vma)
{
	struct hmmu *m = ctx->m;
	struct vma *v;
	u32 vma;
	int err;

	rmap_lock_vma(ctx, parent_vma);
	vma = vma_alloc(m);
	v = vma_of(m, vma);

	if (!vma)
		return -ENOMEM;
	*v = *vma_of(m, parent_vma);
	v->mm = child;
	v->prev = v->next = v->left = v->right = 0;
	v->avc_head = 0;
	v->anon_vma = 0;
	v->resv = 0;
	v->flags &= ~(u32)VM_LOCKED;
	userfaultfd_reset(m, vma);
	err = anon_vma_fork(m, vma, parent_vma);
	if (err) {
		slab_free(m, SLAB_VMA, vma);
		return err;
	}
	if (v->file) {
		file_of(m, v->file)->users++;
		i_mmap_insert_after(m, vma, parent_vma);
	}
	vma_tree_insert(m, vma);
	return copy_page_range(ctx, child, vma, parent_vma);
}

static int dup_mmap(struct ctx *ctx, u32 child)
{
	struct hmmu *m = ctx->m;
	u32 first = ctx->progress.at ? vma_at(m, ctx->mm, ctx->progress.at) : mm_of(m, ctx->mm)->mmap;
	struct at_hand hand = { .flush_mm = ctx->mm, .flush_end = HMMU_TASK_SIZE };
	int err = 0;

	at_hand_begin(ctx, &hand);

	for (u32 vma = first; vma && !err; vma = vma_of(m, vma)->next) {
		err = vma_start_write(ctx, vma);
		if (err)
			ctx->progress.at = vma_of(m, vma)->start;
		else if (!(vma_of(m, vma)->flags & VM_DONTCOPY))
			err = dup_vma(ctx, child, vma);
	}
	if (err != BLOCKED) {
		late_flush(ctx, 0, HMMU_TASK_SIZE);
		flush_tlb_mm(m, ctx->mm);
	}
	at_hand_end(ctx, &hand);
	return err;
}

static void fork_undo(struct hmmu *m, u32 child)
{
	struct ctx undo = { .m = m, .mm = child, .task = mm_of(m, child)->main_task };

	exit_mmap(&undo);
	mm_of(m, child)->state = MM_DEAD;
	mm_free(m, child);
}

void fork_give_up(struct hmmu *m, const struct task *task)
{
	if (!task->progress.result)
		return;
	flush_tlb_mm(m, task->mm);
	fork_undo(m, (u32)task->progress.result);
}

static int do_fork(struct ctx *ctx, u32 *child)
{
	struct hmmu *m = ctx->m;
	int err = down_write(ctx);

	*child = (u32)ctx->progress.result;
	if (!err && !*child)
		err = mm_create(m, child);
	if (err)
		return err;
	/* No task of the child runs before all is copied, wherever the copy waits or stops. */
	mm_hide(m, *child);
	err = dup_mmap(ctx, *child);
	if (err == BLOCKED)
		ctx->progress.result = *child;
	else if (err)
		fork_undo(m, *child);
	else
		mm_show(m, *child);
	return err;
}

int hmmu_fork(struct hmmu *m, uint32_t tid, uint32_t *child_pid)
{
	const struct call call = { .op = OP_FORK };
	struct ctx ctx;
	struct span span;
	u32 child = 0;
	int err = task_enter(m, tid, call, &ctx);

	if (err)
		return err;
	span = span_begin(m, HMMU_SPAN_FORK);
	err = do_fork(&ctx, &child);
	span_end(m, &span, 1, resident_pages(m, ctx.mm));
	if (!err)
		*child_pid = child;
	return syscall_leave(&ctx, &call, err);
}
