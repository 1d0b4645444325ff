/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "program/script.h"

#include <errno.h>
#include <linux/ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kapi.h"
#include "program/values.h"

/** Words and their numbers; the last word is NULL. */
struct choice {
	const char *word;
	uint32_t number;
};

/** An ioctl of the script. */
struct ioctl_name {
	uint32_t number;
	const struct layout *layout;
};

static struct script *script;
static struct layout layouts[MOST_NAMES];
static struct ioctl_name ioctls[MOST_NAMES];
/** Of each actor: its command before. */
static const struct command *before[MOST_NAMES];

static const struct choice map_kinds[] = {
#define X(name, value, word, text) { word, value },
	HMMU_MAP_KINDS(X)
#undef X
		{ NULL, 0 },
};
static const struct choice advices[] = {
#define X(name, value, word, text) { word, value },
	HMMU_ADVICES(X)
#undef X
		{ NULL, 0 },
};
static const struct choice entry_kinds[] = {
#define X(name, value, word, text) { word, value },
	HMMU_ENTRY_KINDS(X)
#undef X
		{ NULL, 0 },
};
static const struct choice rights[] = {
	{ "r", HMMU_PROT_READ },
	{ "rw", HMMU_PROT_READ | HMMU_PROT_WRITE },
	{ "none", 0 },
	{ NULL, 0 },
};
static const struct choice directions[] = {
	{ "_IO", _IOC_NONE }, { "_IOR", _IOC_READ }, { "_IOW", _IOC_WRITE }, { "_IOWR", _IOC_READ | _IOC_WRITE },
	{ NULL, 0 },
};

const char *errno_word(long error)
{
	const char *word = strerrorname_np((int)error);

	return word ? word : "EUNKNOWN";
}

static uint32_t choice_take(struct line *line, const struct choice *choices, const char *what)
{
	char expected[300];
	int length = snprintf(expected, sizeof(expected), "%s (", what);
	const struct word *word;

	for (const struct choice *choice = choices; choice->word; choice++)
		length += snprintf(expected + length, sizeof(expected) - (size_t)length, "%s%s", choice->word,
				   choice[1].word ? ", " : ")");
	word = word_take(line, expected);
	for (; choices->word; choices++)
		if (strcmp(choices->word, word->text) == 0)
			return choices->number;
	word_error(line, word, expected);
}

/* --- expectations --- */

static bool is_result(const char *text)
{
	static const char *const words[] = { "SIGSEGV", "SIGBUS", "blocked", "skipped", "any" };
	uint64_t number;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	for (int error = 1; error < 134; error++)
		if (strcmp(text, errno_word(error)) == 0)
			return true;
	return parse_number(text, &number);
}

static void take_result(struct line *line, struct expectation *expectation)
{
	const char *expected = "a result (a number, an errno's name, SIGSEGV, SIGBUS, blocked, skipped or any)";
	const struct word *word = word_take(line, expected);

	if (!is_result(word->text) || strlen(word->text) >= sizeof(expectation->word))
		word_error(line, word, expected);
	memcpy(expectation->word, word->text, strlen(word->text));
}

/* VALUE [step N], or as many values as items; or an error. */
static void take_values(struct line *line, const struct command *of, struct expectation *expectation)
{
	const struct word *word = word_peek(line);
	uint64_t number;

	if (word && !parse_number(word->text, &number) && is_result(word->text)) {
		take_result(line, expectation);
		return;
	}
	expectation->values = allocate(line->count - line->next + 1, sizeof(struct value));
	do
		expectation->values[expectation->value_count++] = value_take(script, line);
	while (word_peek(line) && strcmp(word_peek(line)->text, "step") != 0);
	if (word_take_if(line, "step"))
		expectation->step = number_take(line, "a step", 0, UINT64_MAX);
	if (expectation->value_count > 1 && (of->number != expectation->value_count || expectation->step))
		line_error(line, 1,
			   "expected one value for all, or one for each of the items of load PLACE TYPE ITEMS");
}

/* What may be expected depends on the command whose result it is. */
static void take_expectation(struct line *line, const struct command *of, struct expectation *expectation)
{
	if (!word_take_if(line, "expect"))
		return;
	expectation->is_there = true;
	if (of->verb == VERB_KIND) {
		expectation->kind = choice_take(line, entry_kinds, "a kind of entries");
	} else if (of->verb == VERB_LOAD) {
		take_values(line, of, expectation);
	} else {
		take_result(line, expectation);
		if (of->verb == VERB_IOCTL && of->layout)
			expectation->field_count = assignments_take(script, of->layout, line, &expectation->fields);
	}
}

/* --- commands of an actor --- */

