/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file live.h
 * Live memory: a user program runs unmodified. Once it opens a device of the emulated kernel, memory that it maps is the
 * machine's. The host's page tables are one more TLB: a fault of the host fills an entry, and what the machine flushes is
 * dropped there, too.
 *
 * All of the kernel, that is the machine, the drivers and their runtime, is in memory that the program's processes share: their
 * heap, their stacks and their variables (kernel_memory.c). So a child of fork() goes on with the same machine. One thread of
 * all processes runs the kernel at a time (enter.c). Threads of the program are threads of the host; their calls are
 * coroutines of the kernel.
 *
 * Linux on x86-64. docs/kernel-drivers.md tells what a program cannot do.
 */
#ifndef KAPI_LIVE_H
#define KAPI_LIVE_H

#include <sys/types.h>

#include "kapi.h"

#define LIVE_PAGE ((uint64_t)HMMU_PAGE_SIZE)
/** Of mappings, and of open files, that a process may have. */
#define LIVE_MOST_WINDOWS 8192u
#define LIVE_MOST_FILES 256u
/** Ranges that a process has to drop when it next returns to user space; more are all of its memory. */
#define LIVE_MOST_FLUSHES 64u

/** A range of host addresses that are the machine's. */
struct live_window {
	uint64_t start;
	uint64_t end;
};

/** An open file of the machine. Processes share it after fork(). */
struct live_open_file {
	struct kapi_file *file;
	uint32_t references;
};

/** A descriptor of the host that stands for a file of the machine. */
struct live_descriptor {
	int number;
	struct live_open_file *opened; /**< NULL: free */
};

/** A process of the program. It is in the kernel's memory, so that others can tell it to flush, and bury it. */
struct live_process {
	struct live_process *next;
	pid_t host_pid;
	uint32_t pid;                                  /**< the machine's; 0: it is gone */
	uint32_t threads;                              /**< of the host */
	uint32_t in_kernel;                            /**< those that cannot touch the program's memory now */
	uint32_t queued;                               /**< those that want to enter */
	struct live_window windows[LIVE_MOST_WINDOWS]; /**< in ascending order */
	uint32_t window_count;
	struct live_descriptor descriptors[LIVE_MOST_FILES];
	struct live_window flushes[LIVE_MOST_FLUSHES];
	uint64_t flush_state; /**< how many, and above it how many there ever were */
};

/** What all processes share besides the kernel itself. */
struct live_shared {
	struct live_process *processes;
	uint32_t generation; /**< a call has ended, or a thread has run: those who wait look again */
	uint32_t sleepers;   /**< threads of the host that wait for a new generation */
	uint32_t waiting;    /**< threads that nothing of this generation lets go on */
	uint32_t entries;    /**< how often one did */
	uint64_t switches;   /**< of coroutines, as far as those who wait know */
};

/** This process. The machine is NULL until a device is opened. */
struct live {
	struct hmmu *m;
	struct live_process *process;
	struct live_shared *shared;
};
extern struct live live;
/** The machine's task of this thread. */
extern __thread uint32_t live_tid;

/** @name kernel_memory.c
 * @{ */
/** Reserve the kernel's memory and move its variables there. 0 or a negative errno. */
int live_share_kernel(void);
/** As calloc(). The kernel's own calloc(), malloc() and free() are these (cmake/kapi.cmake), and its
 * mmap(), mprotect() and munmap() are the next ones. */
void *live_alloc(size_t size);
void *live_calloc(size_t count, size_t size);
void live_free(void *memory);
void *live_kernel_mmap(void *address, size_t size, int prot, int flags, int file, off_t offset);
int live_kernel_mprotect(void *start, size_t size, int prot);
int live_kernel_munmap(void *memory, size_t size);
/** Map a page of the kernel's memory for the program. */
bool live_map_frame(uint64_t address, const void *frame, int prot);
/** @} */

/** @name enter.c
 * @{ */
/** Make the lock. */
int live_enter_boot(void);
/** Run the kernel, and nobody else does; may be called again by the same thread. Then back to user space: what was flushed
 * is dropped. */
void live_enter(void);
void live_leave(void);
/** Whether this thread runs the kernel. */
bool live_is_inside(void);
/** This thread ends the process; the others do not enter any more. */
void live_end_process(void);
/** fork(): the child is in the kernel as its parent was, without the lock. */
void live_enter_child(void);
/** In the kernel, on a stack that all processes have: call a function, which may call those of kapi.h. What it gives them
 * pointers to is on that stack, or on the kernel's heap. -ENOMEM. */
long live_run(long (*function)(void *data), void *data);
/** @} */

/** @name tlb.c: the host's page tables
 * @{ */
