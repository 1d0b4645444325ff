/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads and stores of a CPU. page_fault.c translates their addresses. */
#include <errno.h>
#include <string.h>

#include "call/page_fault.h"
#include "call/syscall.h"
#include "fault/fault.h"
#include "mm/tlb.h"
#include "page/contents.h"

/* Load or store within one page. */
static ALWAYS_INLINE void access_contents(struct hmmu *m, int pfn, u64 address, u8 *buffer, size_t length, bool write)
{
	if (write)
		store_contents(m, (u32)pfn, address & (PAGE_SIZE - 1), buffer, length);
	else
		load_contents(m, (u32)pfn, address & (PAGE_SIZE - 1), buffer, length);
}

/* Whether the faults of a store that goes on have nothing but their entries to look at: nobody else can run, or is called. */
static bool first_touches_are_alike(const struct ctx *ctx, u32 vma, const struct leaf *leaf)
{
	const struct hmmu *m = ctx->m;
	const struct rwsem *sem = &ctx->space->mmap_sem;

	if (!SHORTCUTS || counting(m) || m->switch_points || m->on_event || sem->writer || sem->first_waiter ||
	    ctx->space->vmas_marked)
		return false;
	return leaf->entry && leaf->entry != leaf->pmd && vma && vma_is_anonymous(m, vma) && vma_of(m, vma)->anon_vma &&
	       !access_error(m, vma, true) && ctx->resume == RESUME_RETRY;
}

/* The faults of a store to whole pages that nobody has touched, below one table. Returns how many bytes it has stored. */
static size_t touch_and_store(struct ctx *ctx, u32 vma, u64 address, u64 pmd, const u8 *buffer, size_t length, int *why)
{
	struct leaf leaf = { .entry = pte_offset(ctx->m, pmd, address) };
	int result = 0;
	size_t at = 0;

	for (; length - at >= PAGE_SIZE && pte_none(*leaf.entry); at += PAGE_SIZE, leaf.entry++) {
		struct tlb_entry *entry = tlb_slot(ctx->m, ctx->cpu, (address + at) >> PAGE_SHIFT);

		/* It contradicts the tables. */
		if (tlb_entry_hits(entry, ctx->space, ctx->mm, (address + at) >> PAGE_SHIFT, true))
			break;
		fault_is_counted(ctx, address + at, true);
		result = do_anonymous_page(ctx, vma, address + at, leaf.entry, page_of(ctx->m, pte_pfn(pmd)), true);
		probe(page_fault_end, ctx->mm, address + at, result);
		if (result)
			break;
		store_contents(ctx->m, tlb_fill(entry, &leaf, ctx, address + at, true), 0, buffer + at, PAGE_SIZE);
	}
	*why = result;
	return at;
}

/* A shortcut: a store that goes on over pages that nobody has touched looks once for what is the same for all their faults.
 * Returns how many bytes it has stored. */
static NOINLINE size_t store_first_touches(struct ctx *ctx, u64 address, const u8 *buffer, size_t length, int *err)
{
	struct leaf leaf = mm_find_leaf(ctx->m, ctx->mm, address);
	u32 vma = vma_at(ctx->m, ctx->mm, address);
	size_t stored;
	u64 end;

	if (!first_touches_are_alike(ctx, vma, &leaf))
		return 0;
	end = pmd_addr_end(address, vma_of(ctx->m, vma)->end);
	if (KERNEL >= V6_12)
		ctx->vma_lock = vma;
	else
		down_read(ctx);
	fault_begins(ctx);
	stored = touch_and_store(ctx, vma, address, *leaf.pmd, buffer, length < end - address ? length : end - address,
				 err);
	if (KERNEL >= V6_12)
		vma_end_read(ctx);
	else if (!ctx->nested)
		up_sem(ctx);
	*err = fault_ends(ctx, *err);
	if (fault_is_error(*err) && *err != BLOCKED)
		*err = fault_errno(ctx, address + stored, true, *err);
	return stored;
}

/* Page by page. What was moved before the call blocked is not moved again. */
static int access_pages(struct ctx *ctx, u64 address, u8 *buffer, size_t length, bool write)
{
	int err = 0;

	for (u64 at = ctx->progress.at, chunk; at < length && !err; at += chunk, ctx->progress.at = at) {
		u64 in_page = (address + at) & (PAGE_SIZE - 1);
		int pfn = translate_any(ctx, address + at, write);

		if (pfn < 0)
			return pfn;
		chunk = length - at < PAGE_SIZE - in_page ? length - at : PAGE_SIZE - in_page;
		access_contents(ctx->m, pfn, address + at, buffer + at, chunk, write);
		if (write && length - at - chunk >= PAGE_SIZE)
			chunk += store_first_touches(ctx, address + at + chunk, buffer + at + chunk,
						     length - at - chunk, &err);
	}
	return err;
}

static NOINLINE int access_any(struct hmmu *m, u32 tid, u64 address, u8 *buffer, size_t length, size_t *done,
			       bool write)
{
	const struct call call = {
		.op = write ? OP_STORE : OP_LOAD,
		.args = { address, length },
		.data = write ? buffer : NULL,
	};
	struct ctx ctx;
	int err;

	if (done)
		*done = 0;
	err = task_enter(m, tid, call, &ctx);
	if (err) {
		if (done && err == -EAGAIN)
			*done = task_of(m, tid)->progress.at;
		return err;
	}
	if (ctx.waited == HMMU_WAIT_PAGE_LOCK && !ctx.nested && ctx.resume != RESUME_LOCKED)
		err = fault_has_ended(&ctx, address, write);
	if (!err)
		err = access_pages(&ctx, address, buffer, length, write);
	if (done)
		*done = ctx.progress.at;
	return task_leave(&ctx, call, err);
}

/* A shortcut for accesses within one page, of tasks that are in no call. */
static ALWAYS_INLINE int access_memory(struct hmmu *m, u32 tid, u64 address, u8 *buffer, size_t length, size_t *done,
				       bool write)
{
	const struct call call = {
		.op = write ? OP_STORE : OP_LOAD,
		.args = { address, length },
		.data = write ? buffer : NULL,
	};
	struct ctx ctx;
	int pfn;

	/* The length 0 is within no page. */
	if (length - 1 >= PAGE_SIZE - (address & (PAGE_SIZE - 1)) || !task_enter_idle(m, tid, &ctx))
		return access_any(m, tid, address, buffer, length, done, write);
	pfn = translate(&ctx, address, write);
	if (pfn > 0)
		access_contents(m, pfn, address, buffer, length, write);
	if (done)
		*done = pfn > 0 ? length : 0;
	return task_leave(&ctx, call, pfn > 0 ? 0 : pfn);
}

int hmmu_load(struct hmmu *m, uint32_t tid, uint64_t address, void *buffer, size_t length, size_t *done)
{
	int err = check_span(m, address, length);

	return err ? err : access_memory(m, tid, address, buffer, length, done, false);
}

int hmmu_store(struct hmmu *m, uint32_t tid, uint64_t address, const void *buffer, size_t length, size_t *done)
{
	int err = check_span(m, address, length);

	return err ? err : access_memory(m, tid, address, (u8 *)buffer, length, done, true);
}
