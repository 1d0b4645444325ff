/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file stops.h
 * Programs of calls that stop in their middle (hmmu_run()): what they can do, and what a program has made so far.
 *
 * A program is records of ops.h: the first one makes the machine, each other one lets one task go on. A task that is in no
 * call begins the call of the record. One that has stopped goes on from there, and one that is blocked repeats its call.
 * Deeds are done at once, whatever the tasks are in.
 */
#ifndef FUZZ_STOPS_H
#define FUZZ_STOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balance.h"
#include "hmmu/hmmu.h"
#include "ops.h"

/** X(name, weight, kernels, text): calls of a task; weight is how often programs of seeds make them. kernels is MODERN if only
 * Linux 6.12 has it, else ANY. */
#define STOPS_CALLS(X) \
	X(STORE, 12, ANY, "a byte x") \
	X(LOAD, 4, ANY, "a byte") \
	X(STORE_SPAN, 5, ANY, "bytes x, over up to three borders of pages") \
	X(LOAD_SPAN, 2, ANY, "the same") \
	X(ADVISE, 8, ANY, "madvise(): x advice") \
	X(LOCK, 6, ANY, "mlock()") \
	X(UNLOCK, 2, ANY, "munlock()") \
	X(PROTECT, 3, ANY, "mprotect(): x rights") \
	X(MAP, 3, ANY, "mmap() of anonymous memory") \
	X(MAP_OTHER, 2, ANY, "mmap(): x kind") \
	X(UNMAP, 2, ANY, "munmap()") \
	X(MOVE, 3, ANY, "mremap() to page x, y pages longer or shorter") \
	X(TO_DEVICE, 9, ANY, "migrate_vma(); x & 3: to the coherent device") \
	X(TO_SYSTEM, 3, ANY, "migrate_vma()") \
	X(FORK, 3, ANY, "fork(); y & 1: the child has two tasks") \
	X(EXIT, 1, ANY, "exit of a process, by its first task") \
	X(RECLAIM, 5, ANY, "reclaim of a page") \
	X(RECLAIM_RANGE, 2, ANY, "reclaim of a range") \
	X(CLEAR, 2, ANY, "clear_refs") \
	X(USERFAULT, 1, ANY, "x: UFFDIO_REGISTER or UFFDIO_WRITEPROTECT") \
	X(PIN, 2, ANY, "get_user_pages() of a page: x flags") \
	X(MIRROR, 2, MODERN, "hmm_range_fault() and the loop around it: x flags") \
	X(EXCLUSIVE, 3, MODERN, "make_device_exclusive_range() of a page") \
	X(COLLAPSE, 2, MODERN, "MADV_COLLAPSE") \
	X(TRUNCATE, 2, MODERN, "ftruncate() of the file mapped there, to x pages")

/** X(name, weight, text): what is done beside the calls. */
#define STOPS_DEEDS(X) \
	X(POINTS, 2, "other switching points: x, count") \
	X(CPU, 1, "a task comes to CPU x") \
	X(TASK, 1, "a new task in the process") \
	X(CANCEL, 1, "a task gives up to wait") \
	X(UNPIN, 2, "the oldest pin goes") \
	X(EVICT, 1, "migrate_device_range(): count pages from device page first") \
	X(REAP, 1, "the OOM reaper comes by") \
	X(DRAIN, 1, "lru_add_drain_all()") \
	X(LIMIT, 1, "x pages are the limit of the memory cgroup") \
	X(INJECT, 1, "an allocation of kind x fails, the yth from now") \
	X(MARK, 2, "a mark; if there is one, x & 1: back to it, else it is dropped")

enum stops_op {
#define X(name, ...) STOPS_##name,
	STOPS_CALLS(X) STOPS_CALL_COUNT,
	STOPS_BEFORE_DEEDS = STOPS_CALL_COUNT - 1,
	STOPS_DEEDS(X) STOPS_OP_COUNT
#undef X
};

enum {
	STOPS_TASKS = 12,
	STOPS_PROCESSES = 4,
	STOPS_PINS = 8,
	STOPS_WORDS = HMMU_HUGE_PAGES + 4, /**< the most pages of a call */
	STOPS_SPAN = 3 * HMMU_PAGE_SIZE,   /**< the most bytes of a load or store */
	STOPS_SMALL_PAGES = 20,            /**< of the range where most calls are */
	STOPS_MAX_STEPS = 1000,
};

