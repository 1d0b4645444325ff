/* SPDX-License-Identifier: GPL-2.0-only */
/* Interval notifiers. The machine knows each by its number. */
#include "mm/interval.h"

#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>

#include "host/host.h"
#include "log/report.h"
#include "mm/core.h"
#include "mm/mm.h"
#include "mm/read_section.h"
#include "task/active.h"
#include "mm/owner.h"

/** What the runtime knows of a notifier, beside the driver's own structure. */
struct interval {
	struct mmu_interval_notifier *notifier; /**< NULL: the number is free */
	struct mm_struct *mm;
	const struct kapi_place *inserted;
	bool sequence_set; /**< by the invalidation that goes on */
	u32 locks_before;  /**< how many the thread has that invalidates */
};

static struct interval *intervals;
static u32 capacity;
static hmmu_invalidate_fn others;
static void *others_data;

void kapi_set_invalidate(hmmu_invalidate_fn function, void *data)
{
	others = function;
	others_data = data;
}

static struct interval *interval_of(u32 number)
{
	return number < capacity && intervals[number].notifier ? &intervals[number] : NULL;
}

static bool make_room(u32 number)
{
	u32 wanted = number < 32 ? 64 : 2 * number;
	struct interval *grown;

	if (number < capacity)
		return true;
	grown = host_alloc(wanted * sizeof(*grown));
	if (!grown)
		return false;
	if (capacity)
		memcpy(grown, intervals, capacity * sizeof(*grown));
	host_free(intervals);
	intervals = grown;
	capacity = wanted;
	return true;
}

/* --- the driver's calls --- */

/* Its memory is gone, or has something else in it. */
static void forget_notifier(void *notifier)
{
	u32 number = 0;

	while (intervals[number].notifier != notifier)
		number++;
	read_sections_end(notifier);
	intervals[number].notifier = NULL;
	core_enter(NULL);
	hmmu_mmu_interval_notifier_remove(machine, number);
	mmdrop(intervals[number].mm);
}

int kapi_interval_insert(struct mmu_interval_notifier *notifier, struct mm_struct *mm, unsigned long start,
			 unsigned long length, const struct mmu_interval_notifier_ops *ops,
			 const struct kapi_place *place)
{
	u32 number;
	int err;

	kapi_might_sleep(place);
	if (!mm || !mm->users) {
		report(KAPI_CHECK_BAD_CALL, place, "mmu_interval_notifier_insert() needs an address space with users");
		return -ESRCH;
	}
	mm_might_lock(mm, place);
	core_enter(place);
	err = hmmu_mmu_interval_notifier_insert(machine, mm->pid, start, length, 0, &number);
	if (err)
		return err;
	if (!make_room(number)) {
		hmmu_mmu_interval_notifier_remove(machine, number);
		return -ENOMEM;
	}
	intervals[number] = (struct interval){ .notifier = notifier, .mm = mm, .inserted = place };
	active_add(notifier, "an interval notifier that is inserted", place, forget_notifier);
	*notifier = (struct mmu_interval_notifier){ .ops = ops, .mm = mm, .kapi_interval = number };
	mmgrab(mm);
	return 0;
}

static bool is_inserted(const struct mmu_interval_notifier *notifier, const char *call, const struct kapi_place *place)
{
	const struct interval *interval = interval_of(notifier->kapi_interval);

	if (interval && interval->notifier == notifier)
		return true;
	report(KAPI_CHECK_BAD_CALL, place, "%s() of a notifier that is not inserted", call);
	return false;
}

static bool is_quiet(void *data)
{
	const struct mmu_interval_notifier *notifier = data;
	uint64_t sequence;

	return hmmu_mmu_interval_read_begin(machine, notifier->kapi_interval, &sequence) != -EAGAIN;
}

void kapi_interval_remove(struct mmu_interval_notifier *notifier, const struct kapi_place *place)
{
	struct mm_struct *mm = notifier->mm;

	kapi_might_sleep(place);
	may_invalidate(place);
	if (!is_inserted(notifier, "mmu_interval_notifier_remove", place))
		return;
	core_enter(place);
	while (hmmu_mmu_interval_notifier_remove(machine, notifier->kapi_interval) == -EAGAIN)
		thread_wait_for_core(is_quiet, notifier, "the end of an invalidation", place);
	intervals[notifier->kapi_interval].notifier = NULL;
	active_remove(notifier);
	read_sections_end(notifier);
	mmdrop(mm);
}

unsigned long kapi_interval_read_begin(struct mmu_interval_notifier *notifier, const struct kapi_place *place)
{
	uint64_t sequence = 0;

	kapi_might_sleep(place);
	may_invalidate(place);
	if (!is_inserted(notifier, "mmu_interval_read_begin", place))
		return 0;
	while (hmmu_mmu_interval_read_begin(machine, notifier->kapi_interval, &sequence) == -EAGAIN)
		thread_wait_for_core(is_quiet, notifier, "the end of an invalidation", place);
	read_section_begin(notifier, place);
	return sequence;
}

bool kapi_interval_read_retry(struct mmu_interval_notifier *notifier, unsigned long sequence,
			      const struct kapi_place *place)
{
	bool retry = hmmu_mmu_interval_read_retry(machine, notifier->kapi_interval, sequence) != 0;

	read_section_checked(notifier, retry, place);
	return retry;
}

