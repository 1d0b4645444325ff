/* SPDX-License-Identifier: GPL-2.0-only */
/* mmap() and munmap(). */
#include "call/mmap.h"

#include <errno.h>

#include "call/insert_page.h"
#include "call/syscall.h"
#include "call/unmap.h"
#include "fault/hugetlb.h"
#include "host/arena.h"
#include "host/stats.h"
#include "mm/file.h"
#include "mm/task_work.h"
#include "mm/vma.h"
#include "mm/vma_lock.h"
#include "page/frame.h"

/* Above all mappings: 1 MiB above a 2 MiB boundary or on it, with at least 2 MiB between. */
u64 get_unmapped_area(const struct hmmu *m, u32 mm, bool align_huge)
{
	u32 last = vma_last(m, mm);
	u64 free = last ? vma_of(m, last)->end + PMD_SIZE : 1ull << 32;
	u64 address = (free + PMD_SIZE - 1) & PMD_MASK;

	return align_huge ? address : address + PMD_SIZE / 2;
}

static u64 place_mapping(const struct hmmu *m, u32 mm, const struct hmmu_map *map)
{
	return get_unmapped_area(m, mm, map->align_huge || map->kind == HMMU_MAP_HUGETLB);
}

static u32 initial_flags(const struct hmmu_map *map)
{
	u32 flags = (map->prot & HMMU_PROT_READ ? VM_READ : 0) | (map->prot & HMMU_PROT_WRITE ? VM_WRITE : 0);

	switch (map->kind) {
	case HMMU_MAP_SHMEM:
	case HMMU_MAP_SHAREDFILE:
		return flags | VM_SHARED;
	case HMMU_MAP_HUGETLB:
		return flags | VM_HUGETLB | VM_DONTEXPAND;
	case HMMU_MAP_SPECIAL:
		return flags | VM_SHARED | VM_PFNMAP | VM_IO | VM_DONTEXPAND;
	case HMMU_MAP_MIXED:
		return flags | VM_MIXEDMAP | (flags & VM_WRITE ? VM_ACCOUNT : 0);
	default:
		return flags | (flags & VM_WRITE ? VM_ACCOUNT : 0);
	}
}

/* A new page and the place of its pte; NULL: there is no memory. */
static u64 *page_to_populate(struct hmmu *m, u32 mm, u64 address, u32 *page)
{
	u64 *pmd = pmd_alloc(m, mm, address);

	*page = pmd && pte_alloc(m, mm, pmd) ? alloc_zeroed_page(m) : 0;
	return *page ? pte_offset(m, *pmd, address) : NULL;
}

/* remap_pfn_range(): the whole of a special mapping is there from the start, in ptes without struct page. Its frames,
 * which stand for a device's memory, are kept by the file. */
static int populate_special(struct ctx *ctx, u32 vma)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);

	for (u64 address = v->start; address < v->end; address += PAGE_SIZE) {
		u32 page;
		u64 *pte = page_to_populate(m, v->mm, address, &page);

		if (!pte)
			return -ENOMEM;
		add_to_page_cache(m, v->file, (address - v->start) >> PAGE_SHIFT, page);
		*pte = pte_mkspecial(mk_pte(page, v->page_prot));
	}
	return 0;
}

/*
 * What a driver's mmap() does that calls vm_insert_page() for each page, and has no vm_ops: the pages are nobody's but the
 * mapping's, and what is missing later is anonymous memory.
 */
static int populate_mixed(struct ctx *ctx, u32 vma)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);

	for (u64 address = v->start; address < v->end; address += PAGE_SIZE) {
		u32 page;
		u64 *pte = page_to_populate(m, v->mm, address, &page);

		if (!pte)
			return -ENOMEM;
		insert_page_into_pte(ctx, vma, pte, page);
	}
	return 0;
}

/* The pages that a new mapping has from the start. */
static int populate(struct ctx *ctx, u32 vma, const struct hmmu_map *map)
{
	if (map->kind == HMMU_MAP_SPECIAL)
		return populate_special(ctx, vma);
	return map->kind == HMMU_MAP_MIXED && !map->no_pages ? populate_mixed(ctx, vma) : 0;
}

/* 6.12 undoes a mapping that gets no reservations as munmap() does, and notifiers hear of it. */
static int reserve_or_undo(struct hmmu *m, u32 vma)
{
	const struct vma *v = vma_of(m, vma);
	int err = hugetlb_reserve_pages(m, vma);

	if (err && KERNEL >= V6_12) {
		mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_UNMAP, v->mm, v->start, v->end);
		mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_UNMAP, v->mm, v->start, v->end);
	}
	return err;
}

/* Give a new mapping the fresh file that it maps. */
static int map_new_file(struct hmmu *m, u32 vma, u64 pages)
{
	u32 file = file_create(m, pages);
	int err = file ? 0 : -ENOMEM;

	vma_of(m, vma)->file = file;
	if (!err && is_vm_hugetlb_page(m, vma))
		err = reserve_or_undo(m, vma);
	if (err && file)
		file_free(m, file);
	return err;
}

