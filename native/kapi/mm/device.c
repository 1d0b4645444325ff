/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of devices that goes with their drivers. */
#include <kapi/device.h>

#include <linux/kernel.h>
#include <linux/memremap.h>

#include "lib/devres.h"
#include "log/report.h"
#include "mm/dma.h"
#include "mm/region.h"

static const struct kapi_place unbinding = { .file = "the device's end", .function = "kapi_device_unbind" };

static void release_region(void *data)
{
	const struct resource *region = data;

	kapi_release_mem_region(region->start, resource_size(region), &unbinding);
}

struct resource *kapi_devm_request_free_mem_region(struct device *device, unsigned long size,
						   const struct kapi_place *place)
{
	struct resource *region = kapi_request_free_mem_region(size, dev_name(device), place);
	int err = IS_ERR(region) ? 0 : kapi_devm_add_action(device, release_region, region, true, place);

	return err ? ERR_PTR(err) : region;
}

/* The region is known by its start. */
void kapi_devm_release_mem_region(struct device *device, resource_size_t start, resource_size_t size,
				  const struct kapi_place *place)
{
	struct region *region = region_find(start);

	if (region && devres_forget(device, release_region, &region->resource))
		kapi_release_mem_region(start, size, place);
	else
		report(KAPI_CHECK_BAD_CALL, place,
		       "devm_release_mem_region() of a region that the device does not have");
}

static void unmap_pages(void *data)
{
	kapi_memunmap_pages(data, &unbinding);
}

void *kapi_devm_memremap_pages(struct device *device, struct dev_pagemap *pgmap, const struct kapi_place *place)
{
	void *address = kapi_memremap_pages(pgmap, place);
	int err = IS_ERR(address) ? 0 : kapi_devm_add_action(device, unmap_pages, pgmap, true, place);

	return err ? ERR_PTR(err) : address;
}

void kapi_devm_memunmap_pages(struct device *device, struct dev_pagemap *pgmap, const struct kapi_place *place)
{
	if (devres_forget(device, unmap_pages, pgmap))
		kapi_memunmap_pages(pgmap, place);
	else
		report(KAPI_CHECK_BAD_CALL, place, "devm_memunmap_pages() of pages that the device does not have");
}

void kapi_device_unbind(struct device *device)
{
	devres_release(device);
	dma_report_left(device);
}
