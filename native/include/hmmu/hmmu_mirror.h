/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file hmmu_mirror.h
 * Mirroring the page tables of a process in a device: interval notifiers and hmm_range_fault() of Linux 6.12. A part of
 * hmmu.h, which includes it.
 */
#ifndef HMMU_MIRROR_H
#define HMMU_MIRROR_H

/** @name Interval notifiers
 * mmu_interval_notifier of Linux 6.12; on other kernels all of these calls are -EINVAL (SYSCALL). An interval is a range of
 * addresses of a process that a driver mirrors. Its number belongs to the machine's state.
 *
 * Each invalidation that meets the interval gives it a new sequence number. A driver that mirrors pages goes round a loop:
 * hmmu_mmu_interval_read_begin(), hmmu_range_fault(), take its own lock, hmmu_mmu_interval_read_retry(): if that is 1,
 * drop the lock and begin anew; if it is 0, program the device.
 * @{ */
/** struct mmu_notifier_range: an invalidation that meets an interval. */
struct hmmu_invalidation {
	uint32_t notifier; /**< the interval */
	uint32_t pid;      /**< its process */
	uint32_t kind;     /**< enum hmmu_notify_kind */
	bool blockable;    /**< the function may wait; false for the OOM reaper */
	uint64_t owner;    /**< of MIGRATE and EXCLUSIVE: of the device for which it is done; 0: of none */
	uint64_t start;    /**< first byte that is invalidated */
	uint64_t end;      /**< first byte behind; UINT64_MAX for RELEASE */
	uint64_t seq;      /**< what the driver has to give to hmmu_mmu_interval_set_seq() */
	bool own;          /**< MIGRATE by the owner that the interval was inserted with: a driver may ignore it */
};
/**
 * mmu_interval_notifier_ops.invalidate(), for all intervals of a machine. The function takes the driver's lock, calls
 * hmmu_mmu_interval_set_seq(), and removes the range from the device's tables. It may ignore the invalidation instead: a
 * driver does so with MIGRATE of its own owner (own). Returns true; false: it would have to wait, and must not (the invalidation
 * is then given up). As for hmmu_notifier_fn, page table locks may be held, so it can only look and call the functions for
 * drivers.
 */
typedef bool (*hmmu_invalidate_fn)(struct hmmu *m, const struct hmmu_invalidation *invalidation, void *data);
/** Set the function of all intervals; NULL: none. Without a function each invalidation sets the interval's sequence, except
 * MIGRATE by the owner that the interval was inserted with. @p data is passed to it. It is not a part of snapshots. */
HMMU_COMMON_API int hmmu_set_invalidate(struct hmmu *m, hmmu_invalidate_fn invalidate, void *data);
/**
 * mmu_interval_notifier_insert(): mirror [@p start, + @p length) of a process. @p owner is that of the driver's device, 0:
 * none; see hmmu_set_invalidate(). A kernel takes mmap_lock for writing for the first interval of a process; this does not.
 * -ESRCH: there is no such process. -EOVERFLOW: no length, or beyond the last address. -ENOMEM (OUT_OF_SLOTS).
 */
HMMU_API int hmmu_mmu_interval_notifier_insert(struct hmmu *m, uint32_t pid, uint64_t start, uint64_t length,
					       uint64_t owner, uint32_t *notifier);
/**
 * mmu_interval_notifier_remove(). An interval outlives its process, which has called it with RELEASE, until it is removed.
 * -EAGAIN (BLOCKED): an invalidation of the process's intervals is under way, and a kernel would wait for its end; repeat
 * the call then. -EINVAL (INVALID_ARGUMENT): there is no such interval.
 */
HMMU_API int hmmu_mmu_interval_notifier_remove(struct hmmu *m, uint32_t notifier);
/** mmu_interval_read_begin(): the sequence for hmmu_range_fault() and hmmu_mmu_interval_read_retry(). -EAGAIN (BLOCKED): the
 * interval is being invalidated, and a kernel would wait for the end. That is only seen in the middle of another call: in a
 * migration that goes on in steps, or in a callback. -EINVAL (INVALID_ARGUMENT): there is no such interval. */
