/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: the devices, which divide all device pages among them. */
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

	if (number && !device->end)
		return !device->owner && !device->first && !device->hint && !device->gone;
	if (device->first > device->end || (number && device->first == device->end) || device->end > st->device_pages)
		return false;
	if (device->hint < device->first || device->hint > device->end)
		return false;
	return (number || !device->first) && (device->owner == 0) == device->gone && !overlaps_another(st, number);
}

bool check_devices(struct check *c)
{
	const struct state *st = c->m->st;
	u64 pages = 0;

	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++) {
		pages += (u64)st->devices[i].end - st->devices[i].first;
		if (!device_is_sound(st, i))
			return refuse_snapshot(c, "device %u has the pages %u to %u, and owner %llu", i,
					       st->devices[i].first, st->devices[i].end,
					       (unsigned long long)st->devices[i].owner);
	}
	if (pages != st->device_pages)
		return refuse_snapshot(c, "the devices have %llu pages together, of %u", (unsigned long long)pages,
				       st->device_pages);
	return true;
}

bool check_removed_devices(struct check *c)
{
	const struct hmmu *m = c->m;

	for (u32 index = 0; index < m->st->device_high; index++)
		if (device_in_use(m, index) && m->st->devices[device_of_index(m, index)].gone)
			return refuse_snapshot(c, "device page %u is in use, and its device was removed", index);
	return true;
}
