/* SPDX-License-Identifier: GPL-2.0-only */
#include "task/thread.h"

#include <linux/kernel.h>
#include <linux/processor.h>
#include <linux/slab.h>

#include "host/host.h"
#include "log/report.h"
#include "task/clock.h"
#include "task/lock_order.h"

const char invalidation_name[] = "the invalidation", mmap_lock_name[] = "mmap_lock";

/* The program itself, which calls no driver: it is here for callbacks that come without a thread. */
static struct kapi_thread program = { .task = { .comm = "program" },
				      .locked_pages = LIST_HEAD_INIT(program.locked_pages) };
static struct kapi_thread *running = &program;
static LIST_HEAD(threads);
static u64 random_state;
static const struct kapi_others *others;
static u64 switches;
static bool dead;
static void (*end_of_thread)(void);

/* xorshift64 */
static u64 random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

void threads_init(u64 seed, void (*at_end)(void))
{
	end_of_thread = at_end;
	random_state = seed * 2 + 1;
	dead = false;
	clock_reset();
	lock_order_reset();
}

struct kapi_thread *thread_current(void)
{
	return running;
}

struct task_struct *kapi_current(void)
{
	return &running->task;
}

/* Its locks stay taken, as in a kernel. */
static void report_locks_left(struct kapi_thread *thread)
{
	for (u32 i = 0; i < thread->locks; i++)
		report(KAPI_CHECK_LOCK_AT_RETURN, thread->held[i].place,
		       "%s is taken here, and still held when the call ends", thread->held[i].name);
}

static void run_function(void *data)
{
	struct kapi_thread *thread = data;

	thread->result = thread->function(thread, thread->data);
	end_of_thread();
	report_locks_left(thread);
	/* Another thread may unlock the pages. */
	while (!list_empty(&thread->locked_pages))
		list_del_init(thread->locked_pages.next);
	thread->done = true;
}

struct kapi_thread *thread_start(const char *name, long (*function)(struct kapi_thread *thread, void *data), void *data)
{
	struct kapi_thread *thread = host_alloc(sizeof(*thread));

	if (!thread)
		return NULL;
	thread->coroutine = coroutine_create(run_function, thread);
	if (!thread->coroutine) {
		host_free(thread);
		return NULL;
	}
	for (size_t i = 0; name[i] && i + 1 < sizeof(thread->task.comm); i++)
		thread->task.comm[i] = name[i];
	thread->function = function;
	thread->data = data;
	INIT_LIST_HEAD(&thread->locked_pages);
	list_add_tail(&thread->node, &threads);
	return thread;
}

void thread_free(struct kapi_thread *thread)
{
	list_del(&thread->node);
	coroutine_destroy(thread->coroutine);
	host_free(thread);
}

void threads_exit(void)
{
	struct kapi_thread *thread, *next;

	list_for_each_entry_safe (thread, next, &threads, node)
		thread_free(thread);
}

struct kapi_thread *thread_of_task(u32 tid)
{
	struct kapi_thread *thread;

	list_for_each_entry (thread, &threads, node)
		if (thread->tid == tid)
			return thread;
	return NULL;
}

/* --- which thread runs --- */

bool thread_can_run(const struct kapi_thread *thread)
{
	if (thread->done || thread->is_outside || dead)
		return false;
	return !thread->ready || thread->ready(thread->ready_data) ||
	       (thread->times_out && time_after_eq(jiffies, thread->wakes_at));
}

static struct kapi_thread *choose(void)
{
	struct kapi_thread *thread, *chosen = NULL;
	u32 count = 0;

	list_for_each_entry (thread, &threads, node)
		count += thread_can_run(thread);
	if (!count)
		return NULL;
	count = (u32)(random() % count);
	list_for_each_entry (thread, &threads, node)
		if (thread_can_run(thread) && !count--)
			chosen = thread;
	return chosen;
}

/* Nobody can run: time passes until the first sleeper wakes. */
static bool pass_time(void)
{
	const struct kapi_thread *thread, *first = NULL;

	list_for_each_entry (thread, &threads, node)
		if (!thread->done && thread->times_out && (!first || time_before(thread->wakes_at, first->wakes_at)))
			first = thread;
	if (first)
		clock_advance_to(first->wakes_at);
	return first;
}

