/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file kapi.h
 * Runs drivers of Linux 6.12, compiled from their own source, on an emulated machine. This is the side of the program that
 * runs them; the drivers' side is the headers in include/, with the kernel's names.
 *
 * A program has one machine at a time. All of a driver runs on coroutines: where a kernel would sleep, another one goes on.
 * A call that nothing can continue ends with -EAGAIN, and goes on when it is resumed. A BUG() of the driver is the end of the
 * kernel: this call and all later ones return -ENOTRECOVERABLE.
 */
#ifndef KAPI_H
#define KAPI_H

#include "hmmu/hmmu.h"

/** X(name, word, text): what is checked of a driver. */
#define KAPI_CHECKS(X) \
	X(WARN, "warn", "A WARN_ON() or a BUG() of the driver itself.") \
	X(LOCK_TWICE, "lock-twice", \
	  "A lock, mmap_lock or a page lock is taken by its owner. Or it may be: a copy to or from user space " \
	  "under mmap_lock may fault.") \
	X(LOCK_NOT_HELD, "lock-not-held", "A lock is given up by somebody who does not have it.") \
	X(LOCK_UNINITIALISED, "lock-uninitialised", "A lock is used before its initialisation.") \
	X(LOCK_ORDER, "lock-order", \
	  "Two locks are taken in both orders, even if no threads have met there. An invalidation counts as a " \
	  "lock. These calls may cause one or wait for one: an allocation with GFP_KERNEL, hmm_range_fault(), " \
	  "migrate_vma_setup(), mmu_interval_read_begin(). So none of them may run under a lock that an " \
	  "invalidation takes.") \
	X(LOCK_AT_RETURN, "lock-at-return", "A lock, mmap_lock or a page lock is held at the return to user space.") \
	X(LOCK_MISSING, "lock-missing", "A function is called without the lock that it needs: mmap_lock.") \
	X(SLEEP_IN_ATOMIC, "sleep-in-atomic", \
	  "A function that may sleep is called under a spinlock, in page_free(), or in an invalidation that " \
	  "must not wait.") \
	X(DEADLOCK, "deadlock", "Threads wait for each other for ever.") \
	X(BAD_FREE, "bad-free", \
	  "Memory is freed that is free already, or was allocated in another way. Or the kernel still uses " \
	  "something in it, such as a notifier that is inserted or a work that is queued. The stack of a call that " \
	  "ends counts as freed.") \
	X(BAD_PUT, "bad-put", "A reference or a page lock is given back that the driver does not have: a double put.") \
	X(BAD_PAGE, "bad-page", \
	  "A page is used after its last put, even if somebody else has it by then. The CPU touches the " \
	  "contents of a page that is free or device-private. A device page is used that is not mapped.") \
	X(BAD_CALL, "bad-call", \
	  "A function is called with arguments, or in an order, that a kernel forbids: a page in dst that is " \
	  "not locked, a migration that is not finalized, an invalidation without mmu_interval_set_seq().") \
	X(UNINITIALISED, "uninitialised", \
	  "A word that a kernel reads was never written by the driver: of dst, or of hmm_pfns. New memory and " \
	  "local variables begin with a pattern; a real kernel would read zeros or old contents.") \
	X(NOTIFIER_RETRY, "notifier-retry", \
	  "Pages of hmm_range_fault() are used without mmu_interval_read_retry(), or against its answer, or after " \
	  "the lock of this question was given up. Or mmu_interval_read_retry() or mmu_interval_set_seq() is " \
	  "called without a lock.") \
	X(NO_PROGRESS, "no-progress", \
	  "A loop through the kernel goes on for ever: migrate_to_ram() returns 0 and does not bring the page " \
	  "back; hmm_range_fault() is repeated with a sequence that is out of date.") \
	X(BAD_DMA, "bad-dma", \
	  "A rule of the DMA API is broken. An address is unmapped twice, or was never mapped, or has another size " \
	  "or direction. dma_mapping_error() was not asked. A page is freed while it is mapped. The device goes " \
	  "beyond its mappings. The CPU touches memory that the device has. A program gets a page whose contents " \
	  "are still in a bounce buffer.") \
	X(MEMORY_LEFT, "memory-left", "Memory of the kernel is left when the module has gone.") \
	X(PAGE_LEFT, "page-left", "A page is left when the module has gone.") \
	X(MM_LEFT, "mm-left", "An address space is still used when the module has gone.") \
	X(DEVICE_LEFT, "device-left", \
	  "A device, its numbers, its memory, a notifier, a thread, a timer or a function of call_rcu() is left when " \
	  "the module has gone.") \
	X(DMA_LEFT, "dma-left", "A mapping for a device is left when the module or the device has gone.") \
	X(LIMIT, "limit", "The emulator does not have what the driver asks for.")

/** The checks. */
enum kapi_check {
#define X(name, word, text) KAPI_CHECK_##name,
	KAPI_CHECKS(X)
#undef X
		KAPI_CHECK_COUNT
};

