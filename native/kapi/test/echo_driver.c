// SPDX-License-Identifier: GPL-2.0-only
/* A file of debugfs that keeps what is written to it, for live_program.c. */
#include <linux/debugfs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/uaccess.h>

static char kept[8192];
static size_t length;
static struct dentry *file;

static ssize_t echo_read(struct file *opened, char __user *to, size_t size, loff_t *position)
{
	size_t count = *position < length ? min(size, length - (size_t)*position) : 0;

	if (copy_to_user(to, kept + *position, count))
		return -EFAULT;
	*position += count;
	return count;
}

static ssize_t echo_write(struct file *opened, const char __user *from, size_t size, loff_t *position)
{
	length = min(size, sizeof(kept));
	if (copy_from_user(kept, from, length))
		return -EFAULT;
	return length;
}

static const struct file_operations echo_operations = {
	.owner = THIS_MODULE,
	.read = echo_read,
	.write = echo_write,
};

static int __init echo_init(void)
{
	file = debugfs_create_file("echo", 0600, NULL, NULL, &echo_operations);
	return 0;
}

static void __exit echo_exit(void)
{
	debugfs_remove(file);
}

module_init(echo_init);
module_exit(echo_exit);
MODULE_DESCRIPTION("A file that keeps what is written to it");
MODULE_LICENSE("GPL");
