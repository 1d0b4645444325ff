/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file hmmu_program.h
 * Programs of tasks that run at the same time, and a search through all orders in which their steps can follow each other. A
 * part of hmmu.h, which includes it.
 */
#ifndef HMMU_PROGRAM_H
#define HMMU_PROGRAM_H

/** @name Lists
 * As those of hmmu_defs.h.
 * @{ */
/** X(name, value, name in words, text): what a task of a program does. */
#define HMMU_ACTIONS(X) \
	X(READ, 0, "read", "A load of the first byte of a page.") \
	X(WRITE, 1, "write", "A store to the first byte of a page.") \
	X(MIGRATE, 2, "migrate", "migrate_vma() with the built-in driver, entry by entry.") \
	X(UNMAP, 3, "unmap", "munmap().") \
	X(PROTECT, 4, "protect", "mprotect().") \
	X(ADVISE, 5, "advise", "madvise().") \
	X(LOCK, 6, "lock", "mlock().") \
	X(UNLOCK, 7, "unlock", "munlock().") \
	X(CLEAR, 8, "clear", "The soft-dirty bits are cleared.") \
	X(FORK, 9, "fork", "fork(): the tasks of the child begin.") \
	X(EXIT, 10, "exit", "A process ends.") \
	X(PIN, 11, "pin", "A page is pinned.") \
	X(HOLD, 12, "hold", "A page is taken and locked, as by another task.") \
	X(ISOLATE, 13, "isolate", "A page is taken off its LRU list.") \
	X(DROP, 14, "drop", "A page is given back that was pinned, held or isolated.") \
	X(RECLAIM, 15, "reclaim", "A page is reclaimed.") \
	X(OOM_REAP, 16, "oom-reap", "The OOM reaper takes the private pages of a process.") \
	X(TRUNCATE, 17, "truncate", "ftruncate() of a file that is mapped from its beginning. Linux 6.12.")

/** X(name, value, name in words, text): findings of an exploration, by the judge that makes them. */
#define HMMU_JUDGES(X) \
	X(VERIFY, 0, "verify", "The machine is out of balance.") \
	X(DEADLOCK, 1, "deadlock", "All tasks that have not ended wait.") \
	X(LIVELOCK, 2, "livelock", "The tasks go round without end, although each task that could run does run.") \
	X(WRONG_VALUE, 3, "wrong-value", "A load reads a value that no order of the stores allows.") \
	X(LOST_WRITE, 4, "lost-write", "At the end a page has a value that no order of the stores leaves there.") \
	X(STALE_TRANSLATION, 5, "stale-translation", \
	  "An access uses a translation to a page that was freed, or used again.") \
	X(STUCK_PAGE, 6, "stuck-page", \
	  "At the end a load of a mapped page is SIGBUS: the page can't leave the device.") \
	X(LEAK, 7, "leak", "Pages are not free after all processes have exited.") \
	X(SOFT_DIRTY_LOST, 8, "soft-dirty-lost", \
	  "A page was written to since the soft-dirty bits were cleared, and is clean.") \
	X(DEAD_SPACE, 9, "dead-space", "An address space that the OOM reaper has emptied has pages again.") \
	X(USE_AFTER_FREE, 10, "use-after-free", "A device page is free when the handler of the fault on it begins.")

enum hmmu_action_kind {
#define X(name, value, word, text) HMMU_ACTION_##name = (value),
	HMMU_ACTIONS(X)
#undef X
		HMMU_ACTION_COUNT
};
enum hmmu_judge {
#define X(name, value, word, text) HMMU_JUDGE_##name = (value),
	HMMU_JUDGES(X)
#undef X
		HMMU_JUDGE_COUNT
};
/** @} */

/** @name Programs
 * A task does its actions in their order, each in steps: a migration has a step for each entry of each stage, any other action
 * goes on until it has to wait. Between two steps other tasks may run. All fields are 64 bits wide, so that a program is bytes.
 * @{ */
