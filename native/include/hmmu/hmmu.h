/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file hmmu.h
 * hmmu: HMM in userspace, the one public header.
 *
 * Threads: a machine is single-threaded. Only one thread at a time may call into it. A driver callback runs on the
 * thread that made the call, and may make calls itself. Different machines share nothing.
 *
 * Results: functions that return int return 0 (or a count where they say so) and a negative errno on failure;
 * hmmu_error() then has the stable code and a text. Out-parameters come last and are untouched on failure.
 *
 * Units: addresses and lengths are bytes, ranges are [start, end), counts are 4 KiB pages unless a name says otherwise.
 *
 * Waiting: a call that would sleep in a kernel returns -EAGAIN with code BLOCKED. Its task then waits, and holds the
 * references and semaphores that the kernel would hold. To go on, repeat the call on that task with equal arguments.
 * Every other call of the task is refused (-EBUSY, code BUSY), even when the wait is over; the text names the blocked
 * call. hmmu_task_cancel() cancels the wait. Arguments are equal if all their numbers are; of a store also its bytes,
 * which are compared by a hash if there are more than 8. Pointers are not compared: the repeated call's are used, such
 * as the driver and the arrays of a migration. EAGAIN with code SYSCALL is different: mlock() and madvise() return it
 * when memory is short.
 */
#ifndef HMMU_H
#define HMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hmmu_defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Marks exported functions. Define HMMU_STATIC if the core becomes a part of a library of your own. */
#ifndef HMMU_API
#if defined(__GNUC__) && !defined(HMMU_STATIC)
#define HMMU_API __attribute__((visibility("default")))
#else
#define HMMU_API
#endif
/** HMMU_API of what does not depend on the kernel. */
#define HMMU_COMMON_API HMMU_API
#endif

/** Number of the bits of an address within its page. */
#define HMMU_PAGE_SHIFT 12
/** Bytes of a page. */
#define HMMU_PAGE_SIZE 4096u
/** Pages of a huge page, which a pmd maps. */
#define HMMU_HUGE_PAGES 512u
/** First address that can't be mapped: user addresses have 47 bits. */
#define HMMU_TASK_SIZE 0x7ffffffff000ull
/** Number of flag bits in a word of src or dst. The page frame number is in the bits above. */
#define HMMU_PFN_SHIFT 6
/** Owner (dev_pagemap.owner) of the machine's device, unless the device was created with another one. Owner 0 is NULL, and
 * owns nothing. */
#define HMMU_DEFAULT_OWNER 1u
/** How many devices a machine can have. */
#define HMMU_MAX_DEVICES 64
/** The most pages that a fault on a device page can bring back: 2 MiB. */
#define HMMU_MAX_FAULT_WINDOW 512
/** Number of the binary interface: goes up whenever something compiled against an older header would misbehave with the
 * library (a structure, a signature or the value of a constant changed; additions behind what exists do not count). */
#define HMMU_ABI 1

/** @name Machine
 * @{ */

/** A machine: RAM, a device, processes. Each object below belongs to exactly one machine. */
struct hmmu;

/** Options of a machine. All zero: Linux 4.14 with 256 MiB, one CPU and no device memory. */
struct hmmu_options {
	uint32_t ram_pages;    /**< frames of RAM, 64 … 2^28; 0: 65536 (256 MiB) */
	uint32_t device_pages; /**< device-private pages, 0 … 2^28 */
	uint32_t cpus;         /**< CPUs, 1 … 64; 0: 1 */
	uint32_t profile;      /**< enum hmmu_profile */
	uint32_t
		quirks_on; /**< HMMU_QUIRK_* switched on, besides the profile's; -EINVAL: its kernel has no such quirk */
	uint32_t quirks_off; /**< quirks switched off */
	/** Keep no contents of pages but the first 8 bytes of each, so that a machine may be larger than the host. */
	bool no_contents;
	uint64_t memcg_limit;        /**< pages that may be charged, 0: no limit */
	uint32_t other_device_pages; /**< pages of ZONE_DEVICE that are of no device, 0 … 2^20: none can migrate */
	uint32_t swap_pages;         /**< slots of the swap area, 0 … 2^28; 0: no swap */
	/** Pages of 2 MiB in the hugetlb pool, 1 … 2^19; 0: 4; HMMU_HUGETLB_NONE: no pool. They come on top of RAM. */
	uint32_t hugetlb_pages;
	uint32_t coherent_pages; /**< device-coherent pages, 0 … 2^28, which device 1 has. Linux 6.12 */
};
/** hugetlb_pages of a machine without a pool. */
#define HMMU_HUGETLB_NONE UINT32_MAX

/** Make a machine. @p options may be NULL. -EINVAL; -ENOMEM: the host has no address space for it. */
HMMU_API int hmmu_create(const struct hmmu_options *options, struct hmmu **machine);
/**
 * Take a machine down; NULL is allowed. Migrations under way are dropped: no driver is called, and the arrays of their
 * requests are not touched. Their handles are dead with the machine, so call hmmu_migrate_end() before if the driver has
 * to hear of the end. -EBUSY: a callback of the machine runs; nothing has happened.
 */
HMMU_API int hmmu_destroy(struct hmmu *m);
struct hmmu_error;
/**
 * @name Copies
 * A machine's state is bytes without pointers. What is not state does not go along: the last error; a snapshot has no
 * device operations either. Calls that wait, faults that wait for their handlers (hmmu_device_fault()) and migrations in steps go
 * along, with their src, dst and why. A migration of a copy has a handle of its own (hmmu_migrations()), and goes on once its
 * driver is given again (hmmu_migrate_adopt()). -EBUSY: a callback of the machine runs; a call has stopped on its stack (hmmu_run());
 * a task has mmap_lock by hmmu_mmap_lock().
 * @{ */
