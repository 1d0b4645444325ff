/* SPDX-License-Identifier: GPL-2.0-only */
/* The built-in driver, which works without the checks of the functions that drivers call. */
#include <errno.h>
#include <string.h>

#include "migrate/driver.h"
#include "migrate/driver_pages.h"
#include "migrate/migrate.h"
#include "page/contents.h"
#include "page/devmem.h"
#include "page/frame.h"

/* Whose a destination is: the driver's, or the migration's that has accepted it. */
#define DRIVERS (PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK)
#define ACCEPTED PAGE_USER_DESTINATION

/* Allocate and lock a destination, and copy a page to it or clear it. False: no page is left. */
static ALWAYS_INLINE bool fill_destination(struct hmmu *m, struct device *device, bool copy, u32 from, u32 users,
					   u32 *page)
{
	struct page *p;

	if (device) {
		if (!device_alloc(m, device, page))
			return false;
	} else {
		*page = __alloc_page(m);
		if (!*page)
			return false;
	}
	p = page_of(m, *page);
	p->flags = (p->flags & ~(u32)PAGE_USER_DRIVER) | HMMU_PG_LOCKED | users;
	if (copy)
		copy_contents(m, *page, from);
	else
		clear_contents(m, *page);
	return true;
}

uint64_t hmmu_destinations_left(const struct hmmu *m, uint32_t to, uint32_t device)
{
	u64 nth = m->st->injections[HMMU_INJECT_FRAME].nth, free = m->st->free_frames;

	if (to == HMMU_TO_DEVICE)
		return device < HMMU_MAX_DEVICES ? m->st->devices[device].free : 0;
	return nth && nth - 1 < free ? nth - 1 : free;
}

