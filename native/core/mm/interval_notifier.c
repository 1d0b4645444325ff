/* SPDX-License-Identifier: GPL-2.0-only */
/* Interval notifiers. */
#include "mm/interval_notifier.h"

#include <errno.h>

#include "host/arena.h"
#include "host/events.h"
#include "mm/interval_tree.h"
#include "mm/mm.h"

static struct subscriptions *subscriptions_of(const struct hmmu *m, u32 mm)
{
	return m->subscriptions + mm_of(m, mm)->notifier_subscriptions;
}

/* mn_itree_is_invalidating() */
static bool itree_is_invalidating(const struct subscriptions *subs)
{
	return subs->invalidate_seq & 1;
}

/* Without a function of the driver: every invalidation counts, except a migration by the interval's owner. */
static bool invalidate_by_default(struct interval *i, const struct hmmu_invalidation *range)
{
	if (!range->own)
		i->invalidate_seq = range->seq;
	return true;
}

/* As all notifiers, it may be called under page table locks, and must not enter the kernel. */
static bool call_invalidate(struct hmmu *m, const struct hmmu_invalidation *range)
{
	const struct hmmu_invalidation *outer = m->invalidation;
	struct hmmu_error error = m->error;
	bool done;

	m->in_page_free++;
	m->in_notifier++;
	m->invalidation = range;
	done = m->invalidate(m, range, m->invalidate_data);
	m->invalidation = outer;
	m->in_notifier--;
	m->in_page_free--;
	m->error = error;
	return done;
}

static bool invalidate_interval(struct hmmu *m, u32 interval, const struct hmmu_invalidation *range)
{
	struct interval *i = interval_of(m, interval);
	struct hmmu_invalidation call = *range;

	call.notifier = interval;
	call.own = range->kind == HMMU_NOTIFY_MIGRATE && i->owner && range->owner == i->owner;
	return i->task || !m->invalidate ? invalidate_by_default(i, &call) : call_invalidate(m, &call);
}

/* mn_itree_inv_start_range(), mn_itree_invalidate(). False: a driver would wait, and must not. */
static bool intervals_invalidate(struct hmmu *m, const struct hmmu_invalidation *range)
{
	struct subscriptions *subs = subscriptions_of(m, range->pid);
	struct hmmu_invalidation now = *range;
	u64 last = range->end - 1;
	bool done = true;
	u32 interval = interval_tree_first(notifier_nodes(m), subs->itree, range->start, last);

	if (interval)
		subs->invalidate_seq |= 1;
	now.seq = subs->invalidate_seq;
	for (; interval && done; interval = interval_tree_step(notifier_nodes(m), interval, range->start, last))
		done = invalidate_interval(m, interval, &now) || range->blockable;
	return done;
}

int notify_start(struct hmmu *m, const struct hmmu_invalidation *range)
{
	if (mm_of(m, range->pid)->watched & WATCH_INTERVALS && !intervals_invalidate(m, range)) {
		mm_of(m, range->pid)->active_invalidate_ranges--;
		intervals_invalidate_end(m, range->pid);
		return -EAGAIN;
	}
	event_notify(m, HMMU_EVENT_INVALIDATE_START, range->kind, range->pid, range->start, range->end);
	return 0;
}

static void itree_insert(struct hmmu *m, u32 interval)
{
	struct interval *i = interval_of(m, interval);

	i->state = INTERVAL_IN_TREE;
	mm_of(m, i->mm)->watched |= WATCH_INTERVALS;
	interval_tree_insert(notifier_nodes(m), &subscriptions_of(m, i->mm)->itree, interval);
}

static void itree_remove(struct hmmu *m, u32 interval)
{
	struct interval *i = interval_of(m, interval);
	struct mm *mm = mm_of(m, i->mm);
	struct subscriptions *subs = subscriptions_of(m, i->mm);

	interval_tree_remove(notifier_nodes(m), &subs->itree, interval);
	i->state = INTERVAL_OUT;
	i->mm = 0;
	if (!subs->itree.node && !itree_is_invalidating(subs))
		mm->watched &= ~WATCH_INTERVALS;
}

