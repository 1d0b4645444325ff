/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_DEVICE_H
#define _LINUX_DEVICE_H

#include <linux/types.h>

struct device {
	struct device *parent;
	void *driver_data;
	dev_t devt;
	bool initialized;
	u64 kapi_dma_mask;  /**< 0: of 32 bits */
	u64 kapi_dma_pages; /**< pages of addresses that were given out */
	char name[32];
};

void device_initialize(struct device *device);
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

#endif
