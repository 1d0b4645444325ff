/* SPDX-License-Identifier: GPL-2.0-only */
/* Interval notifiers: the tree of each process, what is deferred, and whether invalidations are under way. */
#include "machine/check_intervals.h"

#include "host/migration.h"
#include "machine/check_interval_tree.h"
#include "mm/stop.h"

static bool is_slot(const struct hmmu *m, u32 interval)
{
	return interval && interval < m->st->slabs[SLAB_INTERVAL].high;
}

static bool is_in_itree(const void *machine, u32 mm, u32 interval)
{
	const struct hmmu *m = machine;
	const struct interval *i = interval_of(m, interval);

	return i->mm == mm && i->task < m->st->slabs[SLAB_TASK].high &&
	       ((i->state == INTERVAL_IN_TREE && !(i->deferred_prev | i->deferred_next)) ||
		i->state == INTERVAL_TO_REMOVE);
}

static const char *itree_fault(const struct hmmu *m, const struct subscriptions *subs, u32 *count)
{
	static const char *const faults[] = {
		[TREE_IS_BROKEN] = "its tree of interval notifiers is broken",
		[TREE_HAS_STRANGER] = "one of its interval notifiers contradicts itself",
		[TREE_IS_OUT_OF_ORDER] = "its tree of interval notifiers is out of order",
	};
	struct tree_check tree = {
		.nodes = notifier_nodes(m),
		.root = subs->itree,
		.high = m->st->slabs[SLAB_INTERVAL].high,
		.is_member = is_in_itree,
		.data = m,
		.owner = subs->mm,
	};
	enum tree_fault fault = check_interval_tree(&tree);

	*count += tree.count;
	return faults[fault];
}

static const char *deferred_fault(const struct hmmu *m, const struct subscriptions *subs, u32 *count)
{
	u32 prev = 0;

	for (u32 interval = subs->deferred; interval;
	     prev = interval, interval = interval_of(m, interval)->deferred_next) {
		const struct interval *i = interval_of(m, is_slot(m, interval) ? interval : 0);

		if ((i->state != INTERVAL_TO_INSERT && i->state != INTERVAL_TO_REMOVE) || i->mm != subs->mm ||
		    i->deferred_prev != prev)
			return "its list of deferred interval notifiers is broken";
		*count += i->state == INTERVAL_TO_INSERT;
	}
	return NULL;
}

u32 calls_halfway(const struct hmmu *m)
{
	u32 count = 0;

	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		count++;
	for (u32 task = 1; m->stops && task < m->stops->end; task++)
		count += stop_of(m, task) != NULL;
	return count;
}

const char *intervals_fault(const struct hmmu *m, u32 mm, u32 halfway, u32 *count)
{
	const struct mm *space = mm_of(m, mm);
	u32 slot = space->notifier_subscriptions;
	const struct subscriptions *subs = m->subscriptions + (slot < m->st->slabs[SLAB_SUBSCRIPTIONS].high ? slot : 0);
	bool invalidating = subs->invalidate_seq & 1;
	const char *fault;

	/* No other call stops within one, and none within two. */
	if (space->active_invalidate_ranges > (KERNEL < V6_12 ? 0 : halfway))
		return "more invalidations are counted than can be under way";
	if (slot && (KERNEL < V6_12 || subs->mm != mm))
		return "its interval notifiers are another process's";
	if ((invalidating && !space->active_invalidate_ranges) || (subs->deferred && !invalidating) ||
	    !(space->watched & WATCH_INTERVALS) != !(subs->itree.node || invalidating))
		return "its interval notifiers do not agree with its invalidations";
	fault = itree_fault(m, subs, count);
	return fault ? fault : deferred_fault(m, subs, count);
}

u32 count_intervals_out(const struct hmmu *m)
{
	u32 count = 0;

	for (u32 interval = 1; KERNEL >= V6_12 && interval < m->st->slabs[SLAB_INTERVAL].high; interval++) {
		const struct interval *i = interval_of(m, interval);

		count += i->state == INTERVAL_OUT && !i->mm && !i->task;
	}
	return count;
}
