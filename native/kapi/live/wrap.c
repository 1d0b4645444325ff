/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C library's functions that a program calls: ours come before them. What is not the machine's goes to the host. They
 * are called before the machine is there, too, and by the machine itself.
 */
#define _GNU_SOURCE
#include "live/live.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A negative errno becomes -1 and errno. */
static long result_of(long result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

/* A device that the host does not have may be the machine's, and so may a file of debugfs. */
static bool may_be_device(const char *path)
{
	return (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/sys/kernel/debug/", 18) == 0) &&
	       syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list arguments;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	if (may_be_device(path))
		return (int)result_of(live_open(path));
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int close(int descriptor)
{
	return (int)(live_file(descriptor) ? result_of(live_close(descriptor)) : syscall(SYS_close, descriptor));
}

int ioctl(int descriptor, unsigned long command, ...)
{
	struct kapi_file *file = live_file(descriptor);
	va_list arguments;
	void *argument;
	long result;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (!file)
		return (int)syscall(SYS_ioctl, descriptor, command, argument);
	result = kapi_ioctl(live.tid, file, (uint32_t)command, (uint64_t)argument);
	live_shoot_down();
	return (int)result_of(result);
}

static void *map_emulated(size_t size, int prot, int flags, int file, uint64_t offset)
{
	struct kapi_file *device = flags & MAP_ANONYMOUS ? NULL : live_file(file);
	bool fills = !(flags & MAP_ANONYMOUS) && !device;
	long address = live_map(size, fills ? PROT_WRITE : prot, flags, device, offset);

	if (address >= 0 && fills &&
	    (live_fill((void *)address, size, flags, file, offset) || mprotect((void *)address, size, prot))) {
		munmap((void *)address, size);
		address = -ENOMEM;
	}
	return (void *)result_of(address);
}

/* Memory for the machine itself, then memory of the machine. A place of the program's own choice stays the host's. */
void *mmap(void *address, size_t size, int prot, int flags, int file, off_t offset)
{
	if (live_booting_file() >= 0 && flags & MAP_NORESERVE)
		return live_map_machine(size);
	if (!live.m || address || flags & (MAP_NORESERVE | MAP_STACK))
		return (void *)syscall(SYS_mmap, address, size, prot, flags, file, offset);
	return map_emulated(size, prot, flags, file, (uint64_t)offset);
}

static pthread_t next_thread;
/** Results of threads, by their numbers. */
static void *thread_results[1024];

/* The machine has one thread at a time, and no driver of a test needs more: the thread runs at once, to its end. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument)
{
	int (*host_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (!live.m) {
		*(void **)&host_create = dlsym(RTLD_NEXT, "pthread_create");
		return host_create(thread, attributes, function, argument);
	}
	if (next_thread == 1024)
		return EAGAIN;
	thread_results[next_thread] = function(argument);
	*thread = next_thread++;
	return 0;
}

int pthread_join(pthread_t thread, void **result)
{
	int (*host_join)(pthread_t, void **);

	if (thread >= next_thread) {
		*(void **)&host_join = dlsym(RTLD_NEXT, "pthread_join");
		return host_join(thread, result);
	}
	if (result)
		*result = thread_results[thread];
	return 0;
}

ssize_t pread(int descriptor, void *buffer, size_t size, off_t offset)
{
	live_write_back(descriptor);
	return syscall(SYS_pread64, descriptor, buffer, size, offset);
}

ssize_t read(int descriptor, void *buffer, size_t size)
{
	live_write_back(descriptor);
	return syscall(SYS_read, descriptor, buffer, size);
}

/** The arguments of a call on a range. */
struct range_call {
	uint64_t address;
	uint64_t length;
	uint32_t argument;
	int (*function)(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t argument);
};

static long do_range_call(struct hmmu *m, uint32_t tid, void *data)
{
	const struct range_call call = *(struct range_call *)data;
	int err;

	while ((err = call.function(m, tid, call.address, call.length, call.argument)) == -EAGAIN)
		kapi_block(tid);
	return err;
}

static int call_range(struct range_call call)
{
	long result = kapi_call(live.tid, do_range_call, &call);

	live_shoot_down();
	return (int)result_of(result);
}

static uint64_t round_up(size_t size)
{
	return (size + HMMU_PAGE_SIZE - 1) & ~(uint64_t)(HMMU_PAGE_SIZE - 1);
}

static int unmap_range(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t argument)
{
	(void)argument;
	return hmmu_munmap(m, tid, address, length);
}

int munmap(void *address, size_t size)
{
	if (!live_is_emulated(address, size))
		return (int)syscall(SYS_munmap, address, size);
	live_forget_files((uint64_t)address, size);
	return call_range((struct range_call){ (uint64_t)address, round_up(size), 0, unmap_range });
}

int mprotect(void *address, size_t size, int prot)
{
	uint32_t rights = (prot & PROT_READ ? HMMU_PROT_READ : 0) |
			  (prot & PROT_WRITE ? HMMU_PROT_READ | HMMU_PROT_WRITE : 0);

	if (!live_is_emulated(address, size))
		return (int)syscall(SYS_mprotect, address, size, prot);
	return call_range((struct range_call){ (uint64_t)address, round_up(size), rights, hmmu_mprotect });
}

/* -1: the machine does not know this advice. */
static int advice_of(int advice)
{
	static const struct {
		int host;
		enum hmmu_advice machine;
	} advices[] = {
		{ MADV_DONTNEED, HMMU_MADV_DONTNEED },       { MADV_FREE, HMMU_MADV_FREE },
		{ MADV_HUGEPAGE, HMMU_MADV_HUGEPAGE },       { MADV_NOHUGEPAGE, HMMU_MADV_NOHUGEPAGE },
		{ MADV_DONTFORK, HMMU_MADV_DONTFORK },       { MADV_DOFORK, HMMU_MADV_DOFORK },
		{ MADV_UNMERGEABLE, HMMU_MADV_UNMERGEABLE },
	};

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].host == advice)
			return (int)advices[i].machine;
	return -1;
}

int madvise(void *address, size_t size, int advice)
{
	int known = advice_of(advice);

	if (!live_is_emulated(address, size))
		return (int)syscall(SYS_madvise, address, size, advice);
	if (known < 0)
		return (int)result_of(-EINVAL);
	return call_range((struct range_call){ (uint64_t)address, round_up(size), (uint32_t)known, hmmu_madvise });
}

/* Two processes of the host would have one machine, and each its own driver. */
pid_t fork(void)
{
	pid_t (*host_fork)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");

	if (!live.m)
		return host_fork();
	fprintf(stderr, "kapi: fork() of a program with emulated memory is not emulated yet\n");
	return (pid_t)result_of(-ENOSYS);
}
