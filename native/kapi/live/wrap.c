/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C library's functions that a program calls on files and memory: ours come before them. What is not the machine's goes to
 * the host. They are called before the machine is there, too.
 */
#define _GNU_SOURCE
#include "live/host_function.h"
#include "live/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
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

/* Whether a part of a range is emulated memory. */
static bool is_emulated(const void *start, size_t size)
{
	bool result;

	if (!live.process)
		return false;
	live_enter();
	result = live_overlaps(live.process, (uint64_t)start, size);
	live_leave();
	return result;
}

/* --- files --- */

/* A device that the host does not have may be the machine's, and so may a file of debugfs. */
static bool may_be_device(const char *path)
{
	return (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/sys/kernel/debug/", 18) == 0) &&
	       syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
}

/* The first device that is opened makes the machine. */
static int open_device(const char *path)
{
	int err = live.m ? 0 : live_boot();

	/* exec() has failed after the process had left the machine. */
	if (!err && !live.process)
		return -ENXIO;
	return err ? err : live_open(path);
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
	if (may_be_device(path))
		return (int)result_of(open_device(path));
	return (int)syscall(SYS_openat, folder, path, flags, mode);
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
	return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list arguments;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	return open_at(folder, path, flags, mode);
}

int close(int descriptor)
{
	return (int)(live_file(descriptor) ? result_of(live_close(descriptor)) : syscall(SYS_close, descriptor));
}

/* The copy that the host has made, or -1. */
static int note_copy(int descriptor, long copy)
{
	return copy < 0 ? -1 : (int)result_of(live_duplicate(descriptor, (int)copy));
}

int dup(int descriptor)
{
	return note_copy(descriptor, syscall(SYS_dup, descriptor));
}

int dup2(int descriptor, int number)
{
	return note_copy(descriptor, syscall(SYS_dup2, descriptor, number));
}

int dup3(int descriptor, int number, int flags)
{
	return note_copy(descriptor, syscall(SYS_dup3, descriptor, number, flags));
}

int fcntl(int descriptor, int command, ...)
{
	va_list arguments;
	uint64_t argument;

	va_start(arguments, command);
	argument = va_arg(arguments, uint64_t);
	va_end(arguments);
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		return note_copy(descriptor, syscall(SYS_fcntl, descriptor, command, argument));
	/* The C library's own emulates some commands. */
	return HOST(fcntl)(descriptor, command, argument);
}

/** The arguments of ioctl(). */
struct ioctl_call {
	struct kapi_file *file;
	uint32_t command;
	uint64_t argument;
};

static long do_ioctl(void *data)
{
	const struct ioctl_call *call = data;

	return kapi_ioctl(live_tid, call->file, call->command, call->argument);
}

int ioctl(int descriptor, unsigned long command, ...)
{
	struct ioctl_call call = { .file = live_file(descriptor), .command = (uint32_t)command };
	va_list arguments;

	va_start(arguments, command);
	call.argument = va_arg(arguments, uint64_t);
	va_end(arguments);
	return (int)(call.file ? result_of(live_run(do_ioctl, &call))
			       : syscall(SYS_ioctl, descriptor, command, call.argument));
}

/* --- read() and write() --- */

/** The arguments of read() and others. The offset is -1 for the file's own position. */
struct transfer {
	struct kapi_file *file;
	uint64_t address;
	size_t size;
	off_t offset;
};

static long read_device(void *data)
{
	const struct transfer *call = data;

	return kapi_read(live_tid, call->file, call->address, call->size, (uint64_t)call->offset);
}

static long write_device(void *data)
{
	const struct transfer *call = data;

	return kapi_write(live_tid, call->file, call->address, call->size, (uint64_t)call->offset);
}

/* The host does not fault emulated memory in, so it gets a buffer. It may move less than it was asked for. */
#define BOUNCE_SIZE 16384u

static ssize_t read_host(int descriptor, void *buffer, size_t size, off_t offset)
{
	return offset < 0 ? syscall(SYS_read, descriptor, buffer, size)
			  : syscall(SYS_pread64, descriptor, buffer, size, offset);
}

static ssize_t write_host(int descriptor, const void *buffer, size_t size, off_t offset)
{
	return offset < 0 ? syscall(SYS_write, descriptor, buffer, size)
			  : syscall(SYS_pwrite64, descriptor, buffer, size, offset);
}

/* Whether a buffer begins in the host's memory. Its size is then that of this part. */
static bool is_host(const void *buffer, size_t *size)
{
	size_t part;

	if (!live.process || !*size)
		return true;
	live_enter();
	part = live_host_part((uint64_t)buffer, *size);
	live_leave();
	if (part)
		*size = part;
	return part;
}

/* As much of a buffer as fits; the host would not move more either if the program may not use the rest. -EFAULT: nothing. */
static ssize_t bounced_size(const void *buffer, size_t size, bool write)
{
	size_t allowed;

	live_enter();
	allowed = live_allowed((uint64_t)buffer, size < BOUNCE_SIZE ? size : BOUNCE_SIZE, write);
	live_leave();
	return allowed ? (ssize_t)allowed : -EFAULT;
}

static ssize_t read_at(int descriptor, void *buffer, size_t size, off_t offset)
{
	struct transfer call = { live_file(descriptor), (uint64_t)buffer, size, offset };
	char bounce[BOUNCE_SIZE];
	ssize_t count;

	if (call.file)
		return result_of(live_run(read_device, &call));
	live_write_back(descriptor);
	if (is_host(buffer, &size))
		return read_host(descriptor, buffer, size, offset);
	count = bounced_size(buffer, size, true);
	if (count < 0)
		return result_of(count);
	count = read_host(descriptor, bounce, (size_t)count, offset);
	if (count > 0)
		memcpy(buffer, bounce, (size_t)count);
	return count;
}

static ssize_t write_at(int descriptor, const void *buffer, size_t size, off_t offset)
{
	struct transfer call = { live_file(descriptor), (uint64_t)buffer, size, offset };
	char bounce[BOUNCE_SIZE];
	ssize_t count;

	if (call.file)
		return result_of(live_run(write_device, &call));
	if (is_host(buffer, &size))
		return write_host(descriptor, buffer, size, offset);
	count = bounced_size(buffer, size, false);
	if (count < 0)
		return result_of(count);
	memcpy(bounce, buffer, (size_t)count);
	return write_host(descriptor, bounce, (size_t)count, offset);
}

ssize_t read(int descriptor, void *buffer, size_t size)
{
	return read_at(descriptor, buffer, size, -1);
}

ssize_t pread(int descriptor, void *buffer, size_t size, off_t offset)
{
	return offset < 0 ? result_of(-EINVAL) : read_at(descriptor, buffer, size, offset);
}

ssize_t write(int descriptor, const void *buffer, size_t size)
{
	return write_at(descriptor, buffer, size, -1);
}

ssize_t pwrite(int descriptor, const void *buffer, size_t size, off_t offset)
{
	return offset < 0 ? result_of(-EINVAL) : write_at(descriptor, buffer, size, offset);
}

/* --- memory --- */

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

/* A place of the program's own choice stays the host's. */
void *mmap(void *address, size_t size, int prot, int flags, int file, off_t offset)
{
	if (live.process && !live_is_inside() && !address && !(flags & (MAP_NORESERVE | MAP_STACK)))
		return map_emulated(size, prot, flags, file, (uint64_t)offset);
	if (flags & MAP_FIXED && is_emulated(address, size))
		live_unmap((uint64_t)address, size);
	return (void *)syscall(SYS_mmap, address, size, prot, flags, file, offset);
}

int munmap(void *address, size_t size)
{
	if (!is_emulated(address, size))
		return (int)syscall(SYS_munmap, address, size);
	return (int)result_of(live_unmap((uint64_t)address, size));
}

int mprotect(void *address, size_t size, int prot)
{
	if (!is_emulated(address, size))
		return (int)syscall(SYS_mprotect, address, size, prot);
	return (int)result_of(live_protect((uint64_t)address, size, prot));
}

int madvise(void *address, size_t size, int advice)
{
	if (!is_emulated(address, size))
		return (int)syscall(SYS_madvise, address, size, advice);
	return (int)result_of(live_advise((uint64_t)address, size, advice));
}

int mlock(const void *address, size_t size)
{
	if (!is_emulated(address, size))
		return (int)syscall(SYS_mlock, address, size);
	return (int)result_of(live_lock((uint64_t)address, size));
}

int munlock(const void *address, size_t size)
{
	if (!is_emulated(address, size))
		return (int)syscall(SYS_munlock, address, size);
	return (int)result_of(live_unlock((uint64_t)address, size));
}

void *mremap(void *address, size_t old_size, size_t size, int flags, ...)
{
	void *wanted = NULL;
	va_list arguments;

	if (flags & MREMAP_FIXED) {
		va_start(arguments, flags);
		wanted = va_arg(arguments, void *);
		va_end(arguments);
	}
	if (!is_emulated(address, old_size ? old_size : 1))
		return (void *)syscall(SYS_mremap, address, old_size, size, flags, wanted);
	return (void *)result_of(live_remap((uint64_t)address, old_size, size, flags, (uint64_t)wanted));
}

/* Programs that ask for large files call these. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));
int fcntl64(int descriptor, int command, ...) __attribute__((alias("fcntl")));
ssize_t pread64(int descriptor, void *buffer, size_t size, off_t offset) __attribute__((alias("pread")));
ssize_t pwrite64(int descriptor, const void *buffer, size_t size, off_t offset) __attribute__((alias("pwrite")));
void *mmap64(void *address, size_t size, int prot, int flags, int file, off_t offset) __attribute__((alias("mmap")));