HMMU_API int hmmu_mmu_interval_read_begin(struct hmmu *m, uint32_t notifier, uint64_t *seq);
/** mmu_interval_read_retry(): 1 if the interval was invalidated since @p seq was read, else 0. -EINVAL
 * (INVALID_ARGUMENT): there is no such interval. */
HMMU_API int hmmu_mmu_interval_read_retry(struct hmmu *m, uint32_t notifier, uint64_t seq);
/** mmu_interval_set_seq(): in the function of hmmu_set_invalidate(), with what that was given. -EINVAL
 * (INVALID_ARGUMENT): elsewhere, or with other numbers. */
HMMU_API int hmmu_mmu_interval_set_seq(struct hmmu *m, uint32_t notifier, uint64_t seq);
/** @} */

/** @name hmm_range_fault()
 * The words of hmmu_range_fault() have the page frame number in the bits below HMMU_RANGE_ORDER_SHIFT.
 * @{ */
#define HMMU_RANGE_VALID (1ull << 63) /**< output: the page may be read */
#define HMMU_RANGE_WRITE (1ull << 62) /**< output: it may be written to */
#define HMMU_RANGE_ERROR (1ull << 61) /**< output: nothing can be there: no mapping, no right to read, no struct page */
/** Output: the order of the CPU's mapping is in 5 bits from here on: 9 for a huge page, else 0. */
#define HMMU_RANGE_ORDER_SHIFT 56
#define HMMU_RANGE_FLAGS (0xffull << HMMU_RANGE_ORDER_SHIFT) /**< the bits that are not of the page frame number */
#define HMMU_RANGE_REQ_FAULT HMMU_RANGE_VALID                /**< input: fault the page in */
#define HMMU_RANGE_REQ_WRITE HMMU_RANGE_WRITE                /**< input, with REQ_FAULT: for writing */

/** struct hmm_range. */
struct hmmu_range {
	uint32_t notifier;       /**< an interval of the task's process that contains the range */
	uint64_t notifier_seq;   /**< from hmmu_mmu_interval_read_begin() */
	uint64_t start;          /**< address of the first byte, a multiple of 4096 */
	uint64_t end;            /**< address behind the last byte, a multiple of 4096 */
	uint64_t *pfns;          /**< a word for each page */
	uint64_t default_flags;  /**< HMMU_RANGE_REQ_*: what is asked of every page */
	uint64_t pfn_flags_mask; /**< which bits of a page's word are asked of it, too */
	uint64_t owner;          /**< dev_private_owner: pages of its devices are reported where they are; 0: of none */
};
/**
 * hmm_range_fault() of Linux 6.12, with mmap_lock for reading unless the task has it. Each word becomes what the CPU's
 * tables say of its page; a page that was asked for is faulted in first. Words are inputs until they are results, so a call
 * that is blocked is repeated with the array as it is. Blocks: on page locks and migration entries.
 *
 * -EBUSY (SYSCALL): the interval was invalidated since notifier_seq; read the sequence, set the words, and begin anew. Faults
 * of this call do that, too: copy on write, and pages that come back from a device. -EFAULT (SYSCALL): a page that was asked
 * for can't be brought in. -EPERM (SYSCALL): it was asked for writing, and its mapping may not be written to. -EINVAL
 * (INVALID_ARGUMENT): the range, the flags, the interval; -EINVAL (SYSCALL): this kernel does not have the call.
 */
HMMU_API int hmmu_range_fault(struct hmmu *m, uint32_t tid, struct hmmu_range *range);
/**
 * What a driver does to mirror a range once, in one call: an interval notifier of [@p start, @p end) that ignores MIGRATE by
 * @p owner; then read_begin, hmmu_range_fault() with default_flags of @p flags, read_retry, until it is good; then the
 * interval is removed. @p pfns are results only. The function of hmmu_set_invalidate() does not hear of it. Blocks as
 * hmmu_range_fault(), and while the range is being invalidated. Its errors are those of hmmu_range_fault(); -EBUSY only if
 * there is no end to it. To have a retry happen between two steps, call the functions one by one.
 */
HMMU_API int hmmu_mirror(struct hmmu *m, uint32_t tid, uint64_t start, uint64_t end, uint64_t flags, uint64_t owner,
			 uint64_t *pfns);
/** @} */

#endif
