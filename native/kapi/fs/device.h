/* SPDX-License-Identifier: GPL-2.0-only */
/** @file device.h Devices that drivers add, and their classes. */
#ifndef KAPI_FS_DEVICE_H
#define KAPI_FS_DEVICE_H

#include <linux/device.h>

/** The device of a name in /dev; NULL: none is added. */
const struct device *device_find(const char *name);
/** Whether a device with one of these numbers is added. */
bool device_in_numbers(dev_t first, unsigned int count);
/** Report devices and classes that drivers have left, and forget them. */
void devices_report_left(void);
/** Forget them. */
void devices_forget(void);

#endif
