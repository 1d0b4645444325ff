/* SPDX-License-Identifier: GPL-2.0-only */
/* Wait queues, and sleeping for a time. */
#include <linux/wait.h>

#include <linux/delay.h>
#include <linux/kernel.h>

#include "task/clock.h"
#include "task/thread.h"

/** A thread in a wait queue. */
struct waiter {
	const wait_queue_head_t *queue;
	const struct kapi_thread *thread;
	unsigned long wakeups; /**< of the queue, when it began to wait */
	u64 own_wakeups;       /**< of the thread */
};

static bool is_woken(void *data)
{
	const struct waiter *waiter = data;

	return waiter->thread->wakeups != waiter->own_wakeups ||
	       (waiter->queue && waiter->queue->wakeups != waiter->wakeups);
}

/* At most for @p ticks; returns those that are left. */
static unsigned long wait(struct waiter *waiter, unsigned long ticks, const struct kapi_place *place)
{
	unsigned long end = jiffies + ticks;

	waiter->thread = thread_current();
	waiter->own_wakeups = waiter->thread->wakeups;
	kapi_might_sleep(place);
	if (ticks == MAX_SCHEDULE_TIMEOUT) {
		thread_wait(is_woken, waiter, "a wakeup", place);
		return ticks;
	}
	thread_wait_until(is_woken, waiter, end, "a wakeup", place);
	return time_before(jiffies, end) ? end - jiffies : 0;
}

unsigned long kapi_wait(wait_queue_head_t *queue, unsigned long ticks, const struct kapi_place *place)
{
	struct waiter waiter = { .queue = queue, .wakeups = queue->wakeups };

	return wait(&waiter, ticks, place);
}

long kapi_schedule_timeout(long ticks, const struct kapi_place *place)
{
	struct waiter waiter = { .queue = NULL };

	return (long)wait(&waiter, (unsigned long)ticks, place);
}

void kapi_msleep(unsigned int milliseconds, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	thread_sleep_until(jiffies + msecs_to_jiffies(milliseconds), "the end of its sleep", place);
}
