/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_RCUPDATE_H
#define _LINUX_RCUPDATE_H

#include <kapi/place.h>
#include <linux/compiler.h>
#include <linux/types.h>

struct rcu_head {
	struct rcu_head *kapi_next;
	void (*kapi_function)(struct rcu_head *head);
};

/* Readers do not sleep, which is checked; so none is left when another thread runs. */
void kapi_rcu_read_lock(const struct kapi_place *place);
void kapi_rcu_read_unlock(const struct kapi_place *place);
void kapi_synchronize_rcu(const struct kapi_place *place);
/** @p function is called later, by another thread. It must not sleep. */
void kapi_call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head), const struct kapi_place *place);
void kapi_kfree_rcu(const void *memory, const struct kapi_place *place);
/** Waits until all functions of call_rcu() have been called. */
void kapi_rcu_barrier(const struct kapi_place *place);
bool rcu_read_lock_held(void);

#define rcu_read_lock() kapi_rcu_read_lock(KAPI_HERE)
#define rcu_read_unlock() kapi_rcu_read_unlock(KAPI_HERE)
#define synchronize_rcu() kapi_synchronize_rcu(KAPI_HERE)
#define call_rcu(head, function) kapi_call_rcu(head, function, KAPI_HERE)
#define kfree_rcu(pointer, member) ((void)sizeof((pointer)->member), kapi_kfree_rcu(pointer, KAPI_HERE))
#define kfree_rcu_mightsleep(pointer) kapi_kfree_rcu(pointer, KAPI_HERE)
#define rcu_barrier() kapi_rcu_barrier(KAPI_HERE)

#define RCU_INIT_POINTER(place, value) WRITE_ONCE(place, value)
#define rcu_assign_pointer(place, value) WRITE_ONCE(place, value)
#define rcu_access_pointer(place) READ_ONCE(place)
#define rcu_dereference(place) READ_ONCE(place)
#define rcu_dereference_protected(place, condition) ((void)(condition), READ_ONCE(place))
#define rcu_dereference_check(place, condition) ((void)(condition), READ_ONCE(place))

#endif
