/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads and stores of a CPU: translated by the TLB or the page tables; otherwise they fault. */
#include <errno.h>
#include <string.h>

#include "call/syscall.h"
#include "fault/device_fault.h"
#include "fault/fault.h"
#include "mm/tlb.h"
#include "mm/vma_lock.h"
#include "page/contents.h"

static bool access_error(const struct hmmu *m, u32 vma, bool write)
{
	return write ? !(vma_of(m, vma)->flags & VM_WRITE) : !(vma_of(m, vma)->flags & (VM_READ | VM_WRITE));
}

/* vma_start_read() fails: a writer has marked the mapping. */
static NOINLINE __attribute__((cold)) bool is_stopped_by_mark(const struct ctx *ctx, u64 address)
{
	return !ctx->vma_lock && is_vma_write_locked(ctx->m, vma_at(ctx->m, ctx->mm, address));
}

/* "x86/mm: try VMA lock-based page fault handling first" (6.4). FAULT_RETRY: the fault needs mmap_lock. */
static ALWAYS_INLINE int fault_under_vma_lock(struct ctx *ctx, u64 address, bool write, struct leaf *leaf)
{
	u32 vma = ctx->vma_lock ? ctx->vma_lock : vma_at(ctx->m, ctx->mm, address);
	int result;

	/* lock_vma_under_rcu(): no writer has marked the mapping, or the fault goes on and has the lock. */
	if (!vma)
		return FAULT_RETRY;
	ctx->vma_lock = vma;
	result = access_error(ctx->m, vma, write) ? FAULT_SIGSEGV : handle_walked_fault(ctx, vma, address, write, leaf);
	if (result == FAULT_RETRY)
		ctx->fault_flags |= FAULT_COUNTED;
	/* A task that waits for a page has noted the lock. */
	vma_end_read(ctx);
	return result;
}

/* A fault that waits for mmap_lock may be one that has begun already. */
static inline int mmap_read_lock(struct ctx *ctx)
{
	int result = down_read(ctx);

	if (KERNEL >= V6_12 && result == BLOCKED && ctx->fault_flags & FAULT_COUNTED)
		ctx->self->resume = ctx->fault_flags & FAULT_FLAG_TRIED ? RESUME_FAULT_TRIED : RESUME_FAULT_RETRY;
	return result;
}

/* The page fault exception: take mmap_sem, find the mapping, check its rights, handle the fault. */
static ALWAYS_INLINE int fault_under_mmap_sem(struct ctx *ctx, u64 address, bool write, struct leaf *leaf)
{
	struct hmmu *m = ctx->m;
	int result = mmap_read_lock(ctx);
	u32 vma;

	if (result)
		return result;
	vma = vma_at(m, ctx->mm, address);
	if (!vma || access_error(m, vma, write))
		result = FAULT_SIGSEGV;
	else
		result = handle_walked_fault(ctx, vma, address, write, leaf);
	/* A task that waits for a page lock keeps mmap_sem. */
	if (result != BLOCKED && !ctx->nested)
		up_sem(ctx);
	return result;
}

/* The memory cgroup is full, and nobody is killed for it: wait without any lock until a page of it is uncharged. */
static NOINLINE __attribute__((cold)) int mem_cgroup_oom_synchronize(struct ctx *ctx)
{
	ctx->self->wait = HMMU_WAIT_MEMCG;
	ctx->self->resume = RESUME_RETRY;
	ctx->progress.result = ctx->m->st->memcg_uncharges;
	return note_wait(ctx);
}

/* Linux 6.12: what the fault of an access may do. A call within another one has the lock of that, so it can't wait for memory of
 * the group. */
static inline void fault_begins(struct ctx *ctx)
{
	ctx->fault_flags |= FAULT_FLAG_ALLOW_RETRY | (ctx->nested ? 0 : FAULT_FLAG_USER);
}

static inline int fault_ends(struct ctx *ctx, int result)
{
	if (result == FAULT_OOM && ctx->fault_flags & FAULT_MEMCG_OOM)
		result = mem_cgroup_oom_synchronize(ctx);
	ctx->fault_flags &= FAULT_AT_LIMIT;
	return result;
}

