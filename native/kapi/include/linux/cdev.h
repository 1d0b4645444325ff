/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_CDEV_H
#define _LINUX_CDEV_H

#include <kapi/place.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>

/** A character device: the functions for files with one of its numbers. Their names are those of struct devices. */
struct cdev {
	struct module *owner;
	const struct file_operations *ops;
	dev_t dev;
	unsigned int count; /**< of numbers */
	void *kapi_private; /**< for the files' private_data */
	const struct kapi_place *kapi_added;
	struct cdev *kapi_next;
};

void cdev_init(struct cdev *cdev, const struct file_operations *operations);
int kapi_cdev_add(struct cdev *cdev, dev_t first, unsigned int count, const struct kapi_place *place);
void kapi_cdev_del(struct cdev *cdev, const struct kapi_place *place);
#define cdev_add(cdev, first, count) kapi_cdev_add(cdev, first, count, KAPI_HERE)
#define cdev_del(cdev) kapi_cdev_del(cdev, KAPI_HERE)
/* Both a cdev, with the device's number, and the device. */
int kapi_cdev_device_add(struct cdev *cdev, struct device *device, const struct kapi_place *place);
void kapi_cdev_device_del(struct cdev *cdev, struct device *device, const struct kapi_place *place);
#define cdev_device_add(cdev, device) kapi_cdev_device_add(cdev, device, KAPI_HERE)
#define cdev_device_del(cdev, device) kapi_cdev_device_del(cdev, device, KAPI_HERE)

#endif
