/* SPDX-License-Identifier: GPL-2.0-only */
/* Searches through all orders of small programs: what they count, what they find, and that they leave nothing behind. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define ON(action, page, count, what) \
	{ \
		.kind = HMMU_ACTION_##action, .at = (page)*HMMU_PAGE_SIZE, .pages = (count), .value = (what) \
	}
#define MIGRATE(page, count, target) \
	{ \
		.kind = HMMU_ACTION_MIGRATE, .at = (page)*HMMU_PAGE_SIZE, .pages = (count), .value = HMMU_TO_##target \
	}
#define MOST_ACTIONS 16

/** A program in which pages are numbers, and its search. */
struct scenario {
	struct rig *r;
	struct hmmu_program program;
	struct hmmu_action actions[MOST_ACTIONS];
	struct hmmu_program_page pages[8];
	uint32_t pids[2];
	struct hmmu_search_options options;
	struct hmmu_search_result *result;
};

static struct scenario open_scenario(const struct hmmu_options *options, uint64_t pages)
{
	struct scenario s = { .r = rig_open(options), .options = { .preemptions = UINT32_MAX } };
	uint64_t buf = map_anon(s.r, pages);

	for (uint64_t i = 0; i < pages; i++) {
		assert_ok(store(s.r, s.r->tid, buf + PAGES(i), (uint8_t)(i + 1)));
		s.pages[i].address = buf + PAGES(i);
	}
	hmmu_lru_add_drain_all(s.r->m);
	s.pids[0] = s.r->pid;
	s.program = (struct hmmu_program){ .process_count = 1, .page_count = (uint32_t)pages };
	return s;
}

static void set_program(struct scenario *s, const struct hmmu_program_task *tasks, uint32_t task_count,
			const struct hmmu_action *actions, uint32_t count)
{
	memcpy(s->actions, actions, count * sizeof(*actions));
	for (uint32_t i = 0; i < count; i++) {
		if (actions[i].pages)
			s->actions[i].at += s->pages[0].address;
		/* Linux 6.12 wants to know which pages. */
		if (actions[i].kind == HMMU_ACTION_MIGRATE && s->r->select)
			s->actions[i].select = actions[i].value == HMMU_TO_DEVICE ? HMMU_SELECT_SYSTEM
										  : HMMU_SELECT_DEVICE_PRIVATE;
	}
	s->program.processes = s->pids;
	s->program.tasks = tasks;
	s->program.task_count = task_count;
	s->program.actions = s->actions;
	s->program.action_count = count;
	s->program.pages = s->pages;
}

static void search(struct scenario *s)
{
	uint64_t before = hmmu_hash(s->r->m);

	hmmu_search_free(s->result);
	s->result = NULL;
	assert_ok(hmmu_search(s->r->m, &s->program, &s->options, &s->result));
	assert_true(hmmu_hash(s->r->m) == before);
	assert_int_equal(hmmu_marks(s->r->m), 0);
}
#define SET_PROGRAM(s, tasks, ...) \
	do { \
		const struct hmmu_action actions_[] = { __VA_ARGS__ }; \
		set_program(s, tasks, sizeof(tasks) / sizeof((tasks)[0]), actions_, \
			    sizeof(actions_) / sizeof(actions_[0])); \
	} while (0)
#define SEARCH(s, tasks, ...) \
	do { \
		SET_PROGRAM(s, tasks, __VA_ARGS__); \
		search(s); \
	} while (0)

static void close_scenario(struct scenario *s)
{
	hmmu_search_free(s->result);
	rig_close(s->r);
}

static const struct hmmu_finding *find(const struct scenario *s, uint32_t judge)
{
	for (uint32_t i = 0; i < s->result->finding_count; i++)
		if (s->result->findings[i].judge == judge)
			return &s->result->findings[i];
	return NULL;
}

static bool is_same_finding(const struct hmmu_finding *a, const struct hmmu_finding *b)
{
	return a->judge == b->judge && a->task == b->task && a->action == b->action && a->page == b->page &&
	       a->process == b->process && a->found == b->found && a->length == b->length;
}