/** Write the state to @p buffer. -ENOSPC: @p capacity is too small. With NULL only @p size is set. */
HMMU_API int hmmu_snapshot(struct hmmu *m, void *buffer, size_t capacity, size_t *size);
/**
 * A machine that goes on exactly as the one the snapshot was taken of. The bytes must be aligned to 8; they may come from
 * anyone: each number in them is checked before it is used, and hmmu_verify() must have nothing to say of the machine.
 * -EINVAL: not a snapshot, of another version, damaged, or of a state in which no machine can be; -ENOMEM.
 */
HMMU_COMMON_API int hmmu_restore(const void *bytes, size_t size, struct hmmu **machine);
/** hmmu_restore() with flags (bits of enum hmmu_restore). With UNVERIFIED a machine is restored that hmmu_verify() complains
 * of, to look at it; what could lead a call out of the machine's memory, or have it run for ever, is refused all the same.
 * @p error, which may be NULL, learns what is wrong when it fails: code SNAPSHOT, HOST_MEMORY or INVALID_ARGUMENT. */
HMMU_API int hmmu_restore_with(const void *bytes, size_t size, uint32_t flags, struct hmmu **machine,
			       struct hmmu_error *error);
/** A second machine with the same state, device operations and notifier. */
HMMU_API int hmmu_clone(struct hmmu *m, struct hmmu **clone);
/** Hash of all state: equal for machines of the same options that saw the same calls, on any host. */
HMMU_API uint64_t hmmu_hash(const struct hmmu *m);
/** @} */

/** "MAJOR.MINOR.PATCH". */
HMMU_COMMON_API const char *hmmu_version(void);
/** The HMMU_ABI that the library was compiled with; callers that do not read this header should compare it. */
HMMU_COMMON_API int hmmu_abi(void);

/** The error of the last call that failed. Valid until the next call into the machine. */
struct hmmu_error {
	int err;          /**< the negative errno that was returned */
	uint32_t code;    /**< enum hmmu_error_code */
	uint32_t rule;    /**< enum hmmu_rule, for DRIVER_RULE */
	uint32_t wait;    /**< enum hmmu_wait, for BLOCKED */
	uint64_t index;   /**< entry of src and dst, for DRIVER_RULE */
	uint64_t address; /**< the address in question, else 0 */
	char text[200];   /**< a sentence: the fault, and the allowed values */
};
/** The last error of a machine; its code is OK if no call has failed yet. Of hmmu_create() that fails there is only the errno. */
HMMU_COMMON_API const struct hmmu_error *hmmu_error(const struct hmmu *m);

/** The options that make a machine like this one. The memory cgroup's limit is the present one. */
HMMU_API void hmmu_machine_options(const struct hmmu *m, struct hmmu_options *out);
/** About how many bytes of the host's memory the machine has used at most so far: it reserves address space for all of
 * its pages, and the host gives memory for those that were used. */
HMMU_API uint64_t hmmu_memory_used(const struct hmmu *m);
/** The quirks (enum hmmu_quirk) that are on. */
HMMU_API uint32_t hmmu_quirks(const struct hmmu *m);
/** One counter (enum hmmu_counter); 0 for an unknown one. */
HMMU_API uint64_t hmmu_counter(const struct hmmu *m, uint32_t counter);

/** Receives one complaint of hmmu_verify(). */
typedef void (*hmmu_report_fn)(void *data, const char *text);
/**
 * Walk the whole machine and report every imbalance: references, map counts, reverse maps, LRU, RSS, memcg, locks,
 * page tables, free lists, TLB, mlock marks. It also reports what a debug kernel would: a writable entry to a private
 * page that other entries share, a writable private entry to the zero page or to a page of a file, and an entry that
 * the reverse map of its page misses. Returns the number of complaints. @p report may be NULL. Changes nothing.
 * References that users hold (pins, holds, isolations, migrations under way, driver pages, blocked tasks) are no imbalance.
 * -EBUSY in page_free(): the call around it is in the middle of a page table. -ENOMEM.
 */
HMMU_API int hmmu_verify(struct hmmu *m, hmmu_report_fn report, void *data);

/** lru_add_drain_all(): empty the LRU pagevecs of every CPU. Nothing happens in page_free() and in a notifier. */
HMMU_API void hmmu_lru_add_drain_all(struct hmmu *m);

/** Make the @p nth next allocation of a kind (enum hmmu_injection) fail (1: the next; 0 disarms), with @p forever all later ones. */
HMMU_COMMON_API int hmmu_inject(struct hmmu *m, uint32_t injection, uint64_t nth, bool forever);
/** The number of passes of an injection site since the machine was made. */
HMMU_COMMON_API uint64_t hmmu_inject_passes(const struct hmmu *m, uint32_t injection);
/** Charge limit of the memory cgroup in pages, 0: none. At the limit a call of 4.14 fails with -ENOMEM. 6.12 first reclaims what
 * MADV_FREE has given up; then a load or store waits (HMMU_WAIT_MEMCG) for an uncharge or a higher limit; other calls fail. */