/** Where the program's mappings are: small ones, and one of a huge page. */
#define STOPS_BASE 0x40000000ull
#define STOPS_HUGE (STOPS_BASE + HMMU_HUGE_PAGES * (uint64_t)HMMU_PAGE_SIZE)

enum stops_state {
	STOPS_IDLE,
	STOPS_BLOCKED, /**< its call has returned, and is to be repeated */
	STOPS_STOPPED, /**< its call stands in its middle */
};

struct stops;

/** A task, and the call that it is in. */
struct stops_task {
	struct stops *program;
	uint32_t tid, pid; /**< tid 0: the place is free */
	enum stops_state state;
	bool handles; /**< it is in the handler of its fault on a device page */
	struct fuzz_record record;
	uint64_t address, pages;
	int result;
	uint32_t child; /**< of FORK */
	struct hmmu_builtin driver, handler;
	uint64_t src[STOPS_WORDS], dst[STOPS_WORDS], fault_src[1], fault_dst[1];
	uint8_t bytes[STOPS_SPAN];
};

struct stops_pin {
	uint32_t pfn, flags;
};

/** What goes back with the machine to a mark. */
struct stops_made {
	struct stops_task tasks[STOPS_TASKS];
	struct stops_pin pins[STOPS_PINS];
	unsigned nr_pins;
	bool migrated;
};

struct stops {
	struct hmmu *m;
	struct hmmu_options options;
	struct balance before;
	struct stops_made made, at_mark;
	uint64_t hash_at_mark;
	bool modern; /**< Linux 6.12 */
	bool huge;   /**< there is a mapping for a huge page */
	bool stacks; /**< the host has them; else no call stops */
	unsigned step;
};

/** Reads what a program does and what comes of it (compare.c). NULL: nobody does. */
extern void (*fuzz_journal)(const char *text);
/** Where steps are kept as text while a program runs (seeds_stops.c); NULL: nowhere. HMMU_FUZZ_TRACE=1 prints them. */
extern void (*stops_keep)(const char *text);

/** @name stops_say.c
 * @{ */
/** Say a part of a step. */
void stops_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Say what has come of a step: a result, or what the last error was. */
void stops_say_result(const struct hmmu *m, int result);
const char *stops_op_name(uint8_t op);
/** Report what must not be, and abort. */
void stops_broken(const struct stops *s, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
/** @} */

/** @name stops_machine.c
 * @{ */
/** The machine of the first record, with a process. */
void stops_open(struct stops *s, const struct fuzz_record *first);
/** A process with mappings and three tasks. */
void stops_next_process(struct stops *s);
/** No allocation fails on demand any more. */
void stops_disarm(struct stops *s);
/** End all processes, see that nothing is left, and close. No task is in a call. */
void stops_close(struct stops *s);
/** Abort if verify() complains. */
void stops_verify(const struct stops *s);
/** @} */

/** @name stops_tasks.c
 * @{ */
/** Remember a task. */
void stops_add_task(struct stops *s, uint32_t tid, uint32_t pid);
/** A further task of a process, if there is room for one besides the first ones of all processes. */
int stops_new_task(struct stops *s, uint32_t pid);
/** Forget the tasks of a process, but for one (0: all). */
void stops_forget_process(struct stops *s, uint32_t pid, uint32_t but);
/** One of the tasks, by any number. */
struct stops_task *stops_task_of(struct stops *s, uint8_t number);
/** Let a task go on, or begin the call of @p record, which may be NULL if it is in one. */
void stops_task_goes_on(struct stops_task *task, const struct fuzz_record *record);
/** @} */

/** stops_calls.c: make the task's call. */
int stops_call(struct stops_task *task);
/** stops_deeds.c: do what a record says beside the calls. */
void stops_deed(struct stops *s, const struct fuzz_record *r);
/** stops_deeds.c: the switching points that a record names. */
uint32_t stops_points_of(const struct fuzz_record *r);
/** stops_deeds.c: give up the oldest pin. */
void stops_unpin(struct stops *s);

#endif
