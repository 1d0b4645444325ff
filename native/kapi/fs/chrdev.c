/* SPDX-License-Identifier: GPL-2.0-only */
#include "fs/chrdev.h"

#include <linux/kernel.h>

#include "host/host.h"
#include "log/report.h"

/** The first major that is given out, downward, as a kernel does. */
#define FIRST_MAJOR 254

static struct cdev *devices;
static u32 majors; /**< that are given out */
static u32 next_major = FIRST_MAJOR;

int alloc_chrdev_region(dev_t *first, unsigned int base, unsigned int count, const char *name)
{
	(void)count;
	(void)name;
	*first = MKDEV(next_major, base);
	next_major--;
	majors++;
	return 0;
}

void unregister_chrdev_region(dev_t first, unsigned int count)
{
	(void)first;
	(void)count;
	if (majors)
		majors--;
	else
		report(KAPI_CHECK_BAD_CALL, NULL, "unregister_chrdev_region() of numbers that were not given out");
}

void device_initialize(struct device *device)
{
	device->initialized = true;
}

int dev_set_name(struct device *device, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	host_format(device->name, sizeof(device->name), format, arguments);
	va_end(arguments);
	return 0;
}

void cdev_init(struct cdev *cdev, const struct file_operations *operations)
{
	*cdev = (struct cdev){ .ops = operations };
}

int cdev_device_add(struct cdev *cdev, struct device *device)
{
	if (!device->initialized || !device->name[0])
		return -EINVAL;
	if (chrdev_find(device->name))
		return -EEXIST;
	cdev->dev = device->devt;
	cdev->kapi_device = device;
	cdev->kapi_next = devices;
	devices = cdev;
	return 0;
}

void cdev_device_del(struct cdev *cdev, struct device *device)
{
	struct cdev **link = &devices;

	while (*link && *link != cdev)
		link = &(*link)->kapi_next;
	if (!*link || cdev->kapi_device != device) {
		report(KAPI_CHECK_BAD_CALL, NULL, "cdev_device_del() of a device that was not added");
		return;
	}
	*link = cdev->kapi_next;
}

struct cdev *chrdev_find(const char *name)
{
	struct cdev *cdev = devices;

	while (cdev && strcmp(dev_name(cdev->kapi_device), name) != 0)
		cdev = cdev->kapi_next;
	return cdev;
}

void chrdevs_report_left(void)
{
	for (const struct cdev *cdev = devices; cdev; cdev = cdev->kapi_next)
		report(KAPI_CHECK_DEVICE_LEFT, NULL, "the device %s is never removed", dev_name(cdev->kapi_device));
	if (majors)
		report(KAPI_CHECK_DEVICE_LEFT, NULL, "numbers of devices are never given back: %u regions", majors);
	devices = NULL;
	majors = 0;
	next_major = FIRST_MAJOR;
}