/** A report: what is wrong, and the driver's line. */
struct kapi_report {
	enum kapi_check check;
	const char *file; /**< NULL: no line is to blame */
	int line;
	const char *text;
	unsigned int more; /**< not 0: the report was made before, and so many more were like it. The text says so */
};
/**
 * Receives reports. Their strings are good until it returns. Of those that differ in numbers only, of one check and one line, it
 * receives the first. The others are counted, and come as one report when the modules are unloaded, or at kapi_shutdown().
 */
typedef void (*kapi_report_fn)(void *data, const struct kapi_report *report);
/** Set the function that receives reports; NULL: they are printed to stderr. */
void kapi_set_report(kapi_report_fn function, void *data);
/** Receives each message of the driver, without its newline. The text is good until it returns. */
typedef void (*kapi_print_fn)(void *data, const char *line);
/** Set the function that receives messages, and reports that nobody else receives; NULL: they are printed to stderr. */
void kapi_set_print(kapi_print_fn function, void *data);
/** The number of reports of a check, repeated ones included; of all checks together if @p check is KAPI_CHECK_COUNT. */
unsigned int kapi_reports(enum kapi_check check);
/** A check's name, as reports show it. */
const char *kapi_check_word(enum kapi_check check);

/** Take the runtime's own memory from elsewhere than calloc() and free(), before anything else is called. */
void kapi_set_heap(void *(*alloc)(size_t size), void (*free)(void *memory));

/** @name The machine
 * @{ */
/** Options of the machine. */
struct kapi_options {
	uint32_t ram_pages;    /**< 0: 262144 (1 GiB) */
	uint32_t device_pages; /**< of all devices together; 0: 262144 */
	uint32_t
		coherent_pages; /**< of device-coherent memory, which the platform has, behind that of devices; 0: none */
	uint64_t seed;          /**< decides on the order of threads */
	bool quiet;             /**< leave out messages of drivers below a warning */
};
/** Make the machine, with the profile linux-6.12. @p machine may be NULL. -EBUSY: there is one. */
int kapi_boot(const struct kapi_options *options, struct hmmu **machine);
/** Bring the runtime up on a machine that is there, of the profile linux-6.12 or linux-6.12-fixed, instead of making one. Of the options seed and quiet
 * count. -EBUSY: there is a machine; -EINVAL: its profile. */
int kapi_attach(struct hmmu *machine, const struct kapi_options *options);
/** Set the function for invalidations of interval notifiers that are not of drivers, as hmmu_set_invalidate() does without drivers.
 * NULL: none. */
void kapi_set_invalidate(hmmu_invalidate_fn function, void *data);
/** Take the machine down, with all threads that are left. One that was given to kapi_attach() stays, without the drivers' devices and
 * notifiers. */
void kapi_shutdown(void);
/** Set a parameter of a module, before it is loaded. -ENOENT: no module has it; -EINVAL: the value. */
int kapi_set_param(const char *name, const char *value);
/** The name of a parameter, by its number from 0 on; NULL: there are no more. */
const char *kapi_param(uint32_t number);
/** Load all modules of the program: module_init(). Returns the error of the first that fails. */
long kapi_load_modules(void);
/** Unload them: module_exit(), in reverse order; then what they have left is reported. */
long kapi_unload_modules(void);
/** @} */

/**
 * @name Faults on demand
 * They happen by number, so that a program can go through them one by one. Those of the machine itself are hmmu_inject()'s.
 * @{ */
/** X(name, word, text): what can be made to fail, or to happen. */
#define KAPI_FAULTS(X) \
	X(ALLOCATION, "allocation", \
	  "An allocation of the driver fails: kmalloc() and similar, alloc_page(), a node of an XArray.") \
	X(TRYLOCK, "trylock", "mutex_trylock(), spin_trylock(), mmap_read_trylock(): somebody else has the lock.") \
	X(MMAP_LOCK, "mmap-lock", \
	  "mmap_read_lock(), mmap_write_lock(): somebody has the lock. The driver waits for a jiffy.") \
	X(PAGE_LOCK, "page-lock", \
	  "Somebody has a page lock. lock_page() waits for a jiffy, trylock_page() fails, migrate_vma_setup() leaves " \
	  "the page where it is; each page of its range counts.") \
	X(INVALIDATION, "invalidation", \
	  "Between mmu_interval_read_begin() and mmu_interval_read_retry() the kernel moves a page that " \
	  "hmm_range_fault() has found to another frame, as compaction does. Each hmm_range_fault() without an error " \
	  "counts.") \
	X(DMA_MAPPING, "dma-mapping", "A mapping for a device, by the DMA API: the IOMMU has no room.") \
	X(COPY, "copy", "A job of a device's engine (include/kapi/engine.h), such as a copy, ends with -EIO.")

