/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads of drivers. */
#include "task/kthread.h"

#include <linux/kernel.h>
#include <linux/kthread.h>

#include "host/host.h"
#include "log/report.h"
#include "task/thread.h"

/** A thread of a driver. */
struct kthread {
	struct list_head node;
	struct kapi_thread *thread;
	int (*function)(void *data);
	void *data;
	bool is_awake; /**< it may begin */
	bool should_stop;
	const struct kapi_place *created;
};

static LIST_HEAD(kthreads);

static bool may_begin(void *data)
{
	return ((const struct kthread *)data)->is_awake;
}

/* Who is stopped before the beginning does not begin. */
static long run_kthread(struct kapi_thread *thread, void *data)
{
	struct kthread *kthread = data;

	(void)thread;
	thread_wait(may_begin, kthread, "somebody who wakes it", kthread->created);
	return kthread->should_stop ? -EINTR : kthread->function(kthread->data);
}

static struct kthread *kthread_of(const struct kapi_thread *thread)
{
	struct kthread *kthread;

	list_for_each_entry (kthread, &kthreads, node)
		if (kthread->thread == thread)
			return kthread;
	return NULL;
}

struct task_struct *kapi_kthread_create(int (*function)(void *data), void *data, bool runs,
					const struct kapi_place *place, const char *format, ...)
{
	struct kthread *kthread = host_alloc(sizeof(*kthread));
	char name[sizeof(kthread->thread->task.comm)];
	va_list arguments;

	kapi_might_sleep(place);
	va_start(arguments, format);
	host_format(name, sizeof(name), format, arguments);
	va_end(arguments);
	if (kthread)
		kthread->thread = thread_start(name, run_kthread, kthread);
	if (!kthread || !kthread->thread) {
		host_free(kthread);
		return ERR_PTR(-ENOMEM);
	}
	kthread->function = function;
	kthread->data = data;
	kthread->is_awake = runs;
	kthread->created = place;
	list_add_tail(&kthread->node, &kthreads);
	return &kthread->thread->task;
}

/* What it waits for is looked at again. */
int wake_up_process(struct task_struct *task)
{
	struct kapi_thread *thread = container_of(task, struct kapi_thread, task);
	struct kthread *kthread = kthread_of(thread);
	int waited = thread->ready || (kthread && !kthread->is_awake);

	if (kthread)
		kthread->is_awake = true;
	thread->wakeups++;
	return waited;
}

bool kthread_should_stop(void)
{
	const struct kthread *kthread = kthread_of(thread_current());

	return kthread && kthread->should_stop;
}

static bool is_done(void *data)
{
	return ((const struct kthread *)data)->thread->done;
}

int kapi_kthread_stop(struct task_struct *task, const struct kapi_place *place)
{
	struct kthread *kthread = kthread_of(container_of(task, struct kapi_thread, task));
	int result;

	kapi_might_sleep(place);
	if (!kthread) {
		report(KAPI_CHECK_BAD_CALL, place, "kthread_stop() of what is no thread, or was stopped before");
		return -EINVAL;
	}
	kthread->should_stop = true;
	wake_up_process(task);
	thread_wait(is_done, kthread, "the end of a thread", place);
	result = (int)kthread->thread->result;
	thread_free(kthread->thread);
	list_del(&kthread->node);
	host_free(kthread);
	return result;
}

void kthreads_report_left(void)
{
	const struct kthread *kthread;

	list_for_each_entry (kthread, &kthreads, node)
		if (!kthread->thread->done)
			report(KAPI_CHECK_DEVICE_LEFT, kthread->created,
			       "the thread %s is created here and never stopped", kthread->thread->task.comm);
}

void kthreads_forget(void)
{
	struct kthread *kthread, *next;

	list_for_each_entry_safe (kthread, next, &kthreads, node)
		host_free(kthread);
	INIT_LIST_HEAD(&kthreads);
}
