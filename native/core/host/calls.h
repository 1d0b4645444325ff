/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file calls.h
 * The list of calls: the functions of hmmu.h that take and return plain numbers. The addon (native/addon/calls.cc), the
 * WebAssembly module (native/wasm/calls.c) and lib/native/calls.generated.ts are made from it.
 * scripts/generate/defs.mjs reads it, too, and wants one item a line.
 */
#ifndef HMMU_HOST_CALLS_H
#define HMMU_HOST_CALLS_H

/**
 * X(result, name, function, count, arguments): a call.
 * result: the kind of result, see below;
 * name: the method's name in JavaScript;
 * function: the C function without "hmmu_"; its first argument is the machine;
 * count: how many arguments follow;
 * arguments: the type (U32, U64 or BOOL) and the name of each.
 *
 * Results:
 * VOID: nothing;
 * INT: 0 or a number, or a negative errno;
 * BOOL, U32, U64: a value. The call can't fail, and the machine is const;
 * OUT32, OUT64: 0 or a negative errno; a last argument, a pointer, takes the number.
 */
#define HMMU_CALLS(X) \
	X(VOID, drain, lru_add_drain_all, 0, ()) \
	X(INT, mark, mark, 0, ()) \
	X(INT, rollback, rollback, 0, ()) \
	X(INT, markDrop, mark_drop, 0, ()) \
	X(U32, marks, marks, 0, ()) \
	X(INT, setSwitchPoints, set_switch_points, 1, (U32, points)) \
	X(U32, switchPoints, switch_points, 0, ()) \
	X(INT, inject, inject, 3, (U32, injection, U64, nth, BOOL, forever)) \
	X(U64, injectPasses, inject_passes, 1, (U32, injection)) \
	X(INT, memcgSetLimit, memcg_set_limit, 1, (U64, pages)) \
	X(U64, memcgCharged, memcg_charged, 0, ()) \
	X(U32, quirks, quirks, 0, ()) \
	X(OUT32, processCreate, process_create, 0, ()) \
	X(BOOL, processAlive, process_alive, 1, (U32, pid)) \
	X(U32, processTask, process_task, 1, (U32, pid)) \
	X(OUT32, fork, fork, 1, (U32, tid)) \
	X(INT, exit, exit, 1, (U32, pid)) \
	X(INT, oomReap, oom_reap, 1, (U32, pid)) \
	X(OUT32, taskCreate, task_create, 1, (U32, pid)) \
	X(INT, taskDestroy, task_destroy, 1, (U32, tid)) \
	X(INT, taskCancel, task_cancel, 1, (U32, tid)) \
	X(INT, taskSetCpu, task_set_cpu, 2, (U32, tid, U32, cpu)) \
	X(INT, unmap, munmap, 3, (U32, tid, U64, address, U64, length)) \
	X(OUT64, remap, mremap, 6, (U32, tid, U64, address, U64, old_size, U64, new_size, U32, flags, U64, target)) \
	X(INT, protect, mprotect, 4, (U32, tid, U64, address, U64, length, U32, prot)) \
	X(INT, advise, madvise, 4, (U32, tid, U64, address, U64, length, U32, advice)) \
	X(INT, truncate, truncate, 3, (U32, tid, U64, address, U64, pages)) \
	X(INT, lock, mlock, 3, (U32, tid, U64, address, U64, length)) \
	X(INT, unlock, munlock, 3, (U32, tid, U64, address, U64, length)) \
	X(INT, clearSoftDirty, clear_soft_dirty, 1, (U32, tid)) \
	X(INT, mmapLock, mmap_lock, 2, (U32, tid, BOOL, write)) \
	X(INT, mmapUnlock, mmap_unlock, 1, (U32, tid)) \
	X(INT, registerUserfault, uffd_register, 4, (U32, tid, U64, address, U64, length, U32, modes)) \
	X(INT, writeProtectUserfault, uffd_writeprotect, 4, (U32, tid, U64, address, U64, length, BOOL, on)) \
	X(OUT32, pin, pin, 3, (U32, tid, U64, address, U32, flags)) \
	X(INT, unpin, unpin, 2, (U32, pfn, U32, flags)) \
	X(OUT32, hold, hold, 2, (U32, pid, U64, address)) \
	X(INT, release, release, 1, (U32, pfn)) \
	X(OUT32, isolate, isolate, 2, (U32, pid, U64, address)) \
	X(INT, putback, putback, 1, (U32, pfn)) \
	X(INT, reclaim, reclaim, 2, (U32, pid, U64, address)) \
	X(INT, reclaimPages, reclaim_pages, 3, (U32, pid, U64, address, U64, pages)) \
	X(INT, pageSetFlags, page_set_flags, 2, (U32, pfn, U32, flags)) \
	X(INT, recordEvents, events_record, 1, (U32, mask)) \
	X(U32, eventsRecorded, events_recorded, 0, ()) \
	X(INT, watch, watch, 1, (U32, pid)) \
	X(OUT32, intervalInsert, mmu_interval_notifier_insert, 4, (U32, pid, U64, start, U64, length, U64, owner)) \
	X(INT, intervalRemove, mmu_interval_notifier_remove, 1, (U32, notifier)) \
	X(OUT64, intervalReadBegin, mmu_interval_read_begin, 1, (U32, notifier)) \
	X(INT, intervalReadRetry, mmu_interval_read_retry, 2, (U32, notifier, U64, seq)) \
	X(INT, intervalSetSeq, mmu_interval_set_seq, 2, (U32, notifier, U64, seq)) \
	X(INT, timeEvents, events_time, 1, (BOOL, on)) \
	X(INT, statsEnable, stats_enable, 1, (BOOL, on)) \
	X(U32, deviceBase, device_base, 0, ()) \
	X(U32, coherentBase, coherent_base, 0, ()) \
	X(OUT32, deviceAlloc, device_alloc, 0, ()) \
	X(OUT32, deviceAllocOf, device_alloc_of, 1, (U32, device)) \
	X(OUT32, deviceCreate, device_create_kind, 3, (U32, kind, U32, pages, U64, owner)) \
	X(INT, deviceRemove, device_remove, 1, (U32, device)) \
	X(INT, deviceSetFaultWindow, device_set_fault_window, 2, (U32, device, U32, pages)) \
	X(U32, deviceFaultWindow, device_fault_window, 1, (U32, device)) \
	X(INT, deviceAllocPage, device_alloc_page, 1, (U32, pfn)) \
	X(OUT32, pageAlloc, page_alloc, 0, ()) \
	X(INT, pageTrylock, page_trylock, 1, (U32, pfn)) \
	X(INT, pageUnlock, page_unlock, 1, (U32, pfn)) \
	X(INT, pagePut, page_put, 1, (U32, pfn)) \
	X(OUT32, makeDeviceExclusive, make_device_exclusive, 3, (U32, tid, U64, address, U64, owner)) \
	X(INT, pageCopy, page_copy, 2, (U32, to, U32, from)) \
	X(INT, pageZero, page_zero, 1, (U32, pfn)) \
	X(U64, destinationsLeft, destinations_left, 2, (U32, to, U32, device))

