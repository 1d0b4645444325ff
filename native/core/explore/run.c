/* SPDX-License-Identifier: GPL-2.0-only */
/* A program's check, its beginning, and its state. */
#include "explore/run.h"

#include <errno.h>
#include <string.h>

#include "explore/judges.h"
#include "host/machine.h"
#include "host/platform.h"

/* What the calls of an action take. */
static uint64_t largest_value(uint64_t kind)
{
	switch (kind) {
	case HMMU_ACTION_WRITE:
	case HMMU_ACTION_PIN:
		return UINT8_MAX;
	case HMMU_ACTION_TRUNCATE:
		return UINT64_MAX;
	default:
		return UINT32_MAX;
	}
}

static int check_action(struct hmmu *m, const struct hmmu_program *program, uint32_t i)
{
	const struct hmmu_action *action = &program->actions[i];

	if (action->kind >= HMMU_ACTION_COUNT)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "action %u: there is no kind %llu", i,
				 (unsigned long long)action->kind);
	if (action->handle >= HMMU_PROGRAM_HANDLES)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "action %u: handle %llu, at most %u", i,
				 (unsigned long long)action->handle, HMMU_PROGRAM_HANDLES - 1);
	if (action->at % PAGE_BYTES || action->pages > UINT32_MAX ||
	    action->at > UINT64_MAX - action->pages * PAGE_BYTES)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "action %u: the address must be that of a page, with less than 2^32 pages", i);
	if (action->value > largest_value(action->kind) || action->select > UINT32_MAX)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "action %u: there is no value %#llx", i,
				 (unsigned long long)action->value);
	if (action->kind == HMMU_ACTION_MIGRATE && (!action->pages || action->pages > HMMU_PROGRAM_ENTRIES))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "action %u migrates %llu pages (1 to %u are allowed)", i,
				 (unsigned long long)action->pages, HMMU_PROGRAM_ENTRIES);
	if ((action->kind == HMMU_ACTION_FORK || action->kind == HMMU_ACTION_EXIT) &&
	    action->value >= program->process_count)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "action %u: there is no process %llu", i,
				 (unsigned long long)action->value);
	if (action->kind == HMMU_ACTION_FORK && program->processes[action->value])
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "action %u forks a process that exists", i);
	return 0;
}

/* A child has one name, so that it is known which process a task belongs to. */
static int check_forks(struct hmmu *m, const struct hmmu_program *program)
{
	uint32_t forks[HMMU_PROGRAM_PROCESSES];

	memset(forks, 0xff, sizeof(forks));
	for (uint32_t i = 0; i < program->action_count; i++) {
		uint32_t *first = &forks[program->actions[i].value % HMMU_PROGRAM_PROCESSES];

		if (program->actions[i].kind != HMMU_ACTION_FORK)
			continue;
		if (*first != NO_INDEX)
			return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
					 "action %u forks the process that action %u forks", i, *first);
		*first = i;
	}
	return 0;
}

/* An action has one place for its arrays and its result. */
static int check_others(struct hmmu *m, const struct hmmu_program *program, uint32_t i)
{
	const struct hmmu_program_task *task = &program->tasks[i];

	for (uint32_t j = 0; j < i; j++) {
		const struct hmmu_program_task *other = &program->tasks[j];

		if (task->count && other->count && task->first < other->first + other->count &&
		    other->first < task->first + task->count)
			return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "task %u has actions of task %u", i, j);
	}
	return 0;
}

static int check_task(struct hmmu *m, const struct hmmu_program *program, uint32_t i)
{
	const struct hmmu_program_task *task = &program->tasks[i];
	struct hmmu_options options;

	hmmu_machine_options(m, &options);
	if (task->process >= program->process_count)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "task %u: there is no process %llu", i,
				 (unsigned long long)task->process);
	if (task->cpu >= options.cpus)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "task %u: there is no CPU %llu", i,
				 (unsigned long long)task->cpu);
	if (task->first > program->action_count || task->count > program->action_count - task->first)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "task %u has actions that the program has not",
				 i);
	return check_others(m, program, i);
}

