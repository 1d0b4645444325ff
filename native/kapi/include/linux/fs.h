/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_FS_H
#define _LINUX_FS_H

#include <kapi/place.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/ioctl.h>
#include <linux/kdev_t.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct cdev;
struct file;
struct inode;
struct module;

struct file_operations {
	struct module *owner;
	loff_t (*llseek)(struct file *file, loff_t offset, int whence);
	ssize_t (*read)(struct file *file, char __user *to, size_t size, loff_t *position);
	ssize_t (*write)(struct file *file, const char __user *from, size_t size, loff_t *position);
	long (*unlocked_ioctl)(struct file *file, unsigned int command, unsigned long argument);
	long (*compat_ioctl)(struct file *file, unsigned int command, unsigned long argument);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*open)(struct inode *inode, struct file *file);
	int (*release)(struct inode *inode, struct file *file);
};

struct inode {
	dev_t i_rdev;
	struct cdev *i_cdev;
	void *i_private;
};

struct file {
	const struct file_operations *f_op;
	struct inode *f_inode;
	void *private_data;
	loff_t f_pos;
	unsigned int f_flags;
};

static inline struct inode *file_inode(const struct file *file)
{
	return file->f_inode;
}

static inline int nonseekable_open(struct inode *inode, struct file *file)
{
	(void)inode;
	(void)file;
	return 0;
}

/* Programs have 64 bits. */
#define compat_ptr_ioctl NULL

loff_t default_llseek(struct file *file, loff_t offset, int whence);
int kapi_alloc_chrdev_region(dev_t *first, unsigned int base, unsigned int count, const struct kapi_place *place);
void kapi_unregister_chrdev_region(dev_t first, unsigned int count, const struct kapi_place *place);
#define alloc_chrdev_region(first, base, count, name) \
	((void)(name), kapi_alloc_chrdev_region(first, base, count, KAPI_HERE))
#define unregister_chrdev_region(first, count) kapi_unregister_chrdev_region(first, count, KAPI_HERE)

#endif
