/* SPDX-License-Identifier: GPL-2.0-only */
/* One step of a task. */
#include <errno.h>
#include <string.h>

#include "explore/judges.h"
#include "explore/run.h"
#include "host/machine.h"

static uint64_t length_of(const struct hmmu_action *action)
{
	return action->pages * PAGE_BYTES;
}

static bool is_blocked(const struct run *run, int err)
{
	return err == -EAGAIN && hmmu_error(run->m)->code == HMMU_ERR_BLOCKED;
}

/* What a machine can't do because of its host is no outcome. */
static int note_memory(struct run *run, int err)
{
	run->lacks_memory |= err == -ENOMEM && hmmu_error(run->m)->code == HMMU_ERR_HOST_MEMORY;
	return err;
}

static uint32_t process_of(const struct run *run)
{
	return (uint32_t)run->program->tasks[run->task].process;
}

/* What an access has found goes to the judges. */
static int access_ends(struct run *run, const struct hmmu_action *action, int err, uint8_t byte, uint64_t *result)
{
	uint32_t page = page_at(run, action->at);

	if (!err && action->kind == HMMU_ACTION_READ)
		*result |= (uint64_t)byte << 16;
	if (page == NO_INDEX)
		return err;
	if (!err && action->kind == HMMU_ACTION_READ)
		values_loaded(run, process_of(run), page, byte);
	else if (!err)
		values_stored(run, process_of(run), page, byte);
	return err;
}

static int access_page(struct run *run, const struct hmmu_action *action, uint64_t *result)
{
	uint32_t tid = run->world->threads[run->task].tid;
	uint8_t byte = (uint8_t)action->value;
	int err;

	if (action->kind == HMMU_ACTION_READ)
		err = hmmu_load(run->m, tid, action->at, &byte, 1, NULL);
	else
		err = hmmu_store(run->m, tid, action->at, &byte, 1, NULL);
	return is_blocked(run, err) ? err : access_ends(run, action, err, byte, result);
}

static int migrate_begin(struct run *run, const struct hmmu_action *action, struct thread *thread)
{
	struct migrate_arrays *arrays = &run->arrays[run->arrays_of[run->action]];
	struct hmmu_migrate_request request = {
		.tid = thread->tid,
		.start = action->at,
		.end = action->at + length_of(action),
		.src = arrays->src,
		.dst = arrays->dst,
		.why = arrays->why,
		.ops = &hmmu_builtin_ops,
		.data = &arrays->driver,
		.flags = (uint32_t)action->select,
		.owner = HMMU_DEFAULT_OWNER,
	};

	/* What another order has left there must not be seen. */
	memset(arrays->src, 0, sizeof(arrays->src));
	memset(arrays->dst, 0, sizeof(arrays->dst));
	memset(arrays->why, 0, sizeof(arrays->why));
	return hmmu_migrate_begin(run->m, &request, &thread->migration);
}

/* How many entries have moved, why the first one has not, and a hash of all. */
static uint64_t migrate_result(const struct migrate_arrays *arrays, uint64_t pages)
{
	uint64_t moved = 0, why = 0;
	uint32_t hash = 0;

	for (uint64_t i = 0; i < pages; i++) {
		bool has_moved = arrays->src[i] & HMMU_PFN_MIGRATE;

		moved += has_moved;
		if (!has_moved && !why)
			why = arrays->why[i];
		hash = (hash ^ (uint32_t)(arrays->why[i] << 1 | has_moved)) * 16777619u;
	}
	return moved << 16 | why << 24 | (uint64_t)hash << 32;
}

static int migrate_step(struct run *run, const struct hmmu_action *action, struct thread *thread, uint64_t *result)
{
	int err;

	if (hmmu_migrate_step(thread->migration))
		return 1;
	*result |= migrate_result(&run->arrays[run->arrays_of[run->action]], action->pages);
	err = hmmu_migrate_end(thread->migration);
	thread->migration = NULL;
	return err;
}