/* The order shows the finding, also without the search, and goes back to where it began. */
static void assert_shows(struct scenario *s, const struct hmmu_finding *finding)
{
	const uint8_t *choices = s->result->choices + finding->choices;
	const struct hmmu_finding *found;
	uint64_t before = hmmu_hash(s->r->m);
	struct hmmu_order *order;
	struct hmmu_trace_step step;
	uint32_t count, i = 0;

	assert_ok(hmmu_order_begin(s->r->m, &s->program, &s->options, &order));
	assert_int_equal(hmmu_order_step(order, s->program.task_count, &step), -EINVAL);
	for (uint64_t at = 0; at < finding->length; at++) {
		assert_true(hmmu_order_enabled(order) >> choices[at] & 1);
		assert_ok(hmmu_order_step(order, choices[at], &step));
	}
	assert_ok(hmmu_order_judge(order));
	count = hmmu_order_findings(order, &found);
	while (i < count && !is_same_finding(&found[i], finding))
		i++;
	assert_true(i < count);
	hmmu_order_end(order);
	assert_true(hmmu_hash(s->r->m) == before);
}

/* A replay of the finding's order makes all of its steps. */
static void assert_replays(struct scenario *s, const struct hmmu_finding *finding)
{
	struct hmmu_trace_step *steps = calloc(finding->length, sizeof(*steps));

	assert_non_null(steps);
	assert_int_equal(hmmu_replay(s->r->m, &s->program, &s->options, s->result->choices + finding->choices,
				     (uint32_t)finding->length, steps),
			 finding->length);
	free(steps);
	assert_shows(s, finding);
}

static const struct hmmu_program_task TWO[] = { { 0, 0, 0, 1 }, { 0, 0, 1, 1 } };

/* Two stores to different pages: both orders lead to one end. */
static void test_counts(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 2);

	(void)state;
	SEARCH(&s, TWO, ON(WRITE, 0, 1, 8), ON(WRITE, 1, 1, 9));
	assert_int_equal(s.result->states, 4);
	assert_int_equal(s.result->steps, 4);
	assert_int_equal(s.result->ends, 1);
	assert_true(s.result->schedules == 2);
	assert_int_equal(s.result->outcome_count, 1);
	assert_int_equal(s.result->finding_count, 0);
	assert_int_equal(s.result->cut_off, HMMU_CUT_NOT);
	close_scenario(&s);
}

/* A load finds what either order of two stores leaves. */
static void test_outcomes(void **state)
{
	static const struct hmmu_program_task tasks[] = { { 0, 0, 0, 1 }, { 0, 0, 1, 2 } };
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 1);

	(void)state;
	SEARCH(&s, tasks, ON(WRITE, 0, 1, 8), ON(WRITE, 0, 1, 9), ON(READ, 0, 1, 0));
	assert_true(s.result->schedules == 3);
	assert_int_equal(s.result->outcome_count, 2);
	assert_int_equal(s.result->finding_count, 0);
	close_scenario(&s);
}

/* Tasks that do the same begin in their order: fewer states, as many orders. */
static void test_twins(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 2);
	double schedules;
	uint64_t states;

	(void)state;
	SEARCH(&s, TWO, MIGRATE(0, 2, DEVICE), MIGRATE(0, 2, DEVICE));
	states = s.result->states;
	schedules = s.result->schedules;
	s.options.all_twins = true;
	SEARCH(&s, TWO, MIGRATE(0, 2, DEVICE), MIGRATE(0, 2, DEVICE));
	assert_true(s.result->states > states);
	assert_true(s.result->schedules == schedules);
	close_scenario(&s);
}

/* Without preemptions the only choice is which task begins. */
static void test_preemptions(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 2);

	(void)state;
	s.options.preemptions = 0;
	SEARCH(&s, TWO, MIGRATE(0, 1, DEVICE), MIGRATE(1, 1, DEVICE));
	assert_true(s.result->schedules == 2);
	close_scenario(&s);
}

static void test_cut_off(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 2);

	(void)state;
	s.options.states = 10;
	SEARCH(&s, TWO, MIGRATE(0, 2, DEVICE), MIGRATE(0, 2, DEVICE));
	assert_int_equal(s.result->states, 10);
	assert_int_equal(s.result->cut_off, HMMU_CUT_STATES);
	close_scenario(&s);
}

