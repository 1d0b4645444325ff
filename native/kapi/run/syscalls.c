/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls of user programs. A function copies its arguments first: its caller may be gone when it goes on. */
#include <linux/kernel.h>

#include "fs/file.h"
#include "host/host.h"
#include "kapi.h"
#include "mm/core.h"
#include "mm/mm.h"

struct open_arguments {
	const char *name;
	struct kapi_file **file;
};

static long do_open(struct hmmu *m, uint32_t tid, void *data)
{
	const struct open_arguments arguments = *(struct open_arguments *)data;
	struct file *file = NULL;
	int err = file_open(arguments.name, &file);

	(void)m;
	(void)tid;
	if (!err)
		*arguments.file = (struct kapi_file *)file;
	return err;
}

long kapi_open(uint32_t tid, const char *name, struct kapi_file **file)
{
	struct open_arguments arguments = { .name = name, .file = file };

	return kapi_call(tid, do_open, &arguments);
}

static long do_close(struct hmmu *m, uint32_t tid, void *data)
{
	(void)m;
	(void)tid;
	return file_close(data);
}

long kapi_close(uint32_t tid, struct kapi_file *file)
{
	return kapi_call(tid, do_close, file);
}

struct ioctl_arguments {
	struct file *file;
	u32 command;
	u64 argument;
};

static long do_ioctl(struct hmmu *m, uint32_t tid, void *data)
{
	const struct ioctl_arguments arguments = *(struct ioctl_arguments *)data;

	(void)m;
	(void)tid;
	return file_ioctl(arguments.file, arguments.command, arguments.argument);
}

long kapi_ioctl(uint32_t tid, struct kapi_file *file, uint32_t command, uint64_t argument)
{
	struct ioctl_arguments arguments = { .file = (struct file *)file, .command = command, .argument = argument };

	return kapi_call(tid, do_ioctl, &arguments);
}

static long do_started_ioctl(struct hmmu *m, uint32_t tid, void *data)
{
	struct ioctl_arguments arguments = *(struct ioctl_arguments *)data;

	host_free(data);
	return do_ioctl(m, tid, &arguments);
}

long kapi_start_ioctl(uint32_t tid, struct kapi_file *file, uint32_t command, uint64_t argument)
{
	struct ioctl_arguments *arguments = host_alloc(sizeof(*arguments));
	long err;

	if (!arguments)
		return -ENOMEM;
	*arguments = (struct ioctl_arguments){ .file = (struct file *)file, .command = command, .argument = argument };
	err = kapi_start(tid, do_started_ioctl, arguments);
	if (err)
		host_free(arguments);
	return err;
}

struct transfer_arguments {
	ssize_t (*function)(struct file *file, u64 address, size_t size, u64 offset);
	struct file *file;
	u64 address;
	size_t size;
	u64 offset;
};

static long do_transfer(struct hmmu *m, uint32_t tid, void *data)
{
	const struct transfer_arguments arguments = *(struct transfer_arguments *)data;

	(void)m;
	(void)tid;
	return arguments.function(arguments.file, arguments.address, arguments.size, arguments.offset);
}

long kapi_read(uint32_t tid, struct kapi_file *file, uint64_t address, size_t size, uint64_t offset)
{
	struct transfer_arguments arguments = { file_read, (struct file *)file, address, size, offset };

	return kapi_call(tid, do_transfer, &arguments);
}

long kapi_write(uint32_t tid, struct kapi_file *file, uint64_t address, size_t size, uint64_t offset)
{
	struct transfer_arguments arguments = { file_write, (struct file *)file, address, size, offset };

	return kapi_call(tid, do_transfer, &arguments);
}

struct mmap_arguments {
	struct file *file;
	struct hmmu_map map;
	u64 offset;
	uint64_t *address;
};

static long do_mmap(struct hmmu *m, uint32_t tid, void *data)
{
	const struct mmap_arguments arguments = *(struct mmap_arguments *)data;
	uint64_t address;
	int err = file_mmap(arguments.file, &arguments.map, arguments.offset, &address);

	(void)m;
	(void)tid;
	if (!err)
		*arguments.address = address;
	return err;
}

long kapi_mmap(uint32_t tid, struct kapi_file *file, const struct hmmu_map *map, uint64_t offset, uint64_t *address)
{
	struct mmap_arguments arguments = {
		.file = (struct file *)file, .map = *map, .offset = offset, .address = address
	};

	return kapi_call(tid, do_mmap, &arguments);
}

struct access_arguments {
	u64 address;
	void *buffer;
	size_t size;
};

static long do_load(struct hmmu *m, uint32_t tid, void *data)
{
	const struct access_arguments arguments = *(struct access_arguments *)data;

	return CORE_CALL(tid, NULL, hmmu_load(m, tid, arguments.address, arguments.buffer, arguments.size, NULL));
}

long kapi_load(uint32_t tid, uint64_t address, void *buffer, size_t size)
{
	struct access_arguments arguments = { .address = address, .buffer = buffer, .size = size };

	return kapi_call(tid, do_load, &arguments);
}

static long do_store(struct hmmu *m, uint32_t tid, void *data)
{
	const struct access_arguments arguments = *(struct access_arguments *)data;

	return CORE_CALL(tid, NULL, hmmu_store(m, tid, arguments.address, arguments.buffer, arguments.size, NULL));
}

long kapi_store(uint32_t tid, uint64_t address, const void *buffer, size_t size)
{
	struct access_arguments arguments = { .address = address, .buffer = (void *)buffer, .size = size };

	return kapi_call(tid, do_store, &arguments);
}

static long do_fork(struct hmmu *m, uint32_t tid, void *data)
{
	uint32_t *child = data;

	return CORE_CALL(tid, NULL, hmmu_fork(m, tid, child));
}

long kapi_fork(uint32_t tid, uint32_t *child)
{
	return kapi_call(tid, do_fork, child);
}

static long do_exit(struct hmmu *m, uint32_t tid, void *data)
{
	struct hmmu_task_state state;

	(void)data;
	return hmmu_task_state(m, tid, &state) ? -ESRCH : mm_exit_process(state.pid);
}

long kapi_exit(uint32_t pid)
{
	return kapi_call(hmmu_process_task(machine, pid), do_exit, NULL);
}
