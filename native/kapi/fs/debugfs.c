/* SPDX-License-Identifier: GPL-2.0-only */
#include "fs/debugfs.h"

#include <linux/kernel.h>

#include "host/host.h"

#define ROOT "/sys/kernel/debug/"

static struct dentry *dentries;

static struct dentry *add(const struct dentry *made)
{
	struct dentry *dentry = host_alloc(sizeof(*dentry));

	if (!dentry)
		return ERR_PTR(-ENOMEM);
	*dentry = *made;
	dentry->kapi_next = dentries;
	dentries = dentry;
	return dentry;
}

struct dentry *debugfs_create_file(const char *name, umode_t mode, struct dentry *parent, void *data,
				   const struct file_operations *operations)
{
	(void)mode;
	return add(&(struct dentry){
		.name = name, .kapi_parent = parent, .kapi_operations = operations, .kapi_data = data });
}

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent)
{
	return add(&(struct dentry){ .name = name, .kapi_parent = parent });
}

static bool is_in(const struct dentry *dentry, const struct dentry *folder)
{
	while (dentry && dentry != folder)
		dentry = dentry->kapi_parent;
	return dentry;
}

void debugfs_remove(struct dentry *folder)
{
	struct dentry **link = &dentries, *removed = NULL, *dentry;

	if (IS_ERR_OR_NULL(folder))
		return;
	/* Each looks at its parents, so none is freed before all are found. */
	while ((dentry = *link))
		if (is_in(dentry, folder)) {
			*link = dentry->kapi_next;
			dentry->kapi_next = removed;
			removed = dentry;
		} else {
			link = &dentry->kapi_next;
		}
	while (removed) {
		dentry = removed;
		removed = dentry->kapi_next;
		host_free(dentry);
	}
}

/* What is left of a path when the dentry's own part at its beginning is taken off; NULL: it begins otherwise. */
static const char *behind(const struct dentry *dentry, const char *path)
{
	size_t length = strlen(dentry->name);

	if (dentry->kapi_parent)
		path = behind(dentry->kapi_parent, path);
	if (path && *path == '/')
		path++;
	return path && !strncmp(path, dentry->name, length) ? path + length : NULL;
}

const struct dentry *debugfs_find(const char *path)
{
	if (strncmp(path, ROOT, strlen(ROOT)) != 0)
		return NULL;
	for (const struct dentry *dentry = dentries; dentry; dentry = dentry->kapi_next) {
		const char *rest = behind(dentry, path + strlen(ROOT));

		if (dentry->kapi_operations && rest && !*rest)
			return dentry;
	}
	return NULL;
}

void debugfs_forget(void)
{
	while (dentries) {
		struct dentry *dentry = dentries;

		dentries = dentry->kapi_next;
		host_free(dentry);
	}
}