struct counted {
	uint32_t calls, until;
	uint64_t states, open;
	struct hmmu *m;
	int err; /* of a call of the machine from there */
};

static bool count_progress(void *data, uint64_t states, uint64_t open)
{
	struct counted *counted = data;

	counted->states = states;
	counted->open = open;
	counted->err = hmmu_mark(counted->m);
	return ++counted->calls < counted->until;
}

/* A search that goes on for longer than a test. */
static void search_for_ever(struct scenario *s)
{
	static const struct hmmu_program_task tasks[] = {
		{ 0, 0, 0, 1 }, { 0, 0, 1, 1 }, { 0, 0, 2, 1 }, { 0, 0, 3, 1 }
	};

	s->options.all_twins = true;
	SEARCH(s, tasks, MIGRATE(0, 8, DEVICE), MIGRATE(0, 8, DEVICE), MIGRATE(2, 6, DEVICE), MIGRATE(1, 7, DEVICE));
}

/* Progress is told until it says that it is enough. The machine can't be used meanwhile. */
static void test_progress(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 8);
	struct counted counted = { .until = 2, .m = s.r->m };

	(void)state;
	s.options.progress = count_progress;
	s.options.progress_data = &counted;
	search_for_ever(&s);
	assert_int_equal(s.result->cut_off, HMMU_CUT_STOPPED);
	assert_int_equal(counted.calls, 2);
	assert_int_equal(counted.err, -EBUSY);
	assert_true(counted.states > 0 && counted.states <= s.result->states);
	assert_true(counted.open > 0 && counted.open <= counted.states);
	close_scenario(&s);
}

static void test_time(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 8);

	(void)state;
	s.options.time = 1;
	search_for_ever(&s);
	assert_int_equal(s.result->cut_off, HMMU_CUT_TIME);
	assert_true(s.result->states > 0);
	close_scenario(&s);
}

static void assert_same_orders(const struct hmmu_search_result *a, const struct hmmu_search_result *b)
{
	assert_int_equal(a->choice_count, b->choice_count);
	assert_memory_equal(a->choices, b->choices, a->choice_count);
	assert_int_equal(a->finding_count, b->finding_count);
	assert_memory_equal(a->findings, b->findings, a->finding_count * sizeof(*a->findings));
	assert_int_equal(a->outcome_count, b->outcome_count);
	assert_memory_equal(a->outcomes, b->outcomes, a->outcome_count * sizeof(*a->outcomes));
}

static void assert_same_result(const struct scenario *s, const struct hmmu_search_result *a)
{
	const struct hmmu_search_result *b = s->result;

	assert_true(a->schedules == b->schedules);
	assert_int_equal(a->states, b->states);
	assert_int_equal(a->steps, b->steps);
	assert_int_equal(a->ends, b->ends);
	assert_int_equal(a->depth, b->depth);
	assert_int_equal(a->cut_off, b->cut_off);
	assert_int_equal(a->has_cycles, b->has_cycles);
	assert_same_orders(a, b);
	assert_memory_equal(a->results, b->results, a->outcome_count * s->program.action_count * sizeof(uint64_t));
}

/* More states than one worker would look at alone. */
static void search_with_workers(struct scenario *s, uint32_t workers)
{
	static const struct hmmu_program_task tasks[] = { { 0, 0, 0, 1 }, { 0, 0, 1, 1 }, { 0, 0, 2, 2 } };

	s->options.workers = workers;
	SEARCH(s, tasks, MIGRATE(0, 3, DEVICE), MIGRATE(0, 3, DEVICE), ON(WRITE, 0, 1, 9), ON(READ, 1, 1, 0));
}

/* Any number of workers finds the same, also where the search is cut off. */
static void test_workers(void **state)
{
	static const struct hmmu_search_options options[] = {
		{ .preemptions = UINT32_MAX, .points = HMMU_SWITCH_DEVICE_FAULT, .handler_retries = true },
		{ .preemptions = UINT32_MAX, .points = HMMU_SWITCH_DEVICE_FAULT, .states = 5000 },
		{ .preemptions = UINT32_MAX, .points = HMMU_SWITCH_DEVICE_FAULT, .bytes = 500000 },
		{ .preemptions = 3, .points = HMMU_SWITCH_DEVICE_FAULT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 3);
		struct hmmu_search_result *one;

		s.options = options[i];
		search_with_workers(&s, 1);
		one = s.result;
		s.result = NULL;
		search_with_workers(&s, i == 0 ? 4 : 2);
		assert_same_result(&s, one);
		search_with_workers(&s, 3);
		assert_same_result(&s, one);
		hmmu_search_free(one);
		close_scenario(&s);
	}
}

