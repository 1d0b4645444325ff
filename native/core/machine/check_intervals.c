/* SPDX-License-Identifier: GPL-2.0-only */
/* Interval notifiers: the tree of each process, what is deferred, and whether invalidations are under way. */
#include "machine/check_intervals.h"

#include "host/migration.h"
#include "mm/interval_tree.h"
#include "mm/stop.h"

static bool is_in_tree(const struct hmmu *m, u32 interval)
{
	u32 state = interval_of(m, interval)->state;

	return state == INTERVAL_IN_TREE || state == INTERVAL_TO_REMOVE;
}

static bool is_slot(const struct hmmu *m, u32 interval)
{
	return interval && interval < m->st->slabs[SLAB_INTERVAL].high;
}

/* A child knows its parent. So no interval is met twice. */
static bool is_child(const struct hmmu *m, u32 child, u32 parent)
{
	return !child || (is_slot(m, child) && is_in_tree(m, child) && interval_of(m, child)->parent == parent &&
			  interval_priority(child) <= interval_priority(parent));
}

static const char *node_fault(const struct hmmu *m, const struct subscriptions *subs, u32 interval)
{
	const struct interval *i = interval_of(m, interval);

	if (!is_child(m, i->left, interval) || !is_child(m, i->right, interval) || (i->left && i->left == i->right))
		return "its tree of interval notifiers is broken";
	if (i->mm != subs->mm || i->start > i->last || !i->number || i->number > subs->inserted ||
	    i->task >= m->st->slabs[SLAB_TASK].high ||
	    (i->state == INTERVAL_IN_TREE && (i->deferred_prev || i->deferred_next)))
		return "one of its interval notifiers contradicts itself";
	return NULL;
}

/** The last intervals that a walk has met, in the order of the tree. */
struct tree_walk {
	const struct interval *before;
	u32 count;
};

static bool in_order(struct tree_walk *walk, const struct interval *i)
{
	const struct interval *before = walk->before;

	walk->before = i;
	walk->count++;
	return !before || before->start < i->start || (before->start == i->start && before->number < i->number);
}

static bool last_is_right(const struct hmmu *m, const struct interval *i)
{
	u64 last = i->last;

	if (i->left && interval_of(m, i->left)->subtree_last > last)
		last = interval_of(m, i->left)->subtree_last;
	if (i->right && interval_of(m, i->right)->subtree_last > last)
		last = interval_of(m, i->right)->subtree_last;
	return i->subtree_last == last;
}

static const char *tree_fault(const struct hmmu *m, const struct subscriptions *subs, u32 *count)
{
	static const char disorder[] = "its tree of interval notifiers is out of order";
	struct tree_walk walk = { 0 };
	u32 interval = subs->itree, from = 0;

	if (interval && (!is_slot(m, interval) || !is_in_tree(m, interval) || interval_of(m, interval)->parent))
		return "its tree of interval notifiers is broken";
	while (interval) {
		const struct interval *i = interval_of(m, interval);
		bool down = from == i->parent, left_done = down ? !i->left : from == i->left;
		const char *fault = down ? node_fault(m, subs, interval) : NULL;
		u32 next = i->parent;

		if (fault)
			return fault;
		if (left_done && !in_order(&walk, i))
			return disorder;
		if (!left_done && down)
			next = i->left;
		else if (left_done && i->right)
			next = i->right;
		else if (!last_is_right(m, i))
			return disorder;
		from = interval;
		interval = next;
	}
	*count += walk.count;
	return NULL;
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

/* Migrations, and calls that have stopped at a switching point. */
static u32 calls_halfway(const struct hmmu *m)
{
	u32 count = 0;

	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		count++;
	for (u32 task = 1; m->stops && task < m->stops->end; task++)
		count += stop_of(m, task) != NULL;
	return count;
}

const char *intervals_fault(const struct hmmu *m, u32 mm, u32 *count)
{
	const struct mm *space = mm_of(m, mm);
	u32 slot = space->notifier_subscriptions;
	const struct subscriptions *subs = m->subscriptions + (slot < m->st->slabs[SLAB_SUBSCRIPTIONS].high ? slot : 0);
	bool invalidating = subs->invalidate_seq & 1;
	const char *fault;

	/* No other call stops within one, and none within two. */
	if (space->active_invalidate_ranges > (KERNEL < V6_12 ? 0 : calls_halfway(m)))
		return "more invalidations are counted than can be under way";
	if (slot && (KERNEL < V6_12 || subs->mm != mm))
		return "its interval notifiers are another process's";
	if ((invalidating && !space->active_invalidate_ranges) || (subs->deferred && !invalidating) ||
	    !(space->watched & WATCH_INTERVALS) != !(subs->itree || invalidating))
		return "its interval notifiers do not agree with its invalidations";
	fault = tree_fault(m, subs, count);
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
