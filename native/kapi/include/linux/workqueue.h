/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_WORKQUEUE_H
#define _LINUX_WORKQUEUE_H

#include <kapi/place.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/container_of.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/timer.h>
#include <linux/types.h>

struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

/** A function that a thread of the kernel calls later. */
struct work_struct {
	work_func_t func;
	bool kapi_pending;
	unsigned int kapi_disabled; /**< how many wait for its end, and let nobody queue it */
};

struct delayed_work {
	struct work_struct work;
};

/** Every work runs on a thread of its own, but a queue may allow only some at a time. */
struct workqueue_struct {
	char name[24];
	unsigned int kapi_limit; /**< 0: as many as there are */
};
extern struct workqueue_struct *const system_wq;
#define system_long_wq system_wq
#define system_highpri_wq system_wq
#define system_unbound_wq system_wq
#define system_freezable_wq system_wq

/* Where a work runs means nothing to an emulator. */
enum {
	WQ_UNBOUND = 1 << 1,
	WQ_FREEZABLE = 1 << 2,
	WQ_MEM_RECLAIM = 1 << 3,
	WQ_HIGHPRI = 1 << 4,
	WQ_CPU_INTENSIVE = 1 << 5
};
#define WORK_CPU_UNBOUND 0

struct workqueue_struct *kapi_alloc_workqueue(unsigned int limit, const struct kapi_place *place, const char *format,
					      ...) __printf(3, 4);
/** Waits for its works. Those that still wait for their time are a mistake. */
void kapi_destroy_workqueue(struct workqueue_struct *queue, const struct kapi_place *place);
/** Waits until what is queued now has ended. */
void kapi_flush_workqueue(struct workqueue_struct *queue, const struct kapi_place *place);
/** Waits until nothing is queued, not even by its own works. */
void kapi_drain_workqueue(struct workqueue_struct *queue, const struct kapi_place *place);
#define alloc_workqueue(format, flags, most, ...) \
	((void)(flags), kapi_alloc_workqueue(most, KAPI_HERE, format, ##__VA_ARGS__))
#define alloc_ordered_workqueue(format, flags, ...) \
	((void)(flags), kapi_alloc_workqueue(1, KAPI_HERE, format, ##__VA_ARGS__))
#define create_singlethread_workqueue(name) kapi_alloc_workqueue(1, KAPI_HERE, "%s", name)
#define destroy_workqueue(queue) kapi_destroy_workqueue(queue, KAPI_HERE)
#define flush_workqueue(queue) kapi_flush_workqueue(queue, KAPI_HERE)
#define drain_workqueue(queue) kapi_drain_workqueue(queue, KAPI_HERE)

#define INIT_WORK(work, function) (*(work) = (struct work_struct){ .func = (function) })
#define INIT_WORK_ONSTACK(work, function) INIT_WORK(work, function)
#define destroy_work_on_stack(work) ((void)(work))
#define DECLARE_WORK(name, function) struct work_struct name = { .func = (function) }
#define DECLARE_DELAYED_WORK(name, function) struct delayed_work name = { { .func = (function) } }
#define work_pending(work) ((work)->kapi_pending)
#define delayed_work_pending(delayed) work_pending(&(delayed)->work)
#define INIT_DELAYED_WORK(delayed, function) INIT_WORK(&(delayed)->work, function)

static inline struct delayed_work *to_delayed_work(struct work_struct *work)
{
	return container_of(work, struct delayed_work, work);
}

/** false: the work waits already. */
bool kapi_queue_work(struct workqueue_struct *queue, struct work_struct *work, const struct kapi_place *place);
bool kapi_queue_delayed_work(struct workqueue_struct *queue, struct delayed_work *work, unsigned long ticks,
			     const struct kapi_place *place);
#define queue_work(queue, work) kapi_queue_work(queue, work, KAPI_HERE)
#define queue_delayed_work(queue, work, ticks) kapi_queue_delayed_work(queue, work, ticks, KAPI_HERE)
/** Queue a work, or give one that waits for its time another time. Returns whether it waited. */
bool kapi_mod_delayed_work(struct workqueue_struct *queue, struct delayed_work *work, unsigned long ticks,
			   const struct kapi_place *place);
#define mod_delayed_work(queue, work, ticks) kapi_mod_delayed_work(queue, work, ticks, KAPI_HERE)
/** It will not begin any more. Returns whether it was pending. */
bool cancel_work(struct work_struct *work);
/** It begins at once, and has ended. */
bool kapi_flush_delayed_work(struct delayed_work *work, const struct kapi_place *place);
/** What is queued now has ended; a work that waits for its time is not queued. */
bool kapi_flush_work(struct work_struct *work, const struct kapi_place *place);
/** It does not run, and does not begin any more, even if it has queued itself meanwhile. */
bool kapi_cancel_work_sync(struct work_struct *work, const struct kapi_place *place);
#define schedule_work(work) queue_work(system_wq, work)
#define schedule_delayed_work(work, ticks) queue_delayed_work(system_wq, work, ticks)
#define flush_work(work) kapi_flush_work(work, KAPI_HERE)
#define flush_delayed_work(delayed) kapi_flush_delayed_work(delayed, KAPI_HERE)
#define cancel_delayed_work(delayed) cancel_work(&(delayed)->work)
#define queue_work_on(cpu, queue, work) ((void)(cpu), queue_work(queue, work))
#define cancel_work_sync(work) kapi_cancel_work_sync(work, KAPI_HERE)
#define cancel_delayed_work_sync(delayed) kapi_cancel_work_sync(&(delayed)->work, KAPI_HERE)

#endif
