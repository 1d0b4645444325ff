/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_DEBUGFS_H
#define _LINUX_DEBUGFS_H

#include <linux/fs.h>

/** A file or folder of debugfs. */
struct dentry {
	const char *name;
	struct dentry *kapi_parent;                    /**< NULL: the root */
	const struct file_operations *kapi_operations; /**< NULL: a folder */
	void *kapi_data;
	struct dentry *kapi_next;
};

/** Files are opened as /sys/kernel/debug/NAME. They need not be removed: what is built into a kernel does not do so. */
struct dentry *debugfs_create_file(const char *name, umode_t mode, struct dentry *parent, void *data,
				   const struct file_operations *operations);
#define debugfs_create_file_unsafe debugfs_create_file
struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
/** Removes it with all that is in it. */
void debugfs_remove(struct dentry *dentry);
#define debugfs_remove_recursive(dentry) debugfs_remove(dentry)

#endif
