/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors of the machine's devices. Each is one of the host's, so that its number is the program's next. */
#include "live/live.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct live_descriptor *find(int number)
{
	for (uint32_t i = 0; live.process && i < LIVE_MOST_FILES; i++)
		if (live.process->descriptors[i].opened && live.process->descriptors[i].number == number)
			return &live.process->descriptors[i];
	return NULL;
}

static struct live_descriptor *find_free(void)
{
	for (uint32_t i = 0; i < LIVE_MOST_FILES; i++)
		if (!live.process->descriptors[i].opened)
			return &live.process->descriptors[i];
	return NULL;
}

struct kapi_file *live_file(int number)
{
	const struct live_descriptor *descriptor = find(number);

	return descriptor ? descriptor->opened->file : NULL;
}

/* The last close is the file's end. */
static int drop(struct live_descriptor *descriptor, uint32_t tid)
{
	struct live_open_file *opened = descriptor->opened;
	int err = 0;

	descriptor->opened = NULL;
	if (--opened->references)
		return 0;
	err = (int)kapi_close(tid, opened->file);
	live_free(opened);
	return err;
}

static int add(struct live_open_file *opened, int number)
{
	struct live_descriptor *descriptor = find_free();

	if (!descriptor)
		return -EMFILE;
	if (number < 0)
		number = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
	if (number < 0)
		return -errno;
	opened->references++;
	*descriptor = (struct live_descriptor){ .number = number, .opened = opened };
	return number;
}

static long open_file(void *data)
{
	struct live_open_file *opened = live_alloc(sizeof(*opened));
	char path[PATH_MAX] = { 0 };
	int err, number;

	strncpy(path, data, sizeof(path) - 1);
	err = opened ? (int)kapi_open(live_tid, path, &opened->file) : -ENOMEM;

	if (err) {
		live_free(opened);
		return err;
	}
	number = add(opened, -1);
	if (number < 0) {
		kapi_close(live_tid, opened->file);
		live_free(opened);
	}
	return number;
}

int live_open(const char *path)
{
	return (int)live_run(open_file, (void *)path);
}

static long close_file(void *data)
{
	return drop(data, live_tid);
}

int live_close(int number)
{
	int err = (int)live_run(close_file, find(number));

	syscall(SYS_close, number);
	return err;
}

/** Descriptors of live_duplicate(). */
struct copying {
	int number;
	int copy;
};

static long duplicate(void *data)
{
	const struct copying *call = data;
	struct live_descriptor *replaced = find(call->copy);
	const struct live_descriptor *original = find(call->number);

	if (replaced)
		drop(replaced, live_tid);
	return original ? add(original->opened, call->copy) : call->copy;
}

int live_duplicate(int number, int copy)
{
	struct copying call = { number, copy };
	int err;

	if (number == copy || (!live_file(number) && !live_file(copy)))
		return copy;
	err = (int)live_run(duplicate, &call);
	if (err < 0)
		syscall(SYS_close, copy);
	return err;
}

void live_close_all(struct live_process *process, uint32_t tid)
{
	for (uint32_t i = 0; i < LIVE_MOST_FILES; i++)
		if (process->descriptors[i].opened)
			drop(&process->descriptors[i], tid);
}

void live_share_files(struct live_process *child)
{
	for (uint32_t i = 0; i < LIVE_MOST_FILES; i++) {
		child->descriptors[i] = live.process->descriptors[i];
		if (child->descriptors[i].opened)
			child->descriptors[i].opened->references++;
	}
}
