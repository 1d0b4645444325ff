/* SPDX-License-Identifier: GPL-2.0-only */
/** @file file.h Open files. Called on a thread. */
#ifndef KAPI_FILE_H
#define KAPI_FILE_H

#include <linux/fs.h>

#include "hmmu/hmmu.h"

/** open(). */
int file_open(const char *name, struct file **file);
/** The last close(). */
int file_close(struct file *file);
/** ioctl(). */
long file_ioctl(struct file *file, unsigned int command, unsigned long argument);
/** The offset for the file's own position. */
#define FILE_POSITION (~0ull)
/** read() and write() at an offset, or at the file's position. */
ssize_t file_read(struct file *file, u64 to, size_t size, u64 offset);
ssize_t file_write(struct file *file, u64 from, size_t size, u64 offset);
/** mmap() of the current task, with address, length and rights of @p map. */
int file_mmap(struct file *file, const struct hmmu_map *map, u64 offset, uint64_t *address);

#endif
