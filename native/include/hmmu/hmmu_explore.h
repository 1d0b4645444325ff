/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file hmmu_explore.h
 * What a search through many orders of calls needs: marks to which a machine is rolled back in place, and hashes that tell
 * whether two states have the same future. A part of hmmu.h, which includes it.
 */
#ifndef HMMU_EXPLORE_H
#define HMMU_EXPLORE_H

/** @name Marks
 * A mark is a copy of the machine's state. Marks are a stack. They work at any time outside of callbacks, also in the middle of
 * migrations and of blocked calls. Handles of migrations that were under way at the mark are valid again after a rollback;
 * those of migrations that began later are not. The arrays of a request under way (src, dst and why) are a part of the mark,
 * and must stay where they are as long as it is there. What a driver has of its own is not. Statistics, recorded times of
 * events and the last error are no state: a rollback leaves them.
 * @{ */
/** Mark the present state. -EBUSY: a callback of the machine runs. -ENOMEM. */
HMMU_API int hmmu_mark(struct hmmu *m);
/** Go back to the state of the newest mark, which stays. Takes time in proportion to what the machine uses. -EINVAL
 * (INVALID_ARGUMENT): there is no mark. -EBUSY: a callback of the machine runs. */
HMMU_API int hmmu_rollback(struct hmmu *m);
/** Forget the newest mark; the state stays as it is. -EINVAL (INVALID_ARGUMENT): there is no mark. */
HMMU_API int hmmu_mark_drop(struct hmmu *m);
/** The number of marks. */
HMMU_API uint32_t hmmu_marks(const struct hmmu *m);
/** @} */

/**
 * Hash of what can make a difference to later calls, and of nothing else: machines with equal hashes have equal futures. Page
 * frames, swap slots and anon_vmas are numbered by their first appearance, so it does not matter which of the free ones were
 * taken. (In Linux 6.12 the order of swap slots counts: it decides which page gives its slot up.) Counters, alloc_ids, generations of TLBs, the order of LRU lists, and events do not count. Hidden state does: TLBs,
 * pagevecs, queues for locks, calls that wait, and migrations under way. The hash is equal on each host. Not in the hash: what a driver has of its own, the request's operations, the values of mmu_interval_read_begin(), and
 * bytes that the last user of a free device page has left there; a driver that hands out such a page unwritten would see them.
 * -EBUSY: a callback of the machine runs. -ENOMEM.
 */
HMMU_API int hmmu_state_hash(struct hmmu *m, uint64_t *hash);
/** The hash of the state together with @p count pages that the caller knows by number, such as those that he has pinned: it
 * makes a difference which ones they are. A pfn of 0 is no page. -EINVAL (NO_PAGE) also: there is no such page. */
HMMU_API int hmmu_state_hash_with(struct hmmu *m, const uint32_t *pfns, uint32_t count, uint64_t *hash);

/** @name Switching points
 * A call does its work at once, unless it has to wait. In a kernel others run in its middle. At the points of a machine's mask
 * a call stops, so that others can.
 * @{ */
/** Stop at these points from now on: an or of enum hmmu_switch_point; 0: nowhere. -EINVAL (INVALID_ARGUMENT): an unknown point. -ENOMEM.
 * The mask is not a part of marks and copies. */
HMMU_API int hmmu_set_switch_points(struct hmmu *m, uint32_t points);
/** The mask. */
HMMU_API uint32_t hmmu_switch_points(const struct hmmu *m);

/**
 * Run calls of a task on a stack of its own, so that they can stop in their middle: work(m, data) is called, and should make calls of
 * this task only. 0: it has returned. -EAGAIN (BLOCKED, with wait SWITCH): a call has stopped at a switching point. Others can run
 * now; hmmu_run() with the same task goes on, and its other arguments are of no meaning then. A call that waits for something
 * returns -EAGAIN to @p work, as ever; but for the lock of a reverse map, which another call has that has stopped, it waits in its
 * middle: hmmu_run() then says -EAGAIN with wait RMAP_LOCK. A call without a stack makes the one that has the lock go on until it
 * gives the lock up, where that one stops once more. The stack is a part of marks: hmmu_rollback() brings it back, and what is on it. A state hash
 * has the point and what the call has at hand there; which work it is only the caller knows. All points except
 * HMMU_SWITCH_DEVICE_FAULT stop only in here, and not in callbacks.
 * -EOPNOTSUPP (UNSUPPORTED): the host has no stacks (WebAssembly), or the task's number is 1024 or more. -ESRCH. -EBUSY: in a callback,
 * or in another hmmu_run(). -ENOMEM.
 */
HMMU_API int hmmu_run(struct hmmu *m, uint32_t tid, void (*work)(struct hmmu *m, void *data), void *data);
/** The point (one of enum hmmu_switch_point) at which a task has stopped, or 0. */
HMMU_API uint32_t hmmu_stopped_at(const struct hmmu *m, uint32_t tid);

/** A fault on a device page that waits for its handler. */
struct hmmu_device_fault {
	uint64_t address; /**< of the page */
	uint32_t pfn;     /**< the device page. On Linux 6.12 it is the fault_page of a migration by the handler */
	uint32_t device;  /**< its device */
	bool ended;       /**< the handler has ended; the call that faulted has to be repeated */
};
/**
 * With HMMU_SWITCH_DEVICE_FAULT a fault on a device page calls no handler. It leaves its task waiting (DEVICE_FAULT) with all
 * that a kernel's fault has then: mmap_lock, and depending on the kernel a reference to the page and its lock. The caller is the
 * handler (migrate_to_ram()): it migrates the page by hmmu_migrate_begin() and steps, on the same task, and then calls
 * hmmu_device_fault_end(). So several tasks stand in the middle of faults on one page. No other call of the task is possible.
 * -ENOENT (SYSCALL): the task is in no such fault. -ESRCH: no such task.
 */
HMMU_API int hmmu_device_fault(const struct hmmu *m, uint32_t tid, struct hmmu_device_fault *out);
/** The handler returns @p err: 0, or a negative errno for SIGBUS. The wait of the task is over: repeat its call. After 0 it faults
 * again if the page is still there. -ENOENT (SYSCALL): as above, or it has ended already. -EBUSY: the task still migrates.
 * -EINVAL: @p err is positive. */
HMMU_API int hmmu_device_fault_end(struct hmmu *m, uint32_t tid, int err);
/** @} */

#endif