static int check_process(struct hmmu *m, const struct hmmu_program *program, uint32_t i)
{
	uint32_t pid = program->processes[i];

	if (pid && !hmmu_process_alive(m, pid))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "process %u: there is no pid %u", i, pid);
	for (uint32_t j = 0; j < i && pid; j++)
		if (program->processes[j] == pid)
			return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "process %u is process %u", i, j);
	return 0;
}

static int check_sizes(struct hmmu *m, const struct hmmu_program *program)
{
	if (!program->process_count || program->process_count > HMMU_PROGRAM_PROCESSES)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "%u processes (1 to %u are allowed)",
				 program->process_count, HMMU_PROGRAM_PROCESSES);
	if (!program->task_count || program->task_count > HMMU_PROGRAM_TASKS)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "%u tasks (1 to %u are allowed)",
				 program->task_count, HMMU_PROGRAM_TASKS);
	if (program->action_count > HMMU_PROGRAM_ACTIONS || program->page_count > 4096)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "%u actions and %u pages (at most %u and 4096 are allowed)", program->action_count,
				 program->page_count, HMMU_PROGRAM_ACTIONS);
	return 0;
}

static int check_program(struct hmmu *m, const struct hmmu_program *program)
{
	int err = check_sizes(m, program);

	for (uint32_t i = 0; i < program->process_count && !err; i++)
		err = check_process(m, program, i);
	for (uint32_t i = 0; i < program->task_count && !err; i++)
		err = check_task(m, program, i);
	for (uint32_t i = 0; i < program->action_count && !err; i++)
		err = check_action(m, program, i);
	if (!err)
		err = check_forks(m, program);
	for (uint32_t i = 1; i < program->page_count && !err; i++)
		if (program->pages[i].address <= program->pages[i - 1].address)
			err = hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "page %u is not behind the one before",
					i);
	return err;
}

static uint32_t count_handles(const struct hmmu_program *program)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < program->action_count; i++) {
		const struct hmmu_action *action = &program->actions[i];
		bool takes = action->kind == HMMU_ACTION_PIN || action->kind == HMMU_ACTION_HOLD ||
			     action->kind == HMMU_ACTION_ISOLATE;

		if (takes && action->handle >= count)
			count = (uint32_t)action->handle + 1;
	}
	return count;
}

static uint32_t list_bits(uint64_t mask, uint64_t *list)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < HMMU_PROGRAM_ENTRIES; i++)
		if (mask >> i & 1)
			list[count++] = i;
	return count;
}

static int make_arrays(struct run *run)
{
	const struct hmmu_program *program = run->program;
	uint32_t count = 0;

	run->arrays_of = platform_alloc((program->action_count + 1ull) * sizeof(*run->arrays_of));
	if (!run->arrays_of)
		return -ENOMEM;
	for (uint32_t i = 0; i < program->action_count; i++)
		if (program->actions[i].kind == HMMU_ACTION_MIGRATE)
			run->arrays_of[i] = count++;
	run->arrays = platform_alloc((count + 1ull) * sizeof(*run->arrays));
	run->handlers = platform_alloc(program->task_count * sizeof(*run->handlers));
	if (!run->arrays || !run->handlers)
		return -ENOMEM;
	for (uint32_t i = 0; i < program->task_count; i++)
		run->handlers[i].driver.to = HMMU_TO_SYSTEM;
	for (uint32_t i = 0; i < program->action_count; i++) {
		const struct hmmu_action *action = &program->actions[i];
		struct migrate_arrays *arrays = &run->arrays[run->arrays_of[i]];

		if (action->kind != HMMU_ACTION_MIGRATE)
			continue;
		arrays->driver.to = (uint32_t)action->value & 0xff;
		arrays->driver.device = (uint32_t)(action->value >> 8);
		arrays->driver.skip = arrays->skip;
		arrays->driver.skip_count = list_bits(action->skip, arrays->skip);
		arrays->driver.error = arrays->error;
		arrays->driver.error_count = list_bits(action->error, arrays->error);
	}
	return 0;
}

