/* SPDX-License-Identifier: GPL-2.0-only */
/* References to pages and their locks. */
#include "mm/page.h"

#include <linux/kernel.h>
#include <linux/pagemap.h>

#include "host/host.h"
#include "lib/heap.h"
#include "log/report.h"
#include "mm/core.h"
#include "mm/dma.h"
#include "task/faults.h"

/** What the runtime knows of a page. */
struct page_note {
	const struct kapi_place *allocated;
	const struct kapi_place *locked;
	const struct kapi_thread *locker; /**< who has locked it, if it is locked */
	const struct kapi_place *put;     /**< the last reference, and the page was not given to a driver since */
	bool collected;                   /**< the driver knows it from src of a migration */
	struct list_head node;            /**< of the pages that a thread has locked */
};

struct page *kapi_mem_map;
static struct page_note *notes;
static u32 page_limit;

bool pages_boot(void)
{
	page_limit = core_pages();
	kapi_mem_map = host_reserve(page_limit * sizeof(*kapi_mem_map));
	notes = host_reserve(page_limit * sizeof(*notes));
	return kapi_mem_map && notes;
}

void pages_shutdown(void)
{
	if (kapi_mem_map)
		host_release(kapi_mem_map, page_limit * sizeof(*kapi_mem_map));
	if (notes)
		host_release(notes, page_limit * sizeof(*notes));
	kapi_mem_map = NULL;
	notes = NULL;
}

bool pfn_valid(unsigned long pfn)
{
	return pfn < page_limit;
}

/* The zero page is reserved, and so is no other. */
bool is_zero_pfn(unsigned long pfn)
{
	struct hmmu_page_info info;

	return !hmmu_page_info(machine, (u32)pfn, &info) && info.flags & HMMU_PG_RESERVED;
}

bool is_zone_device_page(const struct page *page)
{
	return page_to_pfn(page) >= hmmu_device_base(machine);
}

int page_count(const struct page *page)
{
	struct hmmu_page_info info;

	return hmmu_page_info(machine, (u32)page_to_pfn(page), &info) ? 0 : info.ref;
}

static bool has_flag(const struct page *page, u32 flag)
{
	struct hmmu_page_info info;

	return !hmmu_page_info(machine, (u32)page_to_pfn(page), &info) && info.flags & flag;
}

bool PageDirty(const struct page *page)
{
	return has_flag(page, HMMU_PG_DIRTY);
}

bool PageLocked(const struct page *page)
{
	return has_flag(page, HMMU_PG_LOCKED);
}

bool PageAnon(const struct page *page)
{
	struct hmmu_page_info info;

	return !hmmu_page_info(machine, (u32)page_to_pfn(page), &info) && info.anon;
}

void kapi_set_page_dirty(struct page *page, const struct kapi_place *place)
{
	if (hmmu_page_set_flags(machine, (u32)page_to_pfn(page), HMMU_PG_DIRTY))
		core_refused(place, "set_page_dirty");
}

unsigned long page_size(const struct page *page)
{
	struct hmmu_page_info info;

	return !hmmu_page_info(machine, (u32)page_to_pfn(page), &info) && info.flags & HMMU_PG_HEAD ? PMD_SIZE
												    : PAGE_SIZE;
}

static struct page_note *note_of(const struct page *page)
{
	return &notes[page_to_pfn(page)];
}

/* The struct pages of device memory are gone with its mapping. */
static bool is_page(const struct page *page, const char *call, const struct kapi_place *place)
{
	if (!page || !pfn_valid(page_to_pfn(page)) || !page_to_pfn(page))
		report(KAPI_CHECK_BAD_PAGE, place, "%s() of something that is no page", call);
	else if (is_zone_device_page(page) && !page->pgmap)
		report(KAPI_CHECK_BAD_PAGE, place, "%s() of page %s of device memory that is not mapped", call,
		       page_text((u32)page_to_pfn(page)));
	else
		return true;
	return false;
}

/* --- references --- */

void page_note_allocated(struct page *page, const struct kapi_place *place)
{
	note_of(page)->allocated = place;
	page_note_given(page);
}

void page_note_given(struct page *page)
{
	note_of(page)->put = NULL;
	note_of(page)->collected = false;
}

void page_note_collected(struct page *page)
{
	page_note_given(page);
	note_of(page)->collected = true;
}

bool page_check_put(const struct page *page, const char *call, const struct kapi_place *place)
{
	const struct kapi_place *put = note_of(page)->put;

	if (put)
		report(KAPI_CHECK_BAD_PAGE, place, "%s() of page %s, whose last reference the driver has put at %s",
		       call, page_text((u32)page_to_pfn(page)), place_text(put));
	return put;
}

/* Nothing promises zeros. */
static void poison(u32 pfn)
{
	unsigned char *bytes = hmmu_page_data(machine, pfn);

	if (bytes)
		memset(bytes, HEAP_POISON, PAGE_SIZE);
}

struct page *kapi_alloc_page(gfp_t gfp, const struct kapi_place *place)
{
	u32 pfn;
	int err;

	heap_may_reclaim(gfp, place);
	if (heap_fails(gfp, place))
		return NULL;
	err = hmmu_page_alloc(machine, &pfn);
	/* Only a failure on demand goes away. */
	if (err && gfp & __GFP_NOFAIL)
		err = hmmu_page_alloc(machine, &pfn);
	if (err && gfp & __GFP_NOFAIL)
		kapi_bug(place, "an allocation with __GFP_NOFAIL in a machine without memory");
	if (err)
		return NULL;
	if (gfp & __GFP_ZERO)
		hmmu_page_zero(machine, pfn);
	else
		poison(pfn);
	page_note_allocated(pfn_to_page(pfn), place);
	dma_check_unused(pfn, "is allocated", place);
	return pfn_to_page(pfn);
}