static void take_map(struct line *line, struct command *c)
{
	const struct word *word = word_peek(line);
	int region = word ? name_find(&script->regions, word->text) : -1;

	/* A region that was unmapped may be mapped again. */
	c->other = region < 0 ? name_make(&script->regions, line) : name_take(&script->regions, line);
	c->kind = choice_take(line, map_kinds, "a kind of mapping");
	c->number = number_take(line, "a number of pages", 1, MOST_PAGES);
	c->flags = HMMU_PROT_READ | (word_take_if(line, "ro") ? 0 : HMMU_PROT_WRITE);
}

static void take_unmap(struct line *line, struct command *c)
{
	c->place = place_take(script, line, false);
}

static void take_protect(struct line *line, struct command *c)
{
	c->place = place_take(script, line, false);
	c->flags = choice_take(line, rights, "rights");
}

static void take_advise(struct line *line, struct command *c)
{
	c->place = place_take(script, line, false);
	c->flags = choice_take(line, advices, "advice");
}

static void take_store(struct line *line, struct command *c)
{
	c->place = place_take(script, line, true);
	c->type = type_take(line);
	c->value = value_take(script, line);
	if (word_take_if(line, "step"))
		c->step = number_take(line, "a step", 0, UINT64_MAX);
}

static void take_load(struct line *line, struct command *c)
{
	const struct word *word;

	c->place = place_take(script, line, true);
	c->type = type_take(line);
	word = word_peek(line);
	if (word && strcmp(word->text, "expect") != 0)
		c->number = number_take(line, "a number of items", 1, MOST_ITEMS);
}

static void take_pin(struct line *line, struct command *c)
{
	c->place = place_take(script, line, false);
	if (!word_take_if(line, "as"))
		line_error(line, 1, "expected pin PLACE as HANDLE");
	c->other = name_make(&script->handles, line);
	c->flags |= word_take_if(line, "write") ? HMMU_PIN_WRITE : 0;
	c->flags |= word_take_if(line, "dma") ? HMMU_PIN_DMA : 0;
}

static void take_hold(struct line *line, struct command *c)
{
	c->place = place_take(script, line, false);
	if (!word_take_if(line, "as"))
		line_error(line, 1, "expected hold PLACE as HANDLE");
	c->other = name_make(&script->handles, line);
}

static void take_open(struct line *line, struct command *c)
{
	c->other = name_make(&script->files, line);
	c->path = word_take(line, "a device's name, with or without /dev/")->text;
}

/* NAME with fields, or a number with a value. */
static void take_ioctl(struct line *line, struct command *c)
{
	const char *expected = "an ioctl's name or number";
	const struct word *word;
	uint64_t number;
	int known;

	c->other = name_take(&script->files, line);
	word = word_take(line, expected);
	known = name_find(&script->ioctls, word->text);
	if (known >= 0) {
		c->number = ioctls[known].number;
		c->layout = ioctls[known].layout;
	} else if (parse_number(word->text, &number) && number <= UINT32_MAX) {
		c->number = number;
	} else {
		word_error(line, word, expected);
	}
	word = word_peek(line);
	if (!word || strcmp(word->text, "expect") == 0)
		return;
	/* An address or a number in place of the structure. */
	if (!c->layout || !strchr(word->text, '=')) {
		c->layout = NULL;
		c->value = value_take(script, line);
		return;
	}
	c->assignment_count = assignments_take(script, c->layout, line, &c->assignments);
}

static void take_close(struct line *line, struct command *c)
{
	c->other = name_take(&script->files, line);
}

static void take_nothing(struct line *line, struct command *c)
{
	(void)line;
	(void)c;
}

static void take_repeat(struct line *line, struct command *c)
{
	c->number = number_take(line, "a number of rounds", 1, 1000000);
}

static void take_wait(struct line *line, struct command *c)
{
	c->waits_for = before[c->actor];
	if (!c->waits_for)
		line_error(line, 1, "there is no command for which to wait");
}

static const struct {
	const char *word;
	enum verb verb;
	void (*take)(struct line *line, struct command *c);
} verbs[] = {
	{ "map", VERB_MAP, take_map },
	{ "unmap", VERB_UNMAP, take_unmap },
	{ "protect", VERB_PROTECT, take_protect },
	{ "advise", VERB_ADVISE, take_advise },
	{ "store", VERB_STORE, take_store },
	{ "load", VERB_LOAD, take_load },
	{ "kind", VERB_KIND, take_unmap },
	{ "pin", VERB_PIN, take_pin },
	{ "hold", VERB_HOLD, take_hold },
	{ "open", VERB_OPEN, take_open },
	{ "ioctl", VERB_IOCTL, take_ioctl },
	{ "close", VERB_CLOSE, take_close },
	{ "reap", VERB_REAP, take_nothing },
	{ "repeat", VERB_REPEAT, take_repeat },
	{ "wait", VERB_WAIT, take_wait },
};