int hmmu_destinations(struct hmmu *m, uint32_t to, uint32_t number, uint32_t *pages, uint32_t count)
{
	struct device *device = NULL;

	if (to > HMMU_TO_SYSTEM || count > INT32_MAX)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "no such target, or more than %d pages",
				 INT32_MAX);
	for (u32 i = 0; i < count; i++)
		if (pages[i] && !in_use(m, pages[i]))
			return no_page(m, pages[i]);
	if (to == HMMU_TO_DEVICE)
		device = device_find(m, number);
	if (to == HMMU_TO_DEVICE && !device)
		return -EINVAL;
	for (u32 i = 0; i < count; i++) {
		u32 page;

		if (!fill_destination(m, device, pages[i], pages[i], DRIVERS, &page))
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

/* A run of pages. */
struct page_run {
	u64 first, count;
};

static inline struct page_run pages_of_device(const struct hmmu *m, const struct device *device)
{
	return (struct page_run){ m->device_base + device->first, device_size(device) };
}

/* The pages that need not move: those of the device, or those of RAM. */
static inline struct page_run pages_there(const struct hmmu *m, const struct device *device, bool to_device)
{
	return to_device ? pages_of_device(m, device) : (struct page_run){ 0, m->device_base };
}

static inline bool is_in(u64 src, struct page_run run)
{
	return (src & HMMU_PFN_VALID) && (src >> HMMU_PFN_SHIFT) - run.first < run.count;
}

/* The word of an entry's destination, allocated and filled; 0: no page is left. */
static ALWAYS_INLINE u64 builtin_destination(struct hmmu *m, u64 src, struct device *device, bool to_device, u32 users)
{
	const u64 flags = KERNEL >= V6_12 ? 0 : HMMU_PFN_LOCKED | (to_device ? HMMU_PFN_DEVICE : 0);
	u32 page;

	if (!fill_destination(m, to_device ? device : NULL, src & HMMU_PFN_VALID, (u32)(src >> HMMU_PFN_SHIFT), users,
			      &page))
		return 0;
	return hmmu_word(page, flags);
}

/* Move some entries, and leave the others. */
static NOINLINE void builtin_move_chosen(struct hmmu_migration *mig, const struct hmmu_builtin *driver,
					 struct device *device, bool to_device)
{
	const struct page_run there = pages_there(mig->ctx.m, device, to_device);
	const u64 *choices = builtin_choices(mig, driver);

	for (u64 i = 0; i < mig->npages; i++) {
		u64 src = mig->src[i], word;

		if (!(src & HMMU_PFN_MIGRATE) || is_in(src, there))
			continue;
		if (choices[i] == MOVE && (word = builtin_destination(mig->ctx.m, src, device, to_device, DRIVERS)))
			mig->request.dst[i] = word;
		/* 6.12 has no such word: the entry is left alone. */
		else if (KERNEL < V6_12 && choices[i] == ERROR)
			mig->request.dst[i] = HMMU_PFN_ERROR;
	}
}

/* A shortcut: move all entries. The destinations go to the migration at once, as no word needs to be checked. */
static ALWAYS_INLINE void builtin_move_all(struct hmmu_migration *mig, struct device *device, bool to_device)
{
	struct hmmu *m = mig->ctx.m;
	const struct page_run there = pages_there(m, device, to_device);
	u64 *words = mig->src, *dst = mig->dst, pages = mig->npages;

	for (u64 i = 0; i < pages; i++) {
		u64 src = words[i], word;

		if (!(src & HMMU_PFN_MIGRATE) || is_in(src, there))
			continue;
		word = builtin_destination(m, src, device, to_device, ACCEPTED);
		if (word)
			dst[i] = word;
	}
	migrate_copy_words(mig->request.dst, dst, pages);
	mig->dst_is_accepted = true;
}

/* With the quirk, collect leaves words of the caller in dst. */
static inline bool dst_is_empty(const struct hmmu_migration *mig)
{
	return SHORTCUTS && !quirk(mig->ctx.m, HMMU_QUIRK_HOLE_DST_INDEX);
}

/* A driver that has called this function may go on with dst. */
static inline bool all_words_are_ours(const struct hmmu_migration *mig, const struct hmmu_builtin *driver)
{
	return mig->request.ops == &builtin_ops && !driver->skip_count && !driver->error_count && dst_is_empty(mig);
}

static ALWAYS_INLINE void builtin_move(struct hmmu_migration *mig, const struct hmmu_builtin *driver,
				       struct device *device, bool to_device)
{
	if (all_words_are_ours(mig, driver))
		builtin_move_all(mig, device, to_device);
	else
		builtin_move_chosen(mig, driver, device, to_device);
}

static int builtin_alloc_and_copy(struct hmmu_migration *mig, void *data)
{
	const struct hmmu_builtin *driver = data;

	if (driver->to != HMMU_TO_DEVICE)
		builtin_move(mig, driver, NULL, false);
	else if (driver->device < HMMU_MAX_DEVICES)
		builtin_move(mig, driver, &mig->ctx.m->st->devices[driver->device], true);
	return 0;
}

static const struct hmmu_migrate_ops builtin_ops = { .alloc_and_copy = builtin_alloc_and_copy };

/* Bring the pages of a device back that are among entries [from, to). Without a page, a word has number 0, which is no device's. */
static ALWAYS_INLINE void bring_back(struct hmmu_migration *mig, struct page_run device, u64 from, u64 to, u64 *dst,
				     u32 users)
{
	for (u64 i = from; i < to; i++) {
		u64 src = mig->src[i], word;

		if (!(src & HMMU_PFN_MIGRATE) || (src >> HMMU_PFN_SHIFT) - device.first >= device.count)
			continue;
		word = builtin_destination(mig->ctx.m, src, NULL, false, users);
		if (word)
			dst[i] = word;
	}
}

/* Frames may run out: so the page that was touched is the first, and those in front of it are the last. */
static ALWAYS_INLINE void bring_window_back(struct hmmu_migration *mig, const struct fault_window *window, u64 *dst,
					    u32 users)
{
	const struct page_run device = pages_of_device(mig->ctx.m, window->device);

	bring_back(mig, device, window->touched, mig->npages, dst, users);
	bring_back(mig, device, 0, window->touched, dst, users);
}

static int window_alloc_and_copy(struct hmmu_migration *mig, void *data)
{
	if (!dst_is_empty(mig)) {
		bring_window_back(mig, data, mig->request.dst, DRIVERS);
		return 0;
	}
	bring_window_back(mig, data, mig->dst, ACCEPTED);
	migrate_copy_words(mig->request.dst, mig->dst, mig->npages);
	mig->dst_is_accepted = true;
	return 0;
}

static const struct hmmu_migrate_ops window_ops = { .alloc_and_copy = window_alloc_and_copy };
