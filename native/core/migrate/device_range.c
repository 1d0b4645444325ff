/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migrate_device_range() of Linux 6.12 ("mm/migrate_device.c: add migrate_device_range()"): a driver migrates pages of its
 * device, by their numbers. It has no address space, and no mmap_lock.
 */
#include "host/events.h"
#include "migrate/record.h"

#include <errno.h>

#include "host/probe.h"

/* The src word of a page. A free page has no reference to add one to; a locked page is left alone. */
static u64 device_range_word(struct hmmu_migration *mig, u64 i)
{
	u32 pfn = mig->first + (u32)i;
	struct page *page = page_of(mig->ctx.m, pfn);

	if (!page->count || page->flags & HMMU_PG_LOCKED) {
		set_why(mig, i, page->count ? HMMU_WHY_PAGE_LOCKED : HMMU_WHY_FREE_PAGE);
		return 0;
	}
	page->count++;
	page->flags |= HMMU_PG_LOCKED;
	return (u64)pfn << HMMU_PFN_SHIFT | HMMU_PFN_VALID | HMMU_PFN_MIGRATE;
}

bool migrate_device_range_collect(struct hmmu_migration *mig)
{
	u64 pages = (mig->end - mig->start) >> PAGE_SHIFT;

	for (u64 i = 0; i < pages; i++) {
		mig->src[i] = device_range_word(mig, i);
		mig->dst[i] = 0;
		mig->cpages += mig->src[i] != 0;
	}
	mig->npages = pages;
	return true;
}

/* Whether all pages of a range are of one device. */
static bool of_one_device(const struct hmmu *m, const struct hmmu_device_range *range)
{
	u32 number = is_device_page(m, range->first) ? device_of_page(m, range->first) : HMMU_MAX_DEVICES;

	return number < HMMU_MAX_DEVICES && range->pages &&
	       range->pages <= m->device_base + m->st->devices[number].end - range->first;
}

static int check_device_range(struct hmmu *m, const struct hmmu_device_range *range)
{
	if (!range->src || !range->dst)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "there is no array for src or dst");
	if (range->ops && !range->ops->alloc_and_copy)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the operations have no alloc_and_copy()");
	if (!of_one_device(m, range))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "%u pages from page %u on are not pages of one device",
				 range->pages, range->first);
	return check_outside_page_free(m);
}

int hmmu_migrate_device_begin(struct hmmu *m, const struct hmmu_device_range *range, struct hmmu_migration **out)
{
	struct hmmu_migration *mig;
	int err;

	if (KERNEL < V6_12)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "Linux 4.14 has no migrate_device_range()");
	err = check_device_range(m, range);
	if (err)
		return err;
	mig = migration_alloc(m, range->pages);
	if (!mig)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for it");
	mig->ctx = (struct ctx){ .m = m };
	mig->request = (struct hmmu_migrate_request){
		.src = range->src, .dst = range->dst, .ops = migrate_ops(range->ops), .data = range->data
	};
	mig->first = range->first;
	mig->start = (u64)range->first << PAGE_SHIFT;
	mig->end = mig->start + ((u64)range->pages << PAGE_SHIFT);
	mig->why = range->why;
	mig->allow_drain = true;
	if (mig->why)
		memset(mig->why, HMMU_WHY_NONE, range->pages);
	event(m, HMMU_EVENT_STAGE, 0, mig->start, HMMU_STAGE_COLLECT);
	probe(migrate_begin, 0, 0, mig->start, mig->end);
	probe(stage_begin, 0, mig->start, mig->stage);
	*out = mig;
	return 0;
}