static void defer(struct hmmu *m, u32 interval, enum interval_state state)
{
	struct interval *i = interval_of(m, interval);
	u32 *first = &subscriptions_of(m, i->mm)->deferred;

	i->state = state;
	i->deferred_next = *first;
	if (*first)
		interval_of(m, *first)->deferred_prev = interval;
	*first = interval;
}

static void undefer(struct hmmu *m, u32 interval)
{
	struct interval *i = interval_of(m, interval);

	if (i->deferred_prev)
		interval_of(m, i->deferred_prev)->deferred_next = i->deferred_next;
	else
		subscriptions_of(m, i->mm)->deferred = i->deferred_next;
	if (i->deferred_next)
		interval_of(m, i->deferred_next)->deferred_prev = i->deferred_prev;
	i->deferred_prev = i->deferred_next = 0;
}

void intervals_invalidate_end(struct hmmu *m, u32 mm)
{
	struct subscriptions *subs = subscriptions_of(m, mm);

	if (mm_of(m, mm)->active_invalidate_ranges || !itree_is_invalidating(subs))
		return;
	subs->invalidate_seq++;
	while (subs->deferred) {
		u32 interval = subs->deferred;
		bool inserts = interval_of(m, interval)->state == INTERVAL_TO_INSERT;

		undefer(m, interval);
		if (inserts)
			itree_insert(m, interval);
		else
			itree_remove(m, interval);
		/* hmmu_mirror() does not wait for this, and its interval has no other owner. */
		if (!inserts && interval_of(m, interval)->task)
			slab_free(m, SLAB_INTERVAL, interval);
	}
	if (!subs->itree.node)
		mm_of(m, mm)->watched &= ~WATCH_INTERVALS;
}

void intervals_release(struct hmmu *m, u32 mm)
{
	const struct hmmu_invalidation range = {
		.pid = mm,
		.kind = HMMU_NOTIFY_RELEASE,
		.blockable = true,
		.end = UINT64_MAX,
	};

	/* An exit that was cancelled begins anew. */
	if ((mm_of(m, mm)->watched & (WATCH_INTERVALS | WATCH_RELEASED)) != WATCH_INTERVALS)
		return;
	mm_of(m, mm)->watched |= WATCH_RELEASED;
	mm_of(m, mm)->active_invalidate_ranges++;
	intervals_invalidate(m, &range);
	mm_of(m, mm)->active_invalidate_ranges--;
	intervals_invalidate_end(m, mm);
}

void intervals_leave_mm(struct hmmu *m, u32 mm)
{
	u32 slot = mm_of(m, mm)->notifier_subscriptions;
	struct subscriptions *subs = subscriptions_of(m, mm);

	if (!slot)
		return;
	while (subs->itree.node)
		itree_remove(m, subs->itree.node);
	slab_free(m, SLAB_SUBSCRIPTIONS, slot);
}

/* The first number of all is even; an interval that was never invalidated has the odd one before the present one. */
static bool make_subscriptions(struct hmmu *m, u32 mm)
{
	u32 slot = mm_of(m, mm)->notifier_subscriptions;

	if (!slot)
		slot = slab_alloc(m, SLAB_SUBSCRIPTIONS);
	if (!slot || mm_of(m, mm)->notifier_subscriptions)
		return slot;
	mm_of(m, mm)->notifier_subscriptions = slot;
	m->subscriptions[slot] = (struct subscriptions){ .mm = mm, .invalidate_seq = 2 };
	return true;
}

u32 interval_insert(struct hmmu *m, u32 mm, u64 start, u64 last, u64 owner)
{
	u32 interval = make_subscriptions(m, mm) ? slab_alloc(m, SLAB_INTERVAL) : 0;
	struct subscriptions *subs = subscriptions_of(m, mm);
	struct interval *i = interval_of(m, interval);

	if (!interval)
		return 0;
	*i = (struct interval){
		.mm = mm,
		.node = { .start = start, .last = last },
		.owner = owner,
		.invalidate_seq = subs->invalidate_seq - 1,
	};
	if (!mm_of(m, mm)->active_invalidate_ranges) {
		itree_insert(m, interval);
		return interval;
	}
	/* It begins within invalidations, which may meet it: it is invalidated until all have ended. */
	if (itree_is_invalidating(subs)) {
		defer(m, interval, INTERVAL_TO_INSERT);
	} else {
		subs->invalidate_seq |= 1;
		itree_insert(m, interval);
	}
	i->invalidate_seq = subs->invalidate_seq;
	return interval;
}

