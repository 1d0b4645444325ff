/* SPDX-License-Identifier: GPL-2.0-only */
#include "mm/read_section.h"

#include <linux/kernel.h>
#include <linux/list.h>

#include "host/host.h"
#include "log/report.h"
#include "task/thread.h"

/** hmm_range_fault() with a sequence that is out of date fails so often before the driver's loop is ended. */
#define MOST_ROUNDS 100

/** A section of a thread. */
struct read_section {
	struct list_head node;
	const struct kapi_thread *thread;
	const struct mmu_interval_notifier *notifier;
	const struct kapi_place *found; /**< hmm_range_fault(), and nobody has asked since whether its pages are good */
	const struct kapi_place *used;  /**< the first use of these */
	const struct kapi_place *refused; /**< mmu_interval_read_retry() has said that the pages are out of date */
	const struct kapi_place *checked; /**< it has said that they are good */
	const void *lock;                 /**< under this lock */
	u32 rounds;                       /**< failures of hmm_range_fault() since the sequence was read */
};

static LIST_HEAD(sections);

static struct read_section *section_of(const struct mmu_interval_notifier *notifier)
{
	struct read_section *section;

	list_for_each_entry (section, &sections, node)
		if (section->thread == thread_current() && section->notifier == notifier)
			return section;
	return NULL;
}

static void report_unchecked(const struct read_section *section)
{
	if (section->found && section->used)
		report(KAPI_CHECK_NOTIFIER_RETRY, section->used,
		       "a page that hmm_range_fault() has found at %s is used, and mmu_interval_read_retry() is never "
		       "asked",
		       place_text(section->found));
}

static void end_section(struct read_section *section)
{
	report_unchecked(section);
	list_del(&section->node);
	host_free(section);
}

static struct read_section *new_section(const struct mmu_interval_notifier *notifier, const struct kapi_place *place)
{
	struct read_section *section = host_alloc(sizeof(*section));

	if (!section) {
		report(KAPI_CHECK_LIMIT, place, "the host has no memory to check the use of a notifier");
		return NULL;
	}
	section->thread = thread_current();
	section->notifier = notifier;
	list_add(&section->node, &sections);
	return section;
}

void read_section_begin(const struct mmu_interval_notifier *notifier, const struct kapi_place *place)
{
	struct read_section *section = section_of(notifier);

	if (section)
		end_section(section);
	new_section(notifier, place);
}

void read_section_found(const struct mmu_interval_notifier *notifier, const struct kapi_place *place)
{
	struct read_section *section = section_of(notifier);

	if (!section)
		return;
	section->checked = NULL;
	section->found = place;
}

/* A sequence that is out of date stays so. The first failure is in order: the driver did not know. */
bool read_section_is_stuck(const struct mmu_interval_notifier *notifier, const struct kapi_place *place)
{
	struct read_section *section = section_of(notifier);

	if (!section)
		section = new_section(notifier, place);
	if (!section)
		return false;
	if (++section->rounds == 2)
		report(KAPI_CHECK_NO_PROGRESS, place,
		       "hmm_range_fault() is called again with a sequence with which it has failed with -EBUSY, and "
		       "always "
		       "will: mmu_interval_read_begin() is to be called before");
	return section->rounds > MOST_ROUNDS;
}

/* The innermost lock of the driver. mmap_lock is none of those that an invalidation takes. */
static const struct held_lock *driver_lock(void)
{
	const struct kapi_thread *thread = thread_current();

	for (u32 i = thread->locks; i--;)
		if (thread->held[i].lock != thread->task.mm && thread->held[i].lock != thread->other_mm)
			return &thread->held[i];
	return NULL;
}

void read_section_checked(const struct mmu_interval_notifier *notifier, bool retry, const struct kapi_place *place)
{
	struct read_section *section = section_of(notifier);
	const struct held_lock *lock = driver_lock();

	if (!lock)
		report(KAPI_CHECK_NOTIFIER_RETRY, place,
		       "mmu_interval_read_retry() without a lock of the driver: the pages may be invalidated behind "
		       "it");
	if (!section)
		return;
	section->found = NULL;
	section->used = NULL;
	section->refused = retry ? place : NULL;
	section->checked = retry ? NULL : place;
	section->lock = lock ? lock->lock : NULL;
}

static void check_use(struct read_section *section, const struct kapi_place *place)
{
	if (section->found && !section->used)
		section->used = place;
	if (section->refused) {
		report(KAPI_CHECK_NOTIFIER_RETRY, place,
		       "a page is used of which mmu_interval_read_retry() has said at %s that it is out of date",
		       place_text(section->refused));
		section->refused = NULL;
	}
	if (section->checked && section->lock && !held_find(section->lock)) {
		report(KAPI_CHECK_NOTIFIER_RETRY, place,
		       "a page is used after the lock was given up under which mmu_interval_read_retry() has said at "
		       "%s that "
		       "it is good",
		       place_text(section->checked));
		section->checked = NULL;
	}
}

void read_section_use(const struct kapi_place *place)
{
	struct read_section *section;

	list_for_each_entry (section, &sections, node)
		if (section->thread == thread_current())
			check_use(section, place);
}

void read_sections_end(const struct mmu_interval_notifier *notifier)
{
	struct read_section *section, *next;

	list_for_each_entry_safe (section, next, &sections, node)
		if (section->notifier == notifier)
			end_section(section);
}

void read_sections_check_return(void)
{
	struct read_section *section, *next;

	list_for_each_entry_safe (section, next, &sections, node)
		if (section->thread == thread_current())
			end_section(section);
}

void read_sections_forget(void)
{
	struct read_section *section, *next;

	list_for_each_entry_safe (section, next, &sections, node) {
		list_del(&section->node);
		host_free(section);
	}
}