/** Have the machine tell of its flushes. */
int live_tlb_boot(void);
/** The entry of a page, as the machine's. If others have taken the page away since it was faulted in, nothing is mapped, and
 * the program faults anew. false: the host refuses. */
bool live_map_page(uint64_t page, bool write);
/** Drop what others have asked this process to. */
void live_drop_flushed(void);
/** Whether a process has ended, and is perhaps not waited for yet. */
bool live_is_dead(const struct live_process *process);
/** Drop all entries of this process. */
void live_drop_all(void);
/** @} */

/** @name windows.c: where a process has emulated memory
 * @{ */
/** Whether a part of a range is emulated memory. */
bool live_overlaps(const struct live_process *process, uint64_t start, uint64_t size);
/** The first window that ends behind an address. */
uint32_t live_first_window(const struct live_process *process, uint64_t address);
/** Reserve addresses for a mapping. 0: there are none. */
uint64_t live_reserve_window(uint64_t size);
/** Take over addresses that the program has chosen. false: there is no room. */
bool live_take_window(uint64_t start, uint64_t size);
/** How many bytes from the beginning of a buffer are the host's memory. */
size_t live_host_part(uint64_t start, size_t size);
/** How many are emulated memory that the program may load, or store. */
size_t live_allowed(uint64_t start, size_t size, bool write);
/** The program has unmapped a range: windows that are unmapped as a whole go back to the host. */
void live_release_windows(uint64_t start, uint64_t size);
/** @} */

/** @name process.c
 * @{ */
/** The first process. 0 or a negative errno. */
int live_process_boot(void);
/** A process by one of its tasks; NULL: there is none. */
struct live_process *live_process_of(uint32_t tid);
/** fork(), of all but the host: a process for the child. NULL: errno says why. */
struct live_process *live_fork_begin(void);
/** In the child. */
void live_fork_child(struct live_process *child);
/** The process ends, or has ended: its files are closed and its memory goes. The last one takes the kernel down. */
void live_bury(struct live_process *process);
/** A child of this process has ended. */
void live_child_ended(pid_t host_pid);
/** A thread begins and ends. A negative errno on failure. */
int live_thread_begin(uint32_t *tid);
void live_thread_end(void);
/** A thread did not begin. */
void live_thread_undo(uint32_t tid);
/** @} */

/** @name boot.c
 * @{ */
/** Make the machine and load its modules. 0 or a negative errno. */
int live_boot(void);
/** The end of this process. */
void live_exit(void);
/** @} */

/** @name fault.c
 * @{ */
/** Faults of the host in emulated memory are the machine's. 0, or -ENOTSUP: the program handles them itself. */
int live_catch_faults(void);
/** @} */

/** @name wrap_signal.c
 * @{ */
/** A signal ends the program from now on. */
void live_default_action(int number);
/** @} */

/** @name map.c
 * @{ */
/** Map emulated memory, or with @p file a device; the arguments are those of mmap(). A negative errno on failure. */
long live_map(size_t size, int prot, int flags, struct kapi_file *file, uint64_t offset);
long live_unmap(uint64_t address, size_t size);
long live_protect(uint64_t address, size_t size, int prot);
long live_advise(uint64_t address, size_t size, int advice);
long live_lock(uint64_t address, size_t size);
long live_unlock(uint64_t address, size_t size);
long live_remap(uint64_t address, size_t old_size, size_t size, int flags, uint64_t wanted);
/** @} */

/** @name settings.c
 * @{ */
/** The machine's options, as the environment names them. */
struct kapi_options live_options(void);
/** Set the fault and the modules' parameters that the environment names, before the modules are loaded. -EINVAL: they are wrong. */
int live_set_up(void);
/** @} */

/** @name contents.c
 * @{ */
/** A file was mapped: its contents go into the mapping. 0, or an error. */
int live_fill(void *start, size_t size, int flags, int descriptor, uint64_t offset);
/** What was stored to shared mappings of a file goes to the file. */
void live_write_back(int descriptor);
/** Mappings that begin in a range are gone. */
void live_forget_files(uint64_t start, uint64_t size);
/** @} */

/** @name files.c
 * @{ */
/** Open a device of the machine; -ENOENT: it has none of this name. */
int live_open(const char *path);
/** The file behind a descriptor; NULL: it is the host's. */
struct kapi_file *live_file(int descriptor);
/** Close the device behind a descriptor. */
int live_close(int descriptor);
/** The host has made @p copy of a descriptor: if that is a device's, the copy is, too; if the copy was one, it is not any more.
 * The copy, or -EMFILE: it is closed. */
int live_duplicate(int descriptor, int number);
/** Close all files of a process that ends; one of its tasks makes the last close of each. */
void live_close_all(struct live_process *process, uint32_t tid);
/** The child of fork() has them, too. */
void live_share_files(struct live_process *child);
/** @} */

#endif
