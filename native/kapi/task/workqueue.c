/* SPDX-License-Identifier: GPL-2.0-only */
/* Work queues. Each work has a thread of its own from when it is queued. */
#include "task/workqueue.h"

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/workqueue.h>

#include "host/host.h"
#include "log/report.h"
#include "task/active.h"
#include "task/thread.h"

/** A thread for a work. The work may be freed by its own function. */
struct worker {
	struct work_struct *work;
	struct workqueue_struct *queue;
	struct list_head node;
	u64 number; /**< workers are counted from 1 */
	unsigned long due;
	work_func_t function; /**< when it has started */
	bool hurries;         /**< it does not wait for its time */
	bool cancelled;
	bool started;
};

static struct workqueue_struct events = { .name = "events" };
struct workqueue_struct *const system_wq = &events;
static LIST_HEAD(workers);
static u64 worker_count;

static bool need_not_wait(void *data)
{
	return ((struct worker *)data)->cancelled || ((struct worker *)data)->hurries;
}

/* Whether a worker's time has come, or came before. */
static bool is_due(const struct worker *worker)
{
	return worker->hurries || time_after_eq(jiffies, worker->due);
}

/* Works begin in the order in which they are queued, if not all may run together. None runs twice at a time. */
static bool may_begin(void *data)
{
	const struct worker *self = data, *worker;
	u32 others = 0;

	if (self->cancelled)
		return true;
	list_for_each_entry (worker, &workers, node) {
		if (worker == self)
			break;
		if (worker->started && worker->work == self->work && worker->function == self->work->func)
			return false;
		others += worker->queue == self->queue && !worker->cancelled && is_due(worker);
	}
	return !self->queue->kapi_limit || others < self->queue->kapi_limit;
}

static long run_worker(struct kapi_thread *thread, void *data)
{
	struct worker *worker = data;

	(void)thread;
	thread_wait_until(need_not_wait, worker, worker->due, "its time", NULL);
	thread_wait(may_begin, worker, "the works before it", NULL);
	if (!worker->cancelled) {
		worker->started = true;
		worker->function = worker->work->func;
		worker->work->kapi_pending = false;
		active_remove(worker->work);
		worker->work->func(worker->work);
	}
	list_del(&worker->node);
	host_free(worker);
	return 0;
}

static struct worker *pending_worker(const struct work_struct *work)
{
	struct worker *worker;

	list_for_each_entry (worker, &workers, node)
		if (worker->work == work && !worker->started && !worker->cancelled)
			return worker;
	return NULL;
}

/* Its memory is gone. */
static void forget_work(void *work)
{
	pending_worker(work)->cancelled = true;
}

static bool queue_at(struct workqueue_struct *queue, struct work_struct *work, unsigned long due,
		     const struct kapi_place *place)
{
	struct worker *worker;
	struct kapi_thread *thread;

	if (work->kapi_pending || work->kapi_disabled)
		return false;
	worker = host_alloc(sizeof(*worker));
	thread = worker ? thread_start("kworker", run_worker, worker) : NULL;
	if (!thread) {
		report(KAPI_CHECK_LIMIT, place, "the host has no memory for a worker");
		host_abort();
	}
	thread->detached = true;
	*worker = (struct worker){ .work = work, .queue = queue, .number = ++worker_count, .due = due };
	list_add_tail(&worker->node, &workers);
	work->kapi_pending = true;
	active_add(work, "a work that is queued", place, forget_work);
	return true;
}

bool kapi_queue_work(struct workqueue_struct *queue, struct work_struct *work, const struct kapi_place *place)
{
	return queue_at(queue, work, jiffies, place);
}

bool kapi_queue_delayed_work(struct workqueue_struct *queue, struct delayed_work *work, unsigned long ticks,
			     const struct kapi_place *place)
{
	return queue_at(queue, &work->work, jiffies + ticks, place);
}

/** What somebody waits for: a work or a queue, as far as it is queued now. */
struct flush {
	const struct work_struct *work;       /**< NULL: any */
	const struct workqueue_struct *queue; /**< NULL: any */
	u64 last;                             /**< worker */
};

static bool is_flushed_by(const struct flush *flush, const struct worker *worker)
{
	return (!flush->work || worker->work == flush->work) && (!flush->queue || worker->queue == flush->queue) &&
	       !worker->cancelled && is_due(worker);
}

static bool is_flushed(void *data)
{
	const struct flush *flush = data;
	const struct worker *worker;

	list_for_each_entry (worker, &workers, node)
		if (worker->number <= flush->last && is_flushed_by(flush, worker))
			return false;
	return true;
}

/* What is queued later, perhaps by the work itself, is not waited for. */
static bool wait_for_flush(struct flush *flush, const char *what, const struct kapi_place *place)
{
	const struct worker *worker;

	list_for_each_entry (worker, &workers, node)
		if (is_flushed_by(flush, worker))
			flush->last = worker->number;
	kapi_might_sleep(place);
	thread_wait(is_flushed, flush, what, place);
	return flush->last;
}

bool kapi_flush_work(struct work_struct *work, const struct kapi_place *place)
{
	return wait_for_flush(&(struct flush){ .work = work }, "the end of a work", place);
}

bool kapi_flush_delayed_work(struct delayed_work *work, const struct kapi_place *place)
{
	struct worker *pending = pending_worker(&work->work);

	if (pending)
		pending->hurries = true;
	return kapi_flush_work(&work->work, place);
}

bool cancel_work(struct work_struct *work)
{
	struct worker *pending = pending_worker(work);

	if (pending) {
		pending->cancelled = true;
		active_remove(work);
		work->kapi_pending = false;
	}
	return pending;
}

bool kapi_cancel_work_sync(struct work_struct *work, const struct kapi_place *place)
{
	bool was_pending = cancel_work(work);

	work->kapi_disabled++;
	wait_for_flush(&(struct flush){ .work = work }, "the end of a work", place);
	work->kapi_disabled--;
	return was_pending;
}

bool kapi_mod_delayed_work(struct workqueue_struct *queue, struct delayed_work *work, unsigned long ticks,
			   const struct kapi_place *place)
{
	bool was_pending = cancel_work(&work->work);

	kapi_queue_delayed_work(queue, work, ticks, place);
	return was_pending;
}

/* --- queues --- */

static bool is_idle(void *queue)
{
	const struct worker *worker;

	list_for_each_entry (worker, &workers, node)
		if (worker->queue == queue && !worker->cancelled && is_due(worker))
			return false;
	return true;
}

void kapi_flush_workqueue(struct workqueue_struct *queue, const struct kapi_place *place)
{
	wait_for_flush(&(struct flush){ .queue = queue }, "the works of a queue", place);
}

void kapi_drain_workqueue(struct workqueue_struct *queue, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	thread_wait(is_idle, queue, "the works of a queue", place);
}

void workqueue_end(struct workqueue_struct *queue, const struct kapi_place *place)
{
	struct worker *worker;

	kapi_drain_workqueue(queue, place);
	list_for_each_entry (worker, &workers, node) {
		if (worker->queue != queue || worker->cancelled)
			continue;
		report(KAPI_CHECK_BAD_CALL, place, "destroy_workqueue() of %s, where a work waits for its time",
		       queue->name);
		active_remove(worker->work);
		worker->cancelled = true;
	}
}

void workqueues_forget(void)
{
	struct worker *worker, *next;

	list_for_each_entry_safe (worker, next, &workers, node)
		host_free(worker);
	INIT_LIST_HEAD(&workers);
}
