/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The search: depth first, rolling the machine back in place. A state that was met before is not gone into again. Where only one
 * task can run, no mark is needed: nothing has to come back there.
 */
#include <errno.h>
#include <string.h>

#include "explore/graph.h"
#include "explore/judges.h"
#include "explore/search.h"
#include "host/machine.h"
#include "host/platform.h"

#define DEFAULT_STATES 1000000u
#define DEFAULT_BYTES (1ull << 30)
#define FIRST_DEPTH 64u

/* A task that has begun can't change places any more. Of two that do the same, the first one begins first. */
static void find_twins(struct search *search)
{
	const struct hmmu_program *program = search->run.program;

	for (uint32_t i = 0; i < program->task_count; i++) {
		const struct hmmu_program_task *task = &program->tasks[i];

		search->twin[i] = NO_INDEX;
		for (uint32_t j = i; j-- > 0 && search->twin[i] == NO_INDEX && !search->options.all_twins;) {
			const struct hmmu_program_task *other = &program->tasks[j];

			if (task->process == other->process && task->cpu == other->cpu && task->count == other->count &&
			    !memcmp(&program->actions[task->first], &program->actions[other->first],
				    task->count * sizeof(struct hmmu_action)))
				search->twin[i] = j;
		}
	}
}

/* The tasks whose steps are tried. */
static uint32_t tasks_to_try(const struct search *search, const struct search_frame *frame, uint32_t enabled)
{
	uint32_t tasks = enabled;

	for (uint32_t i = 0; i < search->run.program->task_count; i++) {
		const struct thread *threads = search->run.world->threads;

		if (search->twin[i] != NO_INDEX && !threads[i].has_begun && !threads[search->twin[i]].has_begun)
			tasks &= ~(1u << i);
	}
	if (frame->preemptions < search->options.preemptions || frame->last == NO_INDEX ||
	    !(enabled >> frame->last & 1))
		return tasks;
	return 1u << frame->last;
}

static uint64_t node_hash(struct search *search, const struct search_frame *frame)
{
	uint64_t hash = run_hash(&search->run);

	if (search->options.preemptions == UINT32_MAX)
		return hash;
	return hash ^ ((uint64_t)frame->last + 2) * 0x9e3779b97f4a7c15ull ^
	       (frame->preemptions + 1ull) * 0xc2b2ae3d27d4eb4full;
}

static bool grow_frames(struct search *search)
{
	uint32_t capacity = search->frame_capacity ? search->frame_capacity * 2 : FIRST_DEPTH;
	struct search_frame *frames = platform_alloc_raw(capacity * sizeof(*frames));
	uint8_t *worlds = platform_alloc_raw((uint64_t)capacity * search->run.world_bytes);

	if (!frames || !worlds) {
		platform_free(frames);
		platform_free(worlds);
		return false;
	}
	if (search->depth) {
		memcpy(frames, search->frames, search->depth * sizeof(*frames));
		memcpy(worlds, search->worlds, search->depth * search->run.world_bytes);
	}
	platform_free(search->frames);
	platform_free(search->worlds);
	search->frames = frames;
	search->worlds = worlds;
	search->frame_capacity = capacity;
	return true;
}

static uint64_t bytes_used(const struct search *search)
{
	return graph_bytes(&search->graph) + search->finds.bytes +
	       search->frame_capacity * (sizeof(struct search_frame) + search->run.world_bytes);
}

static void save_world(struct search *search, uint32_t depth)
{
	memcpy(search->worlds + depth * search->run.world_bytes, search->run.world, search->run.world_bytes);
}

static void take_back(struct search *search, uint32_t depth)
{
	hmmu_rollback(search->run.m);
	memcpy(search->run.world, search->worlds + depth * search->run.world_bytes, search->run.world_bytes);
	search->run.stale = hmmu_counter(search->run.m, HMMU_COUNT_TLB_STALE);
}

