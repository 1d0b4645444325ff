/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C library's functions that make a process another program. The process leaves the machine first: a flush would send the
 * new program a signal that it does not know. posix_spawn(), system() and popen() make processes that never join the machine.
 */
#define _GNU_SOURCE
#include "live/host_function.h"
#include "live/live.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Where execvp() looks without PATH. */
#define DEFAULT_PATH "/bin:/usr/bin"

static bool is_program(int folder, const char *path, int flags)
{
	struct stat status;

	if (fstatat(folder, path, &status, flags & AT_EMPTY_PATH) || !S_ISREG(status.st_mode))
		return false;
	return flags & AT_EMPTY_PATH && !*path ? status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)
					       : !faccessat(folder, path, X_OK, AT_EACCESS);
}

/* A process stays if the host will refuse: its program may go on. */
static void leave_for(int folder, const char *path, int flags)
{
	if (live.process && is_program(folder, path, flags))
		live_exit();
}

/* As execvp() looks for it. */
static void leave_for_file(const char *file)
{
	const char *folder = getenv("PATH");
	char path[PATH_MAX];

	if (strchr(file, '/')) {
		leave_for(AT_FDCWD, file, 0);
		return;
	}
	for (folder = folder ? folder : DEFAULT_PATH; folder; folder = strchr(folder, ':')) {
		int length;

		folder += *folder == ':';
		length = (int)strcspn(folder, ":");
		/* An empty one is the working directory. */
		snprintf(path, sizeof(path), "%.*s%s%s", length, folder, length ? "/" : "", file);
		leave_for(AT_FDCWD, path, 0);
	}
}

int execve(const char *path, char *const arguments[], char *const environment[])
{
	leave_for(AT_FDCWD, path, 0);
	return HOST(execve)(path, arguments, environment);
}

int execv(const char *path, char *const arguments[])
{
	return execve(path, arguments, environ);
}

int execveat(int folder, const char *path, char *const arguments[], char *const environment[], int flags)
{
	leave_for(folder, path, flags);
	return HOST(execveat)(folder, path, arguments, environment, flags);
}

int fexecve(int file, char *const arguments[], char *const environment[])
{
	leave_for(file, "", AT_EMPTY_PATH);
	return HOST(fexecve)(file, arguments, environment);
}

int execvpe(const char *file, char *const arguments[], char *const environment[])
{
	leave_for_file(file);
	return HOST(execvpe)(file, arguments, environment);
}

int execvp(const char *file, char *const arguments[])
{
	return execvpe(file, arguments, environ);
}

/* --- arguments as a list --- */

/* The arguments up to a null pointer, as an array to be freed; what follows it is left. NULL: ENOMEM. */
static char **array_of(const char *first, va_list *list)
{
	char **array = NULL;
	const char *argument = first;

	for (size_t count = 0;; count++) {
		char **larger = realloc(array, (count + 1) * sizeof(*array));

		if (!larger) {
			free(array);
			return NULL;
		}
		array = larger;
		array[count] = (char *)argument;
		if (!argument)
			return array;
		argument = va_arg(*list, const char *);
	}
}

static int exec_list(int (*exec)(const char *file, char *const *arguments), const char *file, const char *first,
		     va_list *list)
{
	char **array = array_of(first, list);
	int result = array ? exec(file, array) : -1;

	free(array);
	return result;
}

int execl(const char *path, const char *argument, ...)
{
	va_list list;
	int result;

	va_start(list, argument);
	result = exec_list(execv, path, argument, &list);
	va_end(list);
	return result;
}

int execlp(const char *file, const char *argument, ...)
{
	va_list list;
	int result;

	va_start(list, argument);
	result = exec_list(execvp, file, argument, &list);
	va_end(list);
	return result;
}

int execle(const char *path, const char *argument, ...)
{
	char *const *environment;
	int result = -1;
	char **array;
	va_list list;

	va_start(list, argument);
	array = array_of(argument, &list);
	environment = va_arg(list, char *const *);
	va_end(list);
	if (array)
		result = execve(path, array, environment);
	free(array);
	return result;
}
