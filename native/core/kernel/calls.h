/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file calls.h
 * The public functions that each kernel has in its own version. X(type, name, parameters, arguments): hmmu_name().
 * What is in host/ is common to all kernels, and not listed.
 */
#ifndef HMMU_CALLS_H
#define HMMU_CALLS_H

/** Calls on a machine, which is their first parameter. */
#define MACHINE_CALLS(X) \
	X(int, snapshot, (struct hmmu *m, void *buffer, size_t capacity, size_t *size), (m, buffer, capacity, size)) \
	X(int, clone, (struct hmmu *m, struct hmmu **clone), (m, clone)) \
	X(uint64_t, hash, (const struct hmmu *m), (m)) \
	X(int, mark, (struct hmmu *m), (m)) \
	X(int, rollback, (struct hmmu *m), (m)) \
	X(int, mark_drop, (struct hmmu *m), (m)) \
	X(uint32_t, marks, (const struct hmmu *m), (m)) \
	X(int, set_switch_points, (struct hmmu *m, uint32_t points), (m, points)) \
	X(uint32_t, switch_points, (const struct hmmu *m), (m)) \
	X(int, run, (struct hmmu *m, uint32_t tid, void (*work)(struct hmmu *m, void *data), void *data), (m, tid, work, data)) \
	X(uint32_t, stopped_at, (const struct hmmu *m, uint32_t tid), (m, tid)) \
	X(int, device_fault, (const struct hmmu *m, uint32_t tid, struct hmmu_device_fault *out), (m, tid, out)) \
	X(int, device_fault_end, (struct hmmu *m, uint32_t tid, int err), (m, tid, err)) \
	X(int, state_hash, (struct hmmu *m, uint64_t *hash), (m, hash)) \
	X(int, state_hash_with, (struct hmmu *m, const uint32_t *pfns, uint32_t count, uint64_t *hash), (m, pfns, count, hash)) \
	X(void, machine_options, (const struct hmmu *m, struct hmmu_options *out), (m, out)) \
	X(uint64_t, memory_used, (const struct hmmu *m), (m)) \
	X(uint32_t, quirks, (const struct hmmu *m), (m)) \
	X(uint64_t, counter, (const struct hmmu *m, uint32_t counter), (m, counter)) \
	X(int, verify, (struct hmmu *m, hmmu_report_fn report, void *data), (m, report, data)) \
	X(void, lru_add_drain_all, (struct hmmu *m), (m)) \
	X(int, memcg_set_limit, (struct hmmu *m, uint64_t pages), (m, pages)) \
	X(uint64_t, memcg_charged, (const struct hmmu *m), (m)) \
	X(int, page_set_flags, (struct hmmu *m, uint32_t pfn, uint32_t flags), (m, pfn, flags)) \
	X(int, process_create, (struct hmmu *m, uint32_t *pid), (m, pid)) \
	X(bool, process_alive, (const struct hmmu *m, uint32_t pid), (m, pid)) \
	X(uint32_t, process_task, (const struct hmmu *m, uint32_t pid), (m, pid)) \
	X(int, processes, (const struct hmmu *m, uint32_t *pids, uint32_t capacity), (m, pids, capacity)) \
	X(int, tasks, (const struct hmmu *m, uint32_t pid, uint32_t *tids, uint32_t capacity), (m, pid, tids, capacity)) \
	X(int, fork, (struct hmmu *m, uint32_t tid, uint32_t *child_pid), (m, tid, child_pid)) \
	X(int, exit, (struct hmmu *m, uint32_t pid), (m, pid)) \
	X(int, oom_reap, (struct hmmu *m, uint32_t pid), (m, pid)) \
	X(int, task_create, (struct hmmu *m, uint32_t pid, uint32_t *tid), (m, pid, tid)) \
	X(int, task_destroy, (struct hmmu *m, uint32_t tid), (m, tid)) \
	X(int, task_cancel, (struct hmmu *m, uint32_t tid), (m, tid)) \
	X(int, task_set_cpu, (struct hmmu *m, uint32_t tid, uint32_t cpu), (m, tid, cpu)) \
	X(int, task_state, (const struct hmmu *m, uint32_t tid, struct hmmu_task_state *state), (m, tid, state)) \
	X(int, mm_counters, (const struct hmmu *m, uint32_t pid, struct hmmu_mm_counters *out), (m, pid, out)) \
	X(int, mmap_lock, (struct hmmu *m, uint32_t tid, bool write), (m, tid, write)) \
	X(int, mmap_unlock, (struct hmmu *m, uint32_t tid), (m, tid)) \
	X(int, mmap, (struct hmmu *m, uint32_t tid, const struct hmmu_map *map, uint64_t *address), (m, tid, map, address)) \
	X(int, munmap, (struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length), (m, tid, address, length)) \
	X(int, mremap, (struct hmmu *m, uint32_t tid, uint64_t old_address, uint64_t old_length, uint64_t new_length, uint32_t flags, uint64_t new_address, uint64_t *address), (m, tid, old_address, old_length, new_length, flags, new_address, address)) \
	X(int, mprotect, (struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t prot), (m, tid, address, length, prot)) \
	X(int, madvise, (struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t advice), (m, tid, address, length, advice)) \
	X(int, truncate, (struct hmmu *m, uint32_t tid, uint64_t address, uint64_t pages), (m, tid, address, pages)) \
	X(int, mlock, (struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length), (m, tid, address, length)) \
	X(int, munlock, (struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length), (m, tid, address, length)) \
	X(int, clear_soft_dirty, (struct hmmu *m, uint32_t tid), (m, tid)) \
	X(int, uffd_register, (struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t modes), (m, tid, address, length, modes)) \
	X(int, uffd_writeprotect, (struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, bool on), (m, tid, address, length, on)) \
	X(int, load, (struct hmmu *m, uint32_t tid, uint64_t address, void *buffer, size_t length, size_t *done), (m, tid, address, buffer, length, done)) \
	X(int, store, (struct hmmu *m, uint32_t tid, uint64_t address, const void *buffer, size_t length, size_t *done), (m, tid, address, buffer, length, done)) \
	X(int, pin, (struct hmmu *m, uint32_t tid, uint64_t address, uint32_t flags, uint32_t *pfn), (m, tid, address, flags, pfn)) \
	X(int, unpin, (struct hmmu *m, uint32_t pfn, uint32_t flags), (m, pfn, flags)) \
	X(int, hold, (struct hmmu *m, uint32_t pid, uint64_t address, uint32_t *pfn), (m, pid, address, pfn)) \
	X(int, release, (struct hmmu *m, uint32_t pfn), (m, pfn)) \
	X(int, isolate, (struct hmmu *m, uint32_t pid, uint64_t address, uint32_t *pfn), (m, pid, address, pfn)) \
	X(int, putback, (struct hmmu *m, uint32_t pfn), (m, pfn)) \
	X(int, reclaim, (struct hmmu *m, uint32_t pid, uint64_t address), (m, pid, address)) \
	X(int, reclaim_pages, (struct hmmu *m, uint32_t pid, uint64_t address, uint64_t pages), (m, pid, address, pages)) \
	X(int, dump, (const struct hmmu *m, uint32_t pid, uint64_t address, uint64_t pages, struct hmmu_entry *out), (m, pid, address, pages, out)) \
	X(int, vmas, (const struct hmmu *m, uint32_t pid, struct hmmu_vma_info *out, uint32_t capacity), (m, pid, out, capacity)) \
	X(int, vma_at, (const struct hmmu *m, uint32_t pid, uint64_t address, struct hmmu_vma_info *out), (m, pid, address, out)) \
	X(int, walk, (const struct hmmu *m, uint32_t pid, uint64_t address, uint64_t entries[5]), (m, pid, address, entries)) \
	X(int, page_info, (const struct hmmu *m, uint32_t pfn, struct hmmu_page_info *out), (m, pfn, out)) \
	X(void *, page_data, (struct hmmu *m, uint32_t pfn), (m, pfn)) \
	X(int, page_read, (struct hmmu *m, uint32_t pfn, uint32_t offset, void *buffer, size_t length), (m, pfn, offset, buffer, length)) \
	X(int, page_write, (struct hmmu *m, uint32_t pfn, uint32_t offset, const void *buffer, size_t length), (m, pfn, offset, buffer, length)) \
	X(uint32_t, device_base, (const struct hmmu *m), (m)) \
	X(uint32_t, coherent_base, (const struct hmmu *m), (m)) \
	X(uint32_t, events_recorded, (const struct hmmu *m), (m)) \
	X(int, watch, (struct hmmu *m, uint32_t pid), (m, pid)) \
	X(int, notify, (struct hmmu *m, uint32_t pid, bool on), (m, pid, on)) \
	X(int, mmu_interval_notifier_insert, (struct hmmu *m, uint32_t pid, uint64_t start, uint64_t length, uint64_t owner, uint32_t *notifier), (m, pid, start, length, owner, notifier)) \
	X(int, mmu_interval_notifier_remove, (struct hmmu *m, uint32_t notifier), (m, notifier)) \
	X(int, mmu_interval_read_begin, (struct hmmu *m, uint32_t notifier, uint64_t *seq), (m, notifier, seq)) \
	X(int, mmu_interval_read_retry, (struct hmmu *m, uint32_t notifier, uint64_t seq), (m, notifier, seq)) \
	X(int, range_fault, (struct hmmu *m, uint32_t tid, struct hmmu_range *range), (m, tid, range)) \
	X(int, mirror, (struct hmmu *m, uint32_t tid, uint64_t start, uint64_t end, uint64_t flags, uint64_t owner, uint64_t *pfns), (m, tid, start, end, flags, owner, pfns)) \
	X(int, mmu_interval_set_seq, (struct hmmu *m, uint32_t notifier, uint64_t seq), (m, notifier, seq)) \
	X(int, migrate_vma, (struct hmmu *m, const struct hmmu_migrate_request *request), (m, request)) \
	X(int, migrate_begin, (struct hmmu *m, const struct hmmu_migrate_request *request, struct hmmu_migration **mig), (m, request, mig)) \
	X(int, migrate_vma_setup, (struct hmmu *m, const struct hmmu_migrate_request *request, struct hmmu_migration **mig), (m, request, mig)) \
	X(int, migrate_device_range, (struct hmmu *m, const struct hmmu_device_range *range, struct hmmu_migration **mig), (m, range, mig)) \
	X(int, migrate_device_begin, (struct hmmu *m, const struct hmmu_device_range *range, struct hmmu_migration **mig), (m, range, mig)) \
	X(int, migrations, (const struct hmmu *m, struct hmmu_migration **out, uint32_t capacity), (m, out, capacity)) \
	X(int, device_alloc, (struct hmmu *m, uint32_t *pfn), (m, pfn)) \
	X(int, device_alloc_of, (struct hmmu *m, uint32_t device, uint32_t *pfn), (m, device, pfn)) \
	X(int, device_create, (struct hmmu *m, uint32_t pages, uint64_t owner, uint32_t *device), (m, pages, owner, device)) \
	X(int, device_create_kind, (struct hmmu *m, uint32_t kind, uint32_t pages, uint64_t owner, uint32_t *device), \
	  (m, kind, pages, owner, device)) \
	X(int, device_create_at, (struct hmmu *m, uint32_t pfn, uint32_t pages, uint64_t owner, uint32_t *device), \
	  (m, pfn, pages, owner, device)) \
	X(int, device_remove, (struct hmmu *m, uint32_t device), (m, device)) \
	X(int, device_set_owner, (struct hmmu *m, uint32_t device, uint64_t owner), (m, device, owner)) \
	X(int, device_set_fault_window, (struct hmmu *m, uint32_t device, uint32_t pages), (m, device, pages)) \
	X(uint32_t, device_fault_window, (const struct hmmu *m, uint32_t device), (m, device)) \
	X(int, device_info, (const struct hmmu *m, uint32_t device, struct hmmu_device_info *out), (m, device, out)) \
	X(int, device_driver, (struct hmmu *m, uint32_t device, const struct hmmu_pagemap_ops *ops, void *data), (m, device, ops, data)) \
	X(int, device_alloc_page, (struct hmmu *m, uint32_t pfn), (m, pfn)) \
	X(int, other_device_alloc, (struct hmmu *m, uint32_t *pfn), (m, pfn)) \
	X(int, page_alloc, (struct hmmu *m, uint32_t *pfn), (m, pfn)) \
	X(int, page_trylock, (struct hmmu *m, uint32_t pfn), (m, pfn)) \
	X(int, page_unlock, (struct hmmu *m, uint32_t pfn), (m, pfn)) \
	X(int, page_get, (struct hmmu *m, uint32_t pfn), (m, pfn)) \
	X(int, vm_insert_page, (struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn), (m, tid, address, pfn)) \
	X(int, page_put, (struct hmmu *m, uint32_t pfn), (m, pfn)) \
	X(int, holders, (struct hmmu *m, uint32_t pfn, struct hmmu_holder *out, uint32_t capacity), (m, pfn, out, capacity)) \
	X(int, task_locks, (const struct hmmu *m, uint32_t tid, struct hmmu_task_locks *out), (m, tid, out)) \
	X(int, tlb, (struct hmmu *m, uint32_t cpu, struct hmmu_tlb_entry *out, uint32_t capacity), (m, cpu, out, capacity)) \
	X(int, tables, (const struct hmmu *m, uint32_t pid, struct hmmu_table *out, uint32_t capacity), (m, pid, out, capacity)) \
	X(int, pages, (const struct hmmu *m, struct hmmu_page_info *out, uint32_t capacity), (m, out, capacity)) \
	X(int, lru, (const struct hmmu *m, struct hmmu_lru_page *out, uint32_t capacity), (m, out, capacity)) \
	X(int, leaks, (const struct hmmu *m, struct hmmu_leak *out, uint32_t capacity), (m, out, capacity)) \
	X(int, page_copy, (struct hmmu *m, uint32_t to, uint32_t from), (m, to, from)) \
	X(int, page_zero, (struct hmmu *m, uint32_t pfn), (m, pfn)) \
	X(int, make_device_exclusive, (struct hmmu *m, uint32_t tid, uint64_t address, uint64_t owner, uint32_t *pfn), (m, tid, address, owner, pfn)) \
	X(int, destinations, (struct hmmu *m, uint32_t to, uint32_t device, uint32_t *pages, uint32_t count), (m, to, device, pages, count)) \
	X(uint64_t, destinations_left, (const struct hmmu *m, uint32_t to, uint32_t device), (m, to, device)) \
	X(int, device_set_ops, (struct hmmu *m, const struct hmmu_pagemap_ops *ops, void *data), (m, ops, data))

/** Calls on a migration, which is their first parameter. */
#define MIGRATION_CALLS(X) \
	X(int, migrate_step, (struct hmmu_migration *mig), (mig)) \
	X(int, migrate_run, (struct hmmu_migration *mig, uint32_t stage), (mig, stage)) \
	X(int, migrate_vma_pages, (struct hmmu_migration *mig), (mig)) \
	X(int, migrate_vma_finalize, (struct hmmu_migration *mig), (mig)) \
	X(int, migrate_end, (struct hmmu_migration *mig), (mig)) \
	X(int, migrate_adopt, (struct hmmu_migration *mig, const struct hmmu_migrate_request *request), (mig, request)) \
	X(void, migration_request, (const struct hmmu_migration *mig, struct hmmu_migrate_request *out), (mig, out)) \
	X(void, migrate_state, (const struct hmmu_migration *mig, struct hmmu_migration_state *out), (mig, out))

#endif
