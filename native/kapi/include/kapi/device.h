/* SPDX-License-Identifier: GPL-2.0-only */
/** @file device.h A device comes and goes: for the fakes of a driver's surroundings. */
#ifndef KAPI_DEVICE_H
#define KAPI_DEVICE_H

#include <linux/device.h>

/** The driver leaves the device: what devm_ functions have got is given back, the last first; then what is still mapped for
 * the device is reported. */
void kapi_device_unbind(struct device *device);

#endif
