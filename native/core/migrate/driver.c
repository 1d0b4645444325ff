/* SPDX-License-Identifier: GPL-2.0-only */
/* The functions that drivers call, and the built-in driver, which works without their checks. */
#include <errno.h>
#include <string.h>

#include "migrate/migrate.h"
#include "page/contents.h"
#include "page/devmem.h"
#include "page/frame.h"

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
	page_of(m, page)->flags |= PAGE_USER_DRIVER | unwritten_mark(m);
	*pfn = page;
	return 0;
}

int hmmu_page_trylock(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (!(page_of(m, pfn)->flags & PAGE_USER_DRIVER))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not a driver's", pfn);
	if (!trylock_page(m, pfn))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "page %u is locked", pfn);
	page_of(m, pfn)->flags |= PAGE_USER_DRIVER_LOCK;
	return 0;
}

int hmmu_page_unlock(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (!(page_of(m, pfn)->flags & PAGE_USER_DRIVER_LOCK))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not locked by a driver", pfn);
	page_of(m, pfn)->flags &= ~(u32)PAGE_USER_DRIVER_LOCK;
	unlock_page(m, pfn);
	return 0;
}

int hmmu_page_put(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (!(page_of(m, pfn)->flags & PAGE_USER_DRIVER))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not a driver's", pfn);
	if (page_of(m, pfn)->flags & PAGE_USER_DRIVER_LOCK)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "page %u is still locked by its driver", pfn);
	page_of(m, pfn)->flags &= ~(u32)PAGE_USER_DRIVER;
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
	contents_written(m, to);
	return 0;
}

int hmmu_page_zero(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	clear_contents(m, pfn);
	contents_written(m, pfn);
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

/* Allocate and lock a destination, and copy a page to it or clear it. False: no page is left. */
static ALWAYS_INLINE bool fill_destination(struct hmmu *m, bool to_device, bool copy, u32 from, u32 *page)
{
	if (to_device) {
		if (!device_alloc(m, page))
			return false;
	} else {
		*page = __alloc_page(m);
		if (!*page)
			return false;
	}
	page_set(m, *page, HMMU_PG_LOCKED | PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK);
	if (copy)
		copy_contents(m, *page, from);
	else
		clear_contents(m, *page);
	return true;
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
		u32 page;

		if (!fill_destination(m, to == HMMU_TO_DEVICE, pages[i], pages[i], &page))
			return (int)i;
		pages[i] = page;
	}
	return (int)count;
}

/* The built-in driver's choices for an entry. */
enum { MOVE, LEAVE, ERROR };

static void choose(struct hmmu_migration *mig, const uint64_t *list, u32 count, u64 choice)
{
	for (u32 k = 0; k < count; k++)
		if (list[k] < mig->npages)
			mig->dst[list[k]] = choice;
}

/* Note a choice for each entry in the migration's own dst. Its words are free until the driver has returned: then those
 * of the request replace them. An index in both lists is skipped. */
static NOINLINE const u64 *builtin_choices(struct hmmu_migration *mig, const struct hmmu_builtin *driver)
{
	memset(mig->dst, MOVE, mig->npages * sizeof(*mig->dst));
	choose(mig, driver->error, driver->error_count, ERROR);
	choose(mig, driver->skip, driver->skip_count, LEAVE);
	return mig->dst;
}

/* Reads the core's private arrays, which callers cannot alter. */
static ALWAYS_INLINE void builtin_move(struct hmmu_migration *mig, const struct hmmu_builtin *driver, bool to_device)
{
	const u64 there = HMMU_PFN_VALID | (to_device ? HMMU_PFN_DEVICE : 0);
	const u64 flags = HMMU_PFN_LOCKED | (to_device ? HMMU_PFN_DEVICE : 0);
	const u64 *choices = driver->skip_count || driver->error_count ? builtin_choices(mig, driver) : NULL;
	struct hmmu *m = mig->ctx.m;
	u64 *words = mig->src, *dst = mig->request.dst, pages = mig->npages;

	for (u64 i = 0; i < pages; i++) {
		u64 src = words[i];
		u32 page;

		if (!(src & HMMU_PFN_MIGRATE) || (src & (HMMU_PFN_VALID | HMMU_PFN_DEVICE)) == there)
			continue;
		if (choices && choices[i] != MOVE) {
			if (choices[i] == ERROR)
				dst[i] = HMMU_PFN_ERROR;
			continue;
		}
		/* If no page is left, the word stays empty. */
		if (fill_destination(m, to_device, src & HMMU_PFN_VALID, (u32)(src >> HMMU_PFN_SHIFT), &page))
			dst[i] = hmmu_word(page, flags);
	}
}

static int builtin_alloc_and_copy(struct hmmu_migration *mig, void *data)
{
	const struct hmmu_builtin *driver = data;

	if (driver->to == HMMU_TO_DEVICE)
		builtin_move(mig, driver, true);
	else
		builtin_move(mig, driver, false);
	return 0;
}

const struct hmmu_migrate_ops hmmu_builtin_ops = { .alloc_and_copy = builtin_alloc_and_copy };

/* The built-in driver migrates the page to system memory. If the page does not move, the access ends in SIGBUS. */
static int builtin_page_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct hmmu_builtin driver = { .to = HMMU_TO_SYSTEM };
	u64 src = 0, dst = 0;
	struct hmmu_migrate_request request = {
		.tid = tid,
		.start = address,
		.end = address + PAGE_SIZE,
		.src = &src,
		.dst = &dst,
		.ops = &hmmu_builtin_ops,
		.data = &driver,
	};
	int err = hmmu_migrate_vma(m, &request);

	(void)pfn;
	(void)data;
	return err ? err : src & HMMU_PFN_MIGRATE ? 0 : -EIO;
}

int hmmu_device_set_ops(struct hmmu *m, const struct hmmu_pagemap_ops *ops, void *data)
{
	m->device_ops = ops ? *ops : (struct hmmu_pagemap_ops){ 0 };
	if (!m->device_ops.page_fault)
		m->device_ops.page_fault = builtin_page_fault;
	m->device_data = data;
	return 0;
}