bool mmu_interval_check_retry(const struct mmu_interval_notifier *notifier, unsigned long sequence)
{
	return hmmu_mmu_interval_read_retry(machine, notifier->kapi_interval, sequence) != 0;
}

void kapi_interval_set_seq(struct mmu_interval_notifier *notifier, unsigned long sequence,
			   const struct kapi_place *place)
{
	struct interval *interval = interval_of(notifier->kapi_interval);

	if (hmmu_mmu_interval_set_seq(machine, notifier->kapi_interval, sequence)) {
		core_refused(place, "mmu_interval_set_seq");
		return;
	}
	interval->sequence_set = true;
	if (thread_current()->locks == interval->locks_before)
		report(KAPI_CHECK_NOTIFIER_RETRY, place,
		       "mmu_interval_set_seq() without the lock under which the driver calls "
		       "mmu_interval_read_retry()");
}

/* --- what the machine calls --- */

static enum mmu_notifier_event event_of(u32 kind)
{
	static const enum mmu_notifier_event events[] = {
		[HMMU_NOTIFY_UNMAP] = MMU_NOTIFY_UNMAP,
		[HMMU_NOTIFY_CLEAR] = MMU_NOTIFY_CLEAR,
		[HMMU_NOTIFY_PROTECTION_VMA] = MMU_NOTIFY_PROTECTION_VMA,
		[HMMU_NOTIFY_PROTECTION_PAGE] = MMU_NOTIFY_PROTECTION_PAGE,
		[HMMU_NOTIFY_SOFT_DIRTY] = MMU_NOTIFY_SOFT_DIRTY,
		[HMMU_NOTIFY_MIGRATE] = MMU_NOTIFY_MIGRATE,
		[HMMU_NOTIFY_EXCLUSIVE] = MMU_NOTIFY_EXCLUSIVE,
		[HMMU_NOTIFY_RELEASE] = MMU_NOTIFY_RELEASE,
	};

	return events[kind];
}

/* A driver may pass over what is done for its own device. At the end of an address space nobody is left who would ask. */
static void check_invalidation(const struct interval *interval, const struct hmmu_invalidation *invalidation, bool done)
{
	if (!done && invalidation->blockable)
		report(KAPI_CHECK_BAD_CALL, interval->inserted,
		       "the function of the notifier that is inserted here gives up an invalidation in which it may "
		       "wait");
	if (done && !interval->sequence_set && !invalidation->owner && interval->mm->users)
		report(KAPI_CHECK_BAD_CALL, interval->inserted,
		       "the function of the notifier that is inserted here does not call mmu_interval_set_seq()");
}

/* A notifier that no driver has inserted. */
static bool tell_others(struct hmmu *m, const struct hmmu_invalidation *invalidation)
{
	if (others)
		return others(m, invalidation, others_data);
	if (!invalidation->own)
		hmmu_mmu_interval_set_seq(m, invalidation->notifier, invalidation->seq);
	return true;
}

/* The driver may wait for its mutex, if the invalidation is blockable. For the order of locks an invalidation counts as one:
 * who causes it with a lock that the function takes, waits for itself. */
static bool on_invalidate(struct hmmu *m, const struct hmmu_invalidation *invalidation, void *data)
{
	static const struct kapi_place kernel = { .file = "the kernel", .function = "invalidate" };
	static const char notifiers;
	struct kapi_thread *thread = thread_current();
	struct interval *interval = interval_of(invalidation->notifier);
	struct mmu_notifier_range range = {
		.start = invalidation->start,
		.end = invalidation->end,
		.flags = invalidation->blockable ? MMU_NOTIFIER_RANGE_BLOCKABLE : 0,
		.event = event_of(invalidation->kind),
		.owner = owner_of_number(invalidation->owner),
	};
	const char *outer_atomic = thread->atomic;
	struct kapi_thread *outer;
	bool done;

	(void)data;
	if (!interval)
		return tell_others(m, invalidation);
	range.mm = interval->notifier->mm;
	interval->sequence_set = false;
	held_add(&notifiers, invalidation_name, false, &kernel);
	outer = core_callback_begin();
	thread->pinned++;
	if (!invalidation->blockable)
		thread->atomic = "an invalidation that may not wait";
	interval->locks_before = thread->locks;
	done = interval->notifier->ops->invalidate(interval->notifier, &range, invalidation->seq);
	thread->atomic = outer_atomic;
	thread->pinned--;
	core_callback_end(outer);
	held_remove(&notifiers);
	check_invalidation(interval, invalidation, done);
	return done;
}

void intervals_boot(void)
{
	hmmu_set_invalidate(machine, on_invalidate, NULL);
}

void intervals_report_left(void)
{
	for (u32 number = 0; number < capacity; number++)
		if (intervals[number].notifier)
			report(KAPI_CHECK_DEVICE_LEFT, intervals[number].inserted,
			       "the notifier that is inserted here is never removed");
	intervals_forget();
}

void intervals_forget(void)
{
	for (u32 number = 0; number < capacity; number++)
		if (intervals[number].notifier)
			hmmu_mmu_interval_notifier_remove(machine, number);
	host_free(intervals);
	intervals = NULL;
	capacity = 0;
	read_sections_forget();
}
