/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MEMREMAP_H
#define _LINUX_MEMREMAP_H

#include <kapi/place.h>
#include <linux/ioport.h>
#include <linux/mm_types.h>
#include <linux/range.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

/** The kinds of device memory have the kernel's numbers. */
enum memory_type { MEMORY_DEVICE_PRIVATE = 1, MEMORY_DEVICE_COHERENT, MEMORY_DEVICE_FS_DAX, MEMORY_DEVICE_GENERIC };

struct dev_pagemap_ops {
	void (*page_free)(struct page *page);
	vm_fault_t (*migrate_to_ram)(struct vm_fault *vmf);
};

struct dev_pagemap {
	enum memory_type type;
	unsigned int flags;
	const struct dev_pagemap_ops *ops;
	void *owner;
	int nr_range;
	struct range range;
	unsigned int kapi_device; /**< number of the emulated device */
};

void *kapi_memremap_pages(struct dev_pagemap *pgmap, const struct kapi_place *place);
void kapi_memunmap_pages(struct dev_pagemap *pgmap, const struct kapi_place *place);
void kapi_zone_device_page_init(struct page *page, const struct kapi_place *place);
#define memremap_pages(pgmap, node) ((void)(node), kapi_memremap_pages(pgmap, KAPI_HERE))
#define memunmap_pages(pgmap) kapi_memunmap_pages(pgmap, KAPI_HERE)
#define zone_device_page_init(page) kapi_zone_device_page_init(page, KAPI_HERE)

struct device;
void *kapi_devm_memremap_pages(struct device *device, struct dev_pagemap *pgmap, const struct kapi_place *place);
void kapi_devm_memunmap_pages(struct device *device, struct dev_pagemap *pgmap, const struct kapi_place *place);
#define devm_memremap_pages(device, pgmap) kapi_devm_memremap_pages(device, pgmap, KAPI_HERE)
#define devm_memunmap_pages(device, pgmap) kapi_devm_memunmap_pages(device, pgmap, KAPI_HERE)

bool is_device_private_page(const struct page *page);
bool is_device_coherent_page(const struct page *page);

#endif
