/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of user programs, and of the kernel on its own account. Each runs on a thread, until it ends or waits for what the program has to do. */
#include "run/calls.h"

#include <linux/kernel.h>
#include <linux/sched/mm.h>

#include "host/host.h"
#include "mm/core.h"
#include "mm/migrate.h"
#include "mm/mm.h"
#include "mm/page.h"
#include "mm/read_section.h"
#include "task/active.h"

/** A call. The thread copies it when it begins. */
struct user_call {
	call_function function;
	void *data;
};

/** The thread of a call without a task; NULL: there is none. */
static struct kapi_thread *kernel_thread;

void calls_end_thread(void)
{
	active_check_return();
	read_sections_check_return();
	migrations_check_return();
	mm_forget_task();
	core_enter(NULL);
}

/* A thread of the kernel may leave a page locked, for somebody else to unlock. */
static void return_to_user(void)
{
	calls_end_thread();
	pages_check_return();
}

static long run_call(struct kapi_thread *thread, void *data)
{
	struct user_call call = *(struct user_call *)data;
	long result;

	host_free(data);
	core_enter(NULL);
	result = call.function(machine, thread->tid, call.data);
	return_to_user();
	return result;
}

/* The result of a call, if it has ended. */
static long run_until_done(struct kapi_thread *thread)
{
	long result;

	while (!threads_run(thread)) {
		if (!threads_are_dead() && threads_wait_for_others())
			continue;
		if (threads_are_dead())
			return -ENOTRECOVERABLE;
		if (threads_wait_for_core())
			return -EAGAIN;
		threads_report_deadlock();
		return -EDEADLK;
	}
	result = thread->result;
	if (thread == kernel_thread)
		kernel_thread = NULL;
	thread_free(thread);
	return result;
}

static struct kapi_thread *start(const char *name, call_function function, void *data)
{
	struct user_call *call = host_alloc(sizeof(*call));
	struct kapi_thread *thread = call ? thread_start(name, run_call, call) : NULL;

	if (thread)
		*call = (struct user_call){ .function = function, .data = data };
	else
		host_free(call);
	return thread;
}

long call_on_kernel_thread(const char *name, call_function function, void *data)
{
	if (!kernel_thread)
		kernel_thread = start(name, function, data);
	else if (strcmp(kernel_thread->task.comm, name) != 0)
		return -EBUSY;
	return kernel_thread ? run_until_done(kernel_thread) : -ENOMEM;
}

const struct kapi_thread *calls_kernel_thread(void)
{
	return kernel_thread;
}

void calls_forget(void)
{
	kernel_thread = NULL;
}

long kapi_start(uint32_t tid, call_function function, void *data)
{
	struct hmmu_task_state state;
	struct kapi_thread *thread;

	if (hmmu_task_state(machine, tid, &state))
		return -ESRCH;
	if (thread_of_task(tid))
		return -EBUSY;
	thread = start("task", function, data);
	if (!thread)
		return -ENOMEM;
	thread->tid = tid;
	thread->task.mm = mm_of_process(state.pid);
	thread->task.pid = (int)tid;
	thread->task.tgid = (int)state.pid;
	return 0;
}

/* A part of the call that the task is in. */
static long call_within(uint32_t tid, call_function function, void *data)
{
	long result = function(machine, tid, data);

	return_to_user();
	return result;
}

long kapi_call(uint32_t tid, call_function function, void *data)
{
	long err;

	if (tid && thread_current()->tid == tid)
		return call_within(tid, function, data);
	err = kapi_start(tid, function, data);
	return err ? err : kapi_resume(tid);
}

void kapi_yield(void)
{
	thread_yield();
	core_enter(NULL);
}

void kapi_block(uint32_t tid)
{
	core_wait(tid, NULL);
}

long kapi_resume(uint32_t tid)
{
	struct kapi_thread *thread = thread_of_task(tid);

	return thread ? run_until_done(thread) : -ESRCH;
}

void kapi_run(void)
{
	threads_run(NULL);
}
