/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of devices. In 4.14 every device page has one reference from the start. At that count the page is free, in
 * 6.12 at 0, and the device's bitmap says so. The kernel does not wipe flags and contents, so the last user's stay.
 */
#include "page/devmem.h"

#include <errno.h>

#include "page/memcg.h"

void devmem_init(struct hmmu *m)
{
	struct state *st = m->st;

	st->devices[HMMU_DEVICE_PRIVATE] =
		(struct device){ .owner = HMMU_DEFAULT_OWNER, .end = st->device_pages, .free = st->device_pages };
	st->device_high[HMMU_DEVICE_COHERENT] = st->device_pages;
	if (st->coherent_pages)
		st->devices[HMMU_DEVICE_COHERENT] = (struct device){
			.owner = HMMU_DEFAULT_OWNER,
			.first = st->device_pages,
			.end = st->device_pages + st->coherent_pages,
			.hint = st->device_pages,
			.free = st->coherent_pages,
			.kind = HMMU_DEVICE_COHERENT,
		};
}

u32 device_with(const struct hmmu *m, u32 index)
{
	u32 device = 0;

	while (device < HMMU_MAX_DEVICES &&
	       (index < m->st->devices[device].first || index >= m->st->devices[device].end))
		device++;
	return device;
}

u32 devices_used(const struct hmmu *m, enum hmmu_device_kind kind)
{
	u32 used = 0;

	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++)
		if (m->st->devices[i].kind == kind)
			used += device_size(&m->st->devices[i]) - m->st->devices[i].free;
	return used;
}

u32 device_lowest_free(const struct hmmu *m, const struct device *device)
{
	u32 index = device->hint, end = device->end;

	/* Each pass skips the remaining used pages of one word. */
	while (index < end && device_in_use(m, index)) {
		u64 unused = ~(m->device_bitmap[index / 64] >> (index % 64));

		index += unused ? (u32)__builtin_ctzll(unused) : 64;
	}
	return index;
}

struct device *device_find(struct hmmu *m, u32 number)
{
	struct device *device = number < HMMU_MAX_DEVICES ? &m->st->devices[number] : NULL;

	if (device && device->owner)
		return device;
	hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "there is no device %u", number);
	return NULL;
}

u32 device_pages_in_use(const struct hmmu *m, u32 first, u32 end)
{
	const struct state *st = m->st;
	u32 high = st->device_high[first < st->device_pages ? HMMU_DEVICE_PRIVATE : HMMU_DEVICE_COHERENT], used = 0;

	if (end > high)
		end = high;
	for (u32 index = first; index < end; index++)
		used += device_in_use(m, index);
	return used;
}

int hmmu_device_set_owner(struct hmmu *m, uint32_t number, uint64_t owner)
{
	struct device *device = device_find(m, number);

	if (!device)
		return -EINVAL;
	if (!owner)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "owner 0 owns nothing");
	if (device->free != device_size(device))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "pages of device %u are in use", number);
	device->owner = owner;
	return 0;
}

/* What a driver gets. 6.12 locks the page: zone_device_page_init(). */
static void hand_out(struct hmmu *m, u32 pfn)
{
	page_of(m, pfn)->flags |= unwritten_mark(m) | (KERNEL >= V6_12 ? HMMU_PG_LOCKED | PAGE_USER_DRIVER_LOCK : 0);
}

int hmmu_device_alloc(struct hmmu *m, uint32_t *pfn)
{
	return hmmu_device_alloc_of(m, 0, pfn);
}

int hmmu_device_alloc_of(struct hmmu *m, uint32_t number, uint32_t *pfn)
{
	struct device *device = device_find(m, number);

	if (!device)
		return -EINVAL;
	if (!device_alloc(m, device, pfn))
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES, "all %u pages of the device are in use",
				 device_size(device));
	hand_out(m, *pfn);
	return 0;
}

int hmmu_device_alloc_page(struct hmmu *m, uint32_t pfn)
{
	u32 number;

	if (!is_device_page(m, pfn))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "page %u is no page of a device (pfns are %u to %u)",
				 pfn, m->device_base, m->other_device_base - 1);
	if (device_in_use(m, pfn - m->device_base))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "page %u is in use", pfn);
	number = device_of_page(m, pfn);
	if (number == HMMU_MAX_DEVICES)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "the device of page %u was removed", pfn);
	device_take(m, &m->st->devices[number], pfn - m->device_base);
	hand_out(m, pfn);
	return 0;
}

/* A page can lose its last user under a page table's lock, too, so page_free() must not enter the kernel. */
void tell_page_free(struct hmmu *m, u32 device, u32 pfn)
{
	/* Preserve the outer call's error. */
	struct hmmu_error error = m->error;

	m->in_page_free++;
	m->drivers[device].ops.page_free(m, pfn, m->drivers[device].data);
	m->in_page_free--;
	m->error = error;
}

void device_got_page(struct hmmu *m, u32 pfn)
{
	u32 index = pfn - m->device_base, number = device_of_index(m, index);

	m->st->devices[number].free++;
	if (index < m->st->devices[number].hint)
		m->st->devices[number].hint = index;
	/* A translation that was cached before is of an earlier use. */
	if (is_device_coherent_page(m, pfn))
		page_of(m, pfn)->alloc_id = m->st->next_alloc_id++;
	if (m->drivers[number].ops.page_free)
		tell_page_free(m, number, pfn);
}

void put_zone_device_private_page(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);
	bool of_device = is_device_page(m, pfn);

	if (page->count != FREE_DEVICE_REFS || (of_device && !device_in_use(m, pfn - m->device_base)))
		hmmu_bug(m, "a reference to a device page was dropped that nobody had");
	else if (of_device)
		free_device_page(m, page, pfn);
	else
		wipe_device_page(m, page);
}

int hmmu_other_device_alloc(struct hmmu *m, uint32_t *pfn)
{
	for (u32 page = m->other_device_base; page < m->pfn_end; page++) {
		if (page_of(m, page)->count > FREE_DEVICE_REFS)
			continue;
		page_of(m, page)->flags |= HMMU_PG_DEVICE | PAGE_USER_DRIVER;
		page_of(m, page)->count = FREE_DEVICE_REFS + 1;
		if (KERNEL >= V6_12)
			page_of(m, page)->flags |= HMMU_PG_LOCKED | PAGE_USER_DRIVER_LOCK;
		*pfn = page;
		return 0;
	}
	return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES, "all %u other device pages are in use",
			 m->st->other_device_pages);
}

uint32_t hmmu_device_base(const struct hmmu *m)
{
	return m->device_base;
}

uint32_t hmmu_coherent_base(const struct hmmu *m)
{
	return m->coherent_base;
}

void unlock_and_put_device_page_slow(struct hmmu *m, u32 pfn)
{
	unlock_single_page(m, page_of(m, pfn));
	put_device_page(m, pfn);
}
