/* SPDX-License-Identifier: GPL-2.0-only */
/** @file devres.h What goes with the driver of a device. */
#ifndef KAPI_DEVRES_H
#define KAPI_DEVRES_H

#include <linux/device.h>

/** Forget an action that was added, without doing it. false: there is none. */
bool devres_forget(struct device *device, void (*action)(void *data), const void *data);
/** Do all actions, the last first. */
void devres_release(struct device *device);

#endif
