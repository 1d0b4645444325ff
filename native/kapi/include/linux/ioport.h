/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_IOPORT_H
#define _LINUX_IOPORT_H

#include <kapi/place.h>
#include <linux/types.h>

/** A region of physical addresses; both ends belong to it. */
struct resource {
	resource_size_t start;
	resource_size_t end;
	const char *name;
};

extern struct resource iomem_resource;

static inline resource_size_t resource_size(const struct resource *resource)
{
	return resource->end - resource->start + 1;
}

struct resource *kapi_request_free_mem_region(unsigned long size, const char *name, const struct kapi_place *place);
void kapi_release_mem_region(resource_size_t start, resource_size_t size, const struct kapi_place *place);
#define request_free_mem_region(base, size, name) ((void)(base), kapi_request_free_mem_region(size, name, KAPI_HERE))
#define release_mem_region(start, size) kapi_release_mem_region(start, size, KAPI_HERE)

struct device;
struct resource *kapi_devm_request_free_mem_region(struct device *device, unsigned long size,
						   const struct kapi_place *place);
void kapi_devm_release_mem_region(struct device *device, resource_size_t start, resource_size_t size,
				  const struct kapi_place *place);
#define devm_request_free_mem_region(device, base, size) \
	((void)(base), kapi_devm_request_free_mem_region(device, size, KAPI_HERE))
#define devm_release_mem_region(device, start, size) kapi_devm_release_mem_region(device, start, size, KAPI_HERE)

#endif
