/* SPDX-License-Identifier: GPL-2.0-only */
#include "fs/file.h"

#include <linux/kernel.h>

#include "fs/chrdev.h"
#include "host/host.h"

/** A file, and the inode of the device that it is of. */
struct opened {
	struct file file;
	struct inode inode;
};

int file_open(const char *name, struct file **file)
{
	struct cdev *cdev = chrdev_find(strncmp(name, "/dev/", 5) ? name : name + 5);
	struct opened *opened = cdev ? host_alloc(sizeof(*opened)) : NULL;
	int err = 0;

	if (!opened)
		return cdev ? -ENOMEM : -ENOENT;
	opened->inode = (struct inode){ .i_rdev = cdev->dev, .i_cdev = cdev };
	opened->file = (struct file){ .f_op = cdev->ops, .f_inode = &opened->inode };
	if (cdev->ops->open)
		err = cdev->ops->open(&opened->inode, &opened->file);
	if (err)
		host_free(opened);
	else
		*file = &opened->file;
	return err;
}

int file_close(struct file *file)
{
	struct opened *opened = container_of(file, struct opened, file);
	int err = file->f_op->release ? file->f_op->release(&opened->inode, file) : 0;

	host_free(opened);
	return err;
}

long file_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	long result = file->f_op->unlocked_ioctl ? file->f_op->unlocked_ioctl(file, command, argument) : -ENOTTY;

	return result == -ENOIOCTLCMD ? -ENOTTY : result;
}

loff_t default_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t position = whence == 1 ? file->f_pos + offset : offset;

	if (whence > 1 || position < 0)
		return -EINVAL;
	file->f_pos = position;
	return position;
}