void kapi_get_page(struct page *page, const struct kapi_place *place)
{
	if (is_page(page, "get_page", place) && hmmu_page_get(machine, (u32)page_to_pfn(page)))
		core_refused(place, "get_page");
}

static void report_no_reference(const struct page *page, const char *call, const struct kapi_place *place)
{
	if (note_of(page)->collected)
		report(KAPI_CHECK_BAD_PUT, place,
		       "%s() of page %s of src, whose reference is the migration's until migrate_vma_finalize()", call,
		       page_text((u32)page_to_pfn(page)));
	else
		core_refused_put(place, call);
}

/* One that get_page() or get_user_pages() took goes first; the driver's last one is that of the allocation. */
static void put(struct page *page, const char *call, const struct kapi_place *place)
{
	struct page_note *note;
	u32 pfn;

	if (!is_page(page, call, place))
		return;
	pfn = (u32)page_to_pfn(page);
	note = note_of(page);
	if (note->put)
		report(KAPI_CHECK_BAD_PUT, place, "%s() of page %s, whose last reference was put at %s", call,
		       page_text(pfn), place_text(note->put));
	else if (hmmu_unpin(machine, pfn, 0) && hmmu_page_put(machine, pfn))
		report_no_reference(page, call, place);
	else if (!page_count(page)) {
		note->put = place;
		dma_check_unused((u32)page_to_pfn(page), "is freed", place);
	}
}

void kapi_put_page(struct page *page, const struct kapi_place *place)
{
	put(page, "put_page", place);
}

void kapi_free_page(struct page *page, const struct kapi_place *place)
{
	put(page, "__free_page", place);
}

static void report_left(const struct hmmu_leak *leak)
{
	report(KAPI_CHECK_PAGE_LEFT, notes[leak->pfn].allocated,
	       "page %s, which was allocated here, is left with %d reference%s", page_text(leak->pfn), leak->ref,
	       leak->ref == 1 ? "" : "s");
}

void pages_report_left(void)
{
	int count = hmmu_leaks(machine, NULL, 0);
	struct hmmu_leak *leaks = host_alloc((size_t)count * sizeof(*leaks));

	if (!leaks)
		return;
	count = hmmu_leaks(machine, leaks, (u32)count);
	for (int i = 0; i < count; i++)
		if (notes[leaks[i].pfn].allocated)
			report_left(&leaks[i]);
	host_free(leaks);
}

/* --- page locks --- */

void page_note_locked(struct page *page, const struct kapi_place *place)
{
	struct page_note *note = note_of(page);

	page_note_taken_over(page);
	note->locked = place;
	note->locker = thread_current();
	list_add_tail(&note->node, &thread_current()->locked_pages);
}

void page_note_taken_over(struct page *page)
{
	struct page_note *note = note_of(page);

	if (note->locked)
		list_del(&note->node);
	note->locked = NULL;
}

static bool is_unlocked(void *data)
{
	struct hmmu_page_info info;

	return hmmu_page_info(machine, (u32)page_to_pfn((struct page *)data), &info) || !(info.flags & HMMU_PG_LOCKED);
}

void kapi_lock_page(struct page *page, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (!is_page(page, "lock_page", place) || page_check_put(page, "lock_page", place))
		return;
	if (note_of(page)->locked && note_of(page)->locker == thread_current()) {
		report(KAPI_CHECK_LOCK_TWICE, place, "this page is locked already, by its locker at %s",
		       place_text(note_of(page)->locked));
		return;
	}
	if (fault_happens(KAPI_FAULT_PAGE_LOCK, place))
		thread_sleep_until(jiffies + 1, "a page lock", place);
	thread_wait_for_core(is_unlocked, page, "a page lock", place);
	if (hmmu_page_trylock(machine, (u32)page_to_pfn(page)))
		core_refused(place, "lock_page");
	else
		page_note_locked(page, place);
}

bool kapi_trylock_page(struct page *page, const struct kapi_place *place)
{
	int err;

	if (!is_page(page, "trylock_page", place) || page_check_put(page, "trylock_page", place) ||
	    fault_happens(KAPI_FAULT_PAGE_LOCK, place))
		return false;
	err = hmmu_page_trylock(machine, (u32)page_to_pfn(page));
	if (err && err != -EBUSY)
		core_refused(place, "trylock_page");
	if (!err)
		page_note_locked(page, place);
	return !err;
}

void kapi_unlock_page(struct page *page, const struct kapi_place *place)
{
	if (!is_page(page, "unlock_page", place) || page_check_put(page, "unlock_page", place))
		return;
	if (hmmu_page_unlock(machine, (u32)page_to_pfn(page)))
		core_refused_put(place, "unlock_page");
	page_note_taken_over(page);
}

void pages_check_return(void)
{
	struct page_note *note, *next;

	list_for_each_entry_safe (note, next, &thread_current()->locked_pages, node) {
		report(KAPI_CHECK_LOCK_AT_RETURN, note->locked,
		       "page %s is locked here, and still locked when the call ends", page_text((u32)(note - notes)));
		page_note_taken_over(pfn_to_page((unsigned long)(note - notes)));
	}
}
