/* SPDX-License-Identifier: GPL-2.0-only */
/** @file driver.h The built-in driver as the default of each device. */
#ifndef HMMU_BUILTIN_DRIVER_H
#define HMMU_BUILTIN_DRIVER_H

#include "host/machine.h"

/** It migrates the page to system memory, with those around it that are in the device's window. If the page does not move, the
 * access ends in SIGBUS. */
static int builtin_page_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data);

/** What a migration with window_ops brings back: the pages of a device. */
struct fault_window {
	const struct device *device;
	u64 touched; /**< the entry of the page that was touched */
};
/** The driver of a fault window. It gets a struct fault_window. */
static const struct hmmu_migrate_ops window_ops;
/** The devices or their drivers have changed: see whether a free page has to be told of. */
static void drivers_changed(struct hmmu *m);
/** Give each device the built-in driver. */
static void devices_init(struct hmmu *m);

#endif
