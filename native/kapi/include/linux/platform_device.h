/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PLATFORM_DEVICE_H
#define _LINUX_PLATFORM_DEVICE_H

/* Drivers include it, and no driver that is supported uses any of its names. */
#include <linux/device.h>

#endif
