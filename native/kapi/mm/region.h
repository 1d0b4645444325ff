/* SPDX-License-Identifier: GPL-2.0-only */
/** @file region.h Regions of device memory. */
#ifndef KAPI_REGION_H
#define KAPI_REGION_H

#include <linux/ioport.h>

struct dev_pagemap;

/** A region that a driver has requested, or mapped without a request. */
struct region {
	struct resource resource;
	u32 device;                /**< its number in the machine; 0: there is no region */
	bool is_claimed;           /**< it is the platform's, and nobody has to request or to release it */
	struct dev_pagemap *pgmap; /**< NULL: it is not mapped */
	const struct kapi_place *requested;
	const struct kapi_place *mapped;
};

/** The region that begins at an address; NULL: there is none. */
struct region *region_find(resource_size_t start);
/** Have a region of device-coherent memory for a mapping of it. NULL, with a report: there is no such memory, or it is mapped. */
struct region *region_claim(resource_size_t start, resource_size_t end, u64 owner, const struct kapi_place *place);
/** The mapping of a claimed region ends. */
void region_give_up(struct region *region);
/** Report regions that drivers have not released. */
void regions_report_left(void);
/** Give them back to the machine. */
void regions_forget(void);

#endif
