/* SPDX-License-Identifier: GPL-2.0-only */
/** @file debugfs.h Files of drivers in /sys/kernel/debug. */
#ifndef KAPI_DEBUGFS_H
#define KAPI_DEBUGFS_H

#include <linux/debugfs.h>

/** The file of a path, with /sys/kernel/debug/; NULL: there is none. */
const struct dentry *debugfs_find(const char *path);
/** Forget all files. */
void debugfs_forget(void);

#endif
