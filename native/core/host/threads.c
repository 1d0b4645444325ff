/* SPDX-License-Identifier: GPL-2.0-only */
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE
#endif
#include "host/threads.h"

#if THREADS_ARE_POSSIBLE
#include <signal.h>
#include <time.h>

void host_lock_init(struct host_lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
	pthread_cond_init(&lock->changed, NULL);
}

void host_lock_destroy(struct host_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
	pthread_cond_destroy(&lock->changed);
}

void host_lock_take(struct host_lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
}

void host_lock_release(struct host_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}

void host_lock_wait(struct host_lock *lock, uint32_t milliseconds)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&lock->changed, &lock->mutex, &until);
}

void host_lock_wake(struct host_lock *lock)
{
	pthread_cond_broadcast(&lock->changed);
}

static void *thread_main(void *data)
{
	const struct host_thread *thread = data;

	thread->work(thread->data);
	return NULL;
}

bool host_thread_begin(struct host_thread *thread, void (*work)(void *data), void *data)
{
	sigset_t all, before;
	int err;

	*thread = (struct host_thread){ .work = work, .data = data };
	/* Signals are for the threads of the program. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread->thread, NULL, thread_main, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !err;
}

void host_thread_join(struct host_thread *thread)
{
	pthread_join(thread->thread, NULL);
}
#else
/* One thread needs no locks. */
void host_lock_init(struct host_lock *lock)
{
	lock->nothing = 0;
}

void host_lock_destroy(struct host_lock *lock)
{
	(void)lock;
}

void host_lock_take(struct host_lock *lock)
{
	(void)lock;
}

void host_lock_release(struct host_lock *lock)
{
	(void)lock;
}

void host_lock_wait(struct host_lock *lock, uint32_t milliseconds)
{
	(void)lock;
	(void)milliseconds;
}

void host_lock_wake(struct host_lock *lock)
{
	(void)lock;
}

bool host_thread_begin(struct host_thread *thread, void (*work)(void *data), void *data)
{
	(void)thread;
	(void)work;
	(void)data;
	return false;
}

void host_thread_join(struct host_thread *thread)
{
	(void)thread;
}
#endif
