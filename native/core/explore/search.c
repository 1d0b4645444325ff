/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One worker of a search: depth first, rolling the machine back in place. A state that was met before is not gone into again.
 * Where only one task can run, no mark is needed: nothing has to come back there.
 */
#include <errno.h>
#include <string.h>

#include "explore/judges.h"
#include "explore/search.h"
#include "host/machine.h"
#include "host/platform.h"

#define FIRST_DEPTH 16u
/* A deeper state is put aside, so that marks need no more memory. */
#define MOST_DEPTH 1024u
#define STEPS_BETWEEN_LOOKS 64u
/* Other workers begin when there is something to do. */
#define STATES_FOR_ONE 4096u
/* Of a state: itself, its place in the table, and what is made of it at the end. Of each task: where its step leads. */
#define STATE_BYTES 64u
#define STATE_TASK_BYTES 8u

/* The tasks whose steps are tried. */
static uint32_t tasks_to_try(const struct worker *worker, const struct search_frame *frame, uint32_t enabled)
{
	const struct search *search = worker->search;
	const struct thread *threads = worker->run.world->threads;
	uint32_t tasks = enabled;

	for (uint32_t i = 0; i < search->program->task_count; i++)
		if (search->twin[i] != NO_INDEX && !threads[i].has_begun && !threads[search->twin[i]].has_begun)
			tasks &= ~(1u << i);
	if (frame->preemptions < search->options.preemptions || frame->last == NO_INDEX ||
	    !(enabled >> frame->last & 1))
		return tasks;
	return 1u << frame->last;
}

bool worker_hash(struct worker *worker, uint32_t last, uint32_t preemptions, uint64_t *hash)
{
	if (run_hash(&worker->run, hash))
		return false;
	if (worker->search->options.preemptions != UINT32_MAX)
		*hash ^= ((uint64_t)last + 2) * 0x9e3779b97f4a7c15ull ^ (preemptions + 1ull) * 0xc2b2ae3d27d4eb4full;
	return true;
}

/* Worlds of many pages or actions are large. Any search has those of the first states. */
static bool may_grow_frames(struct worker *worker, uint32_t capacity)
{
	struct search *search = worker->search;
	uint64_t more = (capacity - worker->frame_capacity) * (sizeof(struct search_frame) + worker->run.world_bytes);
	uint64_t bytes = __atomic_add_fetch(&search->bytes, more, __ATOMIC_RELAXED);

	return !worker->frame_capacity || bytes < search->options.bytes;
}

/* Make room for one more state under way. */
static bool room_for_frame(struct worker *worker)
{
	uint32_t capacity = worker->frame_capacity ? worker->frame_capacity * 2 : FIRST_DEPTH;
	struct search_frame *frames;
	uint8_t *worlds;

	if (worker->depth < worker->frame_capacity)
		return true;
	if (!may_grow_frames(worker, capacity))
		return false;
	frames = platform_alloc_raw(capacity * sizeof(*frames));
	worlds = platform_alloc_raw((uint64_t)capacity * worker->run.world_bytes);
	if (!frames || !worlds) {
		platform_free(frames);
		platform_free(worlds);
		return false;
	}
	if (worker->depth) {
		memcpy(frames, worker->frames, worker->depth * sizeof(*frames));
		memcpy(worlds, worker->worlds, worker->depth * worker->run.world_bytes);
	}
	platform_free(worker->frames);
	platform_free(worker->worlds);
	worker->frames = frames;
	worker->worlds = worlds;
	worker->frame_capacity = capacity;
	return true;
}

static void save_world(struct worker *worker, uint32_t depth)
{
	memcpy(worker->worlds + depth * worker->run.world_bytes, worker->run.world, worker->run.world_bytes);
}

static void take_back(struct worker *worker, uint32_t depth)
{
	run_go_back(&worker->run, worker->worlds + depth * worker->run.world_bytes);
}

void worker_judges_end(struct run *run)
{
	uint32_t points = hmmu_switch_points(run->m);

	hmmu_set_switch_points(run->m, 0);
	judge_all_ended(run);
	hmmu_set_switch_points(run->m, points);
}

static void tell_bytes(struct worker *worker)
{
	uint64_t bytes = finds_bytes(&worker->finds);

	__atomic_fetch_add(&worker->search->bytes, bytes - worker->bytes, __ATOMIC_RELAXED);
	worker->bytes = bytes;
}

/* All tasks have ended, or wait. */
static void judge_end(struct worker *worker)
{
	struct run *run = &worker->run;

	if (run_alive(run)) {
		judge_deadlock(run);
		return;
	}
	worker->ends++;
	finds_outcome(&worker->finds, worker->state, run->results);
	if (hmmu_mark(run->m)) {
		search_stop(worker->search, HMMU_CUT_BYTES);
		return;
	}
	save_world(worker, worker->depth);
	worker_judges_end(run);
	take_back(worker, worker->depth);
	hmmu_mark_drop(run->m);
	tell_bytes(worker);
}

static void count_open(struct worker *worker, int more)
{
	__atomic_store_n(&worker->open, worker->open + (uint32_t)more, __ATOMIC_RELAXED);
}

/* The steps of a state are to be tried: now, or by whoever has time. */
static void enter_state(struct worker *worker, const struct search_frame *entered)
{
	struct search_frame *frame = &worker->frames[worker->depth];

	if (worker->depth == MOST_DEPTH) {
		branches_put(worker->search,
			     &(struct branch){ entered->state, entered->todo, entered->last, entered->preemptions });
		return;
	}
	*frame = *entered;
	frame->is_marked = frame->todo & (frame->todo - 1);
	if (frame->is_marked && hmmu_mark(worker->run.m)) {
		search_stop(worker->search, HMMU_CUT_BYTES);
		frame->is_marked = false;
	}
	save_world(worker, worker->depth++);
	count_open(worker, 1);
}

