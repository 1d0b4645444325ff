/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_DEVICE_H
#define _LINUX_DEVICE_H

#include <kapi/place.h>
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct class;
struct kapi_devres;
struct dev_pagemap;
struct resource;

struct device {
	struct device *parent;
	void *driver_data;
	dev_t devt;
	const struct class *class;
	void (*release)(struct device *device); /**< called with the last reference */
	unsigned int kapi_references;           /**< 0: not initialised, or gone */
	const struct kapi_place *kapi_initialised;
	const struct kapi_place *kapi_added; /**< NULL: it is not */
	struct device *kapi_next;
	struct kapi_devres *kapi_devres; /**< what is given back when the driver leaves the device */
	u64 kapi_dma_mask;               /**< 0: of 32 bits */
	u64 kapi_dma_pages;              /**< pages of addresses that were given out */
	char name[32];
};

/* The driver has one reference then. */
void kapi_device_initialize(struct device *device, const struct kapi_place *place);
#define device_initialize(device) kapi_device_initialize(device, KAPI_HERE)
struct device *kapi_get_device(struct device *device, const struct kapi_place *place);
void kapi_put_device(struct device *device, const struct kapi_place *place);
#define get_device(device) kapi_get_device(device, KAPI_HERE)
#define put_device(device) kapi_put_device(device, KAPI_HERE)
/* What is added has a node in /dev, if it has a number. */
int kapi_device_add(struct device *device, const struct kapi_place *place);
void kapi_device_del(struct device *device, const struct kapi_place *place);
#define device_add(device) kapi_device_add(device, KAPI_HERE)
#define device_del(device) kapi_device_del(device, KAPI_HERE)
#define device_register(device) (device_initialize(device), device_add(device))
#define device_unregister(device) (device_del(device), put_device(device))

/** A kind of devices. */
struct class
{
	const char *name;
	const struct kapi_place *kapi_made;
	struct class *kapi_next;
};
struct class *kapi_class_create(const char *name, const struct kapi_place *place);
void kapi_class_destroy(const struct class *class, const struct kapi_place *place);
#define class_create(name) kapi_class_create(name, KAPI_HERE)
#define class_destroy(class) kapi_class_destroy(class, KAPI_HERE)
/* Devices in memory of the kernel. */
struct device *kapi_device_create(const struct class *class, struct device *parent, dev_t number, void *data,
				  const struct kapi_place *place, const char *format, ...) __printf(6, 7);
void kapi_device_destroy(const struct class *class, dev_t number, const struct kapi_place *place);
#define device_create(class, parent, number, data, ...) \
	kapi_device_create(class, parent, number, data, KAPI_HERE, __VA_ARGS__)
#define device_destroy(class, number) kapi_device_destroy(class, number, KAPI_HERE)

int dev_set_name(struct device *device, const char *format, ...) __printf(2, 3);

static inline const char *dev_name(const struct device *device)
{
	return device->name;
}

static inline void *dev_get_drvdata(const struct device *device)
{
	return device->driver_data;
}

static inline void dev_set_drvdata(struct device *device, void *data)
{
	device->driver_data = data;
}

#include <linux/dev_printk.h>

/* Memory and actions that go with the driver: kapi_device_unbind(). */
void *kapi_devm_alloc(struct device *device, size_t count, size_t size, gfp_t gfp, const struct kapi_place *place);
void kapi_devm_free(struct device *device, const void *memory, const struct kapi_place *place);
int kapi_devm_add_action(struct device *device, void (*action)(void *data), void *data, bool or_reset,
			 const struct kapi_place *place);
#define devm_kzalloc(device, size, gfp) kapi_devm_alloc(device, 1, size, (gfp) | __GFP_ZERO, KAPI_HERE)
#define devm_kmalloc(device, size, gfp) kapi_devm_alloc(device, 1, size, gfp, KAPI_HERE)
#define devm_kcalloc(device, count, size, gfp) kapi_devm_alloc(device, count, size, (gfp) | __GFP_ZERO, KAPI_HERE)
#define devm_kfree(device, memory) kapi_devm_free(device, memory, KAPI_HERE)
#define devm_add_action(device, action, data) kapi_devm_add_action(device, action, data, false, KAPI_HERE)
/* If there is no memory, the action is done at once. */
#define devm_add_action_or_reset(device, action, data) kapi_devm_add_action(device, action, data, true, KAPI_HERE)

#endif
