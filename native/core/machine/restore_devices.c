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

static bool device_is_sound(const struct state *st, u32 number)
{
	const struct device *device = &st->devices[number];

	if (!device->owner)
		return !device->first && !device->end && !device->hint && !device->free;
	if (device->first > device->end || (number && device->first == device->end) || device->end > st->device_pages)
		return false;
	if (device->hint < device->first || device->hint > device->end || device->free > device_size(device))
		return false;
	return (number || !device->first) && !overlaps_another(st, number);
}

bool check_devices(struct check *c)
{
	const struct state *st = c->m->st;

	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++)
		if (!device_is_sound(st, i))
			return refuse_snapshot(c, "device %u has the pages %u to %u, %u of them free, and owner %llu",
					       i, st->devices[i].first, st->devices[i].end, st->devices[i].free,
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
	if (used != device_pages_in_use(m, 0, m->st->device_pages))
		return refuse_snapshot(c, "device pages are in use that no device has");
	return true;
}