/* The child's tasks begin. */
static int fork_step(struct run *run, const struct hmmu_action *action, struct thread *thread)
{
	uint32_t child = (uint32_t)action->value, pid;
	int err = hmmu_fork(run->m, thread->tid, &pid);

	if (err)
		return err;
	run->world->pids[child] = pid;
	values_fork(run, process_of(run), child, true);
	for (uint32_t i = 0; i < run->program->task_count; i++) {
		struct thread *other = &run->world->threads[i];

		if (run->program->tasks[i].process != child || other->state != THREAD_ABSENT)
			continue;
		err = hmmu_task_create(run->m, pid, &other->tid);
		if (!err)
			err = hmmu_task_set_cpu(run->m, other->tid, (uint32_t)run->program->tasks[i].cpu);
		if (err)
			return err;
		other->state = THREAD_RUNS;
	}
	return 0;
}

static int exit_step(struct run *run, const struct hmmu_action *action)
{
	uint32_t process = (uint32_t)action->value;
	int err = run->world->pids[process] ? hmmu_exit(run->m, run->world->pids[process]) : -ESRCH;

	if (err)
		return err;
	run->world->pids[process] = 0;
	values_exit(run, process);
	for (uint32_t i = 0; i < run->program->task_count; i++)
		if (run->program->tasks[i].process == process)
			run->world->threads[i].state = THREAD_GONE;
	return 0;
}

static int take_step(struct run *run, const struct hmmu_action *action, struct thread *thread)
{
	struct world *world = run->world;
	uint32_t pfn;
	int err;

	if (world->ref_kinds[action->handle])
		return -EEXIST;
	if (action->kind == HMMU_ACTION_PIN)
		err = hmmu_pin(run->m, thread->tid, action->at, (uint32_t)action->value, &pfn);
	else if (action->kind == HMMU_ACTION_HOLD)
		err = hmmu_hold(run->m, world->pids[process_of(run)], action->at, &pfn);
	else
		err = hmmu_isolate(run->m, world->pids[process_of(run)], action->at, &pfn);
	if (err)
		return err;
	world->refs[action->handle] = pfn;
	world->ref_kinds[action->handle] = (uint8_t)action->kind;
	world->ref_flags[action->handle] = (uint8_t)action->value;
	return 0;
}

static int drop_step(struct run *run, uint64_t handle)
{
	struct world *world = run->world;
	uint32_t kind = world->ref_kinds[handle], pfn = world->refs[handle];

	world->ref_kinds[handle] = 0;
	switch (kind) {
	case HMMU_ACTION_PIN:
		return hmmu_unpin(run->m, pfn, world->ref_flags[handle]);
	case HMMU_ACTION_HOLD:
		return hmmu_release(run->m, pfn);
	case HMMU_ACTION_ISOLATE:
		return hmmu_putback(run->m, pfn);
	default:
		return -ENOENT;
	}
}

void run_drop_all(struct run *run)
{
	for (uint32_t i = 0; i < HMMU_PROGRAM_HANDLES; i++)
		if (run->world->ref_kinds[i])
			drop_step(run, i);
}

static int clear_step(struct run *run, struct thread *thread)
{
	uint32_t process = process_of(run);
	int err = hmmu_clear_soft_dirty(run->m, thread->tid);

	if (err)
		return err;
	run->world->tracked[process] = 1;
	for (uint32_t page = 0; page < run->program->page_count; page++)
		model_of(run, process, page)->soft_dirty = 0;
	return 0;
}

static int reap_step(struct run *run)
{
	uint32_t process = process_of(run);
	int err = hmmu_oom_reap(run->m, run->world->pids[process]);

	if (err)
		return err;
	run->world->reaped[process] = 1;
	dead_space_reaped(run, process);
	return 0;
}

/* The handler of a fault on a device page begins: it migrates the page back. */
static void handler_begin(struct run *run, struct thread *thread, const struct hmmu_device_fault *fault)
{
	struct migrate_arrays *arrays = &run->handlers[run->task];
	struct hmmu_migrate_request request = {
		.tid = thread->tid,
		.start = fault->address & ~(uint64_t)(PAGE_BYTES - 1),
		.end = (fault->address & ~(uint64_t)(PAGE_BYTES - 1)) + PAGE_BYTES,
		.src = arrays->src,
		.dst = arrays->dst,
		.why = arrays->why,
		.ops = &hmmu_builtin_ops,
		.data = &arrays->driver,
		.owner = HMMU_DEFAULT_OWNER,
	};

	if (run->selects) {
		request.flags = HMMU_SELECT_DEVICE_PRIVATE;
		request.fault_page = fault->pfn;
	}
	judge_use_after_free(run, request.start, fault->pfn);
	arrays->src[0] = arrays->dst[0] = 0;
	arrays->why[0] = 0;
	if (note_memory(run, hmmu_migrate_begin(run->m, &request, &thread->handler)))
		hmmu_device_fault_end(run->m, thread->tid, -EIO);
}