/** M(type, name) for each argument of a call, with commas between them. */
#define HMMU_EACH(M, count, arguments) HMMU_WITH(HMMU_EACH_##count, M, HMMU_UNWRAP arguments)
/** The same list, with a comma before each argument: it follows the machine. */
#define HMMU_THEN(M, count, arguments) HMMU_WITH(HMMU_THEN_##count, M, HMMU_UNWRAP arguments)

#define HMMU_WITH(macro, ...) macro(__VA_ARGS__)
#define HMMU_UNWRAP(...) __VA_ARGS__
#define HMMU_EACH_0(M, ...)
#define HMMU_EACH_1(M, type, name) M(type, name)
#define HMMU_EACH_2(M, type, name, ...) M(type, name), HMMU_EACH_1(M, __VA_ARGS__)
#define HMMU_EACH_3(M, type, name, ...) M(type, name), HMMU_EACH_2(M, __VA_ARGS__)
#define HMMU_EACH_4(M, type, name, ...) M(type, name), HMMU_EACH_3(M, __VA_ARGS__)
#define HMMU_EACH_5(M, type, name, ...) M(type, name), HMMU_EACH_4(M, __VA_ARGS__)
#define HMMU_EACH_6(M, type, name, ...) M(type, name), HMMU_EACH_5(M, __VA_ARGS__)
#define HMMU_THEN_0(M, ...)
#define HMMU_THEN_1(...) , HMMU_EACH_1(__VA_ARGS__)
#define HMMU_THEN_2(...) , HMMU_EACH_2(__VA_ARGS__)
#define HMMU_THEN_3(...) , HMMU_EACH_3(__VA_ARGS__)
#define HMMU_THEN_4(...) , HMMU_EACH_4(__VA_ARGS__)
#define HMMU_THEN_5(...) , HMMU_EACH_5(__VA_ARGS__)
#define HMMU_THEN_6(...) , HMMU_EACH_6(__VA_ARGS__)

#endif