bool interval_remove(struct hmmu *m, u32 interval)
{
	struct interval *i = interval_of(m, interval);

	if (i->state == INTERVAL_TO_REMOVE)
		return false;
	if (i->state == INTERVAL_IN_TREE && itree_is_invalidating(subscriptions_of(m, i->mm))) {
		defer(m, interval, INTERVAL_TO_REMOVE);
		return false;
	}
	if (i->state == INTERVAL_TO_INSERT)
		undefer(m, interval);
	else if (i->state == INTERVAL_IN_TREE)
		itree_remove(m, interval);
	slab_free(m, SLAB_INTERVAL, interval);
	return true;
}

bool is_interval(const struct hmmu *m, u32 interval)
{
	return interval && interval < m->st->slabs[SLAB_INTERVAL].high && interval_of(m, interval)->state &&
	       !interval_of(m, interval)->task;
}

int check_interval(struct hmmu *m, u32 interval)
{
	if (KERNEL < V6_12)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_SYSCALL,
				 "Linux 6.12 has interval notifiers, and this kernel has not");
	if (!is_interval(m, interval))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "there is no interval notifier %u", interval);
	return 0;
}

static int fail_invalidated(struct hmmu *m, u32 interval)
{
	return hmmu_fail(m, -EAGAIN, HMMU_ERR_BLOCKED,
			 "interval notifier %u is being invalidated; repeat the call when that is over", interval);
}

int hmmu_mmu_interval_notifier_insert(struct hmmu *m, uint32_t pid, uint64_t start, uint64_t length, uint64_t owner,
				      uint32_t *notifier)
{
	u32 interval;

	if (KERNEL < V6_12)
		return check_interval(m, 0);
	if (check_process(m, pid))
		return -ESRCH;
	if (m->in_page_free)
		return check_outside_page_free(m);
	if (!length || start + (length - 1) < start)
		return hmmu_fail(m, -EOVERFLOW, HMMU_ERR_SYSCALL, "%llu bytes at %#llx are no interval of addresses",
				 (unsigned long long)length, (unsigned long long)start);
	interval = interval_insert(m, pid, start, start + (length - 1), owner);
	if (!interval)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_SLOTS, "no number of an interval notifier is left");
	*notifier = interval;
	return 0;
}

int hmmu_mmu_interval_notifier_remove(struct hmmu *m, uint32_t notifier)
{
	int err = check_interval(m, notifier);

	if (!err && m->in_page_free)
		err = check_outside_page_free(m);
	if (err)
		return err;
	return interval_remove(m, notifier) ? 0 : fail_invalidated(m, notifier);
}

int hmmu_mmu_interval_read_begin(struct hmmu *m, uint32_t notifier, uint64_t *seq)
{
	int err = check_interval(m, notifier);

	if (err)
		return err;
	if (interval_is_invalidated(m, notifier, interval_of(m, notifier)->invalidate_seq))
		return fail_invalidated(m, notifier);
	*seq = interval_of(m, notifier)->invalidate_seq;
	return 0;
}

int hmmu_mmu_interval_read_retry(struct hmmu *m, uint32_t notifier, uint64_t seq)
{
	int err = check_interval(m, notifier);

	return err ? err : interval_of(m, notifier)->invalidate_seq != seq;
}

int hmmu_mmu_interval_set_seq(struct hmmu *m, uint32_t notifier, uint64_t seq)
{
	const struct hmmu_invalidation *told = m->invalidation;
	int err = check_interval(m, notifier);

	if (err)
		return err;
	if (!told || told->notifier != notifier || told->seq != seq)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "sequence %llu of interval notifier %u is set in the function that is told of it, and "
				 "there only",
				 (unsigned long long)seq, notifier);
	interval_of(m, notifier)->invalidate_seq = seq;
	return 0;
}