/** Tasks of a program. */
#define HMMU_PROGRAM_TASKS 16
/** Processes of a program. */
#define HMMU_PROGRAM_PROCESSES 16
/** Actions of a program. Each state has the results of all, so that the time of a search grows with their square. */
#define HMMU_PROGRAM_ACTIONS 4096
/** References of a program (handles of pins, holds and isolations). */
#define HMMU_PROGRAM_HANDLES 64
/** Pages of a migration. */
#define HMMU_PROGRAM_ENTRIES 64
/** Bytes that loads can tell apart: 0, those of stores, and those that the pages have at first. */
#define HMMU_PROGRAM_VALUES 64

/** What a task does. */
struct hmmu_action {
	uint64_t kind;  /**< enum hmmu_action_kind */
	uint64_t at;    /**< address of the first page, page aligned; 0 if the action has no place */
	uint64_t pages; /**< how many; READ, WRITE, PIN, HOLD, ISOLATE and RECLAIM: 1 */
	uint64_t
		value; /**< WRITE: the byte; MIGRATE: enum hmmu_target, and from bit 8 on the number of the device to which pages go; ADVISE: enum hmmu_advice; PROTECT: enum hmmu_prot; FORK:
			    the number of the child, which no other action forks; EXIT: the number of the process; PIN: enum hmmu_pin_flag;
			    TRUNCATE: the new length in pages */
	uint64_t handle; /**< PIN, HOLD, ISOLATE, DROP: the number of the reference */
	uint64_t skip;   /**< MIGRATE: a bit for each entry to which the driver gives no page */
	uint64_t error;  /**< MIGRATE: a bit for each entry with a driver's error */
	uint64_t select; /**< MIGRATE: enum hmmu_select; 0 in Linux 4.14 */
};

/** A thread. No other one has any of its actions. */
struct hmmu_program_task {
	uint64_t process; /**< the number of its process in the program */
	uint64_t cpu;     /**< where it runs */
	uint64_t first;   /**< its first action */
	uint64_t count;   /**< how many actions follow each other from there */
};

/** A page whose values the judges know. */
struct hmmu_program_page {
	uint64_t address; /**< of its first byte */
	uint64_t shared;  /**< 1: all processes that map it have one page */
};

/** Tasks that run at the same time on a machine. */
struct hmmu_program {
	const uint32_t *processes;             /**< pid of each process, all different; 0 for one that a task forks */
	const struct hmmu_program_task *tasks; /**< the tasks */
	const struct hmmu_action *actions;     /**< the actions of all tasks */
	const struct hmmu_program_page *pages; /**< the pages that are looked at, ascending */
	uint32_t process_count;                /**< 1 … HMMU_PROGRAM_PROCESSES */
	uint32_t task_count;                   /**< 1 … HMMU_PROGRAM_TASKS */
	uint32_t action_count;                 /**< of all tasks, at most HMMU_PROGRAM_ACTIONS */
	uint32_t page_count;                   /**< at most 4096 */
};
/** @} */

/** @name Searching
 * @{ */
/** Told how far a search is, some ten times a second, in the thread that has called hmmu_search(): how many states it has met, and in
 * how many of them steps are still to be tried. false: the search ends, cut off by STOPPED. It must not use the machine. */
typedef bool (*hmmu_search_progress_fn)(void *data, uint64_t states, uint64_t open);

/** Threads of a search. */
#define HMMU_SEARCH_WORKERS 64

