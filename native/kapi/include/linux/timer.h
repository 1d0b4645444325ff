/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_TIMER_H
#define _LINUX_TIMER_H

#include <kapi/place.h>
#include <linux/container_of.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/types.h>

struct kapi_alarm;

/** A function that is called at a time; it must not sleep. */
struct timer_list {
	unsigned long expires;
	void (*function)(struct timer_list *timer); /**< NULL: it is never called */
	struct kapi_alarm *kapi_alarm;              /**< NULL: it is not pending */
};

#define DEFINE_TIMER(name, callback) struct timer_list name = { .function = (callback) }
#define timer_setup(timer, callback, flags) \
	((void)(flags), (void)(*(timer) = (struct timer_list){ .function = (callback) }))
#define from_timer(variable, timer, member) container_of(timer, __typeof__(*(variable)), member)

/** Call it at @p expires. Returns whether it was pending. */
int kapi_mod_timer(struct timer_list *timer, unsigned long expires, const struct kapi_place *place);
/** It is not called any more; with @p waits its function has ended. Returns whether it was pending. */
int kapi_timer_delete(struct timer_list *timer, bool waits, const struct kapi_place *place);
#define mod_timer(timer, expires) kapi_mod_timer(timer, expires, KAPI_HERE)
#define add_timer(timer) ((void)kapi_mod_timer(timer, (timer)->expires, KAPI_HERE))
#define timer_delete(timer) kapi_timer_delete(timer, false, KAPI_HERE)
#define timer_delete_sync(timer) kapi_timer_delete(timer, true, KAPI_HERE)
/** The timer is never set again, whoever tries. */
int kapi_timer_shutdown(struct timer_list *timer, bool waits, const struct kapi_place *place);
#define timer_shutdown(timer) kapi_timer_shutdown(timer, false, KAPI_HERE)
#define timer_shutdown_sync(timer) kapi_timer_shutdown(timer, true, KAPI_HERE)
#define del_timer(timer) timer_delete(timer)
#define del_timer_sync(timer) timer_delete_sync(timer)

static inline bool timer_pending(const struct timer_list *timer)
{
	return timer->kapi_alarm;
}

#endif
