/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ftruncate() of tmpfs and shared memory, as shmem_setattr(): the size is set, all mappings of what is behind it are unmapped,
 * and the pages leave the page cache, each with its lock. The file needs no mmap_lock: it could be truncated by somebody
 * who does not map it.
 */
#include "call/truncate.h"

#include <errno.h>

#include "call/syscall.h"
#include "call/unmap.h"
#include "mm/file.h"
#include "mm/mm.h"
#include "mm/mmu_notifier.h"
#include "mm/swapped_file.h"
#include "mm/task_work.h"
#include "page/lru.h"
#include "rmap/rmap.h"

static u64 address_of_index(const struct hmmu *m, u32 vma, u64 index)
{
	const struct vma *v = vma_of(m, vma);

	return index < v->pgoff ? v->start : v->start + ((index - v->pgoff) << PAGE_SHIFT);
}

/* Private copies go, too. */
static void unmap_mapping_range(struct ctx *ctx, u32 file, u64 first)
{
	struct hmmu *m = ctx->m;

	for (u32 vma = i_mmap_first(m, file, first, UINT64_MAX); vma; vma = i_mmap_next(m, vma, first, UINT64_MAX))
		zap_page_range_single(ctx, vma, address_of_index(m, vma, first), vma_of(m, vma)->end, true);
}

/* Whether an entry is one of the file, and not a private copy. */
static bool maps_file_page(const struct hmmu *m, u32 vma, u64 address)
{
	const u64 *pmd = mm_find_pmd(m, vma_of(m, vma)->mm, address);
	u64 pte = pmd && !pmd_none(*pmd) ? *pte_offset(m, *pmd, address) : 0;

	return pte_present(pte) ? !PageAnon(m, pte_pfn(pte)) : is_pte_marker(pte);
}

/* A mapping that does not map the page hears of it as well. */
static void unmap_folio_of_vma(struct ctx *ctx, u32 vma, u64 address)
{
	struct hmmu *m = ctx->m;
	u32 mm = vma_of(m, vma)->mm;

	if (maps_file_page(m, vma, address)) {
		zap_page_range_single(ctx, vma, address, address + PAGE_SIZE, false);
		return;
	}
	lru_add_drain(m, ctx->cpu);
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, mm, address, address + PAGE_SIZE);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, mm, address, address + PAGE_SIZE);
}

static void unmap_mapping_folio(struct ctx *ctx, u32 file, u32 page)
{
	struct hmmu *m = ctx->m;
	u64 index = page_of(m, page)->index;

	for (u32 vma = i_mmap_first(m, file, index, index); vma; vma = i_mmap_next(m, vma, index, index))
		unmap_folio_of_vma(ctx, vma, address_of_index(m, vma, index));
}

/* A fault that waited for the page before the truncation did has mapped it again. */
static void truncate_inode_folio(struct ctx *ctx, u32 file, u32 page)
{
	if (page_mapped(ctx->m, page))
		unmap_mapping_folio(ctx, file, page);
	truncate_page(ctx->m, page);
}

static int shmem_truncate_range(struct ctx *ctx, u32 file)
{
	u32 page;
	int err;

	if (ctx->resume != RESUME_TRUNCATE)
		truncate_unlocked(ctx, file, file_of(ctx->m, file)->pages);
	ctx->resume = RESUME_RETRY;
	for (err = next_to_truncate(ctx, file, RESUME_TRUNCATE, &page); !err && page;
	     err = next_to_truncate(ctx, file, RESUME_TRUNCATE, &page))
		truncate_inode_folio(ctx, file, page);
	return err;
}

/* The task waits with its reference to the file only: nobody waits for this task's mmap_lock. */
static int inode_lock(struct ctx *ctx, u32 file)
{
	if (!file_of(ctx->m, file)->truncated_by) {
		file_of(ctx->m, file)->truncated_by = ctx->task;
		return 0;
	}
	ctx->self->wait = HMMU_WAIT_INODE_LOCK;
	return note_wait(ctx);
}

/* The layout of a mark has a place for each page of a file. */
static void set_end(struct hmmu *m, struct file *file, u64 end)
{
	m->moved_mappings += file->end != end;
	file->end = end;
}

/* Unmap again, for private copies that faults have made meanwhile, and unlock the inode. What was reclaimed meanwhile goes, too:
 * the kernel's page cache has an entry for it. */