HMMU_API int hmmu_memcg_set_limit(struct hmmu *m, uint64_t pages);
/** Pages charged to the memory cgroup. */
HMMU_API uint64_t hmmu_memcg_charged(const struct hmmu *m);
/** Set the bits (enum hmmu_page_flag: REFERENCED, CHECKED, MAPPEDTODISK, ERROR, YOUNG, IDLE, DIRTY) of a page that is
 * in use, for tests of what a migration carries along. */
HMMU_API int hmmu_page_set_flags(struct hmmu *m, uint32_t pfn, uint32_t flags);
/** @} */

/** @name Processes and tasks
 * A process (pid) is an address space; a task (tid) is a thread of one. Numbers start at 1. A later process or
 * task may get the number of one that has ended. Every process has a first task, which ends with the process.
 * @{ */
/** A new process with an empty address space. -ENOMEM. */
HMMU_API int hmmu_process_create(struct hmmu *m, uint32_t *pid);
/** Whether @p pid is a living process. */
HMMU_API bool hmmu_process_alive(const struct hmmu *m, uint32_t pid);
/** The first task of a process, 0 if there is no such process. */
HMMU_API uint32_t hmmu_process_task(const struct hmmu *m, uint32_t pid);
/** The living processes in ascending order. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_processes(const struct hmmu *m, uint32_t *pids, uint32_t capacity);
/** The tasks of a process in the order in which they were made. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_tasks(const struct hmmu *m, uint32_t pid, uint32_t *tids, uint32_t capacity);
/** fork(): the child has its own first task. Blocks. */
HMMU_API int hmmu_fork(struct hmmu *m, uint32_t tid, uint32_t *child_pid);
/** do_exit() and reaping. Blocks for locked pages of files that lose their last mapping: then the process has no mappings
 * any more, and of its tasks only the first one, which waits. -EBUSY: the process migrates, a task of it is in the middle
 * of a call, or on 4.14 somebody has locked a page that it has mlocked. */
HMMU_API int hmmu_exit(struct hmmu *m, uint32_t pid);

/** __oom_reap_task_mm(): free the private pages of a process. From then on, page faults that need a new page end in
 * SIGBUS. 4.14 leaves locked mappings alone. -EBUSY: mmap_sem is taken for writing, or on 4.14 the process is watched
 * (that reaper skips processes with notifiers). */
HMMU_API int hmmu_oom_reap(struct hmmu *m, uint32_t pid);

/** A further task of a process, on CPU 0. -ESRCH: no such process; -EBUSY: it is in hmmu_exit(); -ENOMEM. */
HMMU_API int hmmu_task_create(struct hmmu *m, uint32_t pid, uint32_t *tid);
/** -EBUSY: the task waits or migrates; the first task goes with its process only. */
HMMU_API int hmmu_task_destroy(struct hmmu *m, uint32_t tid);
/** Cancel the wait of a blocked task, and drop its references and semaphores. 0 also if the task does not wait. Files that
 * the task would have closed are closed at once, also if somebody has locked pages of them. A process whose exit is
 * cancelled stays, without mappings. */
HMMU_API int hmmu_task_cancel(struct hmmu *m, uint32_t tid);
/** Move a task to a CPU. */
HMMU_API int hmmu_task_set_cpu(struct hmmu *m, uint32_t tid, uint32_t cpu);

/** The CPU and the wait of a task. */
struct hmmu_task_state {
	uint32_t pid;      /**< its process */
	uint32_t cpu;      /**< the CPU it runs on */
	uint32_t wait;     /**< enum hmmu_wait */
	uint32_t wait_pfn; /**< for PAGE_LOCK and DEVICE_FAULT */
	bool ready;        /**< the wait is over: repeating the call makes progress */
	uint32_t in_call;  /**< enum hmmu_task_call: the call that waits, also when it is ready and not repeated yet */
};
/** The state of a task. -ESRCH: no such task. */
HMMU_API int hmmu_task_state(const struct hmmu *m, uint32_t tid, struct hmmu_task_state *state);

/** Counters of an address space, in pages. */
struct hmmu_mm_counters {
	uint64_t anon;    /**< MM_ANONPAGES, those on the device included */
	uint64_t file;    /**< MM_FILEPAGES */
	uint64_t shmem;   /**< MM_SHMEMPAGES */
	uint64_t swap;    /**< MM_SWAPENTS */
	uint64_t mapped;  /**< pages of all mappings */
	uint64_t locked;  /**< pages of VM_LOCKED mappings */
	uint64_t tables;  /**< frames of page tables */
	uint64_t hugetlb; /**< mm->hugetlb_usage: pages of hugetlb mappings, which the counters above leave out */
};
/** The counters of a process. -ESRCH: no such process. */
HMMU_API int hmmu_mm_counters(const struct hmmu *m, uint32_t pid, struct hmmu_mm_counters *out);
/** @} */

/** @name System calls
 * They act on the address space of the task. Besides the errors named, all can return -EAGAIN (BLOCKED), and -ENOMEM
 * with code OUT_OF_FRAMES, OUT_OF_SLOTS or SYSCALL.
 * @{ */
/** The arguments of hmmu_mmap(). */
struct hmmu_map {
	uint64_t address; /**< page aligned; 0: chosen, above all mappings */
	uint64_t pages;   /**< 1 … */
	uint32_t kind;    /**< enum hmmu_map_kind */
	uint32_t prot;    /**< enum hmmu_prot */
	bool align_huge;  /**< a chosen address is on a 2 MiB boundary (else 1 MiB above one) */
	bool no_pages;    /**< of MIXED: it begins without pages; a driver puts them in with hmmu_vm_insert_page() */
};
/** mmap(). A given address must be free (-EEXIST). A hugetlb mapping reserves its pages: -ENOMEM also if the pool has
 * too few left. */