/** What can be made to fail. */
enum kapi_fault {
#define X(name, word, text) KAPI_FAULT_##name,
	KAPI_FAULTS(X)
#undef X
		KAPI_FAULT_COUNT
};
/** Make the @p nth next one happen; with @p forever all later ones, too. 0: none. -EINVAL: there is no such fault. */
int kapi_fault(enum kapi_fault fault, uint64_t nth, bool forever);
/** How often it could have happened, since the machine was made. */
uint64_t kapi_fault_passes(enum kapi_fault fault);
/** "FILE:LINE" where it happened last, good until the next call; NULL: it has not, or no line of a driver is there. */
const char *kapi_fault_place(enum kapi_fault fault);
/** A fault's name. */
const char *kapi_fault_word(enum kapi_fault fault);
/** Give each later mapping for a device a bounce buffer, as swiotlb does where the device cannot reach the memory itself. What
 * the device writes is then in the memory only when it is unmapped, or synchronised for the CPU. */
void kapi_bounce_dma(bool on);
/** Let each later job of a device's engine take so much virtual time. */
void kapi_delay_copies(uint32_t milliseconds);
/** @} */

/** @name Calls of user programs
 * @p tid is a task of the machine. Each returns what the system call would, or -EAGAIN if it waits for something that only the
 * program can bring about; kapi_resume() goes on with it.
 * @{ */
/** An open file. */
struct kapi_file;
/** Call a function on the thread of a task; all calls that may reach a driver have to be made so. Its result is returned.
 * -EBUSY: another call of the task has not ended. In such a function itself, another call is a part of it. */
long kapi_call(uint32_t tid, long (*function)(struct hmmu *m, uint32_t tid, void *data), void *data);
/** In such a function: a call of the machine has returned -EAGAIN (BLOCKED). Returns when it is to be repeated. */
void kapi_block(uint32_t tid);
/** In such a function: let others run. */
void kapi_yield(void);
/** Begin such a call, and return at once. It goes on while others run; kapi_resume() has its result. */
long kapi_start(uint32_t tid, long (*function)(struct hmmu *m, uint32_t tid, void *data), void *data);
/** Go on with the call of a task until it ends. -ESRCH: there is none. */
long kapi_resume(uint32_t tid);
/** Let threads of the kernel run until all wait. */
void kapi_run(void);
/** open() of a device by its name, with or without "/dev/", or of a file in /sys/kernel/debug/. */
long kapi_open(uint32_t tid, const char *name, struct kapi_file **file);
/** The last close(). */
long kapi_close(uint32_t tid, struct kapi_file *file);
/** ioctl(). @p argument is an address of the task, or a number. */
long kapi_ioctl(uint32_t tid, struct kapi_file *file, uint32_t command, uint64_t argument);
/** Begin an ioctl(), and return at once, as kapi_start() does. */
long kapi_start_ioctl(uint32_t tid, struct kapi_file *file, uint32_t command, uint64_t argument);
/** read() or pread(), write() or pwrite(): bytes at an address of the task. @p offset is UINT64_MAX for the file's own position.
 * -EINVAL: the driver does not have it. */
long kapi_read(uint32_t tid, struct kapi_file *file, uint64_t address, size_t size, uint64_t offset);
long kapi_write(uint32_t tid, struct kapi_file *file, uint64_t address, size_t size, uint64_t offset);
/** mmap() of a device, private: its driver puts pages into the mapping. The kind of @p map counts for nothing. */
long kapi_mmap(uint32_t tid, struct kapi_file *file, const struct hmmu_map *map, uint64_t offset, uint64_t *address);
/** Load or store bytes of the task's memory, as the CPU would. 0 or a negative errno. */
long kapi_load(uint32_t tid, uint64_t address, void *buffer, size_t size);
long kapi_store(uint32_t tid, uint64_t address, const void *buffer, size_t size);
/** Addresses for which this function returns true are not the machine's: drivers copy from and to them as they are, for a
 * program that runs in emulated memory only in part. NULL: none. */
void kapi_set_host_memory(bool (*is_host_memory)(uint64_t address, size_t size));
/** The same, for programs of several processes, each with memory of its own. */
struct kapi_process_memory {
	/** Whether these addresses of a task are not the machine's. */
	bool (*has)(uint32_t tid, uint64_t address, size_t size);
	/** Copy from them, or to them. false: -EFAULT. */
	bool (*load)(uint32_t tid, uint64_t address, void *to, size_t size);
	bool (*store)(uint32_t tid, uint64_t address, const void *from, size_t size);
};
/** Have drivers copy from and to such memory. NULL: there is none. */
void kapi_set_process_memory(const struct kapi_process_memory *memory);
/** Several threads of the host that take turns to call these functions, on one machine. */
struct kapi_others {
	/** Between two threads of the kernel: others may call, until this returns. */
	void (*let_in)(void);
	/** No thread of the kernel can go on: others call meanwhile. false: there are none that could end the wait. @p switches
	 * is how often a thread has run so far. */
	bool (*wait)(uint64_t switches);
};
/** There are others. NULL: there are none. */
void kapi_set_others(const struct kapi_others *others);
/** fork(). */
long kapi_fork(uint32_t tid, uint32_t *child);
/** Exit of a process. */
long kapi_exit(uint32_t pid);
/** @} */

#endif