/* All tasks have ended, or wait. The judges change the machine. */
static void judge_end(struct search *search, uint32_t depth)
{
	struct run *run = &search->run;

	if (run_alive(run)) {
		judge_deadlock(run);
		return;
	}
	search->result.ends++;
	finds_outcome(&search->finds, search->node, run->results);
	if (hmmu_mark(run->m)) {
		search->result.cut_off = HMMU_CUT_BYTES;
		return;
	}
	save_world(search, depth);
	hmmu_set_switch_points(run->m, 0);
	judge_verify(run);
	judge_dead_space(run);
	judge_soft_dirty(run);
	run_drop_all(run);
	judge_values(run);
	judge_leak(run);
	judge_verify(run);
	hmmu_set_switch_points(run->m, search->options.points);
	take_back(search, depth);
	hmmu_mark_drop(run->m);
}

/* The machine is in a state: look at it if it is new, and go into it. Returns its node. */
static uint32_t arrive(struct search *search, uint32_t last, uint32_t preemptions)
{
	struct search_frame *frame;
	uint32_t node;
	bool is_new;

	if (search->depth == search->frame_capacity && !grow_frames(search)) {
		search->result.cut_off = HMMU_CUT_BYTES;
		return NO_NODE;
	}
	frame = &search->frames[search->depth];
	*frame = (struct search_frame){ .last = last, .preemptions = preemptions };
	node = graph_node(&search->graph, node_hash(search, frame), &is_new);
	if (node == NO_NODE)
		search->result.cut_off = HMMU_CUT_BYTES;
	if (node == NO_NODE || !is_new) {
		search->result.has_cycles |= node != NO_NODE && search->graph.nodes[node].is_open;
		return node;
	}
	search->node = frame->node = node;
	search->graph.nodes[node].enabled = run_enabled(&search->run);
	frame->todo = tasks_to_try(search, frame, search->graph.nodes[node].enabled);
	if (search->options.verify)
		judge_verify(&search->run);
	if (!search->graph.nodes[node].enabled) {
		search->graph.nodes[node].orders = 1;
		judge_end(search, search->depth);
		return node;
	}
	if (search->graph.count >= search->options.states)
		search->result.cut_off = HMMU_CUT_STATES;
	else if (bytes_used(search) >= search->options.bytes)
		search->result.cut_off = HMMU_CUT_BYTES;
	search->graph.nodes[node].is_open = true;
	frame->is_marked = !search->depth || (frame->todo & (frame->todo - 1));
	if (frame->is_marked && hmmu_mark(search->run.m)) {
		search->result.cut_off = HMMU_CUT_BYTES;
		frame->is_marked = false;
	}
	save_world(search, search->depth++);
	if (search->depth > search->result.depth)
		search->result.depth = search->depth;
	return node;
}

static void leave_state(struct search *search)
{
	struct search_frame *frame = &search->frames[--search->depth];

	search->graph.nodes[frame->node].is_open = false;
	if (!frame->is_marked)
		return;
	/* The last one is the begin: the machine goes back to it. */
	if (!search->depth)
		take_back(search, 0);
	hmmu_mark_drop(search->run.m);
}

/* Try the next step of the state that was entered last. */
static void advance(struct search *search)
{
	uint32_t depth = search->depth - 1, task = 0, next, preemptions;
	struct search_frame *frame = &search->frames[depth];
	uint32_t from = frame->node, enabled = search->graph.nodes[from].enabled;
	struct hmmu_trace_step step;

	while (!(frame->todo >> task & 1))
		task++;
	frame->todo &= frame->todo - 1;
	if (frame->was_left)
		take_back(search, depth);
	frame->was_left = true;
	preemptions = frame->preemptions;
	if (frame->last != NO_INDEX && frame->last != task && enabled >> frame->last & 1)
		preemptions++;
	search->node = from;
	search->result.steps++;
	run_step(&search->run, task, &step);
	next = arrive(search, task, preemptions);
	if (next == NO_NODE)
		return;
	*graph_next(&search->graph, from, task) = next;
}

/* In how many ways all tasks can end: counted when all states behind a state are done. */
static void count_orders(struct graph *graph, uint32_t node)
{
	double orders = 0;

	for (uint32_t task = 0; task < graph->tasks; task++) {
		uint32_t next = *graph_next(graph, node, task);

		if (next != NO_NODE && !graph->nodes[next].is_open)
			orders += graph->nodes[next].orders;
	}
	graph->nodes[node].orders = orders;
}