/** How far a search goes. */
struct hmmu_search_options {
	uint64_t states; /**< stop behind so many states; 0: 1,000,000 */
	uint64_t bytes;  /**< stop when states and what was found need so much memory, by estimate; 0: 1 GiB */
	uint32_t
		preemptions; /**< a task that could go on is put aside at most so often; UINT32_MAX: any number of times */
	bool all_twins;      /**< also try the orders in which two tasks that do the same change places */
	uint32_t points;     /**< enum hmmu_switch_point: where calls stop in their middle */
	bool handler_retries; /**< a fault handler that could not move its page returns 0, so that the access faults again */
	bool verify;          /**< hmmu_verify() in each state, and not only at the end */
	uint32_t
		workers; /**< threads that search, at most HMMU_SEARCH_WORKERS, each on a machine of its own; 0: 1. What is found is
				 equal for any number. Where there are no threads (WebAssembly), and on machines with functions of the caller
				 (hmmu_device_set_ops(), hmmu_set_notifier(), …) it is always 1. A small search stays with one */
	bool selfcheck; /**< many states to which rollbacks have led are also made from the begin, and compared: hash, whole state and
				 hmmu_verify(). Takes twice the time. A difference is -EIO (SELFCHECK) */
	uint64_t time; /**< stop behind so many milliseconds; 0: never. What is found then differs from run to run */
	hmmu_search_progress_fn progress; /**< told how far the search is; NULL: nobody wants to know */
	void *progress_data;              /**< for it */
};

/** A fault that some order shows. */
struct hmmu_finding {
	uint32_t judge;   /**< enum hmmu_judge */
	uint32_t task;    /**< the task in whose step it was found; UINT32_MAX: at the end */
	uint32_t action;  /**< its action, of all tasks' actions; UINT32_MAX: none */
	uint32_t page;    /**< the page of the program; UINT32_MAX: none */
	uint32_t process; /**< the process of the program; UINT32_MAX: none */
	uint32_t found; /**< the value found; LIVELOCK and DEADLOCK: a bit for each task that takes part; LEAK: pages */
	uint64_t times; /**< how many steps and ends show it */
	uint64_t choices; /**< where the shortest order that leads to it begins in hmmu_search_result.choices */
	uint64_t length;  /**< the steps of that order */
	uint64_t cycle;   /**< LIVELOCK: the last so many steps of that order are the cycle; else 0 */
	char text[120];   /**< VERIFY: the complaint */
};

/** One of the ways in which all actions can end. */
struct hmmu_search_outcome {
	uint64_t choices; /**< as in a finding */
	uint64_t length;  /**< as in a finding */
};

/** What a search has found. */
struct hmmu_search_result {
	double schedules;       /**< the number of orders; with cycles fewer than there are */
	uint64_t states;        /**< different states */
	uint64_t steps;         /**< steps that were made */
	uint64_t ends;          /**< states in which all tasks have ended */
	uint32_t depth;         /**< steps to the state that is farthest from the begin, by the shortest way */
	uint32_t cut_off;       /**< 0: all orders were tried; else enum hmmu_cut_off */
	bool has_cycles;        /**< some order comes back to a state */
	uint32_t finding_count; /**< of findings */
	uint32_t outcome_count; /**< of outcomes */
	uint64_t choice_count;  /**< of choices */
	const struct hmmu_finding *findings;        /**< by judge, then by the length of the order */
	const struct hmmu_search_outcome *outcomes; /**< by the length of the order */
	const uint64_t *results; /**< of each outcome, the result of each action; see hmmu_trace_step */
	const uint8_t *choices;  /**< of each order, the task of each step */
};

/** Why a search has not tried all orders. */
enum hmmu_cut_off {
	HMMU_CUT_NOT,     /**< all orders were tried */
	HMMU_CUT_STATES,  /**< hmmu_search_options.states */
	HMMU_CUT_BYTES,   /**< hmmu_search_options.bytes, or the host has no memory */
	HMMU_CUT_TIME,    /**< hmmu_search_options.time */
	HMMU_CUT_STOPPED, /**< hmmu_search_options.progress */
};

/**
 * Try all orders of a program's steps from the machine's present state, which it has again at the end. Two states with one
 * hash count as one. What is found depends on nothing but machine, program and options. @p result is to be given to
 * hmmu_search_free(). -EINVAL (INVALID_ARGUMENT): the program is wrong; the error's text says how. -EBUSY: a migration is under
 * way, a task waits, or a callback runs. -EIO (SELFCHECK): the same steps have led to different states, which is a fault of hmmu.
 * -ENOMEM.
 */
