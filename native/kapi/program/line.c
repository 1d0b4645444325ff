/* SPDX-License-Identifier: GPL-2.0-only */
/* addr2line of the binutils, which a compiler needs as well, reads the driver's debug information. */
#define _GNU_SOURCE
#include "program/line.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_FRAMES 40

/** How far the program was moved from its addresses in the file. */
static uintptr_t bias;

static int note_bias(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	bias = info->dlpi_addr;
	return 1; /* The first is the program. */
}

void line_prepare(void)
{
	void *frame;

	dl_iterate_phdr(note_bias, NULL);
	backtrace(&frame, 1);
}

/* Code at and above a place, the innermost first. Its number. */
static int frames_from(uintptr_t pc, uintptr_t caller, uintptr_t *found)
{
	void *frames[MOST_FRAMES];
	Dl_info unused;
	int count, first = 0;

	if (!dladdr((void *)pc, &unused)) {
		found[0] = caller - 1;
		return caller != 0;
	}
	count = backtrace(frames, MOST_FRAMES);
	/* The handler's own frames come before. */
	while (first < count && (uintptr_t)frames[first] != pc)
		first++;
	found[0] = pc;
	/* The call is before the address of its return. */
	for (int i = first + 1; i < count; i++)
		found[i - first] = (uintptr_t)frames[i] - 1;
	return first < count ? count - first : 1;
}

/* Runs addr2line. The bytes that it has printed. */
static size_t lines_of(const uintptr_t *frames, int count, char *text, size_t size)
{
	char words[MOST_FRAMES][20], program[32];
	const char *arguments[MOST_FRAMES + 5] = { "addr2line", "-i", "-e", program };
	size_t length = 0;
	ssize_t got;
	int pipes[2];
	pid_t child;

	snprintf(program, sizeof(program), "/proc/%d/exe", (int)getpid());
	for (int i = 0; i < count; i++) {
		snprintf(words[i], sizeof(words[i]), "%lx", (unsigned long)(frames[i] - bias));
		arguments[4 + i] = words[i];
	}
	if (pipe2(pipes, O_CLOEXEC) || (child = fork()) < 0)
		return 0;
	if (!child) {
		dup2(pipes[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		execvp(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	close(pipes[1]);
	while (length < size && (got = read(pipes[0], text + length, size - length)) > 0)
		length += (size_t)got;
	close(pipes[0]);
	waitpid(child, NULL, 0);
	return length;
}

/* Neither unknown nor the runtime's: its headers have functions that become parts of a driver's. */
static bool is_of_driver(const char *line)
{
	return *line == '/' && !strstr(line, "/hmmu-kapi/") && !strstr(line, "/native/kapi/");
}

/* As reports name it. */
static const char *without_folder(const char *path)
{
	for (const char *folder = kapi_source_folders; *folder;) {
		size_t length = strcspn(folder, ":");

		if (length && strncmp(path, folder, length) == 0 && path[length] == '/')
			return path + length + 1;
		folder += length + (folder[length] == ':');
	}
	return path;
}

const char *line_of(uintptr_t pc, uintptr_t caller)
{
	static char text[8192];
	uintptr_t frames[MOST_FRAMES];
	size_t length = lines_of(frames, frames_from(pc, caller, frames), text, sizeof(text) - 1);
	char *rest = NULL;

	text[length] = 0;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, " ")] = 0; /* (discriminator N) */
		if (is_of_driver(line) && !strchr(line, '?'))
			return without_folder(line);
	}
	return NULL;
}