/* What a thread has called outside. The thread is the running one meanwhile. */
static void run_outside(struct kapi_thread *thread)
{
	void (*function)(void *data) = thread->outside;

	thread->outside = NULL;
	thread->is_outside = true;
	function(thread->outside_data);
	thread->is_outside = false;
}

static void run(struct kapi_thread *thread)
{
	running = thread;
	switches++;
	coroutine_resume(thread->coroutine);
	while (thread->outside) {
		run_outside(thread);
		coroutine_resume(thread->coroutine);
	}
	running = &program;
	if (thread->done && thread->detached)
		thread_free(thread);
}

void kapi_set_others(const struct kapi_others *set)
{
	others = set;
}

/* Each time a thread of the host may be another one that others have let in. */
static void let_others_in(void)
{
	if (others)
		others->let_in();
}

bool threads_wait_for_others(void)
{
	return others && others->wait(switches);
}

bool threads_run(const struct kapi_thread *until)
{
	while (!until || !until->done) {
		struct kapi_thread *thread = choose();

		if (thread)
			run(thread);
		else if (!pass_time())
			break;
		let_others_in();
	}
	return until && until->done;
}

bool threads_wait_for_core(void)
{
	const struct kapi_thread *thread;

	list_for_each_entry (thread, &threads, node)
		if (!thread->done && thread->waits_for_core)
			return true;
	return false;
}

void threads_report_deadlock(void)
{
	const struct kapi_thread *thread;

	list_for_each_entry (thread, &threads, node)
		if (!thread->done && thread->ready)
			report(KAPI_CHECK_DEADLOCK, thread->waits_at, "%s waits for %s, and nothing will end that",
			       thread->task.comm, thread->waits_for);
}

/* --- waiting --- */

static void give_way(void)
{
	coroutine_suspend(running->coroutine);
}

/* Whether the running thread can stop here, and go on later. */
static bool can_give_way(void)
{
	return running->coroutine && !running->is_outside;
}

/* Nothing can end the wait of a thread that others wait for. */
static void stop_for_ever(void)
{
	threads_report_deadlock();
	dead = true;
}

void thread_call_outside(void (*function)(void *data), void *data)
{
	if (!can_give_way()) {
		function(data);
		return;
	}
	running->outside = function;
	running->outside_data = data;
	give_way();
	while (running->inside) {
		function = running->inside;
		running->inside = NULL;
		function(running->inside_data);
		running->inside_done = true;
		give_way();
	}
}

bool thread_call_inside(void (*function)(void *data), void *data)
{
	struct kapi_thread *thread = running, *next = thread;

	thread->inside = function;
	thread->inside_data = data;
	thread->inside_done = false;
	thread->is_outside = false;
	while (!dead && !thread->inside_done) {
		if (next)
			run(next);
		else if (!pass_time())
			stop_for_ever();
		if (!thread->inside_done)
			next = choose();
	}
	running = thread;
	thread->is_outside = true;
	return thread->inside_done;
}

void thread_die(void)
{
	dead = true;
	if (!can_give_way())
		host_abort();
	for (;;)
		give_way();
}

void kapi_bug(const struct kapi_place *place, const char *condition)
{
	report(KAPI_CHECK_WARN, place, "a kernel ends here: %s", condition);
	thread_die();
}

bool threads_are_dead(void)
{
	return dead;
}

static void wait_on(bool (*ready)(void *data), void *data, const char *what, const struct kapi_place *place)
{
	struct kapi_thread *thread = running;

	if (!can_give_way()) {
		report(KAPI_CHECK_LIMIT, place, "the driver waits for %s in a call that was not made by kapi_call()",
		       what);
		thread_die();
	}
	thread->ready = ready;
	thread->ready_data = data;
	thread->waits_for = what;
	thread->waits_at = place;
	give_way();
	thread->ready = NULL;
	thread->times_out = false;
	thread->waits_for_core = false;
}

void thread_wait(bool (*ready)(void *data), void *data, const char *what, const struct kapi_place *place)
{
	while (!ready(data))
		wait_on(ready, data, what, place);
}

