/* SPDX-License-Identifier: GPL-2.0-only */
/* One order of a program's steps, made step by step. */
#include <errno.h>
#include <string.h>

#include "explore/judges.h"
#include "host/machine.h"
#include "host/platform.h"

#define FIRST_STEPS 64u
#define FIRST_FINDINGS 4u

/** A state on the way, and the step that leads on from it. */
struct passed {
	uint64_t hash;
	uint32_t enabled;
	uint32_t task; /**< that makes the step; NO_INDEX: none has yet */
};

struct hmmu_order {
	struct run run;
	struct hmmu_search_options options;
	uint32_t points; /**< those of the machine before */
	uint32_t events;
	struct passed *passed;
	uint32_t passed_count, passed_capacity;
	struct hmmu_finding *findings;
	uint32_t finding_count, finding_capacity;
	bool has_no_memory;
};

/* Room for one more. */
static bool grow_array(void **array, uint32_t *capacity, uint32_t count, size_t size, uint32_t first)
{
	uint32_t more = *capacity ? *capacity * 2 : first;
	void *larger;

	if (count < *capacity)
		return true;
	larger = platform_alloc_raw(more * size);
	if (!larger)
		return false;
	if (count)
		memcpy(larger, *array, count * size);
	platform_free(*array);
	*array = larger;
	*capacity = more;
	return true;
}

static void keep_finding(struct run *run, const struct hmmu_finding *finding)
{
	struct hmmu_order *order = run->finder;
	void *array = order->findings;
	struct hmmu_finding *kept;

	if (!grow_array(&array, &order->finding_capacity, order->finding_count, sizeof(*finding), FIRST_FINDINGS)) {
		order->has_no_memory = true;
		return;
	}
	order->findings = array;
	kept = &order->findings[order->finding_count++];
	*kept = *finding;
	kept->times = 1;
	/* The step under way is not among those that were passed. */
	kept->length = order->passed_count - (run->task == NO_INDEX);
}

