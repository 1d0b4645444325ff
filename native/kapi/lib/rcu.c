/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU. Readers do not sleep, so when another thread runs, all have ended that had begun before. What waits for them is done by
 * a thread of its own, at another time in each run: whoever still uses the memory then, uses freed memory.
 */
#include "lib/rcu.h"

#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "host/host.h"
#include "log/report.h"
#include "task/thread.h"

/** A function to be called, or memory to be freed. */
struct callback {
	struct list_head node;
	struct rcu_head *head; /**< NULL: of kfree_rcu() */
	void (*function)(struct rcu_head *head);
	const void *memory;
	const struct kapi_place *place;
};

static LIST_HEAD(callbacks);
static u32 calls; /**< that have begun and not ended */

void kapi_rcu_read_lock(const struct kapi_place *place)
{
	(void)place;
	thread_current()->rcu++;
}

void kapi_rcu_read_unlock(const struct kapi_place *place)
{
	if (thread_current()->rcu)
		thread_current()->rcu--;
	else
		report(KAPI_CHECK_LOCK_NOT_HELD, place, "rcu_read_unlock() without rcu_read_lock()");
}

bool rcu_read_lock_held(void)
{
	return thread_current()->rcu;
}

void kapi_synchronize_rcu(const struct kapi_place *place)
{
	kapi_might_sleep(place);
	thread_yield();
}

/* A kernel calls functions where nothing may sleep. */
static void do_callback(struct callback *callback)
{
	list_del(&callback->node);
	calls++;
	if (callback->head) {
		const char *outer = thread_current()->atomic;

		thread_current()->atomic = "a function of call_rcu()";
		callback->function(callback->head);
		thread_current()->atomic = outer;
	} else {
		kapi_free(KAPI_KVMALLOC, callback->memory, callback->place);
	}
	calls--;
	host_free(callback);
}

static struct callback *first_callback(void)
{
	return list_empty(&callbacks) ? NULL : list_first_entry(&callbacks, struct callback, node);
}

static long run_callbacks(struct kapi_thread *thread, void *data)
{
	(void)thread;
	(void)data;
	while (first_callback()) {
		do_callback(first_callback());
		thread_yield();
	}
	return 0;
}

static void add(const struct callback *wanted)
{
	struct callback *callback = host_alloc(sizeof(*callback));
	struct kapi_thread *thread = NULL;

	if (callback)
		thread = list_empty(&callbacks) ? thread_start("rcu", run_callbacks, NULL) : thread_current();
	if (!thread) {
		report(KAPI_CHECK_LIMIT, wanted->place, "the host has no memory for a callback of RCU");
		host_abort();
	}
	if (thread != thread_current())
		thread->detached = true;
	*callback = *wanted;
	list_add_tail(&callback->node, &callbacks);
}

void kapi_call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head), const struct kapi_place *place)
{
	add(&(struct callback){ .head = head, .function = function, .place = place });
}

void kapi_kfree_rcu(const void *memory, const struct kapi_place *place)
{
	if (memory)
		add(&(struct callback){ .memory = memory, .place = place });
}

static bool is_empty(void *data)
{
	(void)data;
	return !first_callback() && !calls;
}

void kapi_rcu_barrier(const struct kapi_place *place)
{
	kapi_might_sleep(place);
	thread_wait(is_empty, NULL, "the callbacks of RCU", place);
}

void rcu_report_left(void)
{
	while (first_callback()) {
		if (first_callback()->head)
			report(KAPI_CHECK_DEVICE_LEFT, first_callback()->place,
			       "the function that is given to call_rcu() here may be called after the module has gone; "
			       "rcu_barrier() is missing");
		do_callback(first_callback());
	}
}

void rcu_forget(void)
{
	struct callback *callback, *next;

	list_for_each_entry_safe (callback, next, &callbacks, node)
		host_free(callback);
	INIT_LIST_HEAD(&callbacks);
	calls = 0;
}
