/* SPDX-License-Identifier: GPL-2.0-only */
/** @file vm_fault.h A fault under way, what its kinds share, and a function for each kind. */
#ifndef HMMU_VM_FAULT_H
#define HMMU_VM_FAULT_H

#include "mm/task.h"
#include "mm/userfaultfd.h"
#include "mm/vma.h"
#include "mm/vma_lock.h"
#include "page/frame.h"
#include "page/lru.h"
#include "page/memcg.h"
#include "rmap/rmap.h"

/** Results of a fault, besides 0 (done, or to be tried again) and BLOCKED. */
enum fault_result {
	FAULT_FALLBACK = 1, /**< no huge page: go on with a small one */
	FAULT_DONE_WRITE,   /**< VM_FAULT_WRITE: a write fault broke COW or made the entry writable */
	FAULT_NOPAGE,       /**< another task has installed the entry */
	FAULT_RETRY,        /**< VM_FAULT_RETRY: to be tried again with mmap_lock. Linux 6.12 */
	FAULT_SIGBUS,
	FAULT_SIGSEGV,
	FAULT_OOM,
};
static inline bool fault_is_error(int result)
{
	return result < 0 || result >= FAULT_SIGBUS;
}

/** A fault under way. */
struct fault {
	struct ctx *ctx;
	u32 vma;
	u64 address;
	bool write;
	bool unshare; /**< see is_unshare() */
	u64 *pmd;
	u64 *pte;
	u64 orig_pte;
	u32 page; /**< of the file */
	u32 prealloc_pte;
	u8 stat;      /**< enum hmmu_stat: what kind of fault it was */
	bool goes_on; /**< goes on after lock_page(); the steps before are done */
};

/** What a fault is for. */
enum fault_flag {
	FAULT_FLAG_WRITE = 1,
	/** Linux 6.12, for a pin that only reads: make the page exclusive, but not writable ("mm: support GUP-triggered
	 * unsharing of anonymous pages"). */
	FAULT_FLAG_UNSHARE = 2,
	/* Linux 6.12: what the fault of an access may do, and has done (ctx.fault_flags). enum memcg_fault_flag has 32, 64 and 128. */
	FAULT_FLAG_ALLOW_RETRY = 4, /**< it may give its lock up to wait for a page; GUP's may not */
	FAULT_FLAG_TRIED = 8,       /**< it has given mmap_lock up */
	FAULT_COUNTED = 16,         /**< it is the same fault as before FAULT_RETRY */
};
static inline bool is_unshare(const struct fault *vmf)
{
	return KERNEL >= V6_12 && vmf->unshare;
}

/** check_stable_address_space(): a reaped process gets no new pages. */
static inline bool mm_is_reaped(const struct ctx *ctx)
{
	return ctx->space->reaped;
}

static int do_wp_page(struct fault *vmf);
/** A store that waited for a page has its lock, or gives up: mark the page dirty, or take its mlock mark off. */
static void wp_page_settle(struct hmmu *m, const struct task *task);
static int do_file_fault(struct fault *vmf);
/** swap_fault.c: the entry leads to a swap slot. */
static int do_swap_slot_fault(struct fault *vmf);
/** vmf_anon_prepare() that makes one. */
static NOINLINE __attribute__((cold)) int vmf_anon_prepare_slow(struct ctx *ctx, u32 vma, const u64 *entry)
{
	u64 before = *entry;

	if (under_vma_lock(ctx) && !mmap_read_trylock(ctx))
		return FAULT_RETRY;
	if (anon_vma_prepare(ctx, vma))
		return FAULT_OOM;
	return *entry == before ? 0 : FAULT_NOPAGE;
}
/** anon_vma_prepare() of a fault on @p entry. Making one takes mmap_lock; FAULT_RETRY: another task has that lock, or waits for it.
 * It may wait for the lock of an anon_vma; FAULT_NOPAGE: another task has changed the entry meanwhile. */
static ALWAYS_INLINE int vmf_anon_prepare(struct ctx *ctx, u32 vma, const u64 *entry)
{
	return vma_of(ctx->m, vma)->anon_vma ? 0 : vmf_anon_prepare_slow(ctx, vma, entry);
}
/** lock_page_or_retry(): 0 with the page's lock, or BLOCKED; the wait takes the caller's reference. */
static int lock_page_or_retry(struct fault *vmf, u32 page);
/** Allocate an anonymous page for a fault on @p entry, charged and up to date; on failure 0, with *result set. */
static ALWAYS_INLINE u32 alloc_anon_page(struct ctx *ctx, u32 vma, const u64 *entry, bool zeroed, int *result)
{
	struct hmmu *m = ctx->m;
	u32 page;

	*result = vmf_anon_prepare(ctx, vma, entry);
	if (*result)
		return 0;
	*result = FAULT_OOM;
	page = zeroed ? __alloc_zeroed_page(m) : alloc_page(m);
	if (page && !mem_cgroup_try_charge(ctx, 1)) {
		put_page(m, page);
		return 0;
	}
	if (page)
		page_set(m, page, HMMU_PG_UPTODATE);
	return page;
}
/** Map a new anonymous page, writable if the mapping is, and count it everywhere but in the memory cgroup. */
static ALWAYS_INLINE void set_uncharged_pte(struct ctx *ctx, u32 vma, u64 address, u64 *pte, u32 page)
{
	struct hmmu *m = ctx->m;
	u64 entry = mk_pte(page, vma_of(m, vma)->page_prot);

	page_add_new_anon_rmap(m, page, vma, address, false);
	*pte = maybe_mkwrite(m, vma, pte_mkdirty(entry));
	lru_cache_add_active_or_unevictable(m, ctx->cpu, page, vma, false);
}
/** The same of a page that is charged. */
static ALWAYS_INLINE void set_anon_pte(struct ctx *ctx, u32 vma, u64 address, u64 *pte, u32 page)
{
	mem_cgroup_commit_charge(ctx->m, page);
	set_uncharged_pte(ctx, vma, address, pte, page);
}

/** shmem.c: find or make the cache page of a fault, locked and with a reference; on failure 0, with *result set. */
static u32 shmem_fault(struct fault *vmf, int *result);

/** device_fault.c: device_private_entry_fault(). 0, or FAULT_SIGBUS. */
static int device_private_entry_fault(struct ctx *ctx, u64 address, u32 pfn);
/** exclusive_fault.c: remove_device_exclusive_entry(). 0, or BLOCKED. */
static int device_exclusive_entry_fault(struct fault *vmf);
/** @name huge_fault.c
 * @{ */
static bool transparent_hugepage_enabled(const struct hmmu *m, u32 vma);
static int do_huge_pmd_anonymous_page(struct fault *vmf);
static void huge_pmd_set_accessed(struct fault *vmf);
/** The huge zero page, made at its first use; 0 when there is no huge page. */
static u32 get_huge_zero_page(struct hmmu *m);
/** @} */

#endif