/* The machine is in a new state. */
static int pass_state(struct hmmu_order *order)
{
	void *array = order->passed;
	uint64_t hash;
	int err = run_hash(&order->run, &hash);

	if (err)
		return err;
	if (!grow_array(&array, &order->passed_capacity, order->passed_count, sizeof(*order->passed), FIRST_STEPS))
		return hmmu_fail(order->run.m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for the order");
	order->passed = array;
	order->passed[order->passed_count++] = (struct passed){
		.hash = hash,
		.enabled = run_enabled(&order->run),
		.task = NO_INDEX,
	};
	if (order->options.verify)
		judge_verify(&order->run);
	return 0;
}

int hmmu_order_begin(struct hmmu *m, const struct hmmu_program *program, const struct hmmu_search_options *options,
		     struct hmmu_order **out)
{
	struct hmmu_order *order = platform_alloc(sizeof(*order));
	int err;

	if (!order)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for an order");
	order->options = *options;
	order->points = hmmu_switch_points(m);
	order->events = hmmu_events_recorded(m);
	err = hmmu_set_switch_points(m, options->points);
	if (!err)
		err = hmmu_mark(m);
	if (err) {
		hmmu_set_switch_points(m, order->points);
		platform_free(order);
		return err;
	}
	hmmu_events_record(m, order->events | 1u << HMMU_EVENT_STALE_TLB);
	err = run_begin(&order->run, m, program);
	run_set_options(&order->run, options);
	order->run.find = keep_finding;
	order->run.finder = order;
	if (!err)
		err = pass_state(order);
	if (err)
		hmmu_order_end(order);
	else
		*out = order;
	return err;
}

void hmmu_order_end(struct hmmu_order *order)
{
	struct hmmu *m = order->run.m;

	hmmu_rollback(m);
	hmmu_mark_drop(m);
	hmmu_events_record(m, order->events);
	hmmu_set_switch_points(m, order->points);
	run_end(&order->run);
	platform_free(order->passed);
	platform_free(order->findings);
	platform_free(order);
}

uint32_t hmmu_order_enabled(const struct hmmu_order *order)
{
	return run_enabled(&order->run);
}

int hmmu_order_step(struct hmmu_order *order, uint32_t task, struct hmmu_trace_step *step)
{
	struct run *run = &order->run;

	if (task >= run->program->task_count || !(run_enabled(run) >> task & 1))
		return hmmu_fail(run->m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "task %u can't run", task);
	order->passed[order->passed_count - 1].task = task;
	run_step(run, task, step);
	if (run->lacks_memory)
		return hmmu_fail(run->m, -ENOMEM, HMMU_ERR_HOST_MEMORY, NO_MEMORY_FOR_STEP);
	return pass_state(order);
}

/* Whether the way from a state on, which has led back to it, is fair: each task that could run somewhere has run. */
static bool is_fair(const struct hmmu_order *order, uint32_t from, uint32_t *tasks)
{
	uint32_t could = 0;

	*tasks = 0;
	for (uint32_t i = from; i < order->passed_count - 1; i++) {
		could |= order->passed[i].enabled;
		*tasks |= 1u << order->passed[i].task;
	}
	return could == *tasks;
}

/* Does the order end with a fair round? */
static void judge_round(struct hmmu_order *order)
{
	uint32_t last = order->passed_count - 1;

	for (uint32_t i = last; i-- > 0;) {
		struct hmmu_finding finding = finding_here(&order->run, HMMU_JUDGE_LIVELOCK);

		if (order->passed[i].hash != order->passed[last].hash || !is_fair(order, i, &finding.found))
			continue;
		finding.cycle = last - i;
		keep_finding(&order->run, &finding);
		return;
	}
}

/* All tasks have ended. The judges change the machine, which goes back then. @p world has room for that of the run. */
static int judge_and_go_back(struct hmmu_order *order, uint8_t *world)
{
	struct run *run = &order->run;
	int err = hmmu_mark(run->m);

	if (err)
		return err;
	memcpy(world, run->world, run->world_bytes);
	hmmu_set_switch_points(run->m, 0);
	judge_all_ended(run);
	hmmu_set_switch_points(run->m, order->options.points);
	run_go_back(run, world);
	hmmu_mark_drop(run->m);
	return 0;
}

static int judge_last_state(struct hmmu_order *order)
{
	uint8_t *world = platform_alloc_raw(order->run.world_bytes);
	int err;

	if (!world)
		return hmmu_fail(order->run.m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "no memory");
	err = judge_and_go_back(order, world);
	platform_free(world);
	return err;
}

int hmmu_order_judge(struct hmmu_order *order)
{
	int err = 0;

	if (run_enabled(&order->run))
		judge_round(order);
	else if (run_alive(&order->run))
		judge_deadlock(&order->run);
	else
		err = judge_last_state(order);
	if (!err && order->has_no_memory)
		err = hmmu_fail(order->run.m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for findings");
	return err;
}

uint32_t hmmu_order_findings(const struct hmmu_order *order, const struct hmmu_finding **findings)
{
	*findings = order->findings;
	return order->finding_count;
}

bool hmmu_order_migration(const struct hmmu_order *order, uint32_t task, bool handler, struct hmmu_open_migration *out)
{
	const struct run *run = &order->run;
	const struct thread *thread;
	const struct migrate_arrays *arrays;
	const struct hmmu_migration *migration;

	if (task >= run->program->task_count)
		return false;
	thread = &run->world->threads[task];
	migration = handler ? thread->handler : thread->migration;
	if (!migration)
		return false;
	arrays = handler ? &run->handlers[task] : &run->arrays[run->arrays_of[run_action(run, task)]];
	hmmu_migrate_state(migration, &out->state);
	out->why = arrays->why;
	return true;
}

int hmmu_replay(struct hmmu *m, const struct hmmu_program *program, const struct hmmu_search_options *options,
		const uint8_t *choices, uint32_t count, struct hmmu_trace_step *steps)
{
	struct hmmu_order *order;
	uint32_t i = 0;
	int err = hmmu_order_begin(m, program, options, &order);

	if (err)
		return err;
	for (; !err && i < count && choices[i] < program->task_count && hmmu_order_enabled(order) >> choices[i] & 1;
	     i++)
		err = hmmu_order_step(order, choices[i], &steps[i]);
	hmmu_order_end(order);
	return err ? err : (int)i;
}