static void search_all(struct search *search)
{
	arrive(search, NO_INDEX, 0);
	while (search->depth) {
		const struct search_frame *frame = &search->frames[search->depth - 1];

		if (frame->todo && !search->result.cut_off) {
			advance(search);
			continue;
		}
		count_orders(&search->graph, frame->node);
		leave_state(search);
	}
}

/* Each order of twins stands for those in which they change places. */
static double twin_orders(const struct search *search)
{
	double orders = 1;

	for (uint32_t i = 0; i < search->run.program->task_count; i++) {
		uint32_t twins = 1;

		for (uint32_t j = search->twin[i]; j != NO_INDEX; j = search->twin[j])
			twins++;
		orders *= twins;
	}
	return orders;
}

static void found(struct run *run, const struct hmmu_finding *finding)
{
	struct search *search = run->finder;

	finds_add(&search->finds, search->node, finding);
}

static int check_machine(struct hmmu *m)
{
	if (hmmu_marks(m))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "the machine has marks; drop them first");
	return 0;
}

static int search_run(struct search *search, struct hmmu *m, const struct hmmu_program *program)
{
	int err = run_begin(&search->run, m, program);

	if (err)
		return err;
	search->run.handler_retries = search->options.handler_retries;
	search->run.has_stacks = search->options.points & ~(uint32_t)HMMU_SWITCH_DEVICE_FAULT;
	search->run.find = found;
	search->run.finder = search;
	graph_begin(&search->graph, program->task_count);
	finds_begin(&search->finds, program->action_count);
	find_twins(search);
	search_all(search);
	search->result.states = search->graph.count;
	if (search->graph.count)
		search->result.schedules = search->graph.nodes[0].orders * twin_orders(search);
	return 0;
}

int hmmu_search(struct hmmu *m, const struct hmmu_program *program, const struct hmmu_search_options *options,
		struct hmmu_search_result **result)
{
	struct search search = { .options = *options };
	uint32_t events = hmmu_events_recorded(m), points = hmmu_switch_points(m);
	int err = check_machine(m);

	if (!search.options.states)
		search.options.states = DEFAULT_STATES;
	if (!search.options.bytes)
		search.options.bytes = DEFAULT_BYTES;
	if (!err)
		err = hmmu_set_switch_points(m, options->points);
	if (!err)
		err = hmmu_mark(m);
	if (err) {
		hmmu_set_switch_points(m, points);
		return err;
	}
	hmmu_events_record(m, 1u << HMMU_EVENT_STALE_TLB);
	err = search_run(&search, m, program);
	if (!err)
		err = search_result(&search, result);
	hmmu_rollback(m);
	hmmu_mark_drop(m);
	hmmu_events_record(m, events);
	hmmu_set_switch_points(m, points);
	graph_end(&search.graph);
	finds_end(&search.finds);
	platform_free(search.frames);
	platform_free(search.worlds);
	run_end(&search.run);
	return err;
}

static void ignore(struct run *run, const struct hmmu_finding *finding)
{
	(void)run;
	(void)finding;
}

int hmmu_replay(struct hmmu *m, const struct hmmu_program *program, const struct hmmu_search_options *options,
		const uint8_t *choices, uint32_t count, struct hmmu_trace_step *steps)
{
	uint32_t i = 0, points = hmmu_switch_points(m);
	struct run run;
	int err = hmmu_set_switch_points(m, options->points);

	if (err)
		return err;
	err = hmmu_mark(m);
	if (err) {
		hmmu_set_switch_points(m, points);
		return err;
	}
	err = run_begin(&run, m, program);
	run.handler_retries = options->handler_retries;
	run.has_stacks = options->points & ~(uint32_t)HMMU_SWITCH_DEVICE_FAULT;
	run.find = ignore;
	for (; !err && i < count && choices[i] < program->task_count && run_enabled(&run) >> choices[i] & 1; i++)
		run_step(&run, choices[i], &steps[i]);
	hmmu_rollback(m);
	hmmu_mark_drop(m);
	hmmu_set_switch_points(m, points);
	run_end(&run);
	return err ? err : (int)i;
}
