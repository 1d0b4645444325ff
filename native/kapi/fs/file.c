/* SPDX-License-Identifier: GPL-2.0-only */
#include "fs/file.h"

#include <linux/kernel.h>

#include "fs/chrdev.h"
#include "fs/debugfs.h"
#include "host/host.h"
#include "mm/device_map.h"

/** A file, and the inode of the device that it is of. */
struct opened {
	struct file file;
	struct inode inode;
};

/* The inode of a name. Returns its operations; NULL: there is none. */
static const struct file_operations *find_inode(const char *name, struct inode *inode)
{
	struct cdev *cdev = chrdev_find(strncmp(name, "/dev/", 5) ? name : name + 5);
	const struct dentry *dentry = debugfs_find(name);

	if (cdev)
		*inode = (struct inode){ .i_rdev = cdev->dev, .i_cdev = cdev };
	else if (dentry)
		*inode = (struct inode){ .i_private = dentry->kapi_data };
	return cdev ? cdev->ops : dentry ? dentry->kapi_operations : NULL;
}

int file_open(const char *name, struct file **file)
{
	struct inode inode = { 0 };
	const struct file_operations *operations = find_inode(name, &inode);
	struct opened *opened = operations ? host_alloc(sizeof(*opened)) : NULL;
	int err = 0;

	if (!opened)
		return operations ? -ENOMEM : -ENOENT;
	opened->inode = inode;
	opened->file = (struct file){ .f_op = operations, .f_inode = &opened->inode };
	if (inode.i_cdev)
		opened->file.private_data = inode.i_cdev->kapi_private;
	if (operations->open)
		err = operations->open(&opened->inode, &opened->file);
	if (err)
		host_free(opened);
	else
		*file = &opened->file;
	return err;
}

int file_close(struct file *file)
{
	struct opened *opened = container_of(file, struct opened, file);

	/* Nobody looks at the result. */
	if (file->f_op->release)
		file->f_op->release(&opened->inode, file);
	host_free(opened);
	return 0;
}

long file_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	long result = file->f_op->unlocked_ioctl ? file->f_op->unlocked_ioctl(file, command, argument) : -ENOTTY;

	return result == -ENOIOCTLCMD ? -ENOTTY : result;
}

/* The driver moves the position. */
static loff_t *position_of(struct file *file, u64 *offset)
{
	return *offset == FILE_POSITION ? &file->f_pos : (loff_t *)offset;
}

ssize_t file_read(struct file *file, u64 to, size_t size, u64 offset)
{
	if (!file->f_op->read)
		return -EINVAL;
	return file->f_op->read(file, (char __user *)to, size, position_of(file, &offset));
}

ssize_t file_write(struct file *file, u64 from, size_t size, u64 offset)
{
	if (!file->f_op->write)
		return -EINVAL;
	return file->f_op->write(file, (const char __user *)from, size, position_of(file, &offset));
}

int file_mmap(struct file *file, const struct hmmu_map *map, u64 offset, uint64_t *address)
{
	static const struct kapi_place here = { .file = "the kernel", .function = "mmap" };
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int err;

	if (!file->f_op->mmap)
		return -ENODEV;
	kapi_mmap_lock(mm, true, &here);
	err = device_map_begin(mm, map, address);
	vma = err ? NULL : mm_find_vma(mm, *address);
	if (vma) {
		vma->vm_pgoff = offset >> PAGE_SHIFT;
		err = file->f_op->mmap(file, vma);
	} else if (!err) {
		err = -ENOMEM;
	}
	if (err && *address)
		device_map_undo(mm, map, *address);
	kapi_mmap_unlock(mm, &here);
	return err;
}

loff_t default_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t position = whence == 1 ? file->f_pos + offset : offset;

	if (whence > 1 || position < 0)
		return -EINVAL;
	file->f_pos = position;
	return position;
}