static int handler_step(struct run *run, struct thread *thread)
{
	struct hmmu_device_fault fault;
	bool has_moved;

	if (!thread->handler) {
		if (!hmmu_device_fault(run->m, thread->tid, &fault))
			handler_begin(run, thread, &fault);
		return 0;
	}
	if (hmmu_migrate_step(thread->handler))
		return 0;
	has_moved = run->handlers[run->task].src[0] & HMMU_PFN_MIGRATE;
	hmmu_migrate_end(thread->handler);
	thread->handler = NULL;
	hmmu_device_fault_end(run->m, thread->tid, has_moved || run->handler_retries ? 0 : -EIO);
	return 0;
}

/* Whether a task stands in a fault on a device page whose handler has not ended. A handler that has stopped in the middle of its step is
 * ready to go on with it, and the fault is not. */
static bool is_in_handler(const struct run *run, const struct thread *thread)
{
	struct hmmu_task_state state;

	return thread->in_call && !hmmu_task_state(run->m, thread->tid, &state) &&
	       state.wait == HMMU_WAIT_DEVICE_FAULT && (!state.ready || thread->is_stopped);
}

/* 1: a migration goes on; else 0 or a negative errno. */
static int make_call(struct run *run, const struct hmmu_action *action, struct thread *thread, uint64_t *result)
{
	struct hmmu *m = run->m;
	uint64_t length = length_of(action);

	switch (action->kind) {
	case HMMU_ACTION_READ:
	case HMMU_ACTION_WRITE:
		return access_page(run, action, result);
	case HMMU_ACTION_MIGRATE:
		return migrate_begin(run, action, thread);
	case HMMU_ACTION_UNMAP:
		return hmmu_munmap(m, thread->tid, action->at, length);
	case HMMU_ACTION_PROTECT:
		return hmmu_mprotect(m, thread->tid, action->at, length, (uint32_t)action->value);
	case HMMU_ACTION_ADVISE:
		return hmmu_madvise(m, thread->tid, action->at, length, (uint32_t)action->value);
	case HMMU_ACTION_TRUNCATE:
		return hmmu_truncate(m, thread->tid, action->at, action->value);
	case HMMU_ACTION_LOCK:
		return hmmu_mlock(m, thread->tid, action->at, length);
	case HMMU_ACTION_UNLOCK:
		return hmmu_munlock(m, thread->tid, action->at, length);
	case HMMU_ACTION_CLEAR:
		return clear_step(run, thread);
	case HMMU_ACTION_FORK:
		return fork_step(run, action, thread);
	case HMMU_ACTION_EXIT:
		return exit_step(run, action);
	case HMMU_ACTION_PIN:
	case HMMU_ACTION_HOLD:
	case HMMU_ACTION_ISOLATE:
		return take_step(run, action, thread);
	case HMMU_ACTION_DROP:
		return drop_step(run, action->handle);
	case HMMU_ACTION_RECLAIM:
		return hmmu_reclaim(m, run->world->pids[process_of(run)], action->at);
	default:
		return reap_step(run);
	}
}

/* An action begins: what it may do from now on is known before its first step, and lasts until it ends. */
static void action_begins(struct run *run, const struct hmmu_action *action)
{
	values_zap(run, process_of(run), action, false);
	if (action->kind == HMMU_ACTION_FORK)
		values_fork(run, process_of(run), (uint32_t)action->value, false);
	if (action->kind == HMMU_ACTION_CLEAR)
		run->world->clears[process_of(run)]++;
}

static void action_ends(struct run *run, const struct hmmu_action *action, struct thread *thread, uint64_t result)
{
	values_zap(run, process_of(run), action, true);
	if (action->kind == HMMU_ACTION_CLEAR)
		run->world->clears[process_of(run)]--;
	run->results[run->action] = result;
	thread->action++;
	thread->in_call = thread->polls = false;
}

