/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "program/faults.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kapi.h"
#include "program/ends.h"
#include "program/values.h"

#define MOST_PLACE 200
/** How often the number of runs is told. */
#define SECONDS_TO_TELL 5

/** What a run tells, also if it crashes. */
struct run_result {
	uint64_t passes;
	char place[MOST_PLACE]; /**< where the fault has happened */
};

/** A line that runs have printed. */
struct seen {
	struct seen *next;
	uint64_t first; /**< the number of the fault */
	uint64_t count;
	uint64_t last;
	char place[MOST_PLACE]; /**< where the first one happened; "": unknown */
	char text[];
};

static struct seen *lines, **last_line = &lines;

static struct run_result *result;
static enum kapi_fault kind;

/* The last that a run does. */
static void keep_place(void)
{
	const char *place = kapi_fault_place(kind);

	snprintf(result->place, sizeof(result->place), "%s", place ? place : "");
}

static void note(const char *text, uint64_t failing)
{
	struct seen *line = lines;

	while (line && strcmp(line->text, text) != 0)
		line = line->next;
	if (!line) {
		line = allocate(1, sizeof(*line) + strlen(text) + 1);
		line->first = failing;
		memcpy(line->text, text, strlen(text));
		*last_line = line;
		last_line = &line->next;
	}
	line->count += !line->count || line->last != failing;
	line->last = failing;
}

/* What the process prints, and how it ends. */
static void watch(pid_t child, FILE *output, uint64_t failing)
{
	char *text = NULL, end[80];
	size_t size = 0;
	ssize_t length;
	int status = 0;

	while ((length = getline(&text, &size, output)) > 0) {
		text[strcspn(text, "\n")] = 0;
		note(text, failing);
	}
	free(text);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status)) {
		snprintf(end, sizeof(end), "kapi: the driver ends by SIG%s [crash]", sigabbrev_np(WTERMSIG(status)));
		note(end, failing);
	} else if (WEXITSTATUS(status) > 1) {
		snprintf(end, sizeof(end), "kapi: the program ends with exit code %d [crash]", WEXITSTATUS(status));
		note(end, failing);
	}
}

/* In a process of its own. */
static void __attribute__((noreturn))
run_here(const struct script *script, uint64_t failing, run_function run, pid_t parent)
{
	bool good;

	ends_with_parent((uint64_t)parent);
	ends_set_last(keep_place);
	good = run(script, failing, &result->passes);
	keep_place();
	exit(!good);
}

/* Returns how many faults there could have been. */
static uint64_t run_apart(const struct script *script, uint64_t failing, run_function run)
{
	pid_t child, parent = getpid();
	int output[2];
	FILE *stream;

	fflush(stdout);
	*result = (struct run_result){ 0 };
	if (pipe2(output, O_CLOEXEC) || (child = fork()) < 0) {
		perror("error: a process can't be made");
		exit(1);
	}
	if (!child) {
		dup2(output[1], STDOUT_FILENO);
		run_here(script, failing, run, parent);
	}
	close(output[1]);
	stream = fdopen(output[0], "r");
	if (!stream)
		exit(1);
	watch(child, stream, failing);
	fclose(stream);
	for (struct seen *line = lines; line; line = line->next)
		if (line->first == failing)
			memcpy(line->place, result->place, sizeof(line->place));
	return result->passes;
}

/* Runs that take long are told of, each few seconds. */
static void tell_progress(uint64_t done, uint64_t all)
{
	static time_t told;
	time_t now = time(NULL);

	if (told && now - told >= SECONDS_TO_TELL)
		fprintf(stderr, "%llu of %llu runs\n", (unsigned long long)done, (unsigned long long)all);
	if (!told || now - told >= SECONDS_TO_TELL)
		told = now;
}

static void print_seen(const struct seen *line)
{
	unsigned long long others = line->count - 1;

	printf("%s", line->text);
	if (!line->first) {
		printf(" (also without a fault)\n");
		return;
	}
	printf(" (%s %llu", kapi_fault_word(kind), (unsigned long long)line->first);
	if (line->place[0])
		printf(", at %s", line->place);
	if (others)
		printf(", and %llu other%s", others, others == 1 ? "" : "s");
	printf(")\n");
}

int run_each_fault(const struct script *script, enum kapi_fault fault, run_function run)
{
	uint64_t passes;

	kind = fault;
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (result == MAP_FAILED) {
		perror("error");
		return 1;
	}
	passes = run_apart(script, 0, run);
	for (uint64_t failing = 1; failing <= passes; failing++) {
		tell_progress(failing - 1, passes);
		run_apart(script, failing, run);
	}
	for (const struct seen *line = lines; line; line = line->next)
		print_seen(line);
	if (passes)
		printf("%llu runs, each with one fault: %s\n", (unsigned long long)passes, kapi_fault_word(kind));
	else if (!lines)
		printf("the driver has no place where this fault could happen: %s\n", kapi_fault_word(kind));
	return lines ? 1 : 0;
}
