/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_CDEV_H
#define _LINUX_CDEV_H

#include <kapi/place.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>

/** A character device. Its node is named like the struct device that is added with it. */
struct cdev {
	struct module *owner;
	const struct file_operations *ops;
	dev_t dev;
	struct device *kapi_device;
	const struct kapi_place *kapi_added;
	struct cdev *kapi_next;
};

void cdev_init(struct cdev *cdev, const struct file_operations *operations);
int kapi_cdev_device_add(struct cdev *cdev, struct device *device, const struct kapi_place *place);
void kapi_cdev_device_del(struct cdev *cdev, struct device *device, const struct kapi_place *place);
#define cdev_device_add(cdev, device) kapi_cdev_device_add(cdev, device, KAPI_HERE)
#define cdev_device_del(cdev, device) kapi_cdev_device_del(cdev, device, KAPI_HERE)

#endif