static void test_too_many_workers(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 1);

	(void)state;
	s.options.workers = HMMU_SEARCH_WORKERS + 1;
	assert_failed(s.r->m, hmmu_search(s.r->m, &s.program, &s.options, &s.result), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	close_scenario(&s);
}

/* Each state is the same when it is made from the begin. */
static void test_selfcheck(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 2);

	(void)state;
	s.options.points = HMMU_SWITCH_DEVICE_FAULT;
	s.options.selfcheck = true;
	SEARCH(&s, TWO, MIGRATE(0, 2, DEVICE), ON(WRITE, 1, 1, 9));
	assert_int_equal(s.result->cut_off, HMMU_CUT_NOT);
	close_scenario(&s);
}

/* What the driver does depends on what no mark has. */
static int marks_at_times(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	uint32_t *calls = data;

	(void)tid;
	(void)address;
	if (++*calls % 2)
		hmmu_page_set_flags(m, pfn, HMMU_PG_CHECKED);
	return -EIO;
}

/* Rollbacks that lead elsewhere are noticed. */
static void test_selfcheck_notices(void **state)
{
	static const struct hmmu_program_task tasks[] = { { 0, 0, 0, 1 }, { 0, 0, 1, 1 } };
	const struct hmmu_pagemap_ops ops = { .page_fault = marks_at_times };
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 2);
	uint32_t calls = 0;

	(void)state;
	assert_ok(migrate(s.r, s.pages[0].address, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(s.r->m, &ops, &calls));
	s.options.selfcheck = true;
	SET_PROGRAM(&s, tasks, ON(WRITE, 1, 1, 9), ON(READ, 0, 1, 0));
	assert_failed(s.r->m, hmmu_search(s.r->m, &s.program, &s.options, &s.result), -EIO, HMMU_ERR_SELFCHECK);
	assert_says(hmmu_error(s.r->m)->text, "lead to another state");
	assert_ok(hmmu_device_set_ops(s.r->m, NULL, NULL));
	close_scenario(&s);
}

/* What the search finds in a profile with faults, it finds not in the one without. */
static void test_soft_dirty(void **state)
{
	static const struct hmmu_program_task tasks[] = { { 0, 0, 0, 2 }, { 0, 0, 2, 1 } };

	(void)state;
	for (int fixed = 0; fixed < 2; fixed++) {
		struct scenario s =
			open_scenario(&(struct hmmu_options){ .no_contents = true,
							      .profile = fixed ? HMMU_PROFILE_LINUX_4_14_FIXED
									       : HMMU_PROFILE_LINUX_4_14 },
				      1);
		const struct hmmu_finding *finding;

		SEARCH(&s, tasks, { .kind = HMMU_ACTION_CLEAR }, MIGRATE(0, 1, DEVICE), ON(WRITE, 0, 1, 9));
		finding = find(&s, HMMU_JUDGE_SOFT_DIRTY_LOST);
		assert_int_equal(finding != NULL, !fixed);
		if (finding)
			assert_replays(&s, finding);
		else
			assert_int_equal(s.result->finding_count, 0);
		close_scenario(&s);
	}
}

/* Tasks that read one device page at once stand in its fault together. The one that moves it is done; the driver of the others can
 * only give up, or have them fault again. */