HMMU_API int hmmu_mmap(struct hmmu *m, uint32_t tid, const struct hmmu_map *map, uint64_t *address);
/** munmap(): also ranges that are partly or not mapped. A file that loses its last mapping is closed: when the range is
 * unmapped already, the call blocks for each page of the file that somebody has locked. -EINVAL: not page aligned, empty,
 * or beyond user addresses. */
HMMU_API int hmmu_munmap(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length);
/**
 * mremap(): give [@p old_address, + @p old_length) the length @p new_length; @p flags are enum hmmu_mremap. @p address
 * is set to the new place: @p old_address, with FIXED @p new_address, or with MAYMOVE a place above all mappings. An
 * @p old_length of 0 maps shared memory a second time. Lengths are rounded up to pages.
 * -EFAULT: no mapping contains the old range, or it may not grow. -EINVAL: no new length, FIXED without MAYMOVE, a new
 * range that is not page aligned or overlaps the old one, a hugetlb mapping. -ENOMEM also: the mapping can't grow in
 * place, and MAYMOVE is not given. Blocks; a file that was mapped in the way is closed as by hmmu_munmap().
 */
HMMU_API int hmmu_mremap(struct hmmu *m, uint32_t tid, uint64_t old_address, uint64_t old_length, uint64_t new_length,
			 uint32_t flags, uint64_t new_address, uint64_t *address);
/** mprotect(); @p prot is enum hmmu_prot. -ENOMEM also: not all of the range is mapped. */
HMMU_API int hmmu_mprotect(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t prot);
/** madvise(); @p advice is enum hmmu_advice. -ENOMEM also: not all of the range is mapped; the rest was advised.
 * -EINVAL (SYSCALL) also: the machine's kernel does not have this advice. */
HMMU_API int hmmu_madvise(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t advice);
/**
 * ftruncate() of the file that is mapped at an address (HMMU_MAP_SHMEM, FILE, SHAREDFILE), to @p pages pages; it may grow. What is
 * mapped behind the new end is unmapped in all processes, private copies too, and an access to it is SIGBUS. Linux 6.12.
 * -ENOENT: no file is mapped there. -EINVAL (INVALID_ARGUMENT): more than HMMU_TASK_SIZE, or Linux 4.14. Blocks while a page
 * behind the end is locked, or another task truncates the file. If the call is given up then, the pages go all the same.
 */
HMMU_API int hmmu_truncate(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t pages);
/** mlock(): the mappings are VM_LOCKED, and their pages brought in. -ENOMEM also: not all of the range is mapped. */
HMMU_API int hmmu_mlock(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length);
/** munlock(). -ENOMEM also: not all of the range is mapped. */
HMMU_API int hmmu_munlock(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length);
/** echo 4 > /proc/self/clear_refs */
HMMU_API int hmmu_clear_soft_dirty(struct hmmu *m, uint32_t tid);
/** UFFDIO_REGISTER with UFFD_FEATURE_SIGBUS; one userfaultfd a process. @p modes is an or of enum hmmu_uffd_mode.
 * -EINVAL (SYSCALL) also: no mode, or one that the machine's kernel does not have. */
HMMU_API int hmmu_uffd_register(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t modes);
/** UFFDIO_WRITEPROTECT, @p on or off, of a range that is registered with HMMU_UFFD_WP. -EINVAL (SYSCALL): the machine's
 * kernel does not have it. -ENOENT: a part of the range is not registered so. */
HMMU_API int hmmu_uffd_writeprotect(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, bool on);

/**
 * Load bytes as the CPU would, faulting as needed. -EFAULT with code SIGSEGV or SIGBUS. @p done (may be NULL) is
 * the number of bytes moved so far, also on failure. A load that is blocked goes on behind these: repeat it with the
 * @p buffer that has them.
 */
HMMU_API int hmmu_load(struct hmmu *m, uint32_t tid, uint64_t address, void *buffer, size_t length, size_t *done);
/** Store bytes as the CPU would; see hmmu_load(). A store that goes on does not store its first bytes again. */
HMMU_API int hmmu_store(struct hmmu *m, uint32_t tid, uint64_t address, const void *buffer, size_t length,
			size_t *done);

/** get_user_pages() with FOLL_TOUCH | FOLL_GET of one page; @p flags is an or of enum hmmu_pin_flag. With HMMU_PIN_DMA
 * pin_user_pages(), FOLL_PIN in place of both; with HMMU_PIN_LONGTERM besides, a device-coherent page goes to RAM first, when its
 * lock is free. -EFAULT: no mapping, missing rights, or a fault that ends in SIGBUS. -EBUSY: such a page can't move. -EINVAL
 * (INVALID_ARGUMENT): an unknown flag, LONGTERM without DMA, or one of another kernel. The reference is the caller's. */
HMMU_API int hmmu_pin(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t flags, uint32_t *pfn);
/** put_page() of a pin, or unpin_user_page() if @p flags has HMMU_PIN_DMA (others change nothing). -EINVAL
 * (REFERENCE) if the page has no such pin. */
HMMU_API int hmmu_unpin(struct hmmu *m, uint32_t pfn, uint32_t flags);
/** Take a reference to the page mapped at an address and lock it, as another task would. Neither faults nor waits.
 * -ENOENT: no page there; -EBUSY: it is locked. */
