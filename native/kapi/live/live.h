/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file live.h
 * Live memory: a user program runs unmodified. Once it opens a device of the emulated kernel, memory that it maps is the
 * machine's. The host's page tables are one more TLB: a fault of the host fills an entry, and what the machine flushes is
 * dropped there, too, before the program goes on.
 *
 * Linux on x86-64. A program with a handler of its own for SIGSEGV, one under AddressSanitizer, and system calls on emulated
 * memory other than those in wrap.c do not work. fork() is refused once the machine runs.
 */
#ifndef KAPI_LIVE_H
#define KAPI_LIVE_H

#include "kapi.h"

/** The program's task. */
struct live {
	struct hmmu *m; /**< NULL: no device has been opened yet */
	uint32_t pid;
	uint32_t tid;
};
extern struct live live;

/** @name memory.c
 * @{ */
/** Make the machine and load its modules. 0 or a negative errno. */
int live_boot(void);
/** The machine's file while the machine is being made, until its one reservation is mapped there; else -1. */
int live_booting_file(void);
/** Map the file, with as many bytes. */
void *live_map_machine(size_t size);
/** Whether a part of a range is emulated memory. */
bool live_is_emulated(const void *start, size_t size);
/** Map emulated memory, or with @p file a device; the arguments are those of mmap(). A negative errno on failure. */
long live_map(size_t size, int prot, int flags, struct kapi_file *file, uint64_t offset);
/** Drop what the machine has flushed. After each call into it. */
void live_shoot_down(void);
/** @} */

/** @name settings.c
 * @{ */
/** The seed that the environment names, or 0. */
uint64_t live_seed(void);
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

/** @name heap.c
 * @{ */
/** As calloc(). The core's calloc(), malloc() and free() are these, too (cmake/kapi.cmake). */
void *live_alloc(size_t size);
void *live_calloc(size_t count, size_t size);
void live_free(void *memory);
/** @} */

/** @name files.c
 * @{ */
/** Open a device of the machine; -ENOENT: it has none of this name. */
int live_open(const char *path);
/** The file behind a descriptor; NULL: it is the host's. */
struct kapi_file *live_file(int descriptor);
/** Close the device behind a descriptor. */
int live_close(int descriptor);
/** @} */

#endif
