/* SPDX-License-Identifier: GPL-2.0-only */
#include "fs/chrdev.h"

#include <linux/kernel.h>

#include "host/host.h"
#include "log/report.h"

/** The first major that is given out; the others are below. */
#define FIRST_MAJOR 254

/** Numbers that are given out: one major each. */
struct major {
	const struct kapi_place *place; /**< NULL: free */
	unsigned int count;             /**< of minors */
};

static struct cdev *devices;
static struct major majors[FIRST_MAJOR + 1];

int kapi_alloc_chrdev_region(dev_t *first, unsigned int base, unsigned int count, const struct kapi_place *place)
{
	unsigned int major = FIRST_MAJOR;

	while (major && majors[major].place)
		major--;
	if (!major)
		return -EBUSY;
	majors[major] = (struct major){ .place = place, .count = count };
	*first = MKDEV(major, base);
	return 0;
}

void kapi_unregister_chrdev_region(dev_t first, unsigned int count, const struct kapi_place *place)
{
	unsigned int major = MAJOR(first);

	if (major > FIRST_MAJOR || !majors[major].place || majors[major].count != count)
		report(KAPI_CHECK_BAD_CALL, place, "unregister_chrdev_region() of numbers that were not given out");
	else
		majors[major] = (struct major){ 0 };
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

int kapi_cdev_device_add(struct cdev *cdev, struct device *device, const struct kapi_place *place)
{
	if (!device->initialized || !device->name[0])
		return -EINVAL;
	if (chrdev_find(device->name))
		return -EEXIST;
	cdev->dev = device->devt;
	cdev->kapi_device = device;
	cdev->kapi_added = place;
	cdev->kapi_next = devices;
	devices = cdev;
	return 0;
}

void kapi_cdev_device_del(struct cdev *cdev, struct device *device, const struct kapi_place *place)
{
	struct cdev **link = &devices;

	while (*link && *link != cdev)
		link = &(*link)->kapi_next;
	if (!*link || cdev->kapi_device != device) {
		report(KAPI_CHECK_BAD_CALL, place, "cdev_device_del() of a device that was not added");
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
		report(KAPI_CHECK_DEVICE_LEFT, cdev->kapi_added, "the device %s is added here and never removed",
		       dev_name(cdev->kapi_device));
	for (unsigned int major = 0; major <= FIRST_MAJOR; major++)
		if (majors[major].place)
			report(KAPI_CHECK_DEVICE_LEFT, majors[major].place,
			       "the numbers that are given out here are never given back");
	chrdevs_forget();
}

void chrdevs_forget(void)
{
	devices = NULL;
	memset(majors, 0, sizeof(majors));
}