HMMU_COMMON_API int hmmu_search(struct hmmu *m, const struct hmmu_program *program,
				const struct hmmu_search_options *options, struct hmmu_search_result **result);
/** Free what a search has found; NULL is allowed. */
HMMU_COMMON_API void hmmu_search_free(struct hmmu_search_result *result);

/** What a step of a task did. */
enum hmmu_trace_event {
	HMMU_TRACE_WAITS,   /**< the action waits */
	HMMU_TRACE_STEP,    /**< a migration has made a step, which is not its last */
	HMMU_TRACE_ENDS,    /**< the action has ended */
	HMMU_TRACE_HANDLER, /**< the handler of its fault on a device page has begun, or made a step */
	HMMU_TRACE_STOPS,   /**< the call has stopped in its middle, so that others can run */
};
/** A step of an order. */
struct hmmu_trace_step {
	uint32_t task;     /**< of the program */
	uint32_t action;   /**< of all tasks' actions */
	uint32_t event;    /**< enum hmmu_trace_event */
	uint32_t wait;     /**< WAITS: enum hmmu_wait; STOPS: enum hmmu_switch_point */
	uint32_t stage;    /**< STEP, HANDLER: enum hmmu_stage, that of the step */
	uint32_t position; /**< STEP, HANDLER: its entry */
	/** ENDS: bits 0 to 15 a positive errno or 0. READ: the byte from bit 16 on. MIGRATE: how many entries have moved from bit
	 * 16 on, the first enum hmmu_why from bit 24 on, and a hash of all from bit 32 on. */
	uint64_t result;
};
/** Make the steps of an order, and go back. Returns how many steps were made: fewer than @p count if a task can't run. */
HMMU_COMMON_API int hmmu_replay(struct hmmu *m, const struct hmmu_program *program,
				const struct hmmu_search_options *options, const uint8_t *choices, uint32_t count,
				struct hmmu_trace_step *steps);
/** @} */

/** @name One order, step by step
 * The machine stands in the middle of an order until hmmu_order_end(), and can be looked at between the steps: that is all that is
 * allowed meanwhile.
 * @{ */
/** An order under way. */
struct hmmu_order;
/** Begin an order; the program has to stay where it is. Errors as those of hmmu_search(). */
HMMU_COMMON_API int hmmu_order_begin(struct hmmu *m, const struct hmmu_program *program,
				     const struct hmmu_search_options *options, struct hmmu_order **order);
/** Go back to where the machine was, and free the order. */
HMMU_COMMON_API void hmmu_order_end(struct hmmu_order *order);
/** A bit for each task that can make the next step. */
HMMU_COMMON_API uint32_t hmmu_order_enabled(const struct hmmu_order *order);
/** Make a step. -EINVAL (INVALID_ARGUMENT): the task can't run. -ENOMEM. */
HMMU_COMMON_API int hmmu_order_step(struct hmmu_order *order, uint32_t task, struct hmmu_trace_step *step);
/** Judge the state as the end of the order: all tasks have ended, or wait for each other, or the last steps are a round that could go on
 * for ever. The machine stays as it is. -EBUSY, -ENOMEM. */
HMMU_COMMON_API int hmmu_order_judge(struct hmmu_order *order);
/** What was found so far, in the order of the steps; it stays where it is until the next call. length is the number of steps
 * that lead there, choices is 0. Returns how many. */
HMMU_COMMON_API uint32_t hmmu_order_findings(const struct hmmu_order *order, const struct hmmu_finding **findings);

/** A migration under way in an order. */
struct hmmu_open_migration {
	struct hmmu_migration_state state; /**< where it stands, and its arrays */
	const uint8_t *why;                /**< enum hmmu_why of each entry */
};
/** The migration of a task, or that of the handler of its fault on a device page. False: there is none. */
HMMU_COMMON_API bool hmmu_order_migration(const struct hmmu_order *order, uint32_t task, bool handler,
					  struct hmmu_open_migration *out);
/** @} */

#endif
