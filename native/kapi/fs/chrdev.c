/* SPDX-License-Identifier: GPL-2.0-only */
#include "fs/chrdev.h"

#include <linux/kernel.h>
#include <linux/miscdevice.h>

#include "fs/device.h"
#include "log/report.h"
#include "task/active.h"

/** The first major that is given out; the others are below. */
#define FIRST_MAJOR 254

/** Numbers that are given out: one major each. */
struct major {
	const struct kapi_place *place; /**< NULL: free */
	unsigned int count;             /**< of minors */
};

static struct cdev *cdevs;
static const struct class misc_class = { .name = "misc" };
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

/* --- files of numbers --- */

void cdev_init(struct cdev *cdev, const struct file_operations *operations)
{
	*cdev = (struct cdev){ .ops = operations };
}

static bool unlink_cdev(const struct cdev *cdev)
{
	struct cdev **link = &cdevs;

	while (*link && *link != cdev)
		link = &(*link)->kapi_next;
	if (!*link)
		return false;
	*link = cdev->kapi_next;
	return true;
}

static void forget_cdev(void *cdev)
{
	unlink_cdev(cdev);
}

int kapi_cdev_add(struct cdev *cdev, dev_t first, unsigned int count, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (unlink_cdev(cdev)) {
		report(KAPI_CHECK_BAD_CALL, place, "cdev_add() of a character device that is added, from %s",
		       place_text(cdev->kapi_added));
		active_remove(cdev);
	}
	cdev->dev = first;
	cdev->count = count;
	cdev->kapi_added = place;
	cdev->kapi_next = cdevs;
	cdevs = cdev;
	active_add(cdev, "a character device that is added", place, forget_cdev);
	return 0;
}

static void delete_cdev(struct cdev *cdev, const char *call, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (unlink_cdev(cdev))
		active_remove(cdev);
	else
		report(KAPI_CHECK_BAD_CALL, place, "%s() of a device that was not added", call);
}

void kapi_cdev_del(struct cdev *cdev, const struct kapi_place *place)
{
	delete_cdev(cdev, "cdev_del", place);
}

int kapi_cdev_device_add(struct cdev *cdev, struct device *device, const struct kapi_place *place)
{
	int err = kapi_device_add(device, place);

	if (!err && device->devt)
		kapi_cdev_add(cdev, device->devt, 1, place);
	return err;
}

void kapi_cdev_device_del(struct cdev *cdev, struct device *device, const struct kapi_place *place)
{
	if (!device->kapi_added) {
		report(KAPI_CHECK_BAD_CALL, place, "cdev_device_del() of a device that was not added");
		return;
	}
	kapi_device_del(device, place);
	if (device->devt)
		delete_cdev(cdev, "cdev_device_del", place);
}

static struct cdev *cdev_of(dev_t number)
{
	struct cdev *cdev = cdevs;

	while (cdev && number - cdev->dev >= cdev->count)
		cdev = cdev->kapi_next;
	return cdev;
}

struct cdev *chrdev_find(const char *name)
{
	const struct device *device = device_find(name);

	return device && device->devt ? cdev_of(device->devt) : NULL;
}

/* --- devices by their names alone --- */

/* A kernel gives out the numbers from 128 down, and then those that are above. */
static int free_minor(void)
{
	int minor = 127;

	while (minor >= 0 && cdev_of(MKDEV(MISC_MAJOR, minor)))
		minor--;
	if (minor >= 0)
		return minor;
	for (minor = MISC_DYNAMIC_MINOR + 1; cdev_of(MKDEV(MISC_MAJOR, minor));)
		minor++;
	return minor;
}

int kapi_misc_register(struct miscdevice *misc, const struct kapi_place *place)
{
	int minor = misc->minor == MISC_DYNAMIC_MINOR ? free_minor() : misc->minor;
	struct device *device;

	if (cdev_of(MKDEV(MISC_MAJOR, minor)))
		return -EBUSY;
	device = kapi_device_create(&misc_class, misc->parent, MKDEV(MISC_MAJOR, minor), misc, place, "%s",
				    misc->nodename ? misc->nodename : misc->name);
	if (IS_ERR(device))
		return PTR_ERR(device);
	misc->minor = minor;
	misc->this_device = device;
	cdev_init(&misc->kapi_cdev, misc->fops);
	misc->kapi_cdev.kapi_private = misc;
	return kapi_cdev_add(&misc->kapi_cdev, device->devt, 1, place);
}

void kapi_misc_deregister(struct miscdevice *misc, const struct kapi_place *place)
{
	if (!unlink_cdev(&misc->kapi_cdev)) {
		report(KAPI_CHECK_BAD_CALL, place, "misc_deregister() of a device that is not registered");
		return;
	}
	active_remove(&misc->kapi_cdev);
	kapi_device_destroy(&misc_class, MKDEV(MISC_MAJOR, misc->minor), place);
}

/* --- what is left --- */

/* A device that is left with its functions is reported once. */
void chrdevs_report_left(void)
{
	for (const struct cdev *cdev = cdevs; cdev; cdev = cdev->kapi_next)
		if (!device_in_numbers(cdev->dev, cdev->count))
			report(KAPI_CHECK_DEVICE_LEFT, cdev->kapi_added,
			       "the character device that is added here is never removed");
	devices_report_left();
	for (unsigned int major = 0; major <= FIRST_MAJOR; major++)
		if (majors[major].place)
			report(KAPI_CHECK_DEVICE_LEFT, majors[major].place,
			       "the numbers that are given out here are never given back");
	chrdevs_forget();
}

void chrdevs_forget(void)
{
	while (cdevs) {
		active_remove(cdevs);
		cdevs = cdevs->kapi_next;
	}
	devices_forget();
	memset(majors, 0, sizeof(majors));
}
