/* SPDX-License-Identifier: GPL-2.0-only */
/** @file threads.h Threads of the host, and what they wait for each other with. */
#ifndef HMMU_THREADS_H
#define HMMU_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__wasm__)
#define THREADS_ARE_POSSIBLE 0
#else
#define THREADS_ARE_POSSIBLE 1
#include <pthread.h>
#endif

/** A lock, and a wait for what another thread changes under it. */
struct host_lock {
#if THREADS_ARE_POSSIBLE
	pthread_mutex_t mutex;
	pthread_cond_t changed;
#else
	char nothing;
#endif
};
struct host_thread {
#if THREADS_ARE_POSSIBLE
	pthread_t thread;
#endif
	void (*work)(void *data);
	void *data;
};

void host_lock_init(struct host_lock *lock);
void host_lock_destroy(struct host_lock *lock);
void host_lock_take(struct host_lock *lock);
void host_lock_release(struct host_lock *lock);
/** Give the lock away until host_lock_wake(), or for some milliseconds at most, and take it again. */
void host_lock_wait(struct host_lock *lock, uint32_t milliseconds);
/** Wake all that wait. */
void host_lock_wake(struct host_lock *lock);

/** Run work(data) in a thread of its own, to which no signals go. @p thread stays where it is. false: the host can't. */
bool host_thread_begin(struct host_thread *thread, void (*work)(void *data), void *data);
/** Wait until it has returned. */
void host_thread_join(struct host_thread *thread);

#endif