void thread_wait_for_core(bool (*ready)(void *data), void *data, const char *what, const struct kapi_place *place)
{
	while (!ready(data)) {
		running->waits_for_core = true;
		wait_on(ready, data, what, place);
	}
}

bool thread_wait_until(bool (*ready)(void *data), void *data, unsigned long time, const char *what,
		       const struct kapi_place *place)
{
	while (!ready(data)) {
		if (time_after_eq(jiffies, time))
			return false;
		running->wakes_at = time;
		running->times_out = true;
		wait_on(ready, data, what, place);
	}
	return true;
}

static bool never(void *data)
{
	(void)data;
	return false;
}

void thread_sleep_until(unsigned long time, const char *what, const struct kapi_place *place)
{
	thread_wait_until(never, NULL, time, what, place);
}

void thread_yield(void)
{
	clock_tick();
	if (can_give_way() && !running->pinned)
		give_way();
}

static const struct held_lock *held_spinlock(const struct kapi_thread *thread)
{
	for (u32 i = thread->locks; i--;)
		if (thread->held[i].spins)
			return &thread->held[i];
	return NULL;
}

static bool check_may_sleep(const struct kapi_place *place)
{
	const struct held_lock *spinlock = held_spinlock(running);

	if (spinlock)
		report(KAPI_CHECK_SLEEP_IN_ATOMIC, place, "this may sleep, under the spinlock %s, taken at %s",
		       spinlock->name, place_text(spinlock->place));
	else if (running->rcu)
		report(KAPI_CHECK_SLEEP_IN_ATOMIC, place, "this may sleep, under rcu_read_lock()");
	else if (running->atomic)
		report(KAPI_CHECK_SLEEP_IN_ATOMIC, place, "this may sleep, in %s, which must not", running->atomic);
	else
		return true;
	return false;
}

/* One of four places where a thread might sleep gives way, if there is somebody to give way to. */
void kapi_might_sleep(const struct kapi_place *place)
{
	bool may_sleep = check_may_sleep(place);

	clock_tick();
	if (may_sleep && can_give_way() && !running->pinned && threads.next != threads.prev && random() % 4 == 0)
		give_way();
}

void kapi_schedule(const struct kapi_place *place)
{
	if (check_may_sleep(place))
		thread_yield();
}

void cpu_relax(void)
{
	thread_yield();
}

/* --- locks that threads hold --- */

void held_note_order(const char *name, const struct kapi_place *place)
{
	for (u32 i = 0; i < running->locks; i++)
		lock_order_note(running->held[i].name, running->held[i].place, name, place);
}

void may_invalidate(const struct kapi_place *place)
{
	for (u32 i = 0; i < running->locks; i++)
		if (running->held[i].name == invalidation_name) {
			report(KAPI_CHECK_LOCK_ORDER, place,
			       "this may invalidate what devices have mapped, or wait for that, in a function that a "
			       "kernel calls "
			       "to invalidate");
			return;
		}
	held_note_order(invalidation_name, place);
}

void held_add(const void *lock, const char *name, bool spins, const struct kapi_place *place)
{
	held_note_order(name, place);
	held_add_tried(lock, name, spins, place);
}

void held_add_tried(const void *lock, const char *name, bool spins, const struct kapi_place *place)
{
	if (running->locks == MOST_LOCKS) {
		report(KAPI_CHECK_LIMIT, place, "a thread holds more than %d locks", MOST_LOCKS);
		return;
	}
	running->held[running->locks++] =
		(struct held_lock){ .lock = lock, .name = name, .place = place, .spins = spins };
}

/* The last one that was taken is mostly the first to go. */
const struct held_lock *held_find(const void *lock)
{
	for (u32 i = running->locks; i--;)
		if (running->held[i].lock == lock)
			return &running->held[i];
	return NULL;
}

bool held_remove(const void *lock)
{
	const struct held_lock *held = held_find(lock);

	if (!held)
		return false;
	running->locks--;
	for (u32 i = (u32)(held - running->held); i < running->locks; i++)
		running->held[i] = running->held[i + 1];
	return true;
}
