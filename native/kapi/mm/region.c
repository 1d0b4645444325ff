/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Regions of physical addresses for device memory. A region that a driver requests is a device of the machine from the
 * beginning, with an owner of its own, until memremap_pages() tells the right one. Device-coherent memory is of the platform, as
 * the special-purpose memory of the firmware's map is: a region of it is there while it is mapped.
 */
#include "mm/region.h"

#include <linux/kernel.h>
#include <linux/mm.h>

#include "host/host.h"
#include "log/report.h"
#include "mm/core.h"

/** Owner of a region that no driver uses yet. No object of a driver has this address. */
#define RESERVED_OWNER 1

struct resource iomem_resource = { .end = U64_MAX, .name = "iomem" };

static struct region regions[HMMU_MAX_DEVICES];

struct region *region_find(resource_size_t start)
{
	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++)
		if (regions[i].device && regions[i].resource.start == start)
			return &regions[i];
	return NULL;
}

struct resource *kapi_request_free_mem_region(unsigned long size, const char *name, const struct kapi_place *place)
{
	struct hmmu_device_info info;
	u32 device;

	kapi_might_sleep(place);
	if (hmmu_device_create(machine, (u32)(size >> PAGE_SHIFT), RESERVED_OWNER, &device)) {
		report(KAPI_CHECK_LIMIT, place, "the machine has no device memory left: %s", hmmu_error(machine)->text);
		return ERR_PTR(-ERANGE);
	}
	hmmu_device_info(machine, device, &info);
	regions[device] = (struct region){ .device = device, .requested = place };
	regions[device].resource = (struct resource){ .start = PFN_PHYS(info.first),
						      .end = PFN_PHYS(info.first + info.pages) - 1,
						      .name = name };
	return &regions[device].resource;
}

/* What a driver asks for, in pages; false: not all of it is device-coherent memory. */
static bool is_coherent(resource_size_t start, resource_size_t end)
{
	return !(start & ~PAGE_MASK) && !((end + 1) & ~PAGE_MASK) && start < end &&
	       start >= PFN_PHYS(hmmu_coherent_base(machine)) && end < PFN_PHYS(core_pages());
}

struct region *region_claim(resource_size_t start, resource_size_t end, u64 owner, const struct kapi_place *place)
{
	u32 device;

	if (!is_coherent(start, end)) {
		report(KAPI_CHECK_BAD_CALL, place,
		       "memremap_pages() of %#llx-%#llx, which is not device-coherent memory: that is %#llx-%#llx",
		       (unsigned long long)start, (unsigned long long)end,
		       (unsigned long long)PFN_PHYS(hmmu_coherent_base(machine)),
		       (unsigned long long)PFN_PHYS(core_pages()) - 1);
		return NULL;
	}
	if (hmmu_device_create_at(machine, (u32)(start >> PAGE_SHIFT), (u32)((end + 1 - start) >> PAGE_SHIFT), owner,
				  &device)) {
		core_refused(place, "memremap_pages");
		return NULL;
	}
	regions[device] = (struct region){ .device = device, .is_claimed = true, .requested = place };
	regions[device].resource = (struct resource){ .start = start, .end = end, .name = "coherent" };
	return &regions[device];
}

/* Nobody has a page of it any more. */
void region_give_up(struct region *region)
{
	hmmu_device_remove(machine, region->device);
	*region = (struct region){ 0 };
}

void kapi_release_mem_region(resource_size_t start, resource_size_t size, const struct kapi_place *place)
{
	struct region *region = region_find(start);

	if (!region || region->is_claimed || resource_size(&region->resource) != size)
		report(KAPI_CHECK_BAD_CALL, place, "release_mem_region() of a region that was never requested");
	else if (region->pgmap)
		report(KAPI_CHECK_BAD_CALL, place, "release_mem_region() of memory that is still mapped, at %s",
		       place_text(region->mapped));
	else if (hmmu_device_remove(machine, region->device))
		core_refused(place, "release_mem_region");
	else
		*region = (struct region){ 0 };
}

static void report_left(const struct region *region)
{
	if (region->is_claimed)
		report(KAPI_CHECK_DEVICE_LEFT, region->requested,
		       "the memory that was mapped here is never unmapped by memunmap_pages()");
	else
		report(KAPI_CHECK_DEVICE_LEFT, region->requested,
		       "the region that was requested here is never released%s",
		       region->pgmap ? ", nor unmapped by memunmap_pages()" : "");
}

void regions_report_left(void)
{
	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++)
		if (regions[i].device)
			report_left(&regions[i]);
}

/* One whose pages are still used stays a device, without a driver. */
static void give_back(const struct region *region)
{
	static const struct hmmu_pagemap_ops none;

	hmmu_device_driver(machine, region->device, &none, NULL);
	hmmu_device_remove(machine, region->device);
}

void regions_forget(void)
{
	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++)
		if (regions[i].device)
			give_back(&regions[i]);
	memset(regions, 0, sizeof(regions));
}