/* The task of a process that exists. */
static int start_task(struct run *run, uint32_t task)
{
	const struct hmmu_program_task *t = &run->program->tasks[task];
	struct thread *thread = &run->world->threads[task];
	int err = hmmu_task_create(run->m, run->world->pids[t->process], &thread->tid);

	if (err)
		return err;
	thread->state = THREAD_RUNS;
	return hmmu_task_set_cpu(run->m, thread->tid, (uint32_t)t->cpu);
}

/* Whoever is in the middle of something is no task of the program, and nobody would go on with it. */
static int check_nothing_under_way(struct hmmu *m)
{
	if (m->migrations)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "a migration is under way, which the program does not have");
	for (uint32_t task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (m->tasks[task].mm && m->tasks[task].wait == HMMU_WAIT_DEVICE_FAULT)
			return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u waits for the handler of its device fault",
					 task);
	return 0;
}

/* Nobody is told of what a rollback takes back, which brings the functions back, too. */
static void tell_nobody(struct hmmu *m)
{
	hmmu_set_switch_points(m, 0);
	m->notifier = m->on_event = NULL;
	m->invalidate = NULL;
}

/* What the judges have to know of the machine, they try on it. A copy would cost more than most searches. */
static int begin_judges(struct run *run)
{
	uint32_t points = hmmu_switch_points(run->m);
	int err = check_nothing_under_way(run->m);

	if (!err)
		err = hmmu_mark(run->m);
	if (err)
		return err;
	tell_nobody(run->m);
	err = values_begin(run);
	if (!err)
		leak_begin(run);
	hmmu_rollback(run->m);
	hmmu_mark_drop(run->m);
	hmmu_set_switch_points(run->m, points);
	return err;
}

int run_begin(struct run *run, struct hmmu *m, const struct hmmu_program *program)
{
	struct hmmu_options options;
	size_t models;
	int err;

	*run = (struct run){ .m = m, .program = program, .task = NO_INDEX, .action = NO_INDEX };
	err = check_program(m, program);
	if (err)
		return err;
	run->handle_count = count_handles(program);
	models = (size_t)program->process_count * program->page_count * sizeof(struct page_model);
	run->world_bytes = sizeof(struct world) + models + program->action_count * sizeof(uint64_t);
	run->world = platform_alloc(run->world_bytes);
	if (!run->world || make_arrays(run))
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for the program");
	run->results = (uint64_t *)((uint8_t *)run->world->models + models);
	memcpy(run->world->pids, program->processes, program->process_count * sizeof(uint32_t));
	err = begin_judges(run);
	for (uint32_t i = 0; i < program->task_count && !err; i++)
		if (run->world->pids[program->tasks[i].process])
			err = start_task(run, i);
	hmmu_machine_options(m, &options);
	run->selects = options.profile >= HMMU_PROFILE_LINUX_6_12;
	run->stale = hmmu_counter(m, HMMU_COUNT_TLB_STALE);
	return err;
}

void run_go_back(struct run *run, const uint8_t *world)
{
	hmmu_rollback(run->m);
	memcpy(run->world, world, run->world_bytes);
	run->stale = hmmu_counter(run->m, HMMU_COUNT_TLB_STALE);
}

void run_set_options(struct run *run, const struct hmmu_search_options *options)
{
	run->handler_retries = options->handler_retries;
	run->has_stacks = options->points & ~(uint32_t)HMMU_SWITCH_DEVICE_FAULT;
}

int run_copy(struct run *copy, const struct run *run, struct hmmu *m)
{
	*copy = *run;
	copy->m = m;
	copy->arrays_of = NULL;
	copy->arrays = copy->handlers = NULL;
	copy->world = platform_alloc_raw(run->world_bytes);
	if (!copy->world || make_arrays(copy))
		return -ENOMEM;
	memcpy(copy->world, run->world, run->world_bytes);
	copy->results = (uint64_t *)((uint8_t *)copy->world + ((uint8_t *)run->results - (uint8_t *)run->world));
	copy->stale = hmmu_counter(m, HMMU_COUNT_TLB_STALE);
	hmmu_events_record(m, hmmu_events_recorded(run->m));
	return hmmu_set_switch_points(m, hmmu_switch_points(run->m));
}

