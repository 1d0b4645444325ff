/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors of the machine's devices. Each is one of the host's, so that its number is the program's next. */
#include "live/live.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_FILES 64u

static struct {
	int descriptor;
	struct kapi_file *file; /**< NULL: free */
} files[MOST_FILES];

static int find(int descriptor)
{
	for (unsigned int i = 0; i < MOST_FILES; i++)
		if (files[i].file && files[i].descriptor == descriptor)
			return (int)i;
	return -1;
}

struct kapi_file *live_file(int descriptor)
{
	int i = find(descriptor);

	return i < 0 ? NULL : files[i].file;
}

static int add(struct kapi_file *file)
{
	for (unsigned int i = 0; i < MOST_FILES; i++) {
		if (files[i].file)
			continue;
		files[i].descriptor = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
		if (files[i].descriptor < 0)
			return -errno;
		files[i].file = file;
		return files[i].descriptor;
	}
	return -EMFILE;
}

int live_open(const char *path)
{
	struct kapi_file *file;
	int err = live.m ? 0 : live_boot(), descriptor;

	if (!err)
		err = (int)kapi_open(live.tid, path, &file);
	if (err)
		return err;
	descriptor = add(file);
	if (descriptor < 0)
		kapi_close(live.tid, file);
	live_shoot_down();
	return descriptor;
}

int live_close(int descriptor)
{
	int i = find(descriptor), err;

	err = (int)kapi_close(live.tid, files[i].file);
	files[i].file = NULL;
	live_shoot_down();
	syscall(SYS_close, descriptor);
	return err;
}
