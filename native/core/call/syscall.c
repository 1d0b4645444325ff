/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls on mappings: mmap(), munmap(), mlock(), munlock(), userfaultfd, clear_refs. */
#include "call/huge_pmd.h"
#include "call/unmap.h"
#include "fault/gup.h"
#include "call/syscall.h"

#include <errno.h>

#include "fault/hugetlb.h"
#include "fault/munlock.h"
#include "host/stats.h"
#include "mm/file.h"
#include "mm/mmu_gather.h"
#include "page/lru.h"
#include "rmap/huge.h"

const char *errno_name(int err)
{
	switch (-err) {
	case EINVAL:
		return "EINVAL";
	case ENOMEM:
		return "ENOMEM";
	case EFAULT:
		return "EFAULT";
	case EAGAIN:
		return "EAGAIN";
	case EDEADLK:
		return "EDEADLK";
	case EBUSY:
		return "EBUSY";
	case EACCES:
		return "EACCES";
	case EEXIST:
		return "EEXIST";
	case ENOENT:
		return "ENOENT";
	default:
		return "an error";
	}
}

int check_range(struct hmmu *m, u64 address, u64 length, u64 *end)
{
	if (address & ~PAGE_MASK)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "address %#llx is not a multiple of 4096",
				 (unsigned long long)address);
	if (address >= HMMU_TASK_SIZE || length > HMMU_TASK_SIZE - address)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "%llu bytes at %#llx: user addresses end at %#llx", (unsigned long long)length,
				 (unsigned long long)address, (unsigned long long)HMMU_TASK_SIZE);
	*end = (address + length + PAGE_SIZE - 1) & PAGE_MASK;
	return 0;
}

int syscall_leave(struct ctx *ctx, const struct call *call, int err)
{
	struct hmmu *m = ctx->m;

	if (err < 0 && err != BLOCKED)
		hmmu_fail(m, err, HMMU_ERR_SYSCALL, "%s() fails with %s", call_name(call->op), errno_name(err));
	return task_leave(ctx, *call, err);
}

/* Above all mappings: 1 MiB above a 2 MiB boundary or on it, with at least 2 MiB between. */
u64 get_unmapped_area(const struct hmmu *m, u32 mm, bool align_huge)
{
	u32 last = vma_last(m, mm);
	u64 free = last ? m->vmas[last].end + PMD_SIZE : 1ull << 32;
	u64 address = (free + PMD_SIZE - 1) & PMD_MASK;

	return align_huge ? address : address + PMD_SIZE / 2;
}

static u64 place(const struct hmmu *m, u32 mm, const struct hmmu_map *map)
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
	default:
		return flags | (flags & VM_WRITE ? VM_ACCOUNT : 0);
	}
}

/* remap_pfn_range(): the whole of a special mapping is there from the start, in ptes without struct page. Its frames,
 * which stand for a device's memory, are kept by the file. */
static int populate_special(struct ctx *ctx, u32 vma)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);

	for (u64 address = v->start; address < v->end; address += PAGE_SIZE) {
		u64 *pmd = pmd_alloc(m, v->mm, address);
		u32 page = pmd && pte_alloc(m, v->mm, pmd) ? alloc_zeroed_page(m) : 0;

		if (!page)
			return -ENOMEM;
		add_to_page_cache(m, v->file, (address - v->start) >> PAGE_SHIFT, page);
		*pte_offset(m, *pmd, address) = pte_mkspecial(mk_pte(page, v->page_prot));
	}
	return 0;
}

/* Give a new mapping the fresh file that it maps. */
static int map_new_file(struct hmmu *m, u32 vma, u64 pages)
{
	u32 file = file_create(m, pages);
	int err = file ? 0 : -ENOMEM;

	m->vmas[vma].file = file;
	if (!err && is_vm_hugetlb_page(m, vma))
		err = hugetlb_reserve_pages(m, vma);
	if (err && file)
		file_put(m, file);
	return err;
}

