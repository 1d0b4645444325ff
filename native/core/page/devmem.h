/* SPDX-License-Identifier: GPL-2.0-only */
/** @file devmem.h Memory of devices (ZONE_DEVICE), private or coherent: allocation and freeing. */
#ifndef HMMU_DEVMEM_H
#define HMMU_DEVMEM_H

#include "page/page.h"

/** @name The pages of devices, by index: the private ones, then the coherent ones. A set bit means a page in use, so an untouched bitmap means that all pages are free.
 * @{ */
static inline bool device_in_use(const struct hmmu *m, u32 index)
{
	return m->device_bitmap[index / 64] & 1ull << (index % 64);
}
static inline void device_set_in_use(struct hmmu *m, u32 index, bool in_use)
{
	u64 *word = &m->device_bitmap[index / 64], bit = 1ull << (index % 64);

	*word = in_use ? *word | bit : *word & ~bit;
}
static inline u32 device_size(const struct device *device)
{
	return device->end - device->first;
}
/** Whether the built-in handler of faults can bring back so many pages at once: their tables' entries are in one table. */
static inline bool is_fault_window(u32 pages)
{
	return pages && pages <= HMMU_MAX_FAULT_WINDOW && !(pages & (pages - 1));
}
/** The number of the device that has a page; HMMU_MAX_DEVICES: none has. Device 0 has the first pages, and most machines
 * have no other. */
static NOINLINE u32 device_with(const struct hmmu *m, u32 index);
static inline u32 device_of_index(const struct hmmu *m, u32 index)
{
	return index < m->st->devices[0].end ? 0 : device_with(m, index);
}
/** pgmap->owner of a device page. */
static inline u64 device_owner(const struct hmmu *m, u32 pfn)
{
	return m->st->devices[device_of_index(m, pfn - m->device_base)].owner;
}
/** The device of a device page. */
static inline u32 device_of_page(const struct hmmu *m, u32 pfn)
{
	return device_of_index(m, pfn - m->device_base);
}
/** The first free page of a device at or above its hint, or the end of its pages. */
static NOINLINE __attribute__((cold)) u32 device_lowest_free(const struct hmmu *m, const struct device *device);
/** The number of a device page among those of its kind. */
static inline u32 device_page_number(const struct hmmu *m, u32 pfn)
{
	return pfn - (pfn < m->coherent_base ? m->device_base : m->coherent_base);
}
/** Allocate a free page of a device for a driver, with a reference. */
static inline void device_take(struct hmmu *m, struct device *device, u32 index)
{
	struct state *st = m->st;
	struct page *page = page_of(m, m->device_base + index);

	device_set_in_use(m, index, true);
	if (index >= st->device_high[device->kind])
		st->device_high[device->kind] = index + 1;
	device->free--;
	page->flags |= HMMU_PG_DEVICE | PAGE_USER_DRIVER;
	page->count = FREE_DEVICE_REFS + 1;
}
/** Allocate the lowest free page of a device; false: all are in use. */
static inline bool device_alloc(struct hmmu *m, struct device *device, u32 *pfn)
{
	u32 index = device->hint, end = device->end;

	if (index >= end || device_in_use(m, index))
		index = device_lowest_free(m, device);
	if (index >= end)
		return false;
	device->hint = index + 1;
	device_take(m, device, index);
	*pfn = m->device_base + index;
	return true;
}
/** @} */

/** The index of the first page of a kind, and the end of them. @{ */
static inline u32 first_device_index(const struct state *st, u32 kind)
{
	return kind == HMMU_DEVICE_PRIVATE ? 0 : st->device_pages;
}
static inline u32 end_device_index(const struct state *st, u32 kind)
{
	return st->device_pages + (kind == HMMU_DEVICE_PRIVATE ? 0 : st->coherent_pages);
}
/** @} */
/** Whether a number is that of the device which has all pages of its kind at first: its number is the kind. */
static inline bool is_first_device(const struct state *st, u32 number)
{
	return number == HMMU_DEVICE_PRIVATE || (number == HMMU_DEVICE_COHERENT && st->coherent_pages);
}
/** The record of a device; NULL with an error: there is no such device. */
static struct device *device_find(struct hmmu *m, u32 number);
/** How many of the pages of a device are in use, which has indexes [first, end). */
static u32 device_pages_in_use(const struct hmmu *m, u32 first, u32 end);
/** How many pages of all devices of a kind are in use. */
static u32 devices_used(const struct hmmu *m, enum hmmu_device_kind kind);
/** Set up the first device of each kind: all pages are free. */
static void devmem_init(struct hmmu *m);
/** Call this when the count of a ZONE_DEVICE page has fallen to FREE_DEVICE_REFS. Flags and contents stay, except
 * those that the kernel wipes. */
static void put_zone_device_private_page(struct hmmu *m, u32 pfn);
/** Call page_free(). */
static void tell_page_free(struct hmmu *m, u32 device, u32 pfn);
/** Wipe a freed device page. A racing mark_page_accessed() could have set the active flag, which 4.14 clears; the other
 * flags stay. */
static ALWAYS_INLINE void wipe_device_page(struct hmmu *m, struct page *page)
{
	u32 flags = page->flags;
	u32 wiped = KERNEL >= V6_12 ? HMMU_PG_EXCLUSIVE : HMMU_PG_ACTIVE;

	page->flags = flags & ~(wiped | PAGE_USERS);
	page->mapping = 0;
	if (flags & PAGE_USER_CHARGED)
		m->st->memcg_uncharges++;
}
/** A page of a device is free: its next allocation finds it, and its driver learns of it. */
static NOINLINE void device_got_page(struct hmmu *m, u32 pfn);
/** put_zone_device_private_page() for a page of a device that is in use. */
static ALWAYS_INLINE void free_device_page(struct hmmu *m, struct page *page, u32 pfn)
{
	struct state *st = m->st;
	u32 index = pfn - m->device_base;

	wipe_device_page(m, page);
	device_set_in_use(m, index, false);
	/* The only device is the first one. */
	if (SHORTCUTS && !m->page_frees_matter) {
		st->devices[0].free++;
		if (index < st->devices[0].hint)
			st->devices[0].hint = index;
	} else {
		device_got_page(m, pfn);
	}
}
/** Drop a reference to a ZONE_DEVICE page. */
static inline void put_device_page(struct hmmu *m, u32 pfn)
{
	if (--page_of(m, pfn)->count <= FREE_DEVICE_REFS)
		put_zone_device_private_page(m, pfn);
}
static void unlock_and_put_device_page_slow(struct hmmu *m, u32 pfn);
/** unlock_page() and put_device_page(), of a page of a device or of any ZONE_DEVICE page.
 * @{ */
static ALWAYS_INLINE void unlock_and_put_private_page(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);

	if (!SHORTCUTS || page->count != FREE_DEVICE_REFS + 1 || !(page->flags & HMMU_PG_LOCKED)) {
		unlock_and_put_device_page_slow(m, pfn);
		return;
	}
	page->flags &= ~(u32)HMMU_PG_LOCKED;
	page->count = FREE_DEVICE_REFS;
	free_device_page(m, page, pfn);
}
static ALWAYS_INLINE void unlock_and_put_device_page(struct hmmu *m, u32 pfn)
{
	if (pfn < m->other_device_base)
		unlock_and_put_private_page(m, pfn);
	else
		unlock_and_put_device_page_slow(m, pfn);
}
/** @} */

#endif
