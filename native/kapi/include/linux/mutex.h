/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MUTEX_H
#define _LINUX_MUTEX_H

#include <kapi/lock.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/types.h>

struct mutex {
	struct kapi_lock lock;
};

void kapi_mutex_init(struct mutex *mutex, const char *name);
void kapi_mutex_lock(struct mutex *mutex, const struct kapi_place *place);
bool __must_check kapi_mutex_trylock(struct mutex *mutex, const struct kapi_place *place);
void kapi_mutex_unlock(struct mutex *mutex, const struct kapi_place *place);
bool mutex_is_locked(const struct mutex *mutex);

#define DEFINE_MUTEX(name) struct mutex name = { KAPI_LOCK_INIT(#name) }
#define mutex_init(mutex) kapi_mutex_init(mutex, KAPI_LOCK_NAME(#mutex))
#define mutex_destroy(mutex) ((void)(mutex))
#define mutex_lock(mutex) kapi_mutex_lock(mutex, KAPI_HERE)
#define mutex_trylock(mutex) kapi_mutex_trylock(mutex, KAPI_HERE)
#define mutex_unlock(mutex) kapi_mutex_unlock(mutex, KAPI_HERE)
/* No signals are emulated. */
#define mutex_lock_interruptible(mutex) (kapi_mutex_lock(mutex, KAPI_HERE), 0)
#define mutex_lock_killable(mutex) (kapi_mutex_lock(mutex, KAPI_HERE), 0)

KAPI_GUARD(mutex, struct mutex, kapi_mutex_lock, kapi_mutex_unlock)
#define kapi_take_mutex(mutex) kapi_guard_take_mutex(mutex, KAPI_HERE)

#endif
