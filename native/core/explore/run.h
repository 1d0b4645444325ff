/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file run.h A program on a machine: where its tasks stand, and what the judges know. The floor explore/ uses the public
 * functions only.
 */
#ifndef HMMU_RUN_H
#define HMMU_RUN_H

#include "hmmu/hmmu.h"

#define NO_INDEX UINT32_MAX
#define PAGE_BYTES 4096u
#define NO_MEMORY_FOR_STEP "the host has no memory for what a task does"

enum thread_state {
	THREAD_ABSENT, /**< its process has not been forked yet */
	THREAD_RUNS,
	THREAD_GONE, /**< its process has exited */
};

/** Where a task stands. */
struct thread {
	struct hmmu_migration *handler;   /**< that of the handler of the task's fault on a device page */
	struct hmmu_migration *migration; /**< the action under way; NULL: it is none, or has not begun */
	uint64_t result;                  /**< of the call under way */
	int32_t err;                      /**< what the last step's call has returned */
	uint32_t tid;
	uint16_t action; /**< the next one, of its own */
	uint8_t state;   /**< enum thread_state */
	bool in_call;    /**< the action has begun and waits */
	bool has_begun;  /**< it has made a step */
	bool is_stopped; /**< its call stands at a switching point, on a stack of its own */
	bool polls;      /**< it waits for something that only a new attempt shows */
	bool has_tried;  /**< and an attempt has shown nothing, since which all others stood still or polled, too */
};

/** What is known of a page in a process. */
struct page_model {
	uint64_t may; /**< a bit for each value that a load may read */
	uint8_t mapped;
	uint8_t zaps;       /**< calls under way that empty the page */
	uint8_t lazy;       /**< MADV_FREE: it may become empty at any time, until a store */
	uint8_t soft_dirty; /**< it was written to since the bits were cleared */
	uint8_t reaped;     /**< the OOM reaper has left nothing there */
	uint8_t unused[3];
};

/** What the search takes back: one block, that is copied. */
struct world {
	uint32_t pids[HMMU_PROGRAM_PROCESSES];
	uint32_t refs[HMMU_PROGRAM_HANDLES];     /**< the pages of references */
	uint8_t ref_kinds[HMMU_PROGRAM_HANDLES]; /**< enum hmmu_action_kind that took it; 0: none */
	uint8_t ref_flags[HMMU_PROGRAM_HANDLES]; /**< of a pin */
	uint8_t tracked[HMMU_PROGRAM_PROCESSES]; /**< its soft-dirty bits were cleared */
	uint8_t clears[HMMU_PROGRAM_PROCESSES];  /**< calls under way that clear them */
	uint8_t reaped[HMMU_PROGRAM_PROCESSES];
	struct thread threads[HMMU_PROGRAM_TASKS];
	struct page_model models[]; /**< of each process all pages; behind them the results of all actions */
};

/** The arrays of a migration. Each MIGRATE has its own, because they must stay where they are. */
struct migrate_arrays {
	struct hmmu_builtin driver;
	uint64_t src[HMMU_PROGRAM_ENTRIES];
	uint64_t dst[HMMU_PROGRAM_ENTRIES];
	uint64_t skip[HMMU_PROGRAM_ENTRIES];
	uint64_t error[HMMU_PROGRAM_ENTRIES];
	uint8_t why[HMMU_PROGRAM_ENTRIES];
};

struct run;
/** Told of each finding. */
typedef void (*find_fn)(struct run *run, const struct hmmu_finding *finding);

struct run {
	struct hmmu *m;
	const struct hmmu_program *program;
	struct world *world;
	size_t world_bytes;
	uint64_t *results;               /**< of each action; a part of the world */
	struct migrate_arrays *arrays;   /**< of each action that migrates */
	uint32_t *arrays_of;             /**< by action */
	struct migrate_arrays *handlers; /**< of each task, those of its fault handler */
	bool handler_retries;
	bool has_stacks; /**< calls stop at points where they need a stack of their own */
	bool selects;    /**< the kernel's migrations say which pages they want: Linux 6.12 */
	uint8_t values[HMMU_PROGRAM_VALUES];
	uint32_t value_count;  /**< value 0 is the byte 0 */
	uint32_t task;         /**< that makes a step; NO_INDEX: the end is judged */
	uint32_t action;       /**< its action, of all tasks' actions */
	uint64_t free_at_end;  /**< pages that are free when all processes have ended; 0: not known */
	uint64_t stale;        /**< uses of stale translations so far */
	uint32_t handle_count; /**< references of the program: their numbers are below */
	bool lacks_memory;     /**< the host had no memory for a step, which so was not that of the program */
	find_fn find;
	void *finder;
};

/** Check a program, and make what it needs. -EINVAL (INVALID_ARGUMENT), -EBUSY, -ENOMEM. run_end() follows in any case. */
int run_begin(struct run *run, struct hmmu *m, const struct hmmu_program *program);
/** Free what run_begin() has made. Tasks that it has created stay; a rollback takes them away. */
void run_end(struct run *run);

/** Whether all actions of a task have ended, or it can have none any more. A task that was not forked can't run. */
bool run_has_ended(const struct run *run, uint32_t task);
/** The tid of a task that waits: a process that exits waits in its first task. */
uint32_t run_waiting_task(const struct run *run, uint32_t task);
/** A bit for each task that can make a step. */
uint32_t run_enabled(const struct run *run);
/** A bit for each task that has something to do. */
uint32_t run_alive(const struct run *run);
/** Make one step of a task. */
void run_step(struct run *run, uint32_t task, struct hmmu_trace_step *trace);
/** Give all pages back that the program has. */
void run_drop_all(struct run *run);
/** Hash of machine and world. -ENOMEM. */
int run_hash(struct run *run, uint64_t *hash);
/** Go back to the machine's newest mark, and to a world. */
void run_go_back(struct run *run, const uint8_t *world);
/** What a search wants. */
void run_set_options(struct run *run, const struct hmmu_search_options *options);
/** The same program on a copy of the machine, which is no more the caller's then. run_end() follows in any case. -ENOMEM. */
int run_copy(struct run *copy, const struct run *run, struct hmmu *m);

/** The next action of a task, of all tasks' actions. */
static inline uint32_t run_action(const struct run *run, uint32_t task)
{
	return (uint32_t)run->program->tasks[task].first + run->world->threads[task].action;
}

/** A finding of the step that is made, without more. */
static inline struct hmmu_finding finding_here(const struct run *run, uint32_t judge)
{
	return (struct hmmu_finding){
		.judge = judge,
		.task = run->task,
		.action = run->action,
		.page = NO_INDEX,
		.process = NO_INDEX,
	};
}

#endif