HMMU_API int hmmu_hold(struct hmmu *m, uint32_t pid, uint64_t address, uint32_t *pfn);
/** Unlock and put a held page. */
HMMU_API int hmmu_release(struct hmmu *m, uint32_t pfn);
/** isolate_lru_page() of the page mapped at an address. -ENOENT; -EBUSY: not on an LRU list. */
HMMU_API int hmmu_isolate(struct hmmu *m, uint32_t pid, uint64_t address, uint32_t *pfn);
/** putback_lru_page() of an isolated page. */
HMMU_API int hmmu_putback(struct hmmu *m, uint32_t pfn);
/**
 * Reclaim the page mapped at an address as shrink_page_list() would, even if it was used recently: unmap it everywhere, write it to
 * a swap slot, free its frame. A page under MADV_FREE that was not written to is dropped. -ENOENT: no page of RAM there;
 * -EINVAL: it is not anonymous; -ENOSPC: no slot is free; -EBUSY: it is locked, mlocked, on no LRU list, or pinned. The entries
 * of a pinned page are swapped out nevertheless, and the page stays in the swap cache.
 * A huge page is split first. Linux 4.14 reclaims only this page of it; Linux 6.12 all of them, and of an unmapped page also the
 * one in the swap cache, and pages of files: -EINVAL does not occur.
 */
HMMU_API int hmmu_reclaim(struct hmmu *m, uint32_t pid, uint64_t address);
/** Reclaim all pages of a range that can be reclaimed, in the order of addresses. Linux 6.12 takes all of up to 512 pages off their
 * LRU lists first. Pages that stay are no error. -EINVAL: the range does not end below HMMU_TASK_SIZE. */
HMMU_API int hmmu_reclaim_pages(struct hmmu *m, uint32_t pid, uint64_t address, uint64_t pages);
/** @} */

/** @name Looking
 * Nothing here changes the machine, waits or faults.
 * @{ */
/** One page of an address space: its entry, and its struct page. */
struct hmmu_entry {
	uint64_t address; /**< of the page's first byte */
	uint64_t raw;     /**< the entry itself, a pte or a huge pmd */
	uint32_t kind;    /**< enum hmmu_entry_kind */
	uint32_t bits;    /**< enum hmmu_entry_bit */
	uint32_t pfn;     /**< of sys, huge (this subpage), dev, coh, mig, excl, and a swap entry with a page; else 0 */
	uint32_t alloc_id;   /**< changes whenever the frame is allocated; of a device page: its number in its kind */
	int32_t ref;         /**< page_count() */
	int32_t map;         /**< page_mapcount() */
	uint32_t flags;      /**< enum hmmu_page_flag; of a tail page its head's, with TAIL for HEAD */
	bool device;         /**< the page is device memory, private or coherent */
	bool coherent;       /**< the page is device-coherent */
	uint32_t swap_users; /**< of swap: how many entries, of all processes, refer to its slot */
};
/** The state of @p pages pages from @p address on; @p out has room for as many. */
HMMU_API int hmmu_dump(const struct hmmu *m, uint32_t pid, uint64_t address, uint64_t pages, struct hmmu_entry *out);

/** One mapping (VMA) of a process. */
struct hmmu_vma_info {
	uint64_t start;    /**< first byte */
	uint64_t end;      /**< first byte after it */
	uint32_t kind;     /**< enum hmmu_map_kind */
	uint32_t prot;     /**< enum hmmu_prot */
	bool locked;       /**< VM_LOCKED */
	bool soft_dirty;   /**< VM_SOFTDIRTY */
	bool huge;         /**< VM_HUGEPAGE */
	bool nohuge;       /**< VM_NOHUGEPAGE */
	bool dontfork;     /**< VM_DONTCOPY */
	bool uffd_missing; /**< VM_UFFD_MISSING */
	bool has_anon_vma; /**< it has an anon_vma */
};
/** The mappings in address order. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_vmas(const struct hmmu *m, uint32_t pid, struct hmmu_vma_info *out, uint32_t capacity);

/** vma_lookup(): the mapping that contains an address. -ENOENT (SYSCALL): none does. */
HMMU_API int hmmu_vma_at(const struct hmmu *m, uint32_t pid, uint64_t address, struct hmmu_vma_info *out);

/** The entries that translate an address, [0] of the pgd … [4] the pte; levels not reached are 0. Returns how many
 * levels were read (a huge pmd ends the walk). */
HMMU_API int hmmu_walk(const struct hmmu *m, uint32_t pid, uint64_t address, uint64_t entries[5]);

/** The struct page of a frame or device page. */
struct hmmu_page_info {
	uint32_t pfn;      /**< page frame number */
	uint32_t alloc_id; /**< as in struct hmmu_entry */
	uint32_t flags;    /**< enum hmmu_page_flag */
	int32_t ref;       /**< page_count() */
	int32_t map;       /**< page_mapcount() */
	uint32_t dma_pins; /**< how often hmmu_pin() has pinned it with HMMU_PIN_DMA */
	uint64_t index;    /**< offset in the page's mapping or file, in pages */
	bool device;       /**< device memory, private or coherent */
	bool anon;         /**< PageAnon() */
	bool has_mapping;  /**< it belongs to the page cache */
	bool free;         /**< nobody has it; a free page of the device has one reference, its pagemap's */
	uint32_t mapping;  /**< which anon_vma (if anon) or file it belongs to: a number from 1 on; 0: none */
	uint8_t byte;      /**< the first byte of its contents; 0 for a page table and a free page */
	bool coherent;     /**< device-coherent memory */
};
/** The struct page of a frame or device page. -EINVAL (NO_PAGE): there is no such frame. */
HMMU_API int hmmu_page_info(const struct hmmu *m, uint32_t pfn, struct hmmu_page_info *out);
/** The 4096 bytes of a frame or device page in use. NULL: what hmmu_page_write() refuses, or the machine keeps no contents.
 * For drivers and devices; CPUs use hmmu_load(). The pointer is good as long as the page is in use. Who writes by it to a
 * page of the swap cache has to set DIRTY (hmmu_page_set_flags()), as a kernel's driver calls set_page_dirty(). */
