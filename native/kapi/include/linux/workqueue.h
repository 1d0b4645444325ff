/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_WORKQUEUE_H
#define _LINUX_WORKQUEUE_H

#include <kapi/place.h>
#include <linux/container_of.h>
#include <linux/jiffies.h>
#include <linux/types.h>

struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

/** A function that a thread of the kernel calls later. */
struct work_struct {
	work_func_t func;
	bool kapi_pending;
};

struct delayed_work {
	struct work_struct work;
};

/** Every work runs on a thread of its own, so a queue is only a name. */
struct workqueue_struct {
	char name[32];
};
extern struct workqueue_struct *const system_wq;

#define INIT_WORK(work, function) (*(work) = (struct work_struct){ .func = (function) })
#define INIT_DELAYED_WORK(delayed, function) INIT_WORK(&(delayed)->work, function)

static inline struct delayed_work *to_delayed_work(struct work_struct *work)
{
	return container_of(work, struct delayed_work, work);
}

/** false: the work waits already. */
bool queue_work(struct workqueue_struct *queue, struct work_struct *work);
bool queue_delayed_work(struct workqueue_struct *queue, struct delayed_work *work, unsigned long ticks);
bool kapi_flush_work(struct work_struct *work, const struct kapi_place *place);
bool kapi_cancel_work_sync(struct work_struct *work, const struct kapi_place *place);
#define schedule_work(work) queue_work(system_wq, work)
#define schedule_delayed_work(work, ticks) queue_delayed_work(system_wq, work, ticks)
#define flush_work(work) kapi_flush_work(work, KAPI_HERE)
#define flush_delayed_work(delayed) kapi_flush_work(&(delayed)->work, KAPI_HERE)
#define cancel_work_sync(work) kapi_cancel_work_sync(work, KAPI_HERE)
#define cancel_delayed_work_sync(delayed) kapi_cancel_work_sync(&(delayed)->work, KAPI_HERE)

#endif
