/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: the devices, of which no two have a page in common. */
#include "machine/restore.h"
#include "page/devmem.h"

static bool overlaps_another(const struct state *st, u32 device)
{
	const struct device *a = &st->devices[device];

	for (u32 i = 0; i < device; i++) {
		const struct device *b = &st->devices[i];

		if (a->first < b->end && b->first < a->end)
			return true;
	}
	return false;
}

/* Whether a device has pages of its kind. */
static bool device_fits(const struct state *st, const struct device *device)
{
	if (device->kind == HMMU_DEVICE_PRIVATE)
		return device->end <= st->device_pages;
	return device->kind == HMMU_DEVICE_COHERENT && device->first >= st->device_pages &&
	       device->end - st->device_pages <= st->coherent_pages;
}

/* 0 stands for a window of one page, which is all that a coherent device has. */
static bool window_is_sound(const struct device *device)
{
	return !device->window || (device->owner && device->window > 1 && is_fault_window(device->window) &&
				   device->kind == HMMU_DEVICE_PRIVATE);
}

static bool device_is_sound(const struct state *st, u32 number)
{
	const struct device *device = &st->devices[number];
	bool begins = is_first_device(st, number);

	if (!window_is_sound(device))
		return false;
	if (!device->owner)
		return !device->first && !device->end && !device->hint && !device->free && !device->kind;
	if (device->first > device->end || (!begins && device->first == device->end) || !device_fits(st, device))
		return false;
	if (device->hint < device->first || device->hint > device->end || device->free > device_size(device))
		return false;
	if (begins && (device->kind != number || device->first != first_device_index(st, device->kind)))
		return false;
	return !overlaps_another(st, number);
}

bool check_devices(struct check *c)
{
	const struct state *st = c->m->st;

	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++)
		if (!device_is_sound(st, i))
			return refuse_snapshot(
				c, "device %u has the pages %u to %u, %u of them free, a window of %u, and owner %llu",
				i, st->devices[i].first, st->devices[i].end, st->devices[i].free, st->devices[i].window,
				(unsigned long long)st->devices[i].owner);
	return true;
}

bool check_device_counts(struct check *c)
{
	const struct hmmu *m = c->m;
	u32 used = 0;

	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++) {
		const struct device *device = &m->st->devices[i];
		u32 in_use = device_pages_in_use(m, device->first, device->end);

		if (in_use + device->free != device_size(device))
			return refuse_snapshot(c, "device %u: %u pages are in use, %u are free, of %u", i, in_use,
					       device->free, device_size(device));
		used += in_use;
	}
	if (used != device_pages_in_use(m, 0, m->st->device_pages) +
			    device_pages_in_use(m, m->st->device_pages, m->st->device_pages + m->st->coherent_pages))
		return refuse_snapshot(c, "device pages are in use that no device has");
	return true;
}