HMMU_API void *hmmu_page_data(struct hmmu *m, uint32_t pfn);
/** Copy @p length bytes of a frame or device page from @p offset on, as a device would read them. A machine without
 * contents has the first 8 bytes and zeroes. -EINVAL: no such page (NO_PAGE), or more than 4096 bytes. */
HMMU_API int hmmu_page_read(struct hmmu *m, uint32_t pfn, uint32_t offset, void *buffer, size_t length);
/** Write them, as a device would; what the machine has no room for is lost. A page of the swap cache is dirty then, as its
 * copy in the swap area is older. -EINVAL also: the page is a page table or the zero page, or free (NO_PAGE). */
HMMU_API int hmmu_page_write(struct hmmu *m, uint32_t pfn, uint32_t offset, const void *buffer, size_t length);

/** An event; the list of event types describes a and b. */
struct hmmu_event {
	uint16_t type; /**< enum hmmu_event_type */
	uint16_t kind; /**< enum hmmu_notify_kind, of INVALIDATE_START and INVALIDATE_END in Linux 6.12; else 0 */
	uint32_t pid;  /**< 0: none in particular */
	uint64_t a;    /**< first number */
	uint64_t b;    /**< second number */
};
/** Record events of the types in @p mask (1 << enum hmmu_event_type) from now on; 0: none, UINT32_MAX:
 * all. The INVALIDATE types are recorded for watched processes only, INVALIDATE_START of those whatever the mask says.
 * When the ring of 2^18 events is full, new ones are lost and counted. */
HMMU_COMMON_API int hmmu_events_record(struct hmmu *m, uint32_t mask);
/** The types of events that are recorded, as a mask. */
HMMU_API uint32_t hmmu_events_recorded(const struct hmmu *m);
/** mmu_notifier_register(): invalidations of the process's mm are recorded from now on. */
HMMU_API int hmmu_watch(struct hmmu *m, uint32_t pid);
/**
 * struct mmu_notifier_ops: pages from @p event's a to its b of the process pid lose their meaning for those who have
 * translations of their own. Its type is HMMU_EVENT_INVALIDATE_START, _RANGE or _END. The kernel calls it under page table
 * locks, too: it may look, and call the functions for drivers. All else is refused (-EBUSY, HMMU_ERR_BUSY).
 */
typedef void (*hmmu_notifier_fn)(struct hmmu *m, const struct hmmu_event *event, void *data);
/** Set the function that is called for processes with hmmu_notify(); NULL: none. @p data is passed to it. It is not a part
 * of snapshots. */
HMMU_COMMON_API int hmmu_set_notifier(struct hmmu *m, hmmu_notifier_fn notifier, void *data);
/**
 * Have a function called for each event that is recorded, at once, in the middle of the call that leads to it; none goes to
 * the ring then. NULL: they go to the ring. Somebody who has translations of his own, as a TLB has, drops them when he is
 * told of HMMU_EVENT_TLB_FLUSH. The function may do as much as hmmu_notifier_fn. It is not a part of snapshots.
 */
HMMU_COMMON_API int hmmu_set_event_function(struct hmmu *m, hmmu_notifier_fn function, void *data);
/** mmu_notifier_register(), or mmu_notifier_unregister(): have the machine's notifier called for a process, or no more.
 * -ESRCH: there is no such process. The OOM reaper leaves a process with a notifier alone. A process loses its notifier
 * when it exits, before its pages go: mmu_notifier_release(). */
HMMU_API int hmmu_notify(struct hmmu *m, uint32_t pid, bool on);
/** Take the oldest events out of the ring. Returns how many were written to @p out. */
HMMU_COMMON_API int hmmu_events_read(struct hmmu *m, struct hmmu_event *out, uint32_t capacity);
/** Start or stop recording the host's time of every event, in cycles as in hmmu_stats(). Times are no state of the
 * machine. -ENOMEM. */
HMMU_COMMON_API int hmmu_events_time(struct hmmu *m, bool on);
/** As hmmu_events_read(), with the time of each event, or 0 if no time was recorded. */
HMMU_COMMON_API int hmmu_events_read_timed(struct hmmu *m, struct hmmu_event *out, uint64_t *cycles, uint32_t capacity);
/** @} */

/** @name Statistics
 * Counts and times of the machine's work. Statistics are no state of the machine: no snapshot and no hash includes
 * them, and a copy starts without. Runs, entries and counts are equal in every run of a program; cycles are the host's
 * time.
 * @{ */

/** Start counting and timing at zero; or stop, and keep the results. Spans that are open at the start do not count.
 * -ENOMEM. */
HMMU_COMMON_API int hmmu_stats_enable(struct hmmu *m, bool on);

