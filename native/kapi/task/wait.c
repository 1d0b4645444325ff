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
	unsigned long wakeups; /**< when it began to wait */
};

static bool is_woken(void *data)
{
	const struct waiter *waiter = data;

	return waiter->queue->wakeups != waiter->wakeups;
}

unsigned long kapi_wait(wait_queue_head_t *queue, unsigned long ticks, const struct kapi_place *place)
{
	struct waiter waiter = { .queue = queue, .wakeups = queue->wakeups };
	unsigned long end = jiffies + ticks;

	kapi_might_sleep(place);
	if (ticks == MAX_SCHEDULE_TIMEOUT) {
		thread_wait(is_woken, &waiter, "a wakeup", place);
		return ticks;
	}
	thread_wait_until(is_woken, &waiter, end, "a wakeup", place);
	return time_before(jiffies, end) ? end - jiffies : 0;
}

void kapi_msleep(unsigned int milliseconds, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	thread_sleep_until(jiffies + msecs_to_jiffies(milliseconds), "the end of its sleep", place);
}