static struct command *new_command(const struct line *line)
{
	struct command *c = allocate(1, sizeof(*c));

	c->line = line->number;
	c->echo = line->echo;
	return c;
}

static struct command *take_command(struct line *line, unsigned int actor)
{
	struct command *c = new_command(line);
	const struct word *word = word_take(line, "a command");
	const struct command *of = c;

	c->actor = actor;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].word, word->text) != 0)
			continue;
		c->verb = verbs[i].verb;
		verbs[i].take(line, c);
		if (c->verb == VERB_WAIT)
			of = c->waits_for;
		take_expectation(line, of, &c->expectation);
		line_end(line);
		before[actor] = of;
		return c;
	}
	word_error(line, word,
		   "a command (map, unmap, protect, advise, store, load, kind, pin, hold, open, ioctl, close, "
		   "reap, repeat or wait)");
}

/* --- other lines --- */

static struct command *take_fork(struct line *line, enum verb verb)
{
	struct command *c = new_command(line);

	c->verb = verb;
	c->actor = name_take(&script->actors, line);
	if (verb != VERB_EXIT)
		c->other = name_make(&script->actors, line);
	take_expectation(line, c, &c->expectation);
	line_end(line);
	return c;
}

static struct command *take_drop(struct line *line)
{
	struct command *c = new_command(line);

	c->verb = VERB_DROP;
	c->other = name_take(&script->handles, line);
	take_expectation(line, c, &c->expectation);
	line_end(line);
	return c;
}

static void take_struct(struct line *line)
{
	layout_take(&layouts[name_make(&script->layout_names, line)], line);
}

/* ioctl NAME _IOWR TYPE NUMBER [STRUCTURE] */
static void take_ioctl_name(struct line *line)
{
	struct ioctl_name *made = &ioctls[name_make(&script->ioctls, line)];
	uint32_t direction = choice_take(line, directions, "a macro");
	const char *expected = "a character or a number (0 to 255)";
	const struct word *word = word_take(line, expected);
	uint64_t type = (unsigned char)word->text[0];
	uint64_t number;

	if (word->text[1] && (!parse_number(word->text, &type) || type > 255))
		word_error(line, word, expected);
	number = number_take(line, "an ioctl's number", 0, 255);
	if (direction != _IOC_NONE)
		made->layout = &layouts[name_take(&script->layout_names, line)];
	made->number =
		(uint32_t)_IOC(direction, (uint32_t)type, (uint32_t)number, made->layout ? made->layout->size : 0);
	line_end(line);
}

static void append(struct commands *list, struct command *c)
{
	if (list->last)
		list->last->next = c;
	else
		list->first = c;
	list->last = c;
}

/* The line belongs to the repeat above it. */
static void take_body_line(struct line *line)
{
	struct command *last = script->commands.last, *c;

	if (!last || last->verb != VERB_REPEAT)
		line_error(line, 1, "only lines below a repeat are indented");
	c = take_command(line, last->actor);
	if (c->verb == VERB_REPEAT || c->verb == VERB_WAIT)
		line_error(line, 1, "repeat and wait do not stand in a repeat");
	before[last->actor] = last;
	c->repeats = true;
	append(&last->body, c);
}

static void take_line(struct line *line)
{
	const struct word *first = word_peek(line);
	int actor = name_find(&script->actors, first->text);

	if (line->indented) {
		take_body_line(line);
		return;
	}
	line->next++;
	if (actor >= 0)
		append(&script->commands, take_command(line, (unsigned int)actor));
	else if (strcmp(first->text, "struct") == 0)
		take_struct(line);
	else if (strcmp(first->text, "ioctl") == 0)
		take_ioctl_name(line);
	else if (strcmp(first->text, "fork") == 0)
		append(&script->commands, take_fork(line, VERB_FORK));
	else if (strcmp(first->text, "thread") == 0)
		append(&script->commands, take_fork(line, VERB_THREAD));
	else if (strcmp(first->text, "exit") == 0)
		append(&script->commands, take_fork(line, VERB_EXIT));
	else if (strcmp(first->text, "drop") == 0)
		append(&script->commands, take_drop(line));
	else
		word_error(line, first, "a process, or struct, ioctl, fork, thread, exit or drop");
}

struct script *script_read(const char *path)
{
	struct line line = { .file = path };

	script = allocate(1, sizeof(*script));
	script->file = path;
	script->text = text_of_file(path);
	script->actors.kind = "a process or thread";
	script->regions.kind = "a region";
	script->files.kind = "a file";
	script->handles.kind = "a handle";
	script->layout_names.kind = "a structure";
	script->ioctls.kind = "an ioctl";
	script->actors.texts[script->actors.count++][0] = 'A';
	while (line_next(&line, &script->text))
		take_line(&line);
	return script;
}
