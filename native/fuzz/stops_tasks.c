/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks and the calls that they are in: begun, stopped, blocked, in the handler of a fault on a device page. */
#include <errno.h>
#include <string.h>

#include "stops.h"

enum { ANY, MODERN };

void stops_add_task(struct stops *s, uint32_t tid, uint32_t pid)
{
	for (unsigned i = 0; i < STOPS_TASKS; i++) {
		if (s->made.tasks[i].tid)
			continue;
		s->made.tasks[i] = (struct stops_task){ .program = s, .tid = tid, .pid = pid };
		return;
	}
}

int stops_new_task(struct stops *s, uint32_t pid)
{
	unsigned known = 0;
	uint32_t tid;
	int result;

	for (unsigned i = 0; i < STOPS_TASKS; i++)
		known += s->made.tasks[i].tid != 0;
	if (known >= STOPS_TASKS - STOPS_PROCESSES)
		return 0;
	result = hmmu_task_create(s->m, pid, &tid);
	if (!result)
		stops_add_task(s, tid, pid);
	return result;
}

void stops_forget_process(struct stops *s, uint32_t pid, uint32_t but)
{
	for (unsigned i = 0; i < STOPS_TASKS; i++)
		if (s->made.tasks[i].pid == pid && s->made.tasks[i].tid != but)
			s->made.tasks[i].tid = 0;
}

struct stops_task *stops_task_of(struct stops *s, uint8_t number)
{
	for (unsigned i = 0; i < STOPS_TASKS; i++)
		if (s->made.tasks[(number + i) % STOPS_TASKS].tid)
			return &s->made.tasks[(number + i) % STOPS_TASKS];
	stops_broken(s, "no task is left");
}

static bool is_there(const struct stops *s, uint8_t op)
{
	static const uint8_t kernels[] = {
#define X(name, weight, kernels, text) kernels,
		STOPS_CALLS(X)
#undef X
	};

	return s->modern || kernels[op] == ANY;
}

static bool may_begin(const struct stops *s, uint8_t op)
{
	if (op == STOPS_FORK)
		return hmmu_counter(s->m, HMMU_COUNT_PROCESSES) < STOPS_PROCESSES;
	return is_there(s, op);
}

/* Calls of the large range are about its huge page, or about some pages of it. */
static void choose_range(struct stops_task *t)
{
	const struct fuzz_record *r = &t->record;

	t->pages = 1 + r->count % 4u;
	if (!t->program->huge || !(r->region & 1)) {
		t->address = STOPS_BASE + r->first % STOPS_SMALL_PAGES * (uint64_t)HMMU_PAGE_SIZE;
		return;
	}
	t->address = STOPS_HUGE;
	if (r->region & 6)
		t->address += r->first % HMMU_HUGE_PAGES * (uint64_t)HMMU_PAGE_SIZE;
	else
		t->pages = HMMU_HUGE_PAGES;
}

static void begin_call(struct stops_task *t, const struct fuzz_record *record)
{
	t->record = *record;
	if (!may_begin(t->program, t->record.op))
		t->record.op = STOPS_STORE;
	t->child = 0;
	choose_range(t);
	memset(t->bytes, t->record.x, sizeof(t->bytes));
	stops_say("task %u: %s %#llx, %llu pages, x %u, y %u", t->tid, stops_op_name(t->record.op),
		  (unsigned long long)t->address, (unsigned long long)t->pages, t->record.x, t->record.y);
}

/* migrate_to_ram(), in steps. */
static int handle_fault(struct stops_task *t)
{
	struct hmmu *m = t->program->m;
	struct hmmu_device_fault fault;
	struct hmmu_migrate_request request = {
		.tid = t->tid,
		.src = t->fault_src,
		.dst = t->fault_dst,
		.ops = &hmmu_builtin_ops,
		.data = &t->handler,
		.flags = t->program->modern ? HMMU_SELECT_DEVICE_PRIVATE : 0,
		.owner = t->program->modern ? HMMU_DEFAULT_OWNER : 0,
	};
	struct hmmu_migration *migration;
	int result = hmmu_device_fault(m, t->tid, &fault);

	if (result)
		return result;
	t->program->made.migrated = true;
	t->handler = (struct hmmu_builtin){ .to = HMMU_TO_SYSTEM };
	request.start = fault.address;
	request.end = fault.address + HMMU_PAGE_SIZE;
	request.fault_page = t->program->modern ? fault.pfn : 0;
	result = hmmu_migrate_begin(m, &request, &migration);
	return result ? result : hmmu_migrate_end(migration);
}

