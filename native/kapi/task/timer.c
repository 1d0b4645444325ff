/* SPDX-License-Identifier: GPL-2.0-only */
/* Timers. Each has a thread that waits for its time. */
#include "task/timer.h"

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/timer.h>

#include "host/host.h"
#include "log/report.h"
#include "task/active.h"
#include "task/thread.h"

/** The time of a timer. The timer may be freed by its own function. */
struct kapi_alarm {
	struct list_head node;
	struct timer_list *timer;
	unsigned long due;
	bool is_cancelled;
	const struct kapi_place *place;
};

static LIST_HEAD(alarms);

static bool is_cancelled(void *data)
{
	return ((const struct kapi_alarm *)data)->is_cancelled;
}

static long run_alarm(struct kapi_thread *thread, void *data)
{
	struct kapi_alarm *alarm = data;

	if (!thread_wait_until(is_cancelled, alarm, alarm->due, "its time", NULL)) {
		alarm->timer->kapi_alarm = NULL;
		active_remove(alarm->timer);
		thread->atomic = "a timer's function";
		alarm->timer->function(alarm->timer);
		thread->atomic = NULL;
	}
	list_del(&alarm->node);
	host_free(alarm);
	return 0;
}

static bool cancel(struct timer_list *timer)
{
	if (!timer->kapi_alarm)
		return false;
	timer->kapi_alarm->is_cancelled = true;
	timer->kapi_alarm = NULL;
	active_remove(timer);
	return true;
}

/* Its memory is gone. */
static void forget_timer(void *timer)
{
	cancel(timer);
}

int kapi_mod_timer(struct timer_list *timer, unsigned long expires, const struct kapi_place *place)
{
	bool was_pending = cancel(timer);
	struct kapi_alarm *alarm;
	struct kapi_thread *thread;

	if (!timer->function)
		return 0;
	alarm = host_alloc(sizeof(*alarm));
	thread = alarm ? thread_start("timer", run_alarm, alarm) : NULL;
	if (!thread) {
		report(KAPI_CHECK_LIMIT, place, "the host has no memory for a timer");
		host_abort();
	}
	thread->detached = true;
	*alarm = (struct kapi_alarm){ .timer = timer, .due = expires, .place = place };
	list_add_tail(&alarm->node, &alarms);
	timer->expires = expires;
	timer->kapi_alarm = alarm;
	active_add(timer, "a timer that is pending", place, forget_timer);
	return was_pending;
}

static bool does_not_run(void *timer)
{
	const struct kapi_alarm *alarm;

	list_for_each_entry (alarm, &alarms, node)
		if (alarm->timer == timer && !alarm->is_cancelled)
			return false;
	return true;
}

int kapi_timer_delete(struct timer_list *timer, bool waits, const struct kapi_place *place)
{
	bool was_pending = cancel(timer);

	if (waits)
		thread_wait(does_not_run, timer, "the end of a timer's function", place);
	return was_pending;
}

int kapi_timer_shutdown(struct timer_list *timer, bool waits, const struct kapi_place *place)
{
	timer->function = NULL;
	return kapi_timer_delete(timer, waits, place);
}

void timers_report_left(void)
{
	const struct kapi_alarm *alarm;

	list_for_each_entry (alarm, &alarms, node)
		if (!alarm->is_cancelled)
			report(KAPI_CHECK_DEVICE_LEFT, alarm->place,
			       "the timer that is set here is pending when the module has gone");
}

void timers_forget(void)
{
	struct kapi_alarm *alarm, *next;

	list_for_each_entry_safe (alarm, next, &alarms, node)
		host_free(alarm);
	INIT_LIST_HEAD(&alarms);
}