static void test_device_faults(void **state)
{
	static const struct hmmu_program_task tasks[] = { { 0, 0, 0, 1 }, { 0, 0, 1, 1 } };
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 1);
	uint64_t states;

	(void)state;
	assert_ok(migrate(s.r, s.pages[0].address, 1, HMMU_TO_DEVICE));
	SEARCH(&s, tasks, ON(READ, 0, 1, 0), ON(READ, 0, 1, 0));
	assert_int_equal(s.result->finding_count, 0);
	states = s.result->states;
	s.options.points = HMMU_SWITCH_DEVICE_FAULT;
	s.options.handler_retries = true;
	SEARCH(&s, tasks, ON(READ, 0, 1, 0), ON(READ, 0, 1, 0));
	assert_true(s.result->states > states);
	assert_null(find(&s, HMMU_JUDGE_STUCK_PAGE));
	assert_null(find(&s, HMMU_JUDGE_WRONG_VALUE));
	assert_int_equal(hmmu_switch_points(s.r->m), 0);
	if (find(&s, HMMU_JUDGE_LIVELOCK))
		assert_replays(&s, find(&s, HMMU_JUDGE_LIVELOCK));
	close_scenario(&s);
}

static void do_nothing(struct hmmu *m, void *data)
{
	(void)m;
	(void)data;
}

/* At the switching points calls stop in their middle: more orders, and as many ends. */
static void test_switch_points(void **state)
{
	static const struct hmmu_program_task tasks[] = { { 0, 0, 0, 1 }, { 0, 0, 1, 2 } };
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 2);
	double schedules;

	(void)state;
	if (hmmu_run(s.r->m, s.r->tid, do_nothing, NULL) == -EOPNOTSUPP) {
		close_scenario(&s);
		skip();
	}
	SEARCH(&s, tasks, ON(ADVISE, 0, 2, HMMU_MADV_DONTNEED), ON(WRITE, 0, 1, 8), ON(READ, 1, 1, 0));
	schedules = s.result->schedules;
	assert_int_equal(s.result->finding_count, 0);
	s.options.points = HMMU_SWITCH_LATE_FLUSH | HMMU_SWITCH_FAULT;
	SEARCH(&s, tasks, ON(ADVISE, 0, 2, HMMU_MADV_DONTNEED), ON(WRITE, 0, 1, 8), ON(READ, 1, 1, 0));
	assert_true(s.result->schedules > schedules);
	assert_int_equal(s.result->finding_count, 0);
	close_scenario(&s);
}

/* Sanitizers have reserved much more, and end the program if they get no memory. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER true
#endif
#endif
#ifndef HAS_SANITIZER
#define HAS_SANITIZER false
#endif

static uint64_t address_space_in_use(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* An action that the host has no memory for ends the search, and is no outcome. */
static void test_little_memory(void **state)
{
	static const uint32_t points[] = { 0, HMMU_SWITCH_DEVICE_FAULT, HMMU_SWITCH_FAULT };
	struct rlimit before, little;

	(void)state;
	if (HAS_SANITIZER)
		skip();
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	for (uint32_t i = 0; i < 3; i++) {
		struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 1);
		struct hmmu_order *order;
		struct hmmu_trace_step step;
		int err, code, step_err = -ENOMEM, step_code = HMMU_ERR_HOST_MEMORY;

		SET_PROGRAM(&s, TWO, MIGRATE(0, 1, DEVICE), ON(WRITE, 0, 1, 9));
		s.options.points = points[i];
		little = before;
		little.rlim_cur = address_space_in_use() + (4ull << 30);
		assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
		err = hmmu_search(s.r->m, &s.program, &s.options, &s.result);
		code = hmmu_error(s.r->m)->code;
		if (!hmmu_order_begin(s.r->m, &s.program, &s.options, &order)) {
			step_err = hmmu_order_step(order, 0, &step);
			step_code = hmmu_error(s.r->m)->code;
			hmmu_order_end(order);
		}
		assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(code, HMMU_ERR_HOST_MEMORY);
		assert_int_equal(step_err, -ENOMEM);
		assert_int_equal(step_code, HMMU_ERR_HOST_MEMORY);
		close_scenario(&s);
	}
}

/* A machine that migrates is refused. */
static void test_busy(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 1);
	struct hmmu_migration *mig;
	struct hmmu_migrate_request request = request_for(s.r, s.pages[0].address, 1);

	(void)state;
	assert_ok(hmmu_migrate_begin(s.r->m, &request, &mig));
	s.program.processes = s.pids;
	s.program.tasks = TWO;
	s.program.task_count = 1;
	s.program.action_count = 1;
	s.program.actions = s.actions;
	s.program.pages = s.pages;
	assert_failed(s.r->m, hmmu_search(s.r->m, &s.program, &s.options, &s.result), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_migrate_end(mig));
	close_scenario(&s);
}

