/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file library.h
 * Drivers as a shared library: what a program calls that has a machine and loads drivers for it. The library has the runtime and
 * the drivers, and shows one name, kapi_library. It takes the functions of hmmu.h from the program. Each copy that is loaded has
 * a runtime of its own, for one machine.
 */
#ifndef KAPI_LIBRARY_H
#define KAPI_LIBRARY_H

#include "kapi.h"

/** Counts changes of this structure and of what it means. */
#define KAPI_LIBRARY_ABI 2

#define KAPI_TEXT_OF(number) KAPI_TEXT(number)
#define KAPI_TEXT(number) #number
/** A program finds this text in the file before it loads it. */
#define KAPI_LIBRARY_MARK "hmmu library of drivers, ABI " KAPI_TEXT_OF(KAPI_LIBRARY_ABI) "." KAPI_TEXT_OF(HMMU_ABI)

/** X(name): the functions of hmmu.h, without "hmmu_". */
#define KAPI_CORE_CALLS(X) \
	X(abi) \
	X(clear_soft_dirty) \
	X(clone) \
	X(coherent_base) \
	X(counter) \
	X(create) \
	X(destinations) \
	X(destinations_left) \
	X(destroy) \
	X(device_alloc) \
	X(device_alloc_of) \
	X(device_alloc_page) \
	X(device_base) \
	X(device_create) \
	X(device_create_at) \
	X(device_driver) \
	X(device_info) \
	X(device_remove) \
	X(device_set_ops) \
	X(device_set_owner) \
	X(dump) \
	X(error) \
	X(events_read) \
	X(events_read_timed) \
	X(events_record) \
	X(events_recorded) \
	X(events_time) \
	X(exit) \
	X(fork) \
	X(hash) \
	X(hold) \
	X(inject) \
	X(inject_passes) \
	X(isolate) \
	X(leaks) \
	X(load) \
	X(lru_add_drain_all) \
	X(machine_options) \
	X(madvise) \
	X(make_device_exclusive) \
	X(memcg_charged) \
	X(memcg_set_limit) \
	X(memory_used) \
	X(migrate_begin) \
	X(migrate_device_begin) \
	X(migrate_device_range) \
	X(migrate_end) \
	X(migrate_run) \
	X(migrate_state) \
	X(migrate_step) \
	X(migrate_vma) \
	X(migrate_vma_finalize) \
	X(migrate_vma_pages) \
	X(migrate_vma_setup) \
	X(mirror) \
	X(mlock) \
	X(mm_counters) \
	X(mmap) \
	X(mmap_lock) \
	X(mmap_unlock) \
	X(mmu_interval_notifier_insert) \
	X(mmu_interval_notifier_remove) \
	X(mmu_interval_read_begin) \
	X(mmu_interval_read_retry) \
	X(mmu_interval_set_seq) \
	X(mprotect) \
	X(mremap) \
	X(munlock) \
	X(munmap) \
	X(notify) \
	X(oom_reap) \
	X(other_device_alloc) \
	X(page_alloc) \
	X(page_copy) \
	X(page_data) \
	X(page_get) \
	X(page_info) \
	X(page_put) \
	X(page_read) \
	X(page_set_flags) \
	X(page_trylock) \
	X(page_unlock) \
	X(page_write) \
	X(page_zero) \
	X(pin) \
	X(process_alive) \
	X(process_create) \
	X(process_task) \
	X(processes) \
	X(putback) \
	X(quirks) \
	X(range_fault) \
	X(reclaim) \
	X(release) \
	X(restore) \
	X(restore_with) \
	X(set_event_function) \
	X(set_invalidate) \
	X(set_notifier) \
	X(snapshot) \
	X(stats) \
	X(stats_enable) \
	X(stats_tree) \
	X(store) \
	X(task_cancel) \
	X(task_create) \
	X(task_destroy) \
	X(task_set_cpu) \
	X(task_state) \
	X(tasks) \
	X(uffd_register) \
	X(uffd_writeprotect) \
	X(unpin) \
	X(verify) \
	X(version) \
	X(vm_insert_page) \
	X(vma_at) \
	X(vmas) \
	X(walk) \
	X(watch)

/** The program's functions. */
struct kapi_core {
#define X(name) __typeof__(hmmu_##name) *name;
	KAPI_CORE_CALLS(X)
#undef X
};

/** A function of the program or of the library. */
typedef void (*kapi_library_fn)(void *data);

/** What a library shows. */
struct kapi_library {
	const char *mark;
	/** sizeof(struct kapi_core), the first thing that the program looks at after the mark */
	size_t core_size;

	/** kapi_attach(), with memory that detach() frees, whatever a driver has left. */
	int (*attach)(const struct kapi_core *core, struct hmmu *m, const struct kapi_options *options);
	void (*detach)(void);
	void (*set_report)(kapi_report_fn function, void *data);
	void (*set_print)(kapi_print_fn function, void *data);
	void (*set_invalidate)(hmmu_invalidate_fn function, void *data);
	void (*set_host_memory)(bool (*is_host_memory)(uint64_t address, size_t size));

	const char *(*param)(uint32_t number);
	int (*set_param)(const char *name, const char *value);
	long (*load_modules)(void);
	long (*unload_modules)(void);
	int (*fault)(enum kapi_fault fault, uint64_t nth, bool forever);
	uint64_t (*fault_passes)(enum kapi_fault fault);
	const char *(*fault_word)(enum kapi_fault fault);
	const char *(*check_word)(enum kapi_check check);

	/** kapi_call(). @p tid may be 0: a thread of the kernel, one at a time. */
	long (*call)(uint32_t tid, long (*function)(struct hmmu *m, uint32_t tid, void *data), void *data);
	/** kapi_resume(), also of a thread of the kernel. */
	long (*resume)(uint32_t tid);
	void (*run)(void);
	/** What a call that has not ended waits for, in words; NULL: there is no such call. @p ready: it can go on. */
	const char *(*waits_for)(uint32_t tid, bool *ready);
	/** Call a function on the program's stack: code that must not run on the small stack of a thread. Others do not run meanwhile. */
	void (*outside)(kapi_library_fn function, void *data);
	/** Whether such a function runs. */
	bool (*is_outside)(void);
	/** In such a function: call one on the thread that has called it. false: it waits for ever. */
	bool (*inside)(kapi_library_fn function, void *data);

	/* On a thread, by call(). */
	int (*open)(const char *name, struct kapi_file **file);
	int (*close)(struct kapi_file *file);
	long (*ioctl)(struct kapi_file *file, uint32_t command, uint64_t argument);
	int (*exit)(uint32_t pid);
};

/** Its name for dlsym(). */
#define KAPI_LIBRARY_NAME "kapi_library"

#endif
