// SPDX-License-Identifier: GPL-2.0-only
/* A driver that does what tests ask for: mistakes, waits, and calls that come back to the program. */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define PROBE(number) _IO('p', number)

static unsigned long opened;
static int level = 7;
module_param(level, int, 0444);
static bool refuse;
module_param(refuse, bool, 0444);

static dev_t number;
static struct cdev cdev;
static struct device device;
static DEFINE_MUTEX(lock);
static DECLARE_WAIT_QUEUE_HEAD(never);
static unsigned long worked;

static void do_work(struct work_struct *work)
{
	worked++;
	kfree(work);
}

static long queue_one(void)
{
	struct work_struct *work = kmalloc(sizeof(*work), GFP_KERNEL);

	if (!work)
		return -ENOMEM;
	INIT_WORK(work, do_work);
	queue_work(system_wq, work);
	return 0;
}

static long lock_and_unlock(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	lock_page(page);
	unlock_page(page);
	return 5;
}

static long copy(unsigned long address)
{
	static const u32 value = 0x01020304;

	return copy_to_user((void __user *)address, &value, sizeof(value)) ? -EFAULT : 0;
}

static long probe_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	switch (command) {
	case PROBE(0):
		return -(long)argument;
	case PROBE(1):
		BUG_ON(argument);
		return 0;
	case PROBE(2):
		mutex_lock(&lock);
		return 0;
	case PROBE(3):
		wait_event(never, argument);
		return 0;
	case PROBE(4):
		return kmalloc(argument, GFP_KERNEL) ? 0 : -ENOMEM;
	case PROBE(5):
		return queue_one();
	case PROBE(6):
		return worked;
	case PROBE(7):
		return lock_and_unlock(argument);
	case PROBE(8):
		return copy(argument);
	case PROBE(9):
		pr_info("probe: %lu\n", argument);
		return 0;
	case PROBE(10):
		return opened;
	case PROBE(11):
		return level;
	default:
		return -ENOTTY;
	}
}

static int probe_open(struct inode *inode, struct file *file)
{
	opened++;
	return 0;
}

static int probe_release(struct inode *inode, struct file *file)
{
	opened--;
	return opened ? 0 : -EIO;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = probe_open,
	.release = probe_release,
	.unlocked_ioctl = probe_ioctl,
};

static int __init probe_init(void)
{
	int err;

	if (refuse)
		return -ENODEV;
	err = alloc_chrdev_region(&number, 0, 1, "probe");
	if (err)
		return err;
	cdev_init(&cdev, &operations);
	device_initialize(&device);
	device.devt = number;
	dev_set_name(&device, "probe");
	return cdev_device_add(&cdev, &device);
}

static void __exit probe_exit(void)
{
	cdev_device_del(&cdev, &device);
	unregister_chrdev_region(number, 1);
}

module_init(probe_init);
module_exit(probe_exit);
MODULE_LICENSE("GPL");