/* A program that is wrong is refused, with words. */
static void test_refusals(void **state)
{
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 1);
	struct hmmu_program_task task = { 0, 0, 0, 1 };
	struct hmmu_program *p = &s.program;

	(void)state;
	p->processes = s.pids;
	p->tasks = &task;
	p->actions = s.actions;
	p->pages = s.pages;
	p->task_count = p->action_count = 1;
	s.actions[0].kind = HMMU_ACTION_COUNT;
	assert_failed(s.r->m, hmmu_search(s.r->m, p, &s.options, &s.result), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_says(hmmu_error(s.r->m)->text, "there is no kind");
	s.actions[0] = (struct hmmu_action)MIGRATE(0, 65, DEVICE);
	assert_failed(s.r->m, hmmu_search(s.r->m, p, &s.options, &s.result), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	s.actions[0] = (struct hmmu_action){ .kind = HMMU_ACTION_FORK, .value = 0 };
	assert_failed(s.r->m, hmmu_search(s.r->m, p, &s.options, &s.result), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	s.actions[0] = (struct hmmu_action){ .kind = HMMU_ACTION_CLEAR };
	task.cpu = 1;
	assert_failed(s.r->m, hmmu_search(s.r->m, p, &s.options, &s.result), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	task.cpu = 0;
	task.count = 2;
	assert_failed(s.r->m, hmmu_search(s.r->m, p, &s.options, &s.result), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	task.count = 1;
	s.actions[0] = (struct hmmu_action){ .kind = HMMU_ACTION_UNMAP, .at = 0ull - 4096, .pages = 2 };
	assert_failed(s.r->m, hmmu_search(s.r->m, p, &s.options, &s.result), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	s.actions[0] = (struct hmmu_action){ .kind = HMMU_ACTION_ADVISE, .value = 1ull << 32 };
	assert_failed(s.r->m, hmmu_search(s.r->m, p, &s.options, &s.result), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	s.actions[0] = (struct hmmu_action){ .kind = HMMU_ACTION_CLEAR };
	s.pids[0] = 77;
	assert_failed(s.r->m, hmmu_search(s.r->m, p, &s.options, &s.result), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	close_scenario(&s);
}

/* Actions, processes and children belong to one task, one number, one fork(). */
static void test_what_is_there_twice(void **state)
{
	static const struct hmmu_program_task share[] = { { 0, 0, 0, 2 }, { 0, 0, 1, 1 } };
	struct scenario s = open_scenario(&(struct hmmu_options){ .no_contents = true }, 1);
	uint32_t pids[2] = { s.pids[0], s.pids[0] };

	(void)state;
	SET_PROGRAM(&s, share, ON(READ, 0, 1, 0), ON(WRITE, 0, 1, 9));
	assert_failed(s.r->m, hmmu_search(s.r->m, &s.program, &s.options, &s.result), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_says(hmmu_error(s.r->m)->text, "task 1 has actions of task 0");
	s.program.tasks = TWO;
	s.program.processes = pids;
	s.program.process_count = 2;
	assert_failed(s.r->m, hmmu_search(s.r->m, &s.program, &s.options, &s.result), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_says(hmmu_error(s.r->m)->text, "process 1 is process 0");
	pids[1] = 0;
	s.actions[0] = s.actions[1] = (struct hmmu_action){ .kind = HMMU_ACTION_FORK, .value = 1 };
	assert_failed(s.r->m, hmmu_search(s.r->m, &s.program, &s.options, &s.result), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_says(hmmu_error(s.r->m)->text, "action 1 forks the process that action 0 forks");
	close_scenario(&s);
}

int main(void)
{
	const struct CMUnitTest each[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_preemptions),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_little_memory),
		cmocka_unit_test(test_device_faults),
		cmocka_unit_test(test_switch_points),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_what_is_there_twice),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_workers),
		cmocka_unit_test(test_selfcheck),
		cmocka_unit_test(test_selfcheck_notices),
		cmocka_unit_test(test_too_many_workers),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soft_dirty),
	};

	return run_on_each_kernel(each) + cmocka_run_group_tests(tests, NULL, NULL);
}