static int new_vma(struct ctx *ctx, const struct hmmu_map *map, u64 start, u64 end, u32 *out)
{
	struct hmmu *m = ctx->m;
	u32 vma = should_fail(m, HMMU_INJECT_VMA) ? 0 : slab_alloc(m, SLAB_VMA);
	struct vma *v = vma_of(m, vma);
	int err;

	if (!vma)
		return -ENOMEM;
	v->mm = ctx->mm;
	v->start = start;
	v->end = end;
	v->kind = (u16)map->kind;
	v->flags = initial_flags(map) | VM_SOFTDIRTY;
	v->pgoff = map->kind == HMMU_MAP_ANON ? start >> PAGE_SHIFT : 0;
	err = map->kind == HMMU_MAP_ANON ? 0 : map_new_file(m, vma, map->pages);
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
	u32 prev = next ? m->vmas[next].prev : vma_last(m, ctx->mm);

	if (map->kind != HMMU_MAP_ANON)
		return 0;
	return vma_merge(ctx, prev, start, end, initial_flags(map), 0, 0, start >> PAGE_SHIFT, map->kind);
}

static int do_mmap(struct ctx *ctx, const struct hmmu_map *map, u64 *address)
{
	struct hmmu *m = ctx->m;
	u64 start = map->address ? map->address : place(m, ctx->mm, map);
	u64 end = start + map->pages * PAGE_SIZE;
	u32 vma = find_vma(m, ctx->mm, start);
	int err;

	if (start >= HMMU_TASK_SIZE || map->pages > (HMMU_TASK_SIZE - start) >> PAGE_SHIFT)
		return -ENOMEM;
	if (vma && m->vmas[vma].start < end)
		return -EEXIST;
	vma = merge_new(ctx, map, start, end);
	if (vma) {
		m->vmas[vma].flags |= VM_SOFTDIRTY;
		vma_set_page_prot(m, vma);
		*address = start;
		return 0;
	}
	err = new_vma(ctx, map, start, end, &vma);
	if (!err && map->kind == HMMU_MAP_SPECIAL)
		err = populate_special(ctx, vma);
	if (!err)
		*address = start;
	else if (vma)
		do_munmap(ctx, start, end);
	return err;
}

static int check_map(struct hmmu *m, const struct hmmu_map *map)
{
	if (map->kind > HMMU_MAP_SPECIAL)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "kind %u: there are 0 to %d", map->kind,
				 HMMU_MAP_SPECIAL);
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
				   .args = { map->address, map->pages, map->kind, map->prot, map->align_huge } };
	struct ctx ctx;
	int err = check_map(m, map);

	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	err = down_write(&ctx);
	if (!err)
		err = do_mmap(&ctx, map, address);
	return syscall_leave(&ctx, &call, err);
}

int hmmu_munmap(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length)
{
	const struct call call = { .op = OP_MUNMAP, .args = { address, length } };
	struct ctx ctx;
	struct span span;
	u64 end = 0;
	int err = check_range(m, address, length, &end);

	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	span = span_begin(m, HMMU_SPAN_MUNMAP);
	err = end > address ? down_write(&ctx) : -EINVAL;
	if (!err)
		err = do_munmap(&ctx, address, end);
	span_end(m, &span, 1, (end - address) >> PAGE_SHIFT);
	return syscall_leave(&ctx, &call, err);
}

/* 4.14 leaves the counter of locked pages alone where a range is locked already. */
static int mlock_fixup(struct ctx *ctx, u32 *prev, u32 vma, u64 start, u64 end, bool lock)
{
	struct hmmu *m = ctx->m;
	u32 old = m->vmas[vma].flags;
	u32 flags = lock ? old | VM_LOCKED : old & ~(u32)VM_LOCKED;
	u64 progress = ctx->progress.munlock_at;
	int err;

	if (!lock && progress >= start && progress < end) {
		ctx->progress.munlock_at = 0;
		*prev = vma;
		return munlock_vma_pages_range(ctx, vma, progress, end);
	}
	if (flags == old || (old & (VM_SPECIAL | VM_HUGETLB))) {
		*prev = vma;
		return 0;
	}
	err = vma_change_flags(ctx, &vma, *prev, start, end, flags);
	if (err)
		return err;
	*prev = vma;
	if (lock) {
		m->vmas[vma].flags = flags;
		m->mms[ctx->mm].locked_vm += (end - start) >> PAGE_SHIFT;
		return 0;
	}
	m->mms[ctx->mm].locked_vm -= (end - start) >> PAGE_SHIFT;
	return munlock_vma_pages_range(ctx, vma, start, end);
}