/* The same in 6.12, which seldom needs the lock. The walk was without it. */
static NOINLINE int fault_under_mmap_lock(struct ctx *ctx, u64 address, bool write, struct leaf *leaf)
{
	*leaf = mm_find_leaf(ctx->m, ctx->mm, address);
	return fault_under_mmap_sem(ctx, address, write, leaf);
}

/* @p with_mmap_sem: the fault goes on, and takes mmap_sem or has it. @p leaf is where the walk of the access has ended; without a
 * leaf afterwards if that is not known any more. */
static ALWAYS_INLINE int do_page_fault(struct ctx *ctx, u64 address, bool write, bool with_mmap_sem, struct leaf *leaf)
{
	int result = FAULT_RETRY;

	if (KERNEL < V6_12)
		return fault_under_mmap_sem(ctx, address, write, leaf);
	fault_begins(ctx);
	if (!with_mmap_sem && !(ctx->space->vmas_marked && is_stopped_by_mark(ctx, address)))
		result = fault_under_vma_lock(ctx, address, write, leaf);
	if (result == FAULT_RETRY)
		result = fault_under_mmap_lock(ctx, address, write, leaf);
	return fault_ends(ctx, result);
}

/* Whether the access goes on in the middle of a fault, though it might no longer fault. Then *@p with_mmap_sem says that it
 * goes on with mmap_sem, and not with the lock of its mapping. */
static inline bool access_is_in_fault(struct ctx *ctx, bool *with_mmap_sem)
{
	bool waited_for_sem = ctx->waited == HMMU_WAIT_MMAP_SEM_READ, locked = ctx->resume == RESUME_LOCKED;

	*with_mmap_sem = true;
	if (KERNEL < V6_12)
		return waited_for_sem;
	if (ctx->resume == RESUME_FAULT_RETRY || ctx->resume == RESUME_FAULT_TRIED) {
		ctx->fault_flags = FAULT_COUNTED | (ctx->resume == RESUME_FAULT_TRIED ? FAULT_FLAG_TRIED : 0);
		ctx->resume = RESUME_RETRY;
		return true;
	}
	*with_mmap_sem = waited_for_sem || (locked && !ctx->vma_lock);
	return waited_for_sem || locked;
}

/* Whether the fault failed because of the limit. 4.14 goes by what is charged now. */
static bool is_at_limit(const struct ctx *ctx)
{
	const struct state *st = ctx->m->st;

	return KERNEL >= V6_12 ? ctx->fault_flags & FAULT_AT_LIMIT
			       : st->memcg_limit && memcg_charged(st) >= st->memcg_limit;
}

static int fault_errno(const struct ctx *ctx, u64 address, bool write, int result)
{
	struct hmmu *m = ctx->m;
	const char *access = write ? "store to" : "load from";
	int err;

	if (result == FAULT_OOM && is_at_limit(ctx))
		err = hmmu_fail(m, -ENOMEM, HMMU_ERR_MEMCG_LIMIT,
				"the %s %#llx needs a page, and the memory cgroup is at its limit of %llu pages",
				access, (unsigned long long)address, (unsigned long long)m->st->memcg_limit);
	else if (result == FAULT_OOM)
		err = hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_FRAMES, "no frame is left for the %s %#llx", access,
				(unsigned long long)address);
	else if (result == -EDEADLK)
		err = hmmu_fail(
			m, -EDEADLK, HMMU_ERR_SYSCALL,
			"the %s %#llx would wait for the page's lock, which a migration of this task has until its "
			"callback returns",
			access, (unsigned long long)address);
	else if (result == FAULT_SIGBUS)
		err = hmmu_fail(m, -EFAULT, HMMU_ERR_SIGBUS, "the %s %#llx ends in SIGBUS", access,
				(unsigned long long)address);
	else
		err = hmmu_fail(m, -EFAULT, HMMU_ERR_SIGSEGV, "the %s %#llx ends in SIGSEGV", access,
				(unsigned long long)address);
	m->error.address = address;
	return err;
}

