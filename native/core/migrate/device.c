/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several devices: memremap_pages() and memunmap_pages(). A machine begins with device 0, which has all private pages, and
 * device 1, if there are coherent pages. A new device gets pages of no device, or the last ones of the first device of its kind.
 */
#include <errno.h>

#include "migrate/driver.h"
#include "page/devmem.h"

/* The device with the last pages of a kind below an index; NULL: no device has any. */
static const struct device *last_device_below(const struct hmmu *m, u32 kind, u32 index)
{
	const struct device *last = NULL;

	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++) {
		const struct device *device = &m->st->devices[i];

		if (device->kind == kind && device_size(device) && device->end <= index &&
		    (!last || device->end > last->end))
			last = device;
	}
	return last;
}

/* The last pages of the highest gap between devices that is large enough. */
static bool find_gap(const struct hmmu *m, u32 kind, u32 pages, u32 *first)
{
	const struct device *below;

	for (u32 end = end_device_index(m->st, kind); end; end = below->first) {
		below = last_device_below(m, kind, end);
		if (end - (below ? below->end : first_device_index(m->st, kind)) >= pages) {
			*first = end - pages;
			return true;
		}
		if (!below)
			return false;
	}
	return false;
}

/* No page below a hint is free, so the hint of the first device is below its last free pages. */
static bool take_from_first_device(struct hmmu *m, u32 kind, u32 pages, u32 *first)
{
	struct device *device = &m->st->devices[kind];

	if (pages > device_size(device) || device_pages_in_use(m, device->end - pages, device->end))
		return false;
	device->end -= pages;
	device->free -= pages;
	*first = device->end;
	return true;
}

/* Pages behind the first device of a kind that no device has are its own again. */
static void give_to_first_device(struct hmmu *m, u32 kind)
{
	struct device *device = &m->st->devices[kind];
	u32 end = end_device_index(m->st, kind);

	if (!device->owner)
		return;
	for (u32 i = 1; i < HMMU_MAX_DEVICES; i++)
		if (&m->st->devices[i] != device && m->st->devices[i].owner && m->st->devices[i].kind == kind &&
		    m->st->devices[i].first < end)
			end = m->st->devices[i].first;
	device->free += end - device->end;
	device->end = end;
}

/* The default driver: the built-in one. */
static void reset_driver(struct hmmu *m, u32 number)
{
	m->drivers[number].ops = (struct hmmu_pagemap_ops){ .page_fault = builtin_page_fault };
	m->drivers[number].data = NULL;
}

/* Whether indexes [first, end) are of no device, or free pages of the first device, which can give away all from there on. */
static bool can_take(const struct hmmu *m, u32 kind, u32 first, u32 end)
{
	const struct device *giver = &m->st->devices[kind];

	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++) {
		const struct device *device = &m->st->devices[i];

		if (device != giver && device->owner && device->first < end && device->end > first)
			return false;
	}
	return first >= giver->end || !device_pages_in_use(m, first, giver->end);
}

/* Pages behind those that are taken are of no device, until there is one for them. */
static void shrink_first_device(struct hmmu *m, u32 kind, u32 end)
{
	struct device *device = &m->st->devices[kind];

	if (device->end <= end)
		return;
	device->free -= device->end - end;
	device->end = end;
	if (device->hint > end)
		device->hint = end;
}

int hmmu_device_create(struct hmmu *m, uint32_t pages, uint64_t owner, uint32_t *number)
{
	return hmmu_device_create_kind(m, HMMU_DEVICE_PRIVATE, pages, owner, number);
}

static int check_new_device(struct hmmu *m, u32 kind, u32 pages, u64 owner)
{
	u32 most;

	if (kind > HMMU_DEVICE_COHERENT)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "devices are private (0) or coherent (1), not %u", kind);
	most = end_device_index(m->st, kind) - first_device_index(m->st, kind);
	if (!most)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the machine was made without device-%s pages",
				 kind == HMMU_DEVICE_PRIVATE ? "private" : "coherent");
	if (!pages || pages > most)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "a device of %u pages: 1 to %u are possible",
				 pages, most);
	if (!owner)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "owner 0 owns nothing");
	return check_outside_page_free(m);
}

/* The lowest number that no device has. */
static int free_device_number(struct hmmu *m, u32 *number)
{
	u32 free = 1;

	while (free < HMMU_MAX_DEVICES && (m->st->devices[free].owner || is_first_device(m->st, free)))
		free++;
	if (free == HMMU_MAX_DEVICES)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_SLOTS, "the machine has %u devices", HMMU_MAX_DEVICES);
	*number = free;
	return 0;
}

static void register_device(struct hmmu *m, u32 number, struct device device)
{
	device.hint = device.first;
	device.free = device_size(&device);
	m->st->devices[number] = device;
	drivers_changed(m);
}

int hmmu_device_create_kind(struct hmmu *m, uint32_t kind, uint32_t pages, uint64_t owner, uint32_t *number)
{
	u32 first, free = 0;
	int err = check_new_device(m, kind, pages, owner);

	if (!err)
		err = free_device_number(m, &free);
	if (err)
		return err;
	if (!find_gap(m, kind, pages, &first) && !take_from_first_device(m, kind, pages, &first))
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES,
				 "no %u pages in a row are of no device, and the last %u of device %u are not free",
				 pages, pages, kind);
	register_device(m, free, (struct device){ .owner = owner, .first = first, .end = first + pages, .kind = kind });
	*number = free;
	return 0;
}

int hmmu_device_create_at(struct hmmu *m, uint32_t pfn, uint32_t pages, uint64_t owner, uint32_t *number)
{
	u32 kind = pfn < m->coherent_base ? HMMU_DEVICE_PRIVATE : HMMU_DEVICE_COHERENT;
	u32 first = pfn - m->device_base, free = 0;
	int err = check_new_device(m, kind, pages, owner);

	if (!err)
		err = free_device_number(m, &free);
	if (err)
		return err;
	if (pfn < m->device_base || first >= end_device_index(m->st, kind) ||
	    pages > end_device_index(m->st, kind) - first)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "%u pages from %u on are not all device memory of one kind", pages, pfn);
	if (!can_take(m, kind, first, first + pages))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY,
				 "of %u pages from %u on some are another device's, or in use", pages, pfn);
	shrink_first_device(m, kind, first);
	register_device(m, free, (struct device){ .owner = owner, .first = first, .end = first + pages, .kind = kind });
	*number = free;
	return 0;
}

int hmmu_device_remove(struct hmmu *m, uint32_t number)
{
	struct device *device = device_find(m, number);
	u32 kind;

	if (!device)
		return -EINVAL;
	if (check_outside_page_free(m))
		return -EBUSY;
	if (device->free != device_size(device))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "%u pages of device %u are in use",
				 device_size(device) - device->free, number);
	kind = device->kind;
	*device = (struct device){ 0 };
	give_to_first_device(m, kind);
	reset_driver(m, number);
	drivers_changed(m);
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
		.free = device->free,
		.kind = device->kind,
		.owner = device->owner,
	};
	return 0;
}

void drivers_changed(struct hmmu *m)
{
	m->page_frees_matter = m->st->devices[0].end != m->st->device_pages || m->st->coherent_pages;
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
		reset_driver(m, i);
	drivers_changed(m);
}
