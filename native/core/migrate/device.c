/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several devices: memremap_pages() and memunmap_pages(). The machine's device pages are divided among them. Device 0 has all
 * of them at first, and gives its last ones to a device that is made.
 */
#include <errno.h>

#include "migrate/driver.h"
#include "page/devmem.h"

/* Take the last pages of a record, if they are free. */
static bool give_last_pages(struct hmmu *m, struct device *from, u32 pages, u32 *first)
{
	u32 end = from->end;

	if (pages > device_size(from) || device_pages_in_use(m, end - pages, end))
		return false;
	from->end -= pages;
	if (from->hint > from->end)
		from->hint = from->end;
	*first = end - pages;
	return true;
}

/* Pages of removed devices are taken first, then those of device 0. */
static bool find_room(struct hmmu *m, u32 pages, u32 *first)
{
	for (u32 i = 1; i < HMMU_MAX_DEVICES; i++)
		if (m->st->devices[i].gone && give_last_pages(m, &m->st->devices[i], pages, first)) {
			if (!device_size(&m->st->devices[i]))
				m->st->devices[i] = (struct device){ 0 };
			return true;
		}
	return !m->st->devices[0].gone && give_last_pages(m, &m->st->devices[0], pages, first);
}

int hmmu_device_create(struct hmmu *m, uint32_t pages, uint64_t owner, uint32_t *number)
{
	u32 free = 1, first;

	if (!pages || pages > m->st->device_pages)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "a device of %u pages: 1 to %u are possible",
				 pages, m->st->device_pages);
	if (!owner)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "owner 0 owns nothing");
	while (free < HMMU_MAX_DEVICES && device_size(&m->st->devices[free]))
		free++;
	if (free == HMMU_MAX_DEVICES)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_SLOTS, "the machine has %u devices", HMMU_MAX_DEVICES);
	if (!find_room(m, pages, &first))
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES, "the last %u pages of device 0 are not free",
				 pages);
	m->st->devices[free] = (struct device){ .owner = owner, .first = first, .end = first + pages, .hint = first };
	*number = free;
	return hmmu_device_driver(m, free, NULL, NULL);
}

int hmmu_device_remove(struct hmmu *m, uint32_t number)
{
	struct device *device = device_find(m, number);
	u32 used;

	if (!device)
		return -EINVAL;
	used = device_pages_in_use(m, device->first, device->end);
	if (used)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "%u pages of device %u are in use", used, number);
	device->owner = 0;
	device->hint = device->first;
	device->gone = 1;
	return 0;
}

int hmmu_device_info(const struct hmmu *m, uint32_t number, struct hmmu_device_info *out)
{
	const struct device *device = device_find((struct hmmu *)m, number);

	if (!device)
		return -EINVAL;
	*out = (struct hmmu_device_info){
		.first = m->device_base + device->first,
		.pages = device_size(device),
		.free = device_size(device) - device_pages_in_use(m, device->first, device->end),
		.owner = device->owner,
	};
	return 0;
}

void drivers_changed(struct hmmu *m)
{
	m->page_frees_matter = m->st->devices[0].end != m->st->device_pages;
	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++)
		m->page_frees_matter |= m->drivers[i].ops.page_free != NULL;
}

int hmmu_device_set_ops(struct hmmu *m, const struct hmmu_pagemap_ops *ops, void *data)
{
	return hmmu_device_driver(m, 0, ops, data);
}

int hmmu_device_driver(struct hmmu *m, uint32_t device, const struct hmmu_pagemap_ops *ops, void *data)
{
	if (!device_find(m, device))
		return -EINVAL;
	m->drivers[device].ops = ops ? *ops : (struct hmmu_pagemap_ops){ 0 };
	m->drivers[device].data = data;
	if (!m->drivers[device].ops.page_fault)
		m->drivers[device].ops.page_fault = builtin_page_fault;
	drivers_changed(m);
	return 0;
}

void devices_init(struct hmmu *m)
{
	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++)
		m->drivers[i].ops.page_fault = builtin_page_fault;
	drivers_changed(m);
}