static int apply_vma_lock_flags(struct ctx *ctx, u64 start, u64 end, bool lock)
{
	struct hmmu *m = ctx->m;
	u32 vma = find_vma(m, ctx->mm, start), prev;
	int err;

	if (!vma || m->vmas[vma].start > start)
		return -ENOMEM;
	prev = start > m->vmas[vma].start ? vma : m->vmas[vma].prev;
	for (;;) {
		u64 to = end < m->vmas[vma].end ? end : m->vmas[vma].end;

		err = mlock_fixup(ctx, &prev, vma, start, to, lock);
		if (err)
			return err;
		start = to > m->vmas[prev].end ? to : m->vmas[prev].end;
		if (start >= end)
			return 0;
		vma = m->vmas[prev].next;
		if (!vma || m->vmas[vma].start != start)
			return -ENOMEM;
	}
}

/* mlock()'s errno for an error of get_user_pages(). */
static int mlock_posix_error(int err)
{
	if (err == -ENOMEM)
		return -EAGAIN;
	return err == -EFAULT ? -ENOMEM : err;
}

static int do_mlock(struct ctx *ctx, u64 start, u64 end)
{
	int err;

	/* A call that goes on has its flags set and populates. */
	if (!ctx->progress.at) {
		lru_add_drain_all(ctx->m);
		err = down_write(ctx);
		if (err)
			return err;
		err = apply_vma_lock_flags(ctx, start, end, true);
		up_sem(ctx);
		if (err)
			return err;
		ctx->progress.at = start ? start : 1;
	}
	err = down_read(ctx);
	if (!err)
		err = mlock_posix_error(mm_populate(ctx, start, end));
	return err;
}

int hmmu_mlock(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length)
{
	const struct call call = { .op = OP_MLOCK, .args = { address, length } };
	struct ctx ctx;
	u64 end = 0;
	int err = check_range(m, address, length, &end);

	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	if (end > address)
		err = do_mlock(&ctx, address, end);
	return syscall_leave(&ctx, &call, err);
}

int hmmu_munlock(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length)
{
	const struct call call = { .op = OP_MUNLOCK, .args = { address, length } };
	struct ctx ctx;
	u64 end = 0;
	int err = check_range(m, address, length, &end);

	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	err = down_write(&ctx);
	if (!err && end > address)
		err = apply_vma_lock_flags(&ctx, address, end, false);
	return syscall_leave(&ctx, &call, err);
}

static int clear_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct hmmu *m = walk->m;
	u64 *first, *pte;

	if (pmd_trans_huge(*pmd)) {
		clear_soft_dirty_pmd(m, walk->mm, pmd, address);
		return 0;
	}
	if (pmd_trans_unstable(*pmd))
		return 0;
	pte = first = pte_offset_map_lock(m, *pmd, address);
	for (; address < end; address += PAGE_SIZE, pte++) {
		if (pte_present(*pte))
			*pte = pte_clear_soft_dirty(pte_wrprotect(*pte));
		else if (is_swap_pte(*pte))
			*pte = pte_swp_clear_soft_dirty(*pte);
	}
	table_unlock(m, first);
	return 0;
}

static void clear_soft_dirty(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;
	struct mm_walk walk = { .m = m, .mm = ctx->mm, .pmd_entry = clear_pmd };
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, ctx, ctx->mm, true);
	mmu_notifier_invalidate_range_start(m, ctx->mm, 0, HMMU_TASK_SIZE);
	for (u32 vma = m->mms[ctx->mm].mmap; vma; vma = m->vmas[vma].next) {
		walk.vma = vma;
		/* The walk has nothing for huge pages of hugetlb. */
		if (!(m->vmas[vma].flags & (VM_PFNMAP | VM_HUGETLB)))
			walk_page_range(&walk, m->vmas[vma].start, m->vmas[vma].end);
	}
	mmu_notifier_invalidate_range_end(m, ctx->mm, 0, HMMU_TASK_SIZE);
	tlb_finish_mmu(&tlb);
}

