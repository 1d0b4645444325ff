/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_WAIT_H
#define _LINUX_WAIT_H

#include <kapi/place.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/kernel.h>
#include <linux/types.h>

/** Threads that wait look at their condition again after each wakeup, and only then. */
typedef struct wait_queue_head {
	unsigned long wakeups;
} wait_queue_head_t;

#define DECLARE_WAIT_QUEUE_HEAD(name) wait_queue_head_t name = { 0 }

static inline void init_waitqueue_head(wait_queue_head_t *queue)
{
	queue->wakeups = 0;
}

static inline void wake_up(wait_queue_head_t *queue)
{
	queue->wakeups++;
}
#define wake_up_all(queue) wake_up(queue)
#define wake_up_interruptible(queue) wake_up(queue)
#define wake_up_interruptible_all(queue) wake_up(queue)

/** Waits for the next wakeup, at most for @p ticks; returns the ticks that are left. */
unsigned long kapi_wait(wait_queue_head_t *queue, unsigned long ticks, const struct kapi_place *place);

#define MAX_SCHEDULE_TIMEOUT (~0ul >> 1)
#define wait_event(queue, condition) \
	do { \
		might_sleep(); \
		while (!(condition)) \
			kapi_wait(&(queue), MAX_SCHEDULE_TIMEOUT, KAPI_HERE); \
	} while (0)
/* Evaluates to the ticks that are left, at least 1, or to 0 if the time is over and the condition false. */
#define wait_event_timeout(queue, condition, timeout) \
	({ \
		unsigned long kapi_left_ = (timeout); \
		bool kapi_met_; \
		might_sleep(); \
		kapi_met_ = (condition); \
		while (!kapi_met_ && kapi_left_) { \
			kapi_left_ = kapi_wait(&(queue), kapi_left_, KAPI_HERE); \
			kapi_met_ = (condition); \
		} \
		kapi_met_ && !kapi_left_ ? 1l : (long)kapi_left_; \
	})
/* No signals are emulated. */
#define wait_event_interruptible(queue, condition) \
	({ \
		wait_event(queue, condition); \
		0; \
	})
#define wait_event_killable(queue, condition) wait_event_interruptible(queue, condition)
#define wait_event_interruptible_timeout(queue, condition, timeout) wait_event_timeout(queue, condition, timeout)
#define wait_event_killable_timeout(queue, condition, timeout) wait_event_timeout(queue, condition, timeout)

#endif
