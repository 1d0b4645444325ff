/* SPDX-License-Identifier: GPL-2.0-only */
/** @file search.h A search through all orders of a program: what its workers share, and what each has of its own. */
#ifndef HMMU_SEARCH_H
#define HMMU_SEARCH_H

#include "explore/finds.h"
#include "explore/states.h"

/** A state under way. */
struct search_frame {
	uint32_t state;
	uint32_t todo; /**< a bit for each task whose step is still to be tried */
	uint32_t last; /**< the task whose step led here; NO_INDEX: the begin */
	uint32_t preemptions;
	bool is_marked;
	bool was_left; /**< the machine is not in this state any more */
};

/** Steps that were put aside. Whoever tries them makes their state from the begin. */
struct branch {
	uint32_t state, todo, last, preemptions;
};
struct branches {
	struct host_lock lock;
	struct branch *items;
	uint32_t capacity;
	uint32_t count;   /**< atomic, as is the next */
	uint32_t idle;    /**< workers that wait for a branch */
	uint32_t workers; /**< all that are there */
	bool are_over;    /**< all workers were idle: there is nothing left */
};

struct search;
/** A thread with a machine of its own. The first worker is the caller, on the caller's machine. */
struct worker {
	struct search *search;
	struct run run;
	struct run
		*second; /**< a second machine, of which each state is made from the begin; NULL: nothing is checked */
	struct finds finds;
	struct search_frame *frames;
	uint8_t *worlds; /**< of each frame, the world */
	uint8_t *start;  /**< the world at the begin */
	uint8_t *way;    /**< the tasks of the steps that lead to a state */
	uint32_t way_capacity;
	uint32_t depth, frame_capacity;
	uint32_t state; /**< where findings belong */
	uint64_t steps, ends;
	uint64_t checked; /**< steps that were made on the second machine */
	uint64_t bytes;   /**< those of its finds that the search knows of */
	uint32_t open;    /**< atomic: states with steps that are still to be tried */
	struct host_thread thread;
};

struct search {
	const struct hmmu_program *program;
	struct hmmu_search_options options;
	struct states states;
	struct branches branches;
	struct worker *workers;
	uint32_t worker_count;
	uint64_t bytes;                    /**< atomic, as is the next: those of all finds */
	uint32_t cut_off;                  /**< why the search ends before all orders were tried */
	int32_t err;                       /**< why it fails */
	uint32_t err_code;                 /**< the same as enum hmmu_error_code */
	char why[200];                     /**< the same in words; under the lock of the branches */
	uint32_t twin[HMMU_PROGRAM_TASKS]; /**< a task before it that does the same; NO_INDEX: none */
	uint64_t begin, told;              /**< when the search has begun, and when progress was told last */
};

static inline uint32_t search_cut_off(const struct search *search)
{
	return __atomic_load_n(&search->cut_off, __ATOMIC_RELAXED);
}
/** End the search. The first reason stays. */
void search_stop(struct search *search, uint32_t cut_off);
/** End it with an error. */
void search_fails(struct search *search, int err, uint32_t code, const char *why);
/** End it if the host had no memory for a step of a worker, or of its second machine. */
bool search_lacks_memory(struct search *search, const struct run *run);
/** Let the caller know how far the search is, and look at its time. In the caller's thread only. */
void search_look(struct search *search);

/** @name One worker (search.c)
 * @{ */
/** Go to the first state. */
void worker_begin(struct worker *worker);
/** Try all that comes to the worker, until nothing is left for any. */
void worker_run(struct worker *worker);
/** Put all untried steps aside, and leave all states. */
void worker_unwind(struct worker *worker);
/** Put untried steps aside; false: there are none that the worker does not need. */
bool worker_gives(struct worker *worker);
/** The hash of the state in which a worker is. false: the host has no memory. */
bool worker_hash(struct worker *worker, uint32_t last, uint32_t preemptions, uint64_t *hash);
/** The judges look at an end, and change the machine. */
void worker_judges_end(struct run *run);
/** @} */

/** @name States that are made from the begin (remake.c)
 * @{ */
/** Make the state of a branch. false: the search is over. */
bool remake_branch(struct worker *worker, const struct branch *branch);
/** Make the state once more, to which a worker has come by rollbacks and then a step of @p task, and compare. */
void remake_check(struct worker *worker, uint32_t task);
/** Make the node of a finding once more, and hear what the judges say there: complaints name the pages of that way. */
void remake_complaint(struct worker *worker, const uint8_t *way, uint32_t length, struct hmmu_finding *finding);
/** @} */

/** @name All workers (workers.c)
 * @{ */
void branches_begin(struct branches *branches);
void branches_end(struct branches *branches);
/** Put steps aside. */
void branches_put(struct search *search, const struct branch *branch);
/** Take some, and wait for them as long as other workers may put some aside. false: nothing is left, or the search is over. */
bool branches_take(struct worker *worker, struct branch *branch);
/** Whether a worker waits. */
static inline bool branches_are_wanted(const struct branches *branches)
{
	return __atomic_load_n(&branches->idle, __ATOMIC_RELAXED) &&
	       !__atomic_load_n(&branches->count, __ATOMIC_RELAXED);
}
/** Memory of a worker, whose run has begun, and a mark of the begin. -ENOMEM. */
int worker_alloc(struct search *search, struct worker *worker);
void worker_free(struct worker *worker);
/** The other workers begin, if there are to be any. */
void workers_begin(struct search *search);
/** Wait for them, and take over what they have found. */
void workers_join(struct search *search);
/** @} */

/** Make what the caller gets. -ENOMEM. */
int search_result(struct search *search, struct hmmu_search_result **result);

#endif
