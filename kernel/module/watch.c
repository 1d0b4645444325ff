// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records invalidations of watched address spaces.
 */
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "module.h"

#define MAX_WATCH 32
#define MAX_EVENT 65536

static struct watch {
	struct mmu_notifier mn;
	struct mm_struct *mm;
	u32 id;
} watches[MAX_WATCH];
static int nwatches;
static DEFINE_SPINLOCK(event_lock);
static struct or_event *events;
static u32 nevents, lost_events;

static int on_range_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct watch *w = container_of(mn, struct watch, mn);

	spin_lock(&event_lock);
	if (nevents < MAX_EVENT) {
		events[nevents].start = range->start;
		events[nevents].end = range->end;
		events[nevents].id = w->id;
		nevents++;
	} else {
		lost_events++;
	}
	spin_unlock(&event_lock);
	return 0;
}

static const struct mmu_notifier_ops watch_ops = {
	.invalidate_range_start = on_range_start,
};

long or_watch_mm(struct or_watch *w)
{
	struct mm_struct *mm = or_mm_of(w->pid);
	struct watch *n = &watches[nwatches];
	long err;

	if (!mm)
		return -ESRCH;
	if (nwatches == MAX_WATCH) {
		mmput(mm);
		return -ENOSPC;
	}
	memset(n, 0, sizeof(*n));
	n->mn.ops = &watch_ops;
	n->mm = mm;
	n->id = w->id;
	err = mmu_notifier_register(&n->mn, mm);
	if (!err)
		nwatches++;
	mmput(mm);
	return err;
}

long or_take_events(struct or_events *e)
{
	long err = 0;

	spin_lock(&event_lock);
	e->n = min(nevents, e->max);
	e->lost = lost_events + (nevents - e->n);
	nevents = 0;
	lost_events = 0;
	spin_unlock(&event_lock);
	if (copy_to_user((void __user *)e->out, events, e->n * sizeof(*events)))
		err = -EFAULT;
	return err;
}

void or_forget_watches(void)
{
	while (nwatches) {
		nwatches--;
		mmu_notifier_unregister(&watches[nwatches].mn, watches[nwatches].mm);
	}
	spin_lock(&event_lock);
	nevents = 0;
	lost_events = 0;
	spin_unlock(&event_lock);
}

int or_make_events(void)
{
	events = vmalloc(MAX_EVENT * sizeof(*events));
	return events ? 0 : -ENOMEM;
}
