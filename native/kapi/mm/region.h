/* SPDX-License-Identifier: GPL-2.0-only */
/** @file region.h Regions of device memory. */
#ifndef KAPI_REGION_H
#define KAPI_REGION_H

#include <linux/ioport.h>

struct dev_pagemap;

/** A region that a driver has requested. */
struct region {
	struct resource resource;
	u32 device;                /**< its number in the machine; 0: there is no region */
	struct dev_pagemap *pgmap; /**< NULL: it is not mapped */
	const struct kapi_place *requested;
	const struct kapi_place *mapped;
};

/** The region that begins at an address; NULL: there is none. */
struct region *region_find(resource_size_t start);
/** Report regions that drivers have not released. */
void regions_report_left(void);
/** Give them back to the machine. */
void regions_forget(void);

#endif
