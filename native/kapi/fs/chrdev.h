/* SPDX-License-Identifier: GPL-2.0-only */
/** @file chrdev.h Character devices. */
#ifndef KAPI_CHRDEV_H
#define KAPI_CHRDEV_H

#include <linux/cdev.h>

/** The functions of a name in /dev; NULL: there are none. */
struct cdev *chrdev_find(const char *name);
/** Report devices and their numbers that drivers have left, and forget them. */
void chrdevs_report_left(void);
/** Forget them. */
void chrdevs_forget(void);

#endif
