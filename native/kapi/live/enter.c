/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who runs the kernel: one thread of all the program's processes. Others may come in between two coroutines, so calls of
 * several threads meet each other in the driver.
 *
 * A thread in the kernel is on a stack in the kernel's memory, as other processes may run a part of its call. It takes no signals; its process cannot be killed there but by SIGKILL, and by a fault of the driver.
 */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"

/** A waiter looks again after this time, should somebody have died who would have woken it. */
#define LONGEST_SLEEP_NS 100000000l
/** Whoever wants to come in has as many turns of the host to do so. */
#define MOST_TURNS 100

__thread uint32_t live_tid;

static pthread_mutex_t *lock;
static __thread unsigned int depth;
static __thread sigset_t user_mask;
static __thread bool ends_process;

/* Another thread has ended the process, as far as the machine knows it. */
static void wait_for_exit(void)
{
	for (;;)
		pause();
}

static void take_lock(void)
{
	struct live_process *process = live.process;
	int err;

	if (process)
		__atomic_add_fetch(&process->queued, 1, __ATOMIC_SEQ_CST);
	err = pthread_mutex_lock(lock);
	if (live.process)
		__atomic_sub_fetch(&process->queued, 1, __ATOMIC_SEQ_CST);
	live.shared->entries++;
	if (err) {
		fprintf(stderr, "kapi: a process was killed in the middle of the kernel, which cannot go on\n");
		abort();
	}
	if (live.process || ends_process)
		return;
	pthread_mutex_unlock(lock);
	wait_for_exit();
}

/* Those who wait look again. */
static void bump_generation(void)
{
	live.shared->waiting = 0;
	__atomic_add_fetch(&live.shared->generation, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&live.shared->sleepers, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &live.shared->generation, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Signals that tell of a fault of this thread stay: nobody else could take them. */
static void block_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGILL);
	sigdelset(&set, SIGFPE);
	sigdelset(&set, SIGTRAP);
	sigdelset(&set, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &set, &user_mask);
}

/* A thread that was there before the machine gets a task. */
static void adopt_thread(void)
{
	if (hmmu_task_create(live.m, live.process->pid, &live_tid))
		live_tid = hmmu_process_task(live.m, live.process->pid);
	else
		live.process->threads++;
}

void live_enter(void)
{
	if (depth++)
		return;
	if (!live.process)
		wait_for_exit();
	block_signals();
	__atomic_add_fetch(&live.process->in_kernel, 1, __ATOMIC_SEQ_CST);
	take_lock();
	if (!live_tid)
		adopt_thread();
}

void live_leave(void)
{
	if (--depth)
		return;
	if (live.process) {
		live_drop_flushed();
		__atomic_sub_fetch(&live.process->in_kernel, 1, __ATOMIC_SEQ_CST);
	}
	bump_generation();
	pthread_mutex_unlock(lock);
	pthread_sigmask(SIG_SETMASK, &user_mask, NULL);
}

bool live_is_inside(void)
{
	return depth;
}

void live_enter_child(void)
{
	take_lock();
}

static bool others_queue(void)
{
	const struct live_process *p = live.shared->processes;

	while (p && !__atomic_load_n(&p->queued, __ATOMIC_SEQ_CST))
		p = p->next;
	return p;
}

/* Nobody has come in: those who queue may have been killed. */
static void forget_dead(void)
{
	for (struct live_process *p = live.shared->processes; p; p = p->next)
		if (p->queued && p != live.process && live_is_dead(p))
			p->queued = p->threads = 0;
}

void live_end_process(void)
{
	live.process = NULL;
	ends_process = true;
}

/* Between two coroutines. */
static void let_others_in(void)
{
	uint32_t entries = live.shared->entries;

	if (!others_queue())
		return;
	pthread_mutex_unlock(lock);
	for (int i = 0; i < MOST_TURNS && __atomic_load_n(&live.shared->entries, __ATOMIC_SEQ_CST) == entries; i++)
		sched_yield();
	take_lock();
	if (live.shared->entries == entries + 1)
		forget_dead();
}

static uint32_t count_threads(void)
{
	uint32_t count = 0;

	for (const struct live_process *p = live.shared->processes; p; p = p->next)
		count += p->threads;
	return count;
}

/* No coroutine can go on. */
static bool wait_for_others(uint64_t switches)
{
	const struct timespec longest = { .tv_nsec = LONGEST_SLEEP_NS };
	struct live_shared *shared = live.shared;
	uint32_t generation;

	if (switches != shared->switches)
		bump_generation();
	shared->switches = switches;
	if (shared->waiting + 1 >= count_threads())
		return false;
	shared->waiting++;
	generation = shared->generation;
	__atomic_add_fetch(&shared->sleepers, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(lock);
	syscall(SYS_futex, &shared->generation, FUTEX_WAIT, generation, &longest, NULL, 0);
	__atomic_sub_fetch(&shared->sleepers, 1, __ATOMIC_SEQ_CST);
	take_lock();
	if (shared->generation == generation && shared->waiting)
		shared->waiting--;
	return true;
}

int live_enter_boot(void)
{
	static const struct kapi_others others = { .let_in = let_others_in, .wait = wait_for_others };
	pthread_mutexattr_t attributes;

	lock = live_alloc(sizeof(*lock));
	if (!lock)
		return -ENOMEM;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(lock, &attributes);
	kapi_set_others(&others);
	return 0;
}

/* --- kernel stacks --- */

/** A call of this thread, on its own stack. */
struct kernel_call {
	long (*function)(void *data);
	void *data;
	long result;
};

static __thread bool on_kernel_stack;

static void make_call(void *data)
{
	struct kernel_call *call = data;

	call->result = call->function(call->data);
}

long live_run(long (*function)(void *data), void *data)
{
	struct kernel_call call = { .function = function, .data = data, .result = -ENOMEM };
	struct coroutine *stack;

	if (on_kernel_stack)
		return function(data);
	live_enter();
	stack = coroutine_create(make_call, &call);
	if (stack) {
		on_kernel_stack = true;
		coroutine_resume(stack);
		on_kernel_stack = false;
		coroutine_destroy(stack);
	}
	live_leave();
	return call.result;
}
