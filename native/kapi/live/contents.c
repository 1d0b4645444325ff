/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that a program maps: the machine has a file of its own for each mapping. It gets the contents of the host's file when
 * it is mapped, and gives those of a shared mapping back before the program reads the file.
 */
#define _GNU_SOURCE
#include "live/live.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_MAPPED 64u

/** A shared mapping of a file. */
struct mapped {
	uint64_t address;
	uint64_t size; /**< 0: free */
	uint64_t offset;
	int descriptor; /**< while it is filled */
	dev_t device;
	ino_t inode;
};

static struct mapped mapped[MOST_MAPPED];

static bool note(const struct mapped *made)
{
	for (unsigned int i = 0; i < MOST_MAPPED; i++)
		if (!mapped[i].size) {
			mapped[i] = *made;
			return true;
		}
	return false;
}

/* The bytes of a page of the file, as the program would store them. */
static int fill_page(uint64_t address, int descriptor, uint64_t offset)
{
	unsigned char bytes[HMMU_PAGE_SIZE];
	long count = syscall(SYS_pread64, descriptor, bytes, sizeof(bytes), offset);

	return count > 0 ? (int)kapi_store(live_tid, address, bytes, (size_t)count) : 0;
}

static long fill(void *data)
{
	const struct mapped *made = data;
	int err = 0;

	for (uint64_t at = 0; at < made->size && !err; at += HMMU_PAGE_SIZE)
		err = fill_page(made->address + at, made->descriptor, made->offset + at);
	return err;
}

int live_fill(void *start, size_t size, int flags, int descriptor, uint64_t offset)
{
	struct mapped made = { .address = (uint64_t)start, .size = size, .offset = offset, .descriptor = descriptor };
	struct stat status;

	if (fstat(descriptor, &status))
		return -1;
	made.device = status.st_dev;
	made.inode = status.st_ino;
	return live_run(fill, &made) || (flags & MAP_SHARED && !note(&made));
}

static void write_back(const struct mapped *what, int descriptor, uint64_t file_size)
{
	unsigned char bytes[HMMU_PAGE_SIZE];

	for (uint64_t at = 0; at < what->size && what->offset + at < file_size; at += HMMU_PAGE_SIZE) {
		uint64_t left = file_size - what->offset - at;

		if (!kapi_load(live_tid, what->address + at, bytes, sizeof(bytes)))
			syscall(SYS_pwrite64, descriptor, bytes, left < sizeof(bytes) ? left : sizeof(bytes),
				what->offset + at);
	}
}

/** A file that the program reads. */
struct reading {
	int descriptor;
	struct stat status;
};

static long write_all_back(void *data)
{
	const struct reading *file = data;

	for (unsigned int i = 0; i < MOST_MAPPED; i++)
		if (mapped[i].size && mapped[i].device == file->status.st_dev && mapped[i].inode == file->status.st_ino)
			write_back(&mapped[i], file->descriptor, (uint64_t)file->status.st_size);
	return 0;
}

void live_write_back(int descriptor)
{
	struct reading file = { .descriptor = descriptor };

	if (live.process && !live_is_inside() && !fstat(descriptor, &file.status))
		live_run(write_all_back, &file);
}

void live_forget_files(uint64_t start, uint64_t size)
{
	for (unsigned int i = 0; i < MOST_MAPPED; i++)
		if (mapped[i].address >= start && mapped[i].address < start + size)
			mapped[i].size = 0;
}
