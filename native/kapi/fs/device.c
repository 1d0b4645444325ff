/* SPDX-License-Identifier: GPL-2.0-only */
#include "fs/device.h"

#include <linux/kernel.h>

#include "host/host.h"
#include "lib/devres.h"
#include "lib/heap.h"
#include "log/report.h"
#include "task/active.h"

/* All devices with references. */
static struct device *devices;
static struct class *classes;

/* --- references --- */

static void forget_device(void *object)
{
	struct device **link = &devices, *device = object;

	while (*link && *link != device)
		link = &(*link)->kapi_next;
	if (*link)
		*link = device->kapi_next;
	device->kapi_added = NULL;
	device->kapi_references = 0;
}

void kapi_device_initialize(struct device *device, const struct kapi_place *place)
{
	/* A driver may use static memory again when it is loaded again. */
	active_remove(device);
	forget_device(device);
	device->kapi_references = 1;
	device->kapi_initialised = place;
	device->kapi_next = devices;
	devices = device;
	active_add(device, "a device that has references", place, forget_device);
}

struct device *kapi_get_device(struct device *device, const struct kapi_place *place)
{
	if (device && !device->kapi_references)
		report(KAPI_CHECK_BAD_PUT, place, "get_device() of a device without references");
	else if (device)
		device->kapi_references++;
	return device;
}

static void release(struct device *device, const struct kapi_place *place)
{
	if (device->kapi_added)
		report(KAPI_CHECK_BAD_PUT, place, "this is the last reference to the device %s, which is still added",
		       dev_name(device));
	active_remove(device);
	forget_device(device);
	devres_release(device);
	if (device->release)
		device->release(device);
	else
		report(KAPI_CHECK_WARN, place, "the device %s has no release() for its last reference",
		       dev_name(device));
}

void kapi_put_device(struct device *device, const struct kapi_place *place)
{
	if (!device)
		return;
	kapi_might_sleep(place);
	if (!device->kapi_references)
		report(KAPI_CHECK_BAD_PUT, place, "put_device() of a device without references");
	else if (device->kapi_references > 1)
		device->kapi_references--;
	else
		release(device, place);
}

/* --- names --- */

int dev_set_name(struct device *device, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	host_format(device->name, sizeof(device->name), format, arguments);
	va_end(arguments);
	return 0;
}

const struct device *device_find(const char *name)
{
	const struct device *device = devices;

	while (device && (!device->kapi_added || strcmp(dev_name(device), name) != 0))
		device = device->kapi_next;
	return device;
}

bool device_in_numbers(dev_t first, unsigned int count)
{
	const struct device *device = devices;

	while (device && (!device->kapi_added || device->devt - first >= count))
		device = device->kapi_next;
	return device;
}

int kapi_device_add(struct device *device, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (!device->kapi_references || !device->name[0])
		return -EINVAL;
	if (device_find(device->name))
		return -EEXIST;
	device->kapi_added = place;
	return 0;
}

void kapi_device_del(struct device *device, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (!device->kapi_references || !device->kapi_added)
		report(KAPI_CHECK_BAD_CALL, place, "device_del() of a device that was not added");
	device->kapi_added = NULL;
}

/* --- classes, and devices in memory of the kernel --- */

static void *allocate(size_t size, const struct kapi_place *place)
{
	heap_may_reclaim(GFP_KERNEL, place);
	return heap_fails(GFP_KERNEL, place) ? NULL : host_alloc(size);
}

struct class *kapi_class_create(const char *name, const struct kapi_place *place)
{
	struct class *class = allocate(sizeof(*class), place);

	if (!class)
		return ERR_PTR(-ENOMEM);
	*class = (struct class){ .name = name, .kapi_made = place, .kapi_next = classes };
	classes = class;
	return class;
}

void kapi_class_destroy(const struct class *class, const struct kapi_place *place)
{
	struct class **link = &classes;

	if (IS_ERR_OR_NULL(class))
		return;
	while (*link && *link != class)
		link = &(*link)->kapi_next;
	if (!*link) {
		report(KAPI_CHECK_BAD_CALL, place, "class_destroy() of something that class_create() has not made");
		return;
	}
	for (struct device *device = devices; device; device = device->kapi_next)
		if (device->class == class) {
			report(KAPI_CHECK_BAD_CALL, place, "the class %s is destroyed while the device %s has it",
			       class->name, dev_name(device));
			device->class = NULL;
		}
	*link = class->kapi_next;
	host_free((void *)class);
}

static void free_device(struct device *device)
{
	host_free(device);
}

struct device *kapi_device_create(const struct class *class, struct device *parent, dev_t number, void *data,
				  const struct kapi_place *place, const char *format, ...)
{
	struct device *device;
	va_list arguments;
	int err;

	if (IS_ERR_OR_NULL(class))
		return ERR_PTR(-ENODEV);
	device = allocate(sizeof(*device), place);
	if (!device)
		return ERR_PTR(-ENOMEM);
	*device = (struct device){
		.parent = parent, .driver_data = data, .devt = number, .class = class, .release = free_device
	};
	va_start(arguments, format);
	host_format(device->name, sizeof(device->name), format, arguments);
	va_end(arguments);
	kapi_device_initialize(device, place);
	err = kapi_device_add(device, place);
	if (!err)
		return device;
	kapi_put_device(device, place);
	return ERR_PTR(err);
}

void kapi_device_destroy(const struct class *class, dev_t number, const struct kapi_place *place)
{
	struct device *device = devices;

	while (device && (device->class != class || device->devt != number || !device->kapi_added))
		device = device->kapi_next;
	if (!device) {
		report(KAPI_CHECK_BAD_CALL, place, "device_destroy() of a number without a device of this class");
		return;
	}
	kapi_device_del(device, place);
	kapi_put_device(device, place);
}

/* --- what is left --- */

void devices_report_left(void)
{
	for (const struct device *device = devices; device; device = device->kapi_next)
		if (device->kapi_added)
			report(KAPI_CHECK_DEVICE_LEFT, device->kapi_added,
			       "the device %s is added here and never removed", dev_name(device));
		else if (device->release)
			report(KAPI_CHECK_DEVICE_LEFT, device->kapi_initialised,
			       "the device %s still has %u reference%s, so its release() is never called",
			       dev_name(device), device->kapi_references, device->kapi_references > 1 ? "s" : "");
	for (const struct class *class = classes; class; class = class->kapi_next)
		report(KAPI_CHECK_DEVICE_LEFT, class->kapi_made, "the class %s is made here and never destroyed",
		       class->name);
	devices_forget();
}

void devices_forget(void)
{
	while (devices) {
		struct device *device = devices;

		active_remove(device);
		forget_device(device);
		if (device->release == free_device)
			host_free(device);
	}
	while (classes) {
		struct class *class = classes;

		classes = class->kapi_next;
		host_free(class);
	}
}
