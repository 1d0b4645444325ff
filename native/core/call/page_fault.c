/* SPDX-License-Identifier: GPL-2.0-only */
/* The page fault exception: what a CPU does about an address that it can't translate. */
#include <errno.h>

#include "call/page_fault.h"
#include "fault/device_fault.h"
#include "fault/fault.h"
#include "mm/tlb.h"
#include "mm/vma_lock.h"

bool access_error(const struct hmmu *m, u32 vma, bool write)
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

/* A call within another one has the lock of that, so it can't wait for memory of the group. */
void fault_begins(struct ctx *ctx)
{
	ctx->fault_flags |= FAULT_FLAG_ALLOW_RETRY | (ctx->nested ? 0 : FAULT_FLAG_USER);
}

int fault_ends(struct ctx *ctx, int result)
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

int fault_errno(const struct ctx *ctx, u64 address, bool write, int result)
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

ALWAYS_INLINE int translate(struct ctx *ctx, u64 address, bool write)
{
	struct tlb_entry *entry = tlb_slot(ctx->m, ctx->cpu, address >> PAGE_SHIFT);
	u32 pfn;

	if (tlb_entry_hits(entry, ctx->space, ctx->mm, address >> PAGE_SHIFT, write)) {
		pfn = tlb_hit(ctx, entry, address, write);
		return pfn ? (int)pfn : fault_until_mapped(ctx, address, write, 0, true, false);
	}
	return walk_or_fault(ctx, entry, address, write);
}

int translate_any(struct ctx *ctx, u64 address, bool write)
{
	bool with_mmap_sem, in_fault = access_is_in_fault(ctx, &with_mmap_sem);

	ctx->waited = HMMU_WAIT_NOTHING;
	if (in_fault || !SHORTCUTS)
		return fault_until_mapped(ctx, address, write, 0, in_fault, with_mmap_sem);
	return translate(ctx, address, write);
}

int fault_has_ended(struct ctx *ctx, u64 address, bool write)
{
	up_sem(ctx);
	return device_fault_failed(ctx) ? fault_errno(ctx, address, write, FAULT_SIGBUS) : 0;
}
