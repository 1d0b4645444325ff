/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MISCDEVICE_H
#define _LINUX_MISCDEVICE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/types.h>

#define MISC_MAJOR 10
#define MISC_DYNAMIC_MINOR 255

/** A character device by its name alone. */
struct miscdevice {
	int minor;
	const char *name;
	const struct file_operations *fops;
	struct list_head list;
	struct device *parent;
	struct device *this_device; /**< its own, as long as it is registered */
	const char *nodename;       /**< of the file in /dev; NULL: name */
	umode_t mode;
	struct cdev kapi_cdev;
};

int kapi_misc_register(struct miscdevice *misc, const struct kapi_place *place);
void kapi_misc_deregister(struct miscdevice *misc, const struct kapi_place *place);
#define misc_register(misc) kapi_misc_register(misc, KAPI_HERE)
#define misc_deregister(misc) kapi_misc_deregister(misc, KAPI_HERE)

/* A module that is this device and nothing else. */
#define module_misc_device(misc) \
	static int __init kapi_misc_init(void) \
	{ \
		return misc_register(&(misc)); \
	} \
	module_init(kapi_misc_init); \
	static void __exit kapi_misc_exit(void) \
	{ \
		misc_deregister(&(misc)); \
	} \
	module_exit(kapi_misc_exit)

#endif