/** Runs, entries and cycles of one kind of span. */
struct hmmu_span_stats {
	uint64_t runs;    /**< number of complete runs */
	uint64_t entries; /**< of stages: processed entries of src and dst, without restores; else pages */
	uint64_t cycles;  /**< of the time stamp counter, without those of inner spans; 0 if the host has none */
};
/** All statistics of a machine. */
struct hmmu_stats {
	struct hmmu_span_stats spans[HMMU_SPAN_COUNT]; /**< by enum hmmu_span */
	uint64_t counts[HMMU_STAT_COUNT];              /**< by enum hmmu_stat */
	uint64_t whys[HMMU_WHY_COUNT];                 /**< entries that did not move or were not offered, by reason */
	bool enabled;                                  /**< the machine goes on counting */
};
/** The statistics so far; all zero if they were never on. */
HMMU_COMMON_API void hmmu_stats(const struct hmmu *m, struct hmmu_stats *out);

/** The tree of spans: one node for each kind of span within another node. */
struct hmmu_stats_node {
	uint32_t span;    /**< enum hmmu_span */
	uint32_t parent;  /**< 0: none; else the number of a node that comes before, from 1 */
	uint64_t runs;    /**< as in struct hmmu_span_stats */
	uint64_t entries; /**< as in struct hmmu_span_stats */
	uint64_t cycles;  /**< with those of the nodes below */
};
/** There are fewer nodes than this. A span without room for a node counts as a part of the node around it. */
#define HMMU_STATS_NODES 256
/** The nodes. Returns how many there are; writes at most @p capacity. */
HMMU_COMMON_API int hmmu_stats_tree(const struct hmmu *m, struct hmmu_stats_node *out, uint32_t capacity);
/** @} */

/** @name Migration
 * @{ */

/** A migration under way. */
struct hmmu_migration;

/** struct migrate_vma_ops. A callback returns 0, or a negative errno. After an error the migration is undone as far as
 * possible: pages that have not moved go back, and the pages in dst are unlocked and dropped. It ends with -ECANCELED,
 * code DRIVER_THREW. */
struct hmmu_migrate_ops {
	/** Give pages for entries with MIGRATE: allocate, copy, lock, write a word into dst. NULL is -EINVAL. */
	int (*alloc_and_copy)(struct hmmu_migration *mig, void *data);
	/** Entries that still have MIGRATE have moved: set the device's own page tables. May be NULL. */
	int (*finalize_and_map)(struct hmmu_migration *mig, void *data);
};

/** The arguments of migrate_vma(). Everything pointed to is the caller's, and has to last as long as the migration. */
struct hmmu_migrate_request {
	uint32_t tid;   /**< the task that migrates, in whose address space the range is */
	uint64_t start; /**< first byte, rounded down to a page */
	uint64_t end;   /**< first byte behind the range, rounded down to a page */
	uint64_t *src;  /**< (end - start) / 4096 words, which are written */
	uint64_t *dst;  /**< as many, written by the driver; collect clears them, but see the quirk hole-dst-index */
	uint8_t *why;   /**< enum hmmu_why an entry, as many; may be NULL */
	const struct hmmu_migrate_ops *ops; /**< the driver's callbacks; NULL for a driver that calls */
	void *data;                         /**< passed to the callbacks */
	uint32_t flags;                     /**< enum hmmu_select: which pages; 0 in Linux 4.14, which has no choice */
	uint32_t fault_page;                /**< pfn of the page whose fault is being handled, or 0. Linux 6.12 */
	/** pgmap_owner: whose device pages are selected, and the owner of the notifier events; HMMU_DEFAULT_OWNER is that of
	 * device 0. Linux 6.12 */
	uint64_t owner;
};

/**
 * migrate_vma() of Linux 4.14; in Linux 6.12 its three functions, with the callbacks between them. Takes mmap_sem for reading unless the task has it. -EINVAL: the range (not within one
 * mapping, special or hugetlb mapping, empty), or NULL pointers. -EINVAL with code DRIVER_RULE: the driver broke a
 * rule; all is undone. 0 also if nothing moved.
 */
HMMU_API int hmmu_migrate_vma(struct hmmu *m, const struct hmmu_migrate_request *request);

/** The same in steps. On success @p mig is to be given to hmmu_migrate_end(), unless hmmu_destroy() drops it before. */
HMMU_API int hmmu_migrate_begin(struct hmmu *m, const struct hmmu_migrate_request *request,
				struct hmmu_migration **mig);
/** Do one entry of the current stage, or the step from a stage to the next. Returns 1 while there is more, 0 at
 * DONE. */
HMMU_API int hmmu_migrate_step(struct hmmu_migration *mig);
/** Go on until @p stage is over (a callback stage: until the callback has returned) or the migration is DONE. */
HMMU_API int hmmu_migrate_run(struct hmmu_migration *mig, uint32_t stage);
/** Finish what is left to do, and free. Returns what hmmu_migrate_vma() would have. */
HMMU_API int hmmu_migrate_end(struct hmmu_migration *mig);

/** All migrations under way, in the order in which they began. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_migrations(const struct hmmu *m, struct hmmu_migration **out, uint32_t capacity);
/** What a migration began with, start and end rounded. tid is 0 for one of device pages: start is the first pfn × 4096 then. ops is
 * NULL if the driver calls. Of a migration that is not adopted yet, src, dst and why are readable copies, and ops and data of no use. */
