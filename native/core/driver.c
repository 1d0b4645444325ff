/* SPDX-License-Identifier: GPL-2.0-only */
/* What drivers call; and the built-in driver, which does the same, without checks of what it knows to be right. */
#include <errno.h>
#include <string.h>

#include "contents.h"
#include "devmem.h"

static int no_page(struct hmmu *m, u32 pfn)
{
	return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "there is no page %u in use (pfns are 2 to %u)", pfn,
			 m->pfn_end - 1);
}

static inline bool in_use(const struct hmmu *m, u32 pfn)
{
	return pfn > m->zero_pfn && pfn < m->pfn_end && m->pages[pfn].count > is_zone_device_page(m, pfn) &&
	       !page_test(m, pfn, HMMU_PG_TABLE);
}

int hmmu_page_alloc(struct hmmu *m, uint32_t *pfn)
{
	u32 page = alloc_page(m);

	if (!page)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_FRAMES, "all %u frames are in use", m->st->ram_pages);
	page_of(m, page)->users |= PAGE_USER_DRIVER;
	*pfn = page;
	return 0;
}

int hmmu_page_trylock(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (!(page_of(m, pfn)->users & PAGE_USER_DRIVER))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not a driver's", pfn);
	if (!trylock_page(m, pfn))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "page %u is locked", pfn);
	page_of(m, pfn)->users |= PAGE_USER_DRIVER_LOCK;
	return 0;
}

int hmmu_page_unlock(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (!(page_of(m, pfn)->users & PAGE_USER_DRIVER_LOCK))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not locked by a driver", pfn);
	page_of(m, pfn)->users &= (u16)~PAGE_USER_DRIVER_LOCK;
	unlock_page(m, pfn);
	return 0;
}

int hmmu_page_put(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (!(page_of(m, pfn)->users & PAGE_USER_DRIVER))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not a driver's", pfn);
	if (page_of(m, pfn)->users & PAGE_USER_DRIVER_LOCK)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "page %u is still locked by its driver", pfn);
	page_of(m, pfn)->users &= (u16)~PAGE_USER_DRIVER;
	put_page(m, pfn);
	return 0;
}

int hmmu_page_copy(struct hmmu *m, uint32_t to, uint32_t from)
{
	if (!in_use(m, to))
		return no_page(m, to);
	if (!in_use(m, from))
		return no_page(m, from);
	copy_contents(m, to, from);
	return 0;
}

int hmmu_page_zero(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	clear_contents(m, pfn);
	return 0;
}

int hmmu_page_set_flags(struct hmmu *m, uint32_t pfn, uint32_t flags)
{
	const u32 allowed = HMMU_PG_REFERENCED | HMMU_PG_CHECKED | HMMU_PG_MAPPEDTODISK | HMMU_PG_ERROR |
			    HMMU_PG_YOUNG | HMMU_PG_IDLE | HMMU_PG_DIRTY;

	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (flags & ~allowed)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "flags %#x: %#x may be set", flags, allowed);
	page_set(m, compound_head(m, pfn), flags);
	return 0;
}

static inline bool listed(const uint64_t *list, u32 count, u64 i)
{
	for (u32 k = 0; k < count; k++)
		if (list[k] == i)
			return true;
	return false;
}

/* A destination, with reference and lock; 0: none is left. */
static ALWAYS_INLINE u32 take_destination(struct hmmu *m, bool to_device)
{
	u32 page = to_device ? device_alloc(m) : alloc_page(m);

	if (!page)
		return 0;
	page_of(m, page)->users |= PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK;
	page_set(m, page, HMMU_PG_LOCKED);
	return page;
}

/* A destination with the contents of a page, of zeroes if that is 0; 0: none is left. */
static ALWAYS_INLINE u32 fill_destination(struct hmmu *m, bool to_device, u32 from)
{
	u32 page = take_destination(m, to_device);

	if (page && from)
		copy_contents(m, page, from);
	else if (page)
		clear_contents(m, page);
	return page;
}

/* What an entry gets: a page with the source's contents. Without a page left the entry stays empty. */
static inline int move_entry(struct hmmu *m, bool to_device, uint64_t src, uint64_t *dst)
{
	u32 from = src & HMMU_PFN_VALID ? hmmu_word_pfn(src) : 0, page;

	if ((src & HMMU_PFN_VALID) && !in_use(m, from))
		return no_page(m, from);
	page = fill_destination(m, to_device, from);
	if (page)
		*dst = hmmu_word(page, HMMU_PFN_LOCKED | (to_device ? HMMU_PFN_DEVICE : 0));
	return 0;
}

uint64_t hmmu_destinations_left(const struct hmmu *m, uint32_t to)
{
	u64 nth = m->st->injections[HMMU_INJECT_FRAME].nth, free = m->st->free_frames;

	if (to == HMMU_TO_DEVICE)
		return m->st->device_free;
	return nth && nth - 1 < free ? nth - 1 : free;
}

int hmmu_destinations(struct hmmu *m, uint32_t to, uint32_t *pages, uint32_t count)
{
	if (to > HMMU_TO_SYSTEM || count > INT32_MAX)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "no such target, or more than %d pages",
				 INT32_MAX);
	for (u32 i = 0; i < count; i++)
		if (pages[i] && !in_use(m, pages[i]))
			return no_page(m, pages[i]);
	for (u32 i = 0; i < count; i++) {
		u32 page = fill_destination(m, to == HMMU_TO_DEVICE, pages[i]);

		if (!page)
			return (int)i;
		pages[i] = page;
	}
	return (int)count;
}

static int builtin_alloc_and_copy(struct hmmu_migration *mig, void *data)
{
	const struct hmmu_builtin *driver = data;
	bool to_device = driver->to == HMMU_TO_DEVICE;
	struct hmmu_migration_state state;

	hmmu_migrate_state(mig, &state);
	for (uint64_t i = 0; i < state.npages; i++) {
		uint64_t src = state.src[i];
		bool on_device = src & HMMU_PFN_DEVICE;
		int err;

		if (!(src & HMMU_PFN_MIGRATE) || listed(driver->skip, driver->skip_count, i))
			continue;
		if ((src & HMMU_PFN_VALID) && on_device == to_device)
			continue;
		if (listed(driver->error, driver->error_count, i)) {
			state.dst[i] = HMMU_PFN_ERROR;
			continue;
		}
		err = move_entry(state.machine, to_device, src, &state.dst[i]);
		if (err)
			return err;
	}
	return 0;
}

/* This driver keeps no tables of its own, so there is nothing to program. */
static int builtin_finalize_and_map(struct hmmu_migration *mig, void *data)
{
	(void)mig;
	(void)data;
	return 0;
}

const struct hmmu_migrate_ops hmmu_builtin_ops = {
	.alloc_and_copy = builtin_alloc_and_copy,
	.finalize_and_map = builtin_finalize_and_map,
};
