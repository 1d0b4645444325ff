/* SPDX-License-Identifier: GPL-2.0-only */
/* Work queues. Each work has a thread of its own from when it is queued. */
#include "task/workqueue.h"

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/workqueue.h>

#include "host/host.h"
#include "log/report.h"
#include "task/thread.h"

/** A thread for a work. The work may be freed by its own function. */
struct worker {
	struct work_struct *work;
	struct list_head node;
	unsigned long due;
	bool cancelled;
	bool started;
};

static struct workqueue_struct events = { .name = "events" };
struct workqueue_struct *const system_wq = &events;
static LIST_HEAD(workers);

static bool is_cancelled(void *data)
{
	return ((struct worker *)data)->cancelled;
}

static long run_worker(struct kapi_thread *thread, void *data)
{
	struct worker *worker = data;

	(void)thread;
	if (!thread_wait_until(is_cancelled, worker, worker->due, "its time", NULL)) {
		worker->started = true;
		worker->work->kapi_pending = false;
		worker->work->func(worker->work);
	}
	list_del(&worker->node);
	host_free(worker);
	return 0;
}

static bool queue_at(struct work_struct *work, unsigned long due)
{
	struct worker *worker;
	struct kapi_thread *thread;

	if (work->kapi_pending)
		return false;
	worker = host_alloc(sizeof(*worker));
	thread = worker ? thread_start("kworker", run_worker, worker) : NULL;
	if (!thread) {
		report(KAPI_CHECK_LIMIT, NULL, "the host has no memory for a worker");
		host_abort();
	}
	thread->detached = true;
	*worker = (struct worker){ .work = work, .due = due };
	list_add_tail(&worker->node, &workers);
	work->kapi_pending = true;
	return true;
}

bool queue_work(struct workqueue_struct *queue, struct work_struct *work)
{
	(void)queue;
	return queue_at(work, jiffies);
}

bool queue_delayed_work(struct workqueue_struct *queue, struct delayed_work *work, unsigned long ticks)
{
	(void)queue;
	return queue_at(&work->work, jiffies + ticks);
}

static bool has_no_worker(void *work)
{
	const struct worker *worker;

	list_for_each_entry (worker, &workers, node)
		if (worker->work == work && !worker->cancelled)
			return false;
	return true;
}

static struct worker *pending_worker(const struct work_struct *work)
{
	struct worker *worker;

	list_for_each_entry (worker, &workers, node)
		if (worker->work == work && !worker->started && !worker->cancelled)
			return worker;
	return NULL;
}

bool kapi_flush_work(struct work_struct *work, const struct kapi_place *place)
{
	bool waits = !has_no_worker(work);

	kapi_might_sleep(place);
	thread_wait(has_no_worker, work, "the end of a work", place);
	return waits;
}

bool kapi_cancel_work_sync(struct work_struct *work, const struct kapi_place *place)
{
	struct worker *pending = pending_worker(work);

	kapi_might_sleep(place);
	if (pending) {
		pending->cancelled = true;
		work->kapi_pending = false;
	}
	thread_wait(has_no_worker, work, "the end of a work", place);
	return pending;
}

void workqueues_forget(void)
{
	struct worker *worker, *next;

	list_for_each_entry_safe (worker, next, &workers, node)
		host_free(worker);
	INIT_LIST_HEAD(&workers);
}