static int new_vma(struct ctx *ctx, const struct hmmu_map *map, u64 start, u64 end, u32 *out)
{
	struct hmmu *m = ctx->m;
	u32 vma = vma_alloc(m);
	struct vma *v = vma_of(m, vma);
	int err;

	if (!vma)
		return -ENOMEM;
	v->mm = ctx->mm;
	v->start = start;
	v->end = end;
	v->kind = (u8)map->kind;
	v->flags = initial_flags(map) | VM_SOFTDIRTY;
	v->pgoff = map->kind == HMMU_MAP_ANON ? start >> PAGE_SHIFT : 0;
	err = map->kind == HMMU_MAP_ANON || map->kind == HMMU_MAP_MIXED ? 0 : map_new_file(m, vma, map->pages);
	if (err) {
		slab_free(m, SLAB_VMA, vma);
		return err;
	}
	vma_set_page_prot(m, vma);
	vma_link(m, vma);
	*out = vma;
	return 0;
}

static u32 merge_new(struct ctx *ctx, const struct hmmu_map *map, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	u32 next = find_vma(m, ctx->mm, start);
	u32 prev = next ? vma_of(m, next)->prev : vma_last(m, ctx->mm);

	if (map->kind != HMMU_MAP_ANON)
		return 0;
	return vma_merge(ctx, prev, start, end, initial_flags(map), 0, 0, start >> PAGE_SHIFT, map->kind);
}

static int do_mmap(struct ctx *ctx, const struct hmmu_map *map, u64 *address)
{
	struct hmmu *m = ctx->m;
	u64 start = map->address ? map->address : place_mapping(m, ctx->mm, map);
	u64 end = start + map->pages * PAGE_SIZE;
	u32 vma = find_vma(m, ctx->mm, start);
	int err;

	if (start >= HMMU_TASK_SIZE || map->pages > (HMMU_TASK_SIZE - start) >> PAGE_SHIFT)
		return -ENOMEM;
	if (vma && vma_of(m, vma)->start < end)
		return -EEXIST;
	vma = merge_new(ctx, map, start, end);
	if (vma_lock_awaited(ctx))
		return BLOCKED;
	if (vma) {
		vma_of(m, vma)->flags |= VM_SOFTDIRTY;
		vma_set_page_prot(m, vma);
		*address = start;
		return 0;
	}
	err = new_vma(ctx, map, start, end, &vma);
	if (!err)
		err = populate(ctx, vma, map);
	if (!err)
		*address = start;
	else if (vma)
		do_munmap(ctx, start, end);
	return err;
}

static int check_map(struct hmmu *m, const struct hmmu_map *map)
{
	if (map->kind > HMMU_MAP_MIXED)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "kind %u: there are 0 to %d", map->kind,
				 HMMU_MAP_MIXED);
	if (!map->pages || map->pages > HMMU_TASK_SIZE >> PAGE_SHIFT)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "%llu pages: a mapping has 1 to %llu",
				 (unsigned long long)map->pages, HMMU_TASK_SIZE >> PAGE_SHIFT);
	if (map->prot & ~(u32)(HMMU_PROT_READ | HMMU_PROT_WRITE))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "protection %#x: READ and WRITE are allowed",
				 map->prot);
	if (map->address & ~PAGE_MASK)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "address %#llx is not a multiple of 4096",
				 (unsigned long long)map->address);
	if (map->kind == HMMU_MAP_HUGETLB && (map->pages % HPAGE_PMD_NR || map->address & ~PMD_MASK))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "a hugetlb mapping has a multiple of 512 pages and starts at a multiple of 2 MiB");
	return 0;
}

int hmmu_mmap(struct hmmu *m, uint32_t tid, const struct hmmu_map *map, uint64_t *address)
{
	const struct call call = { .op = OP_MMAP,
				   .args = { map->address, map->pages, map->kind, map->prot,
					     map->align_huge | map->no_pages << 1 } };
	struct ctx ctx;
	int err = check_map(m, map);

	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	err = down_write(&ctx);
	if (!err)
		err = task_work_run(&ctx, do_mmap(&ctx, map, address));
	return syscall_leave(&ctx, &call, err);
}

static int munmap_locked(struct ctx *ctx, u64 address, u64 end)
{
	int err = end > address ? down_write(ctx) : -EINVAL;

	return err ? err : do_munmap(ctx, address, end);
}

int hmmu_munmap(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length)
{
	const struct call call = { .op = OP_MUNMAP, .args = { address, length } };
	struct ctx ctx;
	struct span span;
	u64 end = 0;
	int err = syscall_enter(m, tid, &call, &ctx, &end);

	if (err)
		return err;
	span = span_begin(m, HMMU_SPAN_MUNMAP);
	if (ctx.resume != RESUME_TASK_WORK)
		err = munmap_locked(&ctx, address, end);
	err = task_work_run(&ctx, err);
	span_end(m, &span, 1, (end - address) >> PAGE_SHIFT);
	return syscall_leave(&ctx, &call, err);
}