/* The step itself, on whatever stack. What it has to tell is in the thread, which a rollback takes back. */
static void make_step(struct hmmu *m, void *data)
{
	struct run *run = data;
	uint32_t task = run->task;
	struct thread *thread = &run->world->threads[task];
	const struct hmmu_action *action = &run->program->actions[run->action];

	(void)m;
	if (is_in_handler(run, thread))
		thread->err = handler_step(run, thread);
	else if (thread->migration)
		thread->err = migrate_step(run, action, thread, &thread->result);
	else
		thread->err = note_memory(run, make_call(run, action, thread, &thread->result));
}

/* Calls of somebody else than the task have no stack of their own. */
static bool needs_stack(const struct run *run, const struct thread *thread)
{
	uint64_t kind = run->program->actions[run->action].kind;

	if (!run->has_stacks)
		return false;
	return thread->migration ||
	       (kind != HMMU_ACTION_EXIT && kind != HMMU_ACTION_OOM_REAP && kind != HMMU_ACTION_HOLD &&
		kind != HMMU_ACTION_ISOLATE && kind != HMMU_ACTION_DROP);
}

/* Whether the step has ended; false: it has stopped in its middle. */
static bool step_ends(struct run *run, struct thread *thread)
{
	int err;

	if (!needs_stack(run, thread)) {
		make_step(run->m, run);
		return true;
	}
	err = note_memory(run, hmmu_run(run->m, thread->tid, make_step, run));
	if (err)
		thread->err = err;
	thread->is_stopped = err == -EAGAIN;
	return !thread->is_stopped;
}

/* Where a migration stands before its step. */
static void trace_stage(const struct hmmu_migration *migration, struct hmmu_trace_step *trace)
{
	struct hmmu_migration_state state;

	if (!migration)
		return;
	hmmu_migrate_state(migration, &state);
	trace->stage = state.stage;
	trace->position = (uint32_t)state.position;
}

/* A call has ended, or waits for something. */
static void call_ends(struct run *run, const struct hmmu_action *action, struct thread *thread,
		      struct hmmu_trace_step *trace)
{
	int err = thread->err;
	bool waits = is_blocked(run, err) || (err == -EBUSY && action->kind == HMMU_ACTION_EXIT);

	thread->in_call = waits;
	thread->polls = waits && err == -EBUSY;
	if (waits) {
		trace->event = HMMU_TRACE_WAITS;
		trace->wait = err == -EBUSY ? HMMU_WAIT_NOTHING : hmmu_error(run->m)->wait;
	} else if (!thread->migration) {
		trace->event = HMMU_TRACE_ENDS;
		trace->result = thread->result | (err < 0 ? (uint64_t)-err : 0);
		thread->result = 0;
		thread->err = 0;
		action_ends(run, action, thread, trace->result);
	}
}

/* Who polls has to try again when another task has done something. */
static void note_attempts(struct run *run, uint32_t task)
{
	struct thread *threads = run->world->threads;

	if (threads[task].polls) {
		threads[task].has_tried = true;
		return;
	}
	for (uint32_t i = 0; i < run->program->task_count; i++)
		threads[i].has_tried = false;
}

void run_step(struct run *run, uint32_t task, struct hmmu_trace_step *trace)
{
	struct thread *thread = &run->world->threads[task];
	const struct hmmu_action *action = &run->program->actions[run_action(run, task)];
	bool in_handler = is_in_handler(run, thread);

	run->task = task;
	run->action = run_action(run, task);
	*trace = (struct hmmu_trace_step){ .task = task, .action = run->action, .event = HMMU_TRACE_STEP };
	thread->has_begun = true;
	trace_stage(in_handler ? thread->handler : thread->migration, trace);
	if (!in_handler && !thread->in_call && !thread->migration)
		action_begins(run, action);
	if (in_handler)
		trace->event = HMMU_TRACE_HANDLER;
	if (!step_ends(run, thread)) {
		trace->wait = hmmu_stopped_at(run->m, thread->tid);
		trace->event = trace->wait ? HMMU_TRACE_STOPS : HMMU_TRACE_WAITS;
		if (!trace->wait)
			trace->wait = HMMU_WAIT_RMAP_LOCK;
		thread->in_call |= !thread->migration && !in_handler;
	} else if (!in_handler) {
		call_ends(run, action, thread, trace);
	}
	note_attempts(run, task);
	if (run->stale != hmmu_counter(run->m, HMMU_COUNT_TLB_STALE))
		judge_stale(run);
	run->task = run->action = NO_INDEX;
}