HMMU_API void hmmu_migration_request(const struct hmmu_migration *mig, struct hmmu_migrate_request *out);
/**
 * Take over a migration of a machine that was restored or cloned: give it arrays, operations and data of the new machine. src, dst,
 * why, ops and data of @p request count; the rest is as it was. The arrays are filled with what was in them when the copy was made.
 * Before this, all calls that drive the migration fail (-EINVAL, ORDER); it holds its pages and locks all the same.
 * -EINVAL: it was not restored, or is adopted already (ORDER); no src or dst; why, or ops, where it began without, or the other way
 * round (INVALID_ARGUMENT).
 */
HMMU_API int hmmu_migrate_adopt(struct hmmu_migration *mig, const struct hmmu_migrate_request *request);

/**
 * @name Migration as drivers of Linux 6.12 do it
 * hmmu_migrate_vma_setup(), then the driver writes dst; hmmu_migrate_vma_pages(), then it programs its tables;
 * hmmu_migrate_vma_finalize(). The task has mmap_lock for reading from the first call to the last. The callbacks of
 * hmmu_migrate_vma() are possible as well: they run between the three calls. hmmu_migrate_step(), _run() and _end() work
 * with both styles.
 * @{ */
/**
 * migrate_vma_setup(): collect and unmap. ops of the request may be NULL. On success @p mig is to be given to
 * hmmu_migrate_vma_finalize() or hmmu_migrate_end(); src is written, and the state's cpages tells how many entries may
 * move. If it is 0, nothing is left to do but to finalize. -EINVAL: the range has no page, is not within one mapping, or the
 * mapping is special or hugetlb; fault_page is no device-private page (SYSCALL); unknown flags, or a machine of Linux 4.14
 * (INVALID_ARGUMENT). An owner of no device selects no device page. start and end are rounded down to pages, but the kernel counts the pages before (quirk
 * setup-counts-unrounded): give as many words as pages after rounding.
 */
HMMU_API int hmmu_migrate_vma_setup(struct hmmu *m, const struct hmmu_migrate_request *request,
				    struct hmmu_migration **mig);
/** migrate_vma_pages() and migrate_device_pages(): take dst over and move the pages. Entries of src that keep MIGRATE have
 * moved. -EINVAL: called twice (ORDER), or the driver broke a rule (DRIVER_RULE), then nothing has moved. The migration is
 * to be finalized in any case. */
HMMU_API int hmmu_migrate_vma_pages(struct hmmu_migration *mig);
/** migrate_vma_finalize() and migrate_device_finalize(): map the pages, unlock and put them. Frees the migration, and
 * returns the first error of it. -EINVAL (ORDER): hmmu_migrate_vma_pages() was not called; the migration stays. A driver
 * that gives up calls hmmu_migrate_end(), which moves nothing and frees the pages in dst. */
HMMU_API int hmmu_migrate_vma_finalize(struct hmmu_migration *mig);

/** The arguments of migrate_device_range(). Everything pointed to is the caller's, and has to last as long as the
 * migration. */
struct hmmu_device_range {
	uint32_t first;                     /**< pfn of the first device page */
	uint32_t pages;                     /**< how many, at least 1; all of one device */
	uint64_t *src;                      /**< as many words, which are written */
	uint64_t *dst;                      /**< as many, written by the driver */
	uint8_t *why;                       /**< enum hmmu_why an entry, as many; may be NULL */
	const struct hmmu_migrate_ops *ops; /**< the driver; may be NULL */
	void *data;                         /**< for the driver */
};
/**
 * migrate_device_range(): pages of the device are taken from whoever maps them, as for a device that goes. No task does it,
 * and under no mmap_lock. Then hmmu_migrate_vma_pages() and hmmu_migrate_vma_finalize(). Pages that are free or locked have
 * an empty src. -EINVAL: no such pages of a device (NO_PAGE); a machine of Linux 4.14, no arrays (INVALID_ARGUMENT).
 */
HMMU_API int hmmu_migrate_device_range(struct hmmu *m, const struct hmmu_device_range *range,
				       struct hmmu_migration **mig);
/** The same, but nothing is done yet: for hmmu_migrate_step() and hmmu_migrate_run(). */
HMMU_API int hmmu_migrate_device_begin(struct hmmu *m, const struct hmmu_device_range *range,
				       struct hmmu_migration **mig);
/** @} */

/** The progress of a migration. */
struct hmmu_migration_state {
	struct hmmu *machine; /**< the machine in which it goes on */
	uint32_t tid;         /**< the task that migrates */
	uint32_t pid;         /**< the task's process */
	uint32_t stage;       /**< enum hmmu_stage: the current one */
	uint64_t position;    /**< the next entry of the stage */
	uint64_t start;       /**< of the request */
	uint64_t end;         /**< of the request */
	uint64_t npages;      /**< entries collected */
	uint64_t cpages;      /**< entries still to be migrated */
	uint64_t *src;        /**< of the request */
	uint64_t *dst;        /**< of the request */
	bool callbacks_ran;   /**< alloc_and_copy was called */
	bool out_of_bounds;   /**< quirk hole-dst-index: a word after dst would have been written */
};
/** The progress of a migration. Callbacks, which only get the migration, can call this, too. */
HMMU_API void hmmu_migrate_state(const struct hmmu_migration *mig, struct hmmu_migration_state *out);
/** @} */

#include "hmmu_driver.h"
#include "hmmu_explore.h"
#include "hmmu_program.h"
#include "hmmu_look.h"
#include "hmmu_mirror.h"

#ifdef __cplusplus
}
#endif
#endif
