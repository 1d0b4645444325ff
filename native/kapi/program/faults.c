/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "program/faults.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program/values.h"

/** A line that runs have printed. */
struct seen {
	struct seen *next;
	uint64_t first; /**< the number of the fault */
	uint64_t count;
	uint64_t last;
	char text[];
};

static struct seen *lines, **last_line = &lines;

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

/* Returns how many faults there could have been. */
static uint64_t run_apart(const struct script *script, uint64_t failing, run_function run)
{
	uint64_t passes = 0;
	int output[2], result[2];
	pid_t child;
	FILE *stream;

	fflush(stdout);
	if (pipe2(output, O_CLOEXEC) || pipe2(result, O_CLOEXEC) || (child = fork()) < 0) {
		perror("error: a process can't be made");
		exit(1);
	}
	if (!child) {
		bool good;

		dup2(output[1], STDOUT_FILENO);
		good = run(script, failing, &passes);
		if (write(result[1], &passes, sizeof(passes)) < 0)
			perror("error");
		exit(!good);
	}
	close(output[1]);
	close(result[1]);
	stream = fdopen(output[0], "r");
	if (!stream)
		exit(1);
	watch(child, stream, failing);
	if (read(result[0], &passes, sizeof(passes)) < 0)
		perror("error");
	fclose(stream);
	close(result[0]);
	return passes;
}

int run_each_fault(const struct script *script, const char *name, run_function run)
{
	uint64_t passes = run_apart(script, 0, run);

	for (uint64_t failing = 1; failing <= passes; failing++)
		run_apart(script, failing, run);
	for (const struct seen *line = lines; line; line = line->next) {
		printf("%s", line->text);
		if (line->first)
			printf(" (%s %llu, and %llu others)\n", name, (unsigned long long)line->first,
			       (unsigned long long)line->count - 1);
		else
			printf(" (also without a fault)\n");
	}
	printf("%llu runs, each with one fault: %s\n", (unsigned long long)passes, name);
	return lines ? 1 : 0;
}
