/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KTHREAD_H
#define _LINUX_KTHREAD_H

#include <kapi/place.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/sched.h>

struct task_struct *kapi_kthread_create(int (*function)(void *data), void *data, bool runs,
					const struct kapi_place *place, const char *format, ...) __printf(5, 6);
/** Ask a thread to end, and wait until it does. Returns what its function does; -EINTR if it has never run. */
int kapi_kthread_stop(struct task_struct *task, const struct kapi_place *place);
/** Whether somebody has asked the running thread to end. */
bool kthread_should_stop(void);

/* A thread that is only created runs when it is woken. */
#define kthread_create(function, data, ...) kapi_kthread_create(function, data, false, KAPI_HERE, __VA_ARGS__)
#define kthread_run(function, data, ...) kapi_kthread_create(function, data, true, KAPI_HERE, __VA_ARGS__)
#define kthread_stop(task) kapi_kthread_stop(task, KAPI_HERE)

#endif
