/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file thread.h
 * Threads: a task in a call, or a thread of the kernel. Each is a coroutine, and one runs at a time. It gives way where it has
 * to wait, and at some of the places where it might.
 */
#ifndef KAPI_THREAD_H
#define KAPI_THREAD_H

#include <kapi/place.h>
#include <linux/list.h>
#include <linux/sched.h>

/** As many as lockdep allows. */
#define MOST_LOCKS 48

/** A lock that a thread holds. */
struct held_lock {
	const void *lock;
	const char *name;
	const struct kapi_place *place;
	bool spins; /**< nothing may sleep under it */
};

struct kapi_thread {
	struct task_struct task;
	struct coroutine *coroutine; /**< NULL: the program itself */
	struct list_head node;
	u32 tid; /**< the machine's task, 0: none */
	bool done;
	bool detached; /**< nobody wants its result: it is freed when it is done */

	long (*function)(struct kapi_thread *thread, void *data);
	void *data;
	long result;

	bool (*ready)(void *data); /**< NULL: it can run */
	void *ready_data;
	const char *waits_for;
	const struct kapi_place *waits_at;
	unsigned long wakes_at;
	bool times_out;
	bool waits_for_core; /**< the program itself may end the wait */

	const char *atomic; /**< the callback in which it must not sleep; NULL: none */
	u32 rcu;            /**< how often it is an RCU reader */
	u32 pinned;         /**< callbacks of the core in which no other thread may call it */
	u64 wakeups;        /**< by wake_up_process() */

	void (*outside)(void *data); /**< to be called on the program's stack, before the thread goes on */
	void *outside_data;
	void (*inside)(void *data); /**< to be called on the thread's stack again, by that function */
	void *inside_data;
	bool is_outside; /**< the first function runs */
	bool inside_done;

	u32 locks;
	struct held_lock held[MOST_LOCKS];
	struct list_head locked_pages;

	u64 fault_address; /**< of the last fault on a device page */
	u32 fault_pfn;
	u32 faults;                       /**< how often it was in vain */
	u64 handled_address;              /**< of the fault that a migrate_to_ram() handles */
	const struct kapi_place *left_at; /**< the migration in it that had the page; NULL: none */
	const char *left_why;             /**< why that left the page where it is */
	u32 depth;                        /**< how many migrate_to_ram() it is in */

	u32 other_tid;              /**< for which this task stands */
	struct mm_struct *other_mm; /**< an address space that is not the task's own, on which it works */
	bool own_other_tid;         /**< the task was made for that */
};

/** The thread that runs. Outside of all threads it stands for the program. */
struct kapi_thread *thread_current(void);
/** Let other threads run. */
void thread_yield(void);
/** Begin a thread; it runs when others wait. NULL: the host has no memory. */
struct kapi_thread *thread_start(const char *name, long (*function)(struct kapi_thread *thread, void *data),
				 void *data);
/** Free a thread that is done. */
void thread_free(struct kapi_thread *thread);
/** Run threads until this one is done, or nothing can run. true: it is done. */
bool threads_run(const struct kapi_thread *until);
/** Whether a thread has met a BUG(): a kernel has ended there, and so has all that its threads do. */
bool threads_are_dead(void);
/** The running thread has met a BUG(). Does not return. */
void thread_die(void) __attribute__((noreturn));
/** Call a function on the program's stack. Others do not run meanwhile. */
void thread_call_outside(void (*function)(void *data), void *data);
/** In such a function: call one on the thread's own stack, where it may wait. false: it waits for ever. */
bool thread_call_inside(void (*function)(void *data), void *data);
/** Whether a thread is not in the middle of a wait. */
bool thread_can_run(const struct kapi_thread *thread);
/** Let other threads of the host call, when nothing can run. false: there are none that could change that. */
bool threads_wait_for_others(void);
/** Report all threads that wait, as they will do so for ever. */
void threads_report_deadlock(void);
/** The thread of a task; NULL: the task is in no call. */
struct kapi_thread *thread_of_task(u32 tid);
/** Whether a thread waits for something in the machine. */
bool threads_wait_for_core(void);
/** Wait until @p ready returns true. @p what is for reports. */
void thread_wait(bool (*ready)(void *data), void *data, const char *what, const struct kapi_place *place);
/** The same, for something in the machine. */
void thread_wait_for_core(bool (*ready)(void *data), void *data, const char *what, const struct kapi_place *place);
/** The same, at most until a time. false: the time is over. */
bool thread_wait_until(bool (*ready)(void *data), void *data, unsigned long time, const char *what,
		       const struct kapi_place *place);
/** Wait until a time. */
void thread_sleep_until(unsigned long time, const char *what, const struct kapi_place *place);
/** Begin anew: the seed of the order of threads, time 0. @p at_end is called at the end of each thread, by it. */
void threads_init(u64 seed, void (*at_end)(void));
/** Free all threads. */
void threads_exit(void);

/** Note a lock of the running thread, which has waited for it. */
void held_add(const void *lock, const char *name, bool spins, const struct kapi_place *place);
/** The same, of a lock that it has only tried to take: for the order of locks it is under none. */
void held_add_tried(const void *lock, const char *name, bool spins, const struct kapi_place *place);
/** For the order of locks one of this name may be taken here, under those that the thread holds. */
void held_note_order(const char *name, const struct kapi_place *place);
/** Here a kernel may invalidate what devices have mapped: the call does so, or allocates memory, or waits for that. It must
 * not happen under a lock that an invalidation takes, nor in an invalidation. */
void may_invalidate(const struct kapi_place *place);
/** The name of invalidations, which count as a lock for the order of locks. */
extern const char invalidation_name[];
/** The name of each mmap_lock. */
extern const char mmap_lock_name[];
/** Strike it out. false: the thread does not hold it. */
bool held_remove(const void *lock);
/** The running thread's lock; NULL: it does not hold it. */
const struct held_lock *held_find(const void *lock);

#endif