void run_end(struct run *run)
{
	platform_free(run->world);
	platform_free(run->arrays);
	platform_free(run->arrays_of);
	platform_free(run->handlers);
}

bool run_has_ended(const struct run *run, uint32_t task)
{
	const struct thread *thread = &run->world->threads[task];

	return thread->state != THREAD_RUNS || thread->action >= run->program->tasks[task].count;
}

/* A call that polls has to find that no task of the process is in a call any more. */
static bool may_poll(const struct run *run, uint32_t task)
{
	uint64_t process = run->program->actions[run_action(run, task)].value;

	for (uint32_t i = 0; i < run->program->task_count; i++) {
		const struct thread *other = &run->world->threads[i];

		if (i != task && run->program->tasks[i].process == process &&
		    ((other->in_call && !other->polls) || other->migration))
			return false;
	}
	return true;
}

uint32_t run_waiting_task(const struct run *run, uint32_t task)
{
	const struct hmmu_action *action = &run->program->actions[run_action(run, task)];

	if (action->kind == HMMU_ACTION_EXIT)
		return hmmu_process_task(run->m, run->world->pids[action->value]);
	return run->world->threads[task].tid;
}

static bool can_run(const struct run *run, uint32_t task)
{
	const struct thread *thread = &run->world->threads[task];
	struct hmmu_task_state state;

	if (run_has_ended(run, task))
		return false;
	if (thread->polls)
		return !thread->has_tried && may_poll(run, task);
	/* A call that has stopped may wait for a lock that another one has. */
	if (thread->is_stopped)
		return hmmu_task_state(run->m, thread->tid, &state) || state.ready;
	if (!thread->in_call)
		return true;
	return hmmu_task_state(run->m, run_waiting_task(run, task), &state) || state.ready ||
	       state.wait == HMMU_WAIT_DEVICE_FAULT;
}

uint32_t run_enabled(const struct run *run)
{
	uint32_t enabled = 0;

	for (uint32_t i = 0; i < run->program->task_count; i++)
		enabled |= (uint32_t)can_run(run, i) << i;
	return enabled;
}

uint32_t run_alive(const struct run *run)
{
	uint32_t alive = 0;

	for (uint32_t i = 0; i < run->program->task_count; i++)
		alive |= (uint32_t)!run_has_ended(run, i) << i;
	return alive;
}

static inline uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

int run_hash(struct run *run, uint64_t *out)
{
	const struct world *world = run->world;
	const uint64_t *words = (const uint64_t *)(const void *)world->models;
	const uint64_t *end = (const uint64_t *)(const void *)((const uint8_t *)world + run->world_bytes);
	uint32_t refs[HMMU_PROGRAM_HANDLES], count = 0;
	uint64_t hash;
	int err;

	for (uint32_t i = 0; i < run->handle_count; i++)
		if (world->ref_kinds[i])
			refs[count++] = world->refs[i];
	err = hmmu_state_hash_with(run->m, refs, count, &hash);
	if (err)
		return err;
	for (uint32_t i = 0; i < run->program->process_count; i++)
		hash = mix(hash, world->pids[i] | (uint64_t)world->tracked[i] << 32 | (uint64_t)world->reaped[i] << 40 |
					 (uint64_t)world->clears[i] << 48);
	for (uint32_t i = 0; i < run->handle_count; i++)
		hash = mix(hash, world->ref_kinds[i] | (uint64_t)world->ref_flags[i] << 8);
	for (uint32_t i = 0; i < run->program->task_count; i++) {
		const struct thread *thread = &world->threads[i];

		hash = mix(hash, thread->tid | (uint64_t)thread->action << 32 | (uint64_t)thread->state << 48 |
					 (uint64_t)thread->in_call << 56 | (uint64_t)(thread->migration != NULL) << 57 |
					 (uint64_t)(thread->handler != NULL) << 60 |
					 (uint64_t)thread->is_stopped << 61 | (uint64_t)thread->has_tried << 62 |
					 (uint64_t)thread->polls << 58 | (uint64_t)thread->has_begun << 59);
	}
	while (words < end)
		hash = mix(hash, *words++);
	*out = hash;
	return 0;
}