static NOINLINE int no_progress(struct hmmu *m, u64 address)
{
	hmmu_fail(m, -EFAULT, HMMU_ERR_DRIVER_RULE,
		  "a page fault handler returned 0, and the page was not back after %d faults", MAX_FAULTS);
	m->error.rule = HMMU_RULE_FAULT_NO_PROGRESS;
	m->error.address = address;
	return -EFAULT;
}

/* Any fault of an access. */
static NOINLINE int fault_once(struct ctx *ctx, u64 address, bool write, bool with_mmap_sem)
{
	struct leaf leaf = mm_find_leaf(ctx->m, ctx->mm, address);

	return do_page_fault(ctx, address, write, with_mmap_sem, &leaf);
}

/* Fault until the address can be translated, after @p faults. The page, BLOCKED, or an error. @p in_fault: the access is in a
 * fault. */
static NOINLINE int fault_until_mapped(struct ctx *ctx, u64 address, bool write, u32 faults, bool in_fault,
				       bool with_mmap_sem)
{
	struct tlb_entry *entry = tlb_slot(ctx->m, ctx->cpu, address >> PAGE_SHIFT);

	for (; faults < MAX_FAULTS; faults++, in_fault = with_mmap_sem = false) {
		u32 pfn = in_fault ? 0 : tlb_access(ctx, entry, address, write);
		int result;

		if (pfn)
			return (int)pfn;
		result = fault_once(ctx, address, write, with_mmap_sem);
		if (fault_is_error(result))
			return result == BLOCKED ? BLOCKED : fault_errno(ctx, address, write, result);
	}
	return no_progress(ctx->m, address);
}

/* A shortcut for accesses that fault once at most. The fault goes on from where the walk has ended, and so does the access if the
 * fault has changed nothing but the entry. */
static ALWAYS_INLINE int walk_or_fault(struct ctx *ctx, struct tlb_entry *entry, u64 address, bool write)
{
	struct leaf leaf = mm_find_leaf(ctx->m, ctx->mm, address);
	u32 pfn = tlb_fill(entry, &leaf, ctx, address, write);
	int result;

	if (pfn)
		return (int)pfn;
	result = do_page_fault(ctx, address, write, false, &leaf);
	if (__builtin_expect(fault_is_error(result), false))
		return result == BLOCKED ? BLOCKED : fault_errno(ctx, address, write, result);
	pfn = leaf.entry ? tlb_fill(entry, &leaf, ctx, address, write) : tlb_access(ctx, entry, address, write);
	return pfn ? (int)pfn : fault_until_mapped(ctx, address, write, 1, false, false);
}

/* The page of an address, for an access that is in no fault: BLOCKED, or an error. */
static ALWAYS_INLINE int translate(struct ctx *ctx, u64 address, bool write)
{
	struct tlb_entry *entry = tlb_slot(ctx->m, ctx->cpu, address >> PAGE_SHIFT);
	u32 pfn;

	if (tlb_entry_hits(entry, ctx->space, ctx->mm, address >> PAGE_SHIFT, write)) {
		pfn = tlb_hit(ctx, entry, address, write);
		return pfn ? (int)pfn : fault_until_mapped(ctx, address, write, 0, true, false);
	}
	return walk_or_fault(ctx, entry, address, write);
}

/* The same of any access. */
static NOINLINE int translate_any(struct ctx *ctx, u64 address, bool write)
{
	bool with_mmap_sem, in_fault = access_is_in_fault(ctx, &with_mmap_sem);

	ctx->waited = HMMU_WAIT_NOTHING;
	if (in_fault || !SHORTCUTS)
		return fault_until_mapped(ctx, address, write, 0, in_fault, with_mmap_sem);
	return translate(ctx, address, write);
}

/* The fault that waited for a page has ended; the instruction starts again, unless the page's handler has failed. */
static NOINLINE int fault_has_ended(struct ctx *ctx, u64 address, bool write)
{
	up_sem(ctx);
	return device_fault_failed(ctx) ? fault_errno(ctx, address, write, FAULT_SIGBUS) : 0;
}

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