static void run_call(struct hmmu *m, void *data)
{
	struct stops_task *t = data;

	(void)m;
	t->result = t->handles ? handle_fault(t) : stops_call(t);
}

/* A process ends, and with it all stacks of its tasks. Some calls have no stack, and make others go on that are in their way. */
static bool has_stack(const struct stops_task *t)
{
	return t->program->stacks && t->record.op != STOPS_EXIT && (t->record.region & 0xf0) != 0xf0;
}

static void handler_ended(struct stops_task *t)
{
	int err = t->record.y % 8 == 7 ? -EIO : 0;

	t->handles = false;
	t->state = STOPS_BLOCKED;
	if (t->result == -EAGAIN)
		return;
	if (hmmu_device_fault_end(t->program->m, t->tid, err))
		stops_broken(t->program, "the handler of task %u can't end: %s", t->tid,
			     hmmu_error(t->program->m)->text);
}

static void child_comes(struct stops_task *t)
{
	struct stops *s = t->program;

	stops_add_task(s, hmmu_process_task(s->m, t->child), t->child);
	if (t->record.y & 1)
		stops_new_task(s, t->child);
}

static void call_ended(struct stops_task *t)
{
	struct stops *s = t->program;
	struct hmmu_task_state state;
	bool is_exit = t->record.op == STOPS_EXIT;

	if (t->handles) {
		handler_ended(t);
		return;
	}
	/* mlock() and madvise() say EAGAIN when memory is short, too. */
	t->state = STOPS_IDLE;
	if (t->result == -EAGAIN && !hmmu_task_state(s->m, t->tid, &state) && state.in_call)
		t->state = STOPS_BLOCKED;
	if (t->result == 0 && t->child)
		child_comes(t);
	if (is_exit && (t->result == 0 || t->state == STOPS_BLOCKED))
		stops_forget_process(s, t->pid, t->result ? t->tid : 0);
}

static void check_stop(const struct stops_task *t)
{
	uint32_t wait = hmmu_error(t->program->m)->wait;
	uint32_t point = hmmu_stopped_at(t->program->m, t->tid);

	if (wait != HMMU_WAIT_SWITCH && wait != HMMU_WAIT_RMAP_LOCK)
		stops_broken(t->program, "task %u has stopped and waits for %u", t->tid, wait);
	if ((wait == HMMU_WAIT_SWITCH) != (point != 0))
		stops_broken(t->program, "task %u waits for %u at the point %#x", t->tid, wait, point);
}

/* What a call returned is told behind it; what a task waits for that has stopped, also. */
static void make_call(struct stops_task *t)
{
	struct stops *s = t->program;
	int result = 0;

	if (t->state == STOPS_STOPPED || has_stack(t))
		result = hmmu_run(s->m, t->tid, run_call, t);
	else
		run_call(s->m, t);
	stops_say_result(s->m, result ? result : t->result);
	if (result == -EAGAIN) {
		check_stop(t);
		t->state = STOPS_STOPPED;
	} else if (result) {
		stops_broken(s, "task %u can't run: %s", t->tid, hmmu_error(s->m)->text);
	} else {
		call_ended(t);
	}
}

static bool faults_on_device(const struct stops_task *t)
{
	struct hmmu_device_fault fault;

	return !hmmu_device_fault(t->program->m, t->tid, &fault) && !fault.ended;
}

/* A process ends by its first task, which has to be in no call. */
static struct stops_task *first_task(struct stops_task *t)
{
	uint32_t tid = hmmu_process_task(t->program->m, t->pid);

	for (unsigned i = 0; i < STOPS_TASKS; i++)
		if (t->program->made.tasks[i].tid == tid)
			return &t->program->made.tasks[i];
	return NULL;
}

void stops_task_goes_on(struct stops_task *t, const struct fuzz_record *record)
{
	if (t->state == STOPS_IDLE) {
		if (record->op == STOPS_EXIT)
			t = first_task(t);
		if (!t || t->state != STOPS_IDLE)
			return;
		begin_call(t, record);
	} else {
		t->handles = t->handles || (t->state == STOPS_BLOCKED && faults_on_device(t));
		stops_say("task %u: %s%s goes on", t->tid, stops_op_name(t->record.op),
			  t->handles ? ": the handler of its fault" : "");
	}
	make_call(t);
}