static void truncate_end(struct ctx *ctx, u32 file)
{
	struct file *f = file_of(ctx->m, file);

	if (f->pages < f->end)
		unmap_mapping_range(ctx, file, f->pages);
	truncate_swapped(ctx->m, file, f->pages);
	set_end(ctx->m, f, f->pages);
	f->truncated_by = 0;
}

/* Truncate without waiting, also what somebody has locked. */
static void truncate_all(struct ctx *ctx, u32 file)
{
	struct hmmu *m = ctx->m;
	u32 page;

	ctx->progress.at = file_of(m, file)->pages << PAGE_SHIFT;
	for (page = first_to_truncate(ctx, file); page; page = first_to_truncate(ctx, file))
		truncate_inode_folio(ctx, file, page);
	truncate_end(ctx, file);
}

/* shmem_setattr() */
static void set_size(struct ctx *ctx, u32 file, u64 pages)
{
	struct file *f = file_of(ctx->m, file);

	f->pages = pages;
	if (pages > f->end)
		set_end(ctx->m, f, pages);
	if (pages < f->end)
		unmap_mapping_range(ctx, file, pages);
}

static int do_truncate(struct ctx *ctx, u32 file, u64 pages)
{
	int err;

	if (ctx->resume != RESUME_TRUNCATE) {
		err = inode_lock(ctx, file);
		if (err)
			return err;
		set_size(ctx, file, pages);
	}
	err = shmem_truncate_range(ctx, file);
	if (err == BLOCKED)
		return err;
	if (err)
		truncate_all(ctx, file);
	else
		truncate_end(ctx, file);
	return err;
}

/* Huge pages and a device's memory have files, too, but none with a length. */
static bool has_length(const struct vma *v)
{
	return v->kind == HMMU_MAP_SHMEM || v->kind == HMMU_MAP_FILE || v->kind == HMMU_MAP_SHAREDFILE;
}

/* The file that is mapped at an address, with a reference; 0: none. */
static u32 get_file(struct ctx *ctx, u64 address)
{
	struct hmmu *m = ctx->m;
	u32 vma = vma_at(m, ctx->mm, address), file;

	if (!vma || !has_length(vma_of(m, vma)))
		return 0;
	file = vma_of(m, vma)->file;
	file_of(m, file)->users++;
	return file;
}

/* The task's reference may be the last one. */
static int truncate_and_close(struct ctx *ctx, u64 address, u64 pages)
{
	u32 file = (u32)ctx->progress.result;
	int err;

	if (ctx->resume == RESUME_TASK_WORK)
		return task_work_result(ctx);
	if (!file)
		file = get_file(ctx, address);
	if (!file)
		return -ENOENT;
	ctx->progress.result = file;
	err = do_truncate(ctx, file, pages);
	if (err == BLOCKED)
		return err;
	ctx->progress.result = 0;
	fput(ctx, file);
	return err;
}

void truncate_give_up(struct hmmu *m, struct task *task)
{
	struct ctx ctx = {
		.m = m,
		.self = task,
		.space = mm_of(m, task->mm),
		.task = (u32)(task - m->tasks),
		.mm = task->mm,
		.cpu = task->cpu,
	};
	u32 file = (u32)task->progress.result;

	if (!file)
		return;
	if (file_of(m, file)->truncated_by == ctx.task)
		truncate_all(&ctx, file);
	task->progress.result = 0;
	fput(&ctx, file);
}

static int check_truncate(struct hmmu *m, u64 address, u64 pages)
{
	if (KERNEL < V6_12)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "truncation is modelled as Linux 6.12 has it, and not for this kernel");
	if (pages > HMMU_TASK_SIZE >> PAGE_SHIFT)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "%llu pages: a file has at most %llu",
				 (unsigned long long)pages, HMMU_TASK_SIZE >> PAGE_SHIFT);
	return check_span(m, address, 1);
}

int hmmu_truncate(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t pages)
{
	const struct call call = { .op = OP_TRUNCATE, .args = { address, pages } };
	struct ctx ctx;
	int err = check_truncate(m, address, pages);

	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (KERNEL < V6_12 || err)
		return err;
	err = task_work_run(&ctx, truncate_and_close(&ctx, address, pages));
	return syscall_leave(&ctx, &call, err);
}