/* VM_SOFTDIRTY is cleared under mmap_sem for writing; the walk needs only reading. */
static int do_clear_refs(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;
	int err = down_write(ctx);

	if (err)
		return err;
	for (u32 vma = m->mms[ctx->mm].mmap; vma; vma = m->vmas[vma].next) {
		m->vmas[vma].flags &= ~(u32)VM_SOFTDIRTY;
		vma_set_page_prot(m, vma);
	}
	downgrade_write(ctx);
	clear_soft_dirty(ctx);
	return 0;
}

int hmmu_clear_soft_dirty(struct hmmu *m, uint32_t tid)
{
	const struct call call = { .op = OP_CLEAR };
	struct ctx ctx;
	int err = task_enter(m, tid, call, &ctx);

	if (err)
		return err;
	err = do_clear_refs(&ctx);
	return syscall_leave(&ctx, &call, err);
}

static bool vma_can_userfault(const struct hmmu *m, u32 vma)
{
	return m->vmas[vma].kind != HMMU_MAP_SPECIAL;
}

/* The whole range must be of kinds that can be registered, and hugetlb mappings are taken at 2 MiB borders. */
static int check_uffd_range(const struct hmmu *m, u32 vma, u64 start, u64 end)
{
	if (!vma || m->vmas[vma].start >= end)
		return -EINVAL;
	if ((m->vmas[vma].flags & VM_HUGETLB) && (start & ~PMD_MASK))
		return -EINVAL;
	for (u32 v = vma; v && m->vmas[v].start < end; v = m->vmas[v].next) {
		if (!vma_can_userfault(m, v))
			return -EINVAL;
		if ((m->vmas[v].flags & VM_HUGETLB) && end <= m->vmas[v].end && (end & ~PMD_MASK))
			return -EINVAL;
	}
	return 0;
}

/*
 * Register one mapping's part. The offset that 4.14 gives to vma_merge() is that of the mapping's start, also where the
 * range starts later; such a part is never merged with a registered mapping behind it.
 */
static int uffd_register_vma(struct ctx *ctx, u32 *vma, u32 prev, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, *vma);
	u32 flags = v->flags | VM_UFFD_MISSING, merged;
	int err = 0;

	if (flags == v->flags)
		return 0;
	merged = vma_merge(ctx, prev, start, end, flags, v->anon_vma, v->file, v->pgoff, v->kind);
	if (merged)
		*vma = merged;
	else
		err = vma_cut_out(ctx, *vma, start, end);
	if (!err)
		m->vmas[*vma].flags = flags;
	return err;
}

static int do_uffd_register(struct ctx *ctx, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	u32 vma = find_vma(m, ctx->mm, start), prev;
	int err = check_uffd_range(m, vma, start, end);

	if (err)
		return err;
	prev = m->vmas[vma].start < start ? vma : m->vmas[vma].prev;
	for (; vma && m->vmas[vma].start < end && !err; prev = vma, vma = m->vmas[vma].next) {
		u64 to = end < m->vmas[vma].end ? end : m->vmas[vma].end;

		if (start < m->vmas[vma].start)
			start = m->vmas[vma].start;
		err = uffd_register_vma(ctx, &vma, prev, start, to);
		start = m->vmas[vma].end;
	}
	m->mms[ctx->mm].uffd = 1;
	return err;
}

int hmmu_uffd_register(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length)
{
	const struct call call = { .op = OP_UFFD, .args = { address, length } };
	struct ctx ctx;
	u64 end = 0;
	int err = check_range(m, address, length, &end);

	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	err = end > address ? down_write(&ctx) : -EINVAL;
	if (!err)
		err = do_uffd_register(&ctx, address, end);
	return syscall_leave(&ctx, &call, err);
}
