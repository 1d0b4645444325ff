/* SPDX-License-Identifier: GPL-2.0-only */
/* fork(): copies the parent's mappings and entries. */
#include <errno.h>

#include "call/huge_pmd.h"
#include "call/syscall.h"
#include "call/unmap.h"
#include "fault/hugetlb.h"
#include "host/stats.h"
#include "mm/file.h"
#include "mm/mm.h"
#include "mm/mmu_notifier.h"
#include "mm/swap.h"
#include "mm/tlb.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"

struct copy {
	struct ctx *ctx;
	u32 child; /**< mm */
	u32 vma;   /**< of the child */
};

/* Make the child's entry from one that is not present. A write entry of private memory becomes a read entry in both. */
static u64 copy_swap_type(struct copy *copy, u64 *src)
{
	struct hmmu *m = copy->ctx->m;
	bool cow = is_cow_mapping(vma_of(m, copy->vma)->flags);
	u32 page = swp_offset(*src);
	u64 entry = *src;

	if (is_swap_entry(entry)) {
		swap_duplicate(m, swp_offset(entry));
		add_mm_counter(m, copy->child, MM_SWAPENTS, 1);
		return entry;
	}
	if (is_pte_marker(entry))
		return entry;
	add_mm_counter(m, copy->child, mm_counter(m, page), 1);
	if (is_device_private_entry(entry)) {
		get_page(m, page);
		/* Nobody pins a device page. */
		page_try_dup_rmap(m, page, copy->ctx->mm, false);
		if (is_write_device_private_entry(entry) && cow) {
			entry = make_device_private_entry(page, false);
			/* 4.14 loses the soft-dirty bit here. */
			if (!quirk(m, HMMU_QUIRK_DEVICE_SOFT_DIRTY) && pte_swp_soft_dirty(*src))
				entry = pte_swp_mksoft_dirty(entry);
		}
	} else if (is_write_migration_entry(entry) && cow) {
		entry = make_migration_entry(page, false);
		if (pte_swp_soft_dirty(*src))
			entry = pte_swp_mksoft_dirty(entry);
	}
	*src = entry;
	return entry;
}

/* The child is not registered with userfaultfd, which would have to tell of fork(). */
static u64 child_entry(u64 entry)
{
	if (KERNEL < V6_12)
		return entry;
	if (pte_present(entry))
		return pte_clear_uffd_wp(entry);
	return pte_marker_uffd_wp(entry) ? 0 : pte_swp_clear_uffd_wp(entry);
}

static u64 copy_present(struct copy *copy, u64 *src)
{
	struct hmmu *m = copy->ctx->m;
	u32 flags = vma_of(m, copy->vma)->flags, page;
	u64 pte;

	if (is_cow_mapping(flags))
		*src = pte_wrprotect(*src);
	pte = flags & VM_SHARED ? pte_mkclean(*src) : *src;
	page = vm_normal_page(m, pte);
	if (page) {
		get_page(m, page);
		page_try_dup_rmap(m, page, copy->ctx->mm, false);
		add_mm_counter(m, copy->child, mm_counter(m, page), 1);
	}
	return pte_mkold(pte);
}

static int copy_pmd(struct mm_walk *walk, u64 *src_pmd, u64 address, u64 end)
{
	struct copy *copy = walk->data;
	struct hmmu *m = walk->m;
	u64 *dst_pmd = pmd_alloc(m, copy->child, address), *src, *dst, *first_src, *first_dst;
	bool copied = false;
	int err;

	if (!dst_pmd)
		return -ENOMEM;
	if (pmd_trans_huge(*src_pmd)) {
		err = copy_huge_pmd(copy->ctx, copy->child, copy->vma, dst_pmd, src_pmd, &copied);
		if (err || copied)
			return err;
	}
	if (!pte_alloc(m, copy->child, dst_pmd))
		return -ENOMEM;
	dst = first_dst = pte_offset_map_lock(m, *dst_pmd, address);
	src = first_src = pte_offset_map_lock(m, *src_pmd, address);
	for (; address < end; address += PAGE_SIZE, src++, dst++) {
		if (pte_none(*src))
			continue;
		*dst = child_entry(pte_present(*src) ? copy_present(copy, src) : copy_swap_type(copy, src));
	}
	table_unlock(m, first_src);
	table_unlock(m, first_dst);
	return 0;
}

static int copy_page_range(struct ctx *ctx, u32 child, u32 vma, u32 parent_vma)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, parent_vma);
	struct copy copy = { .ctx = ctx, .child = child, .vma = vma };
	struct mm_walk walk = { .m = m, .mm = ctx->mm, .vma = parent_vma, .pmd_entry = copy_pmd, .data = &copy };
	bool cow = is_cow_mapping(v->flags);
	int err;

	/* Entries that a fault can make again are not copied. */
	if (!(v->flags & (VM_HUGETLB | VM_PFNMAP | VM_MIXEDMAP)) && !v->anon_vma)
		return 0;
	if (v->flags & VM_HUGETLB)
		return copy_hugetlb_page_range(ctx, child, parent_vma);
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
	u32 vma = vma_alloc(m);
	struct vma *v = vma_of(m, vma);
	int err;

	if (!vma)
		return -ENOMEM;
	*v = *vma_of(m, parent_vma);
	v->mm = child;
	v->prev = v->next = v->left = v->right = 0;
	v->avc_head = 0;
	v->anon_vma = 0;
	v->resv = 0;
	v->flags &= ~(u32)(VM_LOCKED | VM_UFFD_MISSING | VM_UFFD_WP);
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
	int err = 0;

	for (u32 vma = mm_of(m, ctx->mm)->mmap; vma && !err; vma = vma_of(m, vma)->next)
		if (!(vma_of(m, vma)->flags & VM_DONTCOPY))
			err = dup_vma(ctx, child, vma);
	flush_tlb_mm(m, ctx->mm);
	return err;
}

static int do_fork(struct ctx *ctx, u32 *child)
{
	struct hmmu *m = ctx->m;
	int err = down_write(ctx);

	if (!err)
		err = mm_create(m, child);
	if (err)
		return err;
	err = dup_mmap(ctx, *child);
	if (err) {
		struct ctx undo = { .m = m, .mm = *child, .task = mm_of(m, *child)->main_task };

		exit_mmap(&undo);
		mm_of(m, *child)->state = MM_DEAD;
		mm_free(m, *child);
	}
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
