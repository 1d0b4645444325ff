/* SPDX-License-Identifier: GPL-2.0-only */
/** @file devmem.h Device-private memory (ZONE_DEVICE): allocation and freeing. */
#ifndef HMMU_DEVMEM_H
#define HMMU_DEVMEM_H

#include "page/page.h"

/** @name The device's pages. A set bit means a page in use, so an untouched bitmap means that all pages are free.
 * @{ */
static inline bool device_in_use(const struct hmmu *m, u32 index)
{
	return m->device_bitmap[index / 64] >> (index % 64) & 1;
}
static inline void device_set_in_use(struct hmmu *m, u32 index, bool in_use)
{
	u64 bit = 1ull << (index % 64), word = m->device_bitmap[index / 64];

	m->device_bitmap[index / 64] = in_use ? word | bit : word & ~bit;
}
/** pgmap->owner of a ZONE_DEVICE page. */
static inline u64 device_owner(const struct hmmu *m, u32 pfn)
{
	(void)m, (void)pfn;
	return HMMU_DEFAULT_OWNER;
}
/** The first free page at or above the hint, or the number of pages. */
static NOINLINE __attribute__((cold)) u32 device_lowest_free(struct hmmu *m);
/** Allocate a free device page for a driver, with a reference. */
static inline void device_take(struct hmmu *m, u32 index)
{
	struct state *st = m->st;
	struct page *page = page_of(m, m->device_base + index);

	device_set_in_use(m, index, true);
	if (index >= st->device_high)
		st->device_high = index + 1;
	st->device_free--;
	page->flags |= HMMU_PG_DEVICE | PAGE_USER_DRIVER;
	page->count = FREE_DEVICE_REFS + 1;
	page->alloc_id = index;
}
/** Allocate the lowest free device page; false: all are in use. */
static inline bool device_alloc(struct hmmu *m, u32 *pfn)
{
	struct state *st = m->st;
	u32 index = st->device_hint;

	if (index >= st->device_pages || device_in_use(m, index))
		index = device_lowest_free(m);
	if (index >= st->device_pages)
		return false;
	st->device_hint = index + 1;
	device_take(m, index);
	*pfn = m->device_base + index;
	return true;
}
/** @} */

/** Set up the device's pages: all free. */
static void devmem_init(struct hmmu *m);
/** Call this when the count of a ZONE_DEVICE page has fallen to FREE_DEVICE_REFS. Flags and contents stay, except
 * those that the kernel wipes. */
static void put_zone_device_private_page(struct hmmu *m, u32 pfn);
/** Call page_free(). */
static void tell_page_free(struct hmmu *m, u32 pfn);
/** Wipe a freed device page. A racing mark_page_accessed() could have set the active flag, which 4.14 clears; the other
 * flags stay. */
static ALWAYS_INLINE void wipe_device_page(struct hmmu *m, struct page *page)
{
	u32 flags = page->flags;
	u32 wiped = KERNEL >= V6_12 ? HMMU_PG_EXCLUSIVE : HMMU_PG_ACTIVE;

	page->flags = flags & ~(wiped | PAGE_USERS);
	page->mapping = 0;
	if (flags & PAGE_USER_CHARGED)
		m->st->memcg_charged--;
}
/** put_zone_device_private_page() for a device-private page that is in use. */
static ALWAYS_INLINE void free_device_page(struct hmmu *m, struct page *page, u32 pfn)
{
	struct state *st = m->st;
	u32 index = pfn - m->device_base;

	wipe_device_page(m, page);
	device_set_in_use(m, index, false);
	st->device_free++;
	if (index < st->device_hint)
		st->device_hint = index;
	if (m->device_ops.page_free)
		tell_page_free(m, pfn);
}
/** Drop a reference to a ZONE_DEVICE page. */
static inline void put_device_page(struct hmmu *m, u32 pfn)
{
	if (--page_of(m, pfn)->count <= FREE_DEVICE_REFS)
		put_zone_device_private_page(m, pfn);
}
static void unlock_and_put_device_page_slow(struct hmmu *m, u32 pfn);
/** unlock_page() and put_device_page(). */
static ALWAYS_INLINE void unlock_and_put_device_page(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);

	if (!SHORTCUTS || page->count != FREE_DEVICE_REFS + 1 || pfn >= m->other_device_base ||
	    !(page->flags & HMMU_PG_LOCKED)) {
		unlock_and_put_device_page_slow(m, pfn);
		return;
	}
	page->flags &= ~(u32)HMMU_PG_LOCKED;
	page->count = FREE_DEVICE_REFS;
	free_device_page(m, page, pfn);
}

#endif
