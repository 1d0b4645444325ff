/* SPDX-License-Identifier: GPL-2.0-only */
#include "program/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/ends.h"
#include "program/values.h"
#include "program/world.h"

static struct world world;
static struct run_options options;

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	va_list arguments;

	if (!options.prints)
		return;
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
}

static void __attribute__((format(printf, 2, 3))) fail(const struct command *c, const char *format, ...)
{
	va_list arguments;

	if (!options.checks)
		return;
	world.failures++;
	printf("%s:%u: ", world.script->file, c->line);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

/* --- what comes of a command --- */

static const char *result_word(const struct outcome *outcome, char *text, size_t size)
{
	if (outcome->word)
		return outcome->word;
	if (outcome->result < 0)
		return errno_word(-outcome->result);
	snprintf(text, size, "%ld", outcome->result);
	return text;
}

static const char *kind_word(uint64_t kind)
{
	static const char *const words[] = {
#define X(name, value, word, text) [value] = (word),
		HMMU_ENTRY_KINDS(X)
#undef X
	};

	return words[kind];
}

static const char *item_text(const struct command *c, uint64_t item, char *text, size_t size)
{
	if (c->verb == VERB_KIND)
		return kind_word(item);
	snprintf(text, size, c->type.is_signed ? "%lld" : "%llu", (long long)item);
	return text;
}

/* Items of pages have the pages' numbers in their region. */
static uint64_t first_number(const struct command *c)
{
	return c->number || c->place.whole ? 0 : c->place.first;
}

/* Items in runs of equal distance: [0-255] 1000 step 1. */
static void say_items(const struct command *c, const struct outcome *outcome)
{
	const uint64_t *items = outcome->items;
	unsigned long long first = first_number(c);
	char text[24];

	for (uint64_t i = 0, end; i < outcome->item_count; i = end) {
		uint64_t step = i + 1 < outcome->item_count ? items[i + 1] - items[i] : 0;

		for (end = i + 1; end < outcome->item_count && items[end] - items[end - 1] == step;)
			end++;
		/* Two are no sequence yet. */
		if (step && (end == i + 2 || c->verb == VERB_KIND)) {
			end = i + 1;
			step = 0;
		}
		if (end == i + 1)
			say(" [%llu] ", first + i);
		else
			say(" [%llu-%llu] ", first + i, first + end - 1);
		say("%s", item_text(c, items[i], text, sizeof(text)));
		if (step)
			say(" step %lld", (long long)step);
	}
}

static uint64_t field_item(const struct field *field, unsigned int index, const unsigned char *bytes)
{
	return type_get(field->type, bytes + field->offset + index * field->type.size);
}

/* The fields that the driver has changed. */
static void say_fields(const struct layout *layout, const struct outcome *outcome)
{
	for (unsigned int i = 0; i < layout->count; i++) {
		const struct field *field = &layout->fields[i];

		for (unsigned int index = 0; index < field->count; index++) {
			uint64_t item = field_item(field, index, outcome->after);

			if (item == field_item(field, index, outcome->before))
				continue;
			say(" %s", field->name);
			if (field->count > 1)
				say("[%u]", index);
			say(field->type.is_signed ? "=%lld" : "=%llu", (long long)item);
		}
	}
}

static void say_outcome(const struct command *c, const struct outcome *outcome)
{
	char text[24];
	bool shows_result = c->verb == VERB_IOCTL || outcome->word || outcome->result;

	if (!shows_result && !outcome->item_count)
		return;
	say(" ");
	say_items(c, outcome);
	if (shows_result)
		say(" %s", result_word(outcome, text, sizeof(text)));
	if (c->verb == VERB_IOCTL && c->layout && outcome->done && !outcome->word)
		say_fields(c->layout, outcome);
	say("\n");
}

/* --- expectations --- */

static bool is_result(const struct outcome *outcome, const char *expected)
{
	char text[24];
	uint64_t number;

	if (parse_number(expected, &number))
		return !outcome->word && (uint64_t)outcome->result == number;
	return strcmp(result_word(outcome, text, sizeof(text)), expected) == 0;
}

static void check_items(const struct command *at, const struct command *c, const struct outcome *outcome)
{
	const struct expectation *e = &at->expectation;

	for (uint64_t i = 0; i < outcome->item_count; i++) {
		uint64_t expected =
			c->verb == VERB_KIND
				? e->kind
				: value_number(&world, &e->values[e->value_count > 1 ? i : 0]) + i * e->step;
		unsigned int unused = 64 - 8 * (c->verb == VERB_KIND ? 8 : c->type.size);
		char wanted[24], is[24];

		if (expected << unused == outcome->items[i] << unused)
			continue;
		fail(at, "expected %s in [%llu], is %s", item_text(c, expected, wanted, sizeof(wanted)),
		     first_number(c) + (unsigned long long)i, item_text(c, outcome->items[i], is, sizeof(is)));
		return;
	}
}

static void check_fields(const struct command *at, const struct outcome *outcome)
{
	for (unsigned int i = 0; i < at->expectation.field_count; i++) {
		const struct assignment *a = &at->expectation.fields[i];
		unsigned int unused = 64 - 8 * a->field->type.size;
		uint64_t expected = value_number(&world, &a->value);
		uint64_t is = field_item(a->field, a->index, outcome->after);

		if (expected << unused != is << unused)
			fail(at, a->field->type.is_signed ? "expected %s=%lld, is %lld" : "expected %s=%llu, is %llu",
			     a->field->name, (long long)expected, (long long)is);
	}
}

/* Without an expectation there must be no error. What repeats races with other commands. */
static void check_success(const struct command *at, const struct outcome *outcome)
{
	char text[24];
	bool waits = outcome->word && strcmp(outcome->word, "blocked") == 0;

	if (!at->repeats && !waits && (outcome->word || outcome->result < 0))
		fail(at, "expected no error, is %s", result_word(outcome, text, sizeof(text)));
}

/* @p at is the command itself, or the wait for it. */
static void check_outcome(const struct command *at, const struct command *c, const struct outcome *outcome)
{
	const struct expectation *e = &at->expectation;
	char text[24];

	if (!e->is_there)
		check_success(at, outcome);
	else if (strcmp(e->word, "any") == 0)
		return;
	else if (e->word[0] && !is_result(outcome, e->word))
		fail(at, "expected %s, is %s", e->word, result_word(outcome, text, sizeof(text)));
	else if (!e->word[0] && (outcome->word || outcome->result))
		fail(at, "expected no error, is %s", result_word(outcome, text, sizeof(text)));
	else if (!e->word[0])
		check_items(at, c, outcome);
	else
		check_fields(at, outcome);
}

/* --- on threads --- */

static void job_free(struct job *job)
{
	free(job->outcome.items);
	free(job);
}

static struct job *job_new(const struct command *c)
{
	struct job *job = allocate(1, sizeof(*job));

	job->command = c;
	return job;
}

static long run_job(struct hmmu *m, uint32_t tid, void *data)
{
	struct job *job = data;

	(void)m;
	(void)tid;
	command_execute(&world, job->command, &job->outcome);
	return 0;
}

static long run_repeat(struct hmmu *m, uint32_t tid, void *data)
{
	struct job *job = data;

	(void)m;
	(void)tid;
	for (uint64_t round = 0; round < job->command->number; round++)
		for (const struct command *c = job->command->body.first; c; c = c->next) {
			struct job *line = job_new(c);

			ends_progress();
			command_execute(&world, c, &line->outcome);
			check_outcome(c, c, &line->outcome);
			job_free(line);
			kapi_yield();
		}
	job->outcome.done = true;
	return 0;
}

/* The call has returned: its job has ended, or waits. */
static void conclude(const struct command *at, struct actor *actor, struct job *job, long returned)
{
	struct outcome *outcome = &job->outcome;

	if (!outcome->done)
		outcome->word = returned == -EAGAIN ? "blocked" : errno_word(-returned);
	say_outcome(job->command, outcome);
	check_outcome(at, job->command, outcome);
	outcome->word = outcome->done ? outcome->word : NULL;
	actor->job = outcome->done ? NULL : job;
	if (outcome->done)
		job_free(job);
}

/* Without a call: what was done at once has a result only. */
static void conclude_result(const struct command *c, long result, const char *word)
{
	struct outcome *outcome = allocate(1, sizeof(*outcome));

	*outcome = (struct outcome){ .done = true, .result = result, .word = word };
	say_outcome(c, outcome);
	check_outcome(c, c, outcome);
	free(outcome);
}

static void run_command(const struct command *c)
{
	struct actor *actor = &world.actors[c->actor];
	struct job *job;

	if (actor->job) {
		conclude_result(c, -EBUSY, NULL);
		return;
	}
	job = job_new(c);
	/* Without a task there is no thread: the command is skipped. */
	if (!actor->tid)
		run_job(world.m, 0, job);
	conclude(c, actor, job, actor->tid ? kapi_call(actor->tid, run_job, job) : 0);
}

static void begin_repeat(const struct command *c)
{
	struct actor *actor = &world.actors[c->actor];
	struct job *job;
	long err;

	if (!actor->tid || actor->job) {
		conclude_result(c, actor->tid ? -EBUSY : 0, actor->tid ? NULL : "skipped");
		return;
	}
	job = job_new(c);
	err = kapi_start(actor->tid, run_repeat, job);
	if (err)
		job_free(job);
	else
		actor->job = job;
	conclude_result(c, err, NULL);
}

static void wait_for(const struct command *c)
{
	struct actor *actor = &world.actors[c->actor];

	if (actor->job)
		conclude(c, actor, actor->job, kapi_resume(actor->tid));
	else
		conclude_result(c, -ESRCH, NULL);
}

/* --- processes --- */

static void fork_process(const struct command *c)
{
	struct actor *parent = &world.actors[c->actor], *child = &world.actors[c->other];
	uint32_t pid = 0;
	long err = kapi_fork(parent->tid, &pid);

	if (!err)
		*child = (struct actor){ .tid = hmmu_process_task(world.m, pid),
					 .pid = pid,
					 .argument = parent->argument };
	for (unsigned int i = 0; i < MOST_NAMES && !err; i++) {
		struct open_file *file = &world.files[i];

		for (unsigned int j = 0, count = file->count; j < count; j++)
			if (file->pids[j] == parent->pid)
				file->pids[file->count++] = pid;
	}
	conclude_result(c, err, NULL);
}

static void make_thread(const struct command *c)
{
	struct actor *first = &world.actors[c->actor], *made = &world.actors[c->other];
	uint32_t tid = 0;
	int err = hmmu_task_create(world.m, first->pid, &tid);

	if (!err)
		*made = (struct actor){ .tid = tid, .pid = first->pid };
	conclude_result(c, err, NULL);
}

/* Its memory goes first, then its files, as in a kernel. */
static long end_process(uint32_t pid)
{
	long result = kapi_exit(pid);

	if (result)
		return result;
	for (unsigned int i = 0; i < MOST_NAMES; i++) {
		if (world.actors[i].pid == pid)
			world.actors[i].tid = 0;
		file_leave(&world.files[i], pid);
		file_put(&world.files[i], world.janitor.tid);
	}
	return 0;
}

static void run_line(const struct command *c)
{
	say("%s\n", c->echo);
	ends_progress();
	if ((c->verb == VERB_FORK || c->verb == VERB_THREAD || c->verb == VERB_EXIT || c->verb == VERB_DROP) &&
	    !command_is_possible(&world, c))
		conclude_result(c, 0, "skipped");
	else if (c->verb == VERB_FORK)
		fork_process(c);
	else if (c->verb == VERB_THREAD)
		make_thread(c);
	else if (c->verb == VERB_EXIT)
		conclude_result(c, end_process(world.actors[c->actor].pid), NULL);
	else if (c->verb == VERB_DROP)
		conclude_result(c, handle_drop(&world, &world.handles[c->other]), NULL);
	else if (c->verb == VERB_REPEAT)
		begin_repeat(c);
	else if (c->verb == VERB_WAIT)
		wait_for(c);
	else
		run_command(c);
}

/* What is left goes: references, commands that wait, processes, files. */
static void finish(void)
{
	for (unsigned int i = 0; i < MOST_NAMES; i++)
		if (world.handles[i].pfns)
			handle_drop(&world, &world.handles[i]);
	for (unsigned int i = 0; i < MOST_NAMES; i++) {
		struct actor *actor = &world.actors[i];

		if (!actor->job)
			continue;
		kapi_resume(actor->tid);
		if (!actor->job->outcome.done)
			fail(actor->job->command, "never ends");
	}
	for (unsigned int i = 0; i < MOST_NAMES; i++)
		if (world.actors[i].tid)
			end_process(world.actors[i].pid);
	kapi_exit(world.janitor.pid);
}

unsigned int script_run(const struct script *script, struct hmmu *m, const struct run_options *how)
{
	uint32_t janitor, pid;

	options = *how;
	world = (struct world){ .script = script, .m = m };
	if (hmmu_process_create(m, &janitor) || hmmu_process_create(m, &pid))
		return 1;
	world.janitor = (struct actor){ .tid = hmmu_process_task(m, janitor), .pid = janitor };
	world.actors[0] = (struct actor){ .tid = hmmu_process_task(m, pid), .pid = pid };
	for (const struct command *c = script->commands.first; c; c = c->next)
		run_line(c);
	finish();
	return world.failures;
}
