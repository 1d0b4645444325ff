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
/** mmap() of the current task, with address, length and rights of @p map. */
int file_mmap(struct file *file, const struct hmmu_map *map, u64 offset, uint64_t *address);

#endif
