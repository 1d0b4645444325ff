/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SPINLOCK_H
#define _LINUX_SPINLOCK_H

#include <kapi/lock.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/types.h>

typedef struct {
	struct kapi_lock lock;
} spinlock_t;

void kapi_spin_lock_init(spinlock_t *spinlock, const char *name);
void kapi_spin_lock(spinlock_t *spinlock, const struct kapi_place *place);
bool __must_check kapi_spin_trylock(spinlock_t *spinlock, const struct kapi_place *place);
void kapi_spin_unlock(spinlock_t *spinlock, const struct kapi_place *place);

#define DEFINE_SPINLOCK(name) spinlock_t name = { KAPI_LOCK_INIT(#name) }
#define spin_lock_init(spinlock) kapi_spin_lock_init(spinlock, KAPI_LOCK_NAME(#spinlock))
#define spin_lock(spinlock) kapi_spin_lock(spinlock, KAPI_HERE)
#define spin_trylock(spinlock) kapi_spin_trylock(spinlock, KAPI_HERE)
#define spin_unlock(spinlock) kapi_spin_unlock(spinlock, KAPI_HERE)
/* There are no interrupts. */
#define spin_lock_irq(spinlock) spin_lock(spinlock)
#define spin_unlock_irq(spinlock) spin_unlock(spinlock)
#define spin_lock_bh(spinlock) spin_lock(spinlock)
#define spin_unlock_bh(spinlock) spin_unlock(spinlock)
#define spin_lock_irqsave(spinlock, flags) \
	do { \
		(flags) = 0; \
		spin_lock(spinlock); \
	} while (0)
#define spin_unlock_irqrestore(spinlock, flags) \
	do { \
		(void)(flags); \
		spin_unlock(spinlock); \
	} while (0)

KAPI_GUARD(spinlock, spinlock_t, kapi_spin_lock, kapi_spin_unlock)
#define kapi_take_spinlock(spinlock) kapi_guard_take_spinlock(spinlock, KAPI_HERE)
#define kapi_take_spinlock_irq(spinlock) kapi_take_spinlock(spinlock)
#define kapi_guard_spinlock_irq kapi_guard_spinlock
#define kapi_guard_give_spinlock_irq kapi_guard_give_spinlock
#define kapi_take_spinlock_irqsave(spinlock) kapi_take_spinlock(spinlock)
#define kapi_guard_spinlock_irqsave kapi_guard_spinlock
#define kapi_guard_give_spinlock_irqsave kapi_guard_give_spinlock

#endif