static void look_at_limits(struct search *search)
{
	uint64_t count = states_count(&search->states);
	uint64_t bytes = count * (STATE_BYTES + search->states.tasks * STATE_TASK_BYTES);

	if (count >= search->options.states)
		search_stop(search, HMMU_CUT_STATES);
	if (bytes + __atomic_load_n(&search->bytes, __ATOMIC_RELAXED) >= search->options.bytes)
		search_stop(search, HMMU_CUT_BYTES);
}

/* The machine is in a state: look at it if it is new, and go into it. Returns its number. */
static uint32_t arrive(struct worker *worker, uint32_t from, uint32_t last, uint32_t preemptions)
{
	struct search *search = worker->search;
	struct search_frame frame = { .last = last, .preemptions = preemptions };
	uint64_t hash;
	uint32_t enabled;
	bool is_new;

	frame.state = NO_STATE;
	if (room_for_frame(worker) && worker_hash(worker, last, preemptions, &hash))
		frame.state = states_meet(&search->states, hash, from, (uint8_t)last, &is_new);
	if (frame.state == NO_STATE)
		search_stop(search, HMMU_CUT_BYTES);
	if (frame.state == NO_STATE || !is_new)
		return frame.state;
	worker->state = frame.state;
	enabled = run_enabled(&worker->run);
	state_at(&search->states, frame.state)->enabled = (uint16_t)enabled;
	if (search->options.verify)
		judge_verify(&worker->run);
	if (!enabled) {
		judge_end(worker);
		return frame.state;
	}
	look_at_limits(search);
	frame.todo = tasks_to_try(worker, &frame, enabled);
	enter_state(worker, &frame);
	return frame.state;
}

static void leave_state(struct worker *worker)
{
	const struct search_frame *frame = &worker->frames[--worker->depth];

	if (frame->todo)
		count_open(worker, -1);
	if (frame->is_marked)
		hmmu_mark_drop(worker->run.m);
}

/* Try the next step of the state that was entered last. */
static void advance(struct worker *worker)
{
	struct search *search = worker->search;
	uint32_t depth = worker->depth - 1, task, next, preemptions, from;
	struct search_frame *frame = &worker->frames[depth];
	struct hmmu_trace_step step;
	bool was_left = frame->was_left;

	task = (uint32_t)__builtin_ctz(frame->todo);
	frame->todo &= frame->todo - 1;
	if (!frame->todo)
		count_open(worker, -1);
	if (was_left)
		take_back(worker, depth);
	frame->was_left = true;
	from = frame->state;
	preemptions = frame->preemptions;
	if (frame->last != NO_INDEX && frame->last != task &&
	    state_at(&search->states, from)->enabled >> frame->last & 1)
		preemptions++;
	worker->state = from;
	worker->steps++;
	run_step(&worker->run, task, &step);
	if (search_lacks_memory(search, &worker->run))
		return;
	if (was_left && worker->second)
		remake_check(worker, task);
	next = arrive(worker, from, task, preemptions);
	if (next != NO_STATE)
		*state_next(&search->states, from, task) = next;
}

bool worker_gives(struct worker *worker)
{
	for (uint32_t depth = 0; depth < worker->depth; depth++) {
		struct search_frame *frame = &worker->frames[depth];
		uint32_t todo = frame->todo;

		/* In the newest state one step is for the worker. */
		if (depth == worker->depth - 1)
			todo &= todo - 1;
		if (!todo)
			continue;
		branches_put(worker->search, &(struct branch){ frame->state, todo, frame->last, frame->preemptions });
		frame->todo &= ~todo;
		if (!frame->todo)
			count_open(worker, -1);
		return true;
	}
	return false;
}

void worker_unwind(struct worker *worker)
{
	while (worker->depth) {
		const struct search_frame *frame = &worker->frames[worker->depth - 1];

		if (frame->todo && !search_cut_off(worker->search))
			branches_put(worker->search,
				     &(struct branch){ frame->state, frame->todo, frame->last, frame->preemptions });
		leave_state(worker);
	}
}

static void search_on(struct worker *worker)
{
	struct search *search = worker->search;

	while (worker->depth && !search_cut_off(search)) {
		if (!worker->frames[worker->depth - 1].todo) {
			leave_state(worker);
			continue;
		}
		advance(worker);
		if (worker == search->workers && worker->steps % STEPS_BETWEEN_LOOKS == 0)
			search_look(search);
		if (branches_are_wanted(&search->branches))
			worker_gives(worker);
		if (worker == search->workers && search->worker_count < search->options.workers &&
		    states_count(&search->states) >= STATES_FOR_ONE)
			workers_begin(search);
	}
	worker_unwind(worker);
}

void worker_begin(struct worker *worker)
{
	arrive(worker, NO_STATE, NO_INDEX, 0);
	search_on(worker);
}

void worker_run(struct worker *worker)
{
	struct branch branch;

	while (branches_take(worker, &branch)) {
		if (!room_for_frame(worker))
			search_stop(worker->search, HMMU_CUT_BYTES);
		else if (remake_branch(worker, &branch))
			enter_state(worker, &(struct search_frame){ .state = branch.state,
								    .todo = branch.todo,
								    .last = branch.last,
								    .preemptions = branch.preemptions });
		search_on(worker);
	}
}
