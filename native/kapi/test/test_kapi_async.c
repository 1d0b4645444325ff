/* SPDX-License-Identifier: GPL-2.0-only */
/* What other threads do, and how one waits for them: read-write locks, RCU, timers, threads, queues of works. */
#include "thread_rig.h"

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

/* A scene in a kernel; no check may report anything that the scene has not asserted. */
static void play(kernel_function scene, u64 seed)
{
	struct rig r = rig_open(seed);

	assert_int_equal(run_in_kernel(scene), 0);
	rig_close(&r);
}

/* In several orders of the threads. */
static void play_often(kernel_function scene)
{
	for (u64 seed = 1; seed <= 8; seed++)
		play(scene, seed);
}

/* --- read-write locks --- */

static struct rw_semaphore semaphore;
static unsigned int readers, most_readers, writers;

static int reader(void *data)
{
	(void)data;
	down_read(&semaphore);
	assert_int_equal(writers, 0);
	readers++;
	most_readers = max(most_readers, readers);
	schedule_timeout_interruptible(5);
	readers--;
	up_read(&semaphore);
	return 0;
}

static int writer(void *data)
{
	(void)data;
	down_write(&semaphore);
	assert_true(!readers && !writers);
	lockdep_assert_held_write(&semaphore);
	writers++;
	schedule_timeout_interruptible(5);
	writers--;
	downgrade_write(&semaphore);
	assert_false(down_write_trylock(&semaphore));
	up_read(&semaphore);
	return 0;
}

static void readers_and_writers(void)
{
	struct task_struct *tasks[8];

	init_rwsem(&semaphore);
	most_readers = 0;
	for (u32 i = 0; i < 8; i++)
		tasks[i] = kthread_run(i % 4 ? reader : writer, NULL, "thread/%u", i);
	for (u32 i = 0; i < 8; i++)
		schedule_timeout_interruptible(20);
	for (u32 i = 0; i < 8; i++)
		assert_int_equal(kthread_stop(tasks[i]), 0);
	assert_true(most_readers > 1);
	assert_false(rwsem_is_locked(&semaphore));
}

static void mistakes_with_semaphores(void)
{
	struct rw_semaphore never;

	init_rwsem(&semaphore);
	down_read(&semaphore);
	down_read(&semaphore);
	assert_report(KAPI_CHECK_LOCK_TWICE);
	up_read(&semaphore);
	up_write(&semaphore);
	assert_report(KAPI_CHECK_LOCK_NOT_HELD);
	up_read(&semaphore);
	up_read(&semaphore);
	assert_report(KAPI_CHECK_LOCK_NOT_HELD);
	lockdep_assert_held(&semaphore);
	assert_report(KAPI_CHECK_LOCK_MISSING);
	memset(&never, 0, sizeof(never));
	down_write(&never);
	assert_report(KAPI_CHECK_LOCK_UNINITIALISED);
	up_write(&never);
	down_write(&semaphore); /* It is left at the end. */
}

static void test_semaphores(void **state)
{
	struct rig r;

	(void)state;
	play_often(readers_and_writers);
	r = rig_open(1);
	run_in_kernel(mistakes_with_semaphores);
	assert_report(KAPI_CHECK_LOCK_AT_RETURN);
	rig_close(&r);
}

/* --- RCU --- */

/** Something that readers look at. */
struct shared {
	int value;
	struct rcu_head rcu;
};

static struct shared *shared;
static unsigned int freed;

static void free_shared(struct rcu_head *head)
{
	kfree(container_of(head, struct shared, rcu));
	freed++;
}

static void free_shared_slowly(struct rcu_head *head)
{
	might_sleep();
	free_shared(head);
}

static int rcu_reader(void *data)
{
	while (!kthread_should_stop()) {
		rcu_read_lock();
		*(int *)data += rcu_dereference(shared)->value != 0;
		rcu_read_unlock();
		schedule_timeout_interruptible(1);
	}
	return 0;
}

static void replace(void)
{
	int seen = 0;
	struct task_struct *task;

	shared = kzalloc(sizeof(*shared), GFP_KERNEL);
	shared->value = 1;
	freed = 0;
	task = kthread_run(rcu_reader, &seen, "reader");
	for (int i = 2; i < 12; i++) {
		struct shared *old = shared, *new = kzalloc(sizeof(*new), GFP_KERNEL);

		new->value = i;
		rcu_assign_pointer(shared, new);
		if (i % 2)
			call_rcu(&old->rcu, free_shared);
		else
			kfree_rcu(old, rcu);
		schedule_timeout_interruptible(2);
	}
	rcu_barrier();
	assert_int_equal(freed, 5);
	assert_int_equal(kthread_stop(task), 0);
	assert_true(seen > 5);
	synchronize_rcu();
	kfree(shared);
}

static void mistakes_with_rcu(void)
{
	rcu_read_lock();
	assert_true(rcu_read_lock_held());
	might_sleep();
	assert_report(KAPI_CHECK_SLEEP_IN_ATOMIC);
	rcu_read_unlock();
	rcu_read_unlock();
	assert_report(KAPI_CHECK_LOCK_NOT_HELD);
	shared = kzalloc(sizeof(*shared), GFP_KERNEL);
	call_rcu(&shared->rcu, free_shared);
}

static void sleep_in_callback(void)
{
	shared = kzalloc(sizeof(*shared), GFP_KERNEL);
	call_rcu(&shared->rcu, free_shared_slowly);
	rcu_barrier();
	assert_report(KAPI_CHECK_SLEEP_IN_ATOMIC);
}

static void test_rcu(void **state)
{
	struct rig r;

	(void)state;
	play_often(replace);
	play_often(sleep_in_callback);
	r = rig_open(1);
	run_in_kernel(mistakes_with_rcu);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_DEVICE_LEFT);
	rig_close(&r);
}

/* --- sequences --- */

static seqlock_t sequence;
static unsigned int halves[2];

static int write_halves(void *data)
{
	(void)data;
	for (unsigned int i = 1; i < 20; i++) {
		write_seqcount_begin(&sequence.seqcount);
		halves[0] = i;
		schedule_timeout_interruptible(1);
		halves[1] = i;
		write_seqcount_end(&sequence.seqcount);
		schedule_timeout_interruptible(1);
	}
	return 0;
}

static void read_halves(void)
{
	struct task_struct *task;

	seqlock_init(&sequence);
	halves[0] = halves[1] = 0;
	task = kthread_run(write_halves, NULL, "writer");
	for (int i = 0; i < 20; i++) {
		unsigned int start, a, b;

		do {
			start = read_seqbegin(&sequence);
			a = halves[0];
			schedule();
			b = halves[1];
		} while (read_seqretry(&sequence, start));
		assert_int_equal(a, b);
		schedule_timeout_interruptible(1);
	}
	kthread_stop(task);
	write_seqlock(&sequence);
	write_sequnlock(&sequence);
	write_seqcount_end(&sequence.seqcount);
	assert_report(KAPI_CHECK_BAD_CALL);
}

static void test_sequences(void **state)
{
	(void)state;
	play_often(read_halves);
}

/* --- completions --- */

static DECLARE_COMPLETION(done);

static int finish(void *data)
{
	schedule_timeout_interruptible(10);
	if (data)
		complete_all(&done);
	else
		complete(&done);
	return 7;
}

static void completions(void)
{
	struct task_struct *task;

	init_completion(&done);
	assert_false(try_wait_for_completion(&done));
	assert_int_equal(wait_for_completion_timeout(&done, 5), 0);
	task = kthread_run(finish, NULL, "finish");
	wait_for_completion(&done);
	assert_false(completion_done(&done));
	assert_int_equal(kthread_stop(task), 7);
	task = kthread_run(finish, &done, "finish");
	for (int i = 0; i < 3; i++)
		assert_true(wait_for_completion_timeout(&done, 100) > 0);
	assert_int_equal(wait_for_completion_interruptible(&done), 0);
	assert_int_equal(wait_for_completion_killable(&done), 0);
	reinit_completion(&done);
	assert_false(completion_done(&done));
	kthread_stop(task);
}

static void test_completions(void **state)
{
	(void)state;
	play_often(completions);
}

/* --- threads --- */

static int never_begins(void *data)
{
	(void)data;
	fail();
	return 0;
}

static void threads(void)
{
	struct task_struct *task = kthread_create(never_begins, NULL, "never");

	assert_int_equal(kthread_stop(task), -EINTR);
	task = kthread_create(finish, NULL, "later %d", 5);
	assert_string_equal(task->comm, "later 5");
	assert_int_equal(wake_up_process(task), 1);
	schedule_timeout_interruptible(1);
	assert_int_equal(kthread_stop(task), 7);
	assert_false(kthread_should_stop());
	/* One that has ended by itself is not left. */
	kthread_run(finish, NULL, "ended");
	schedule_timeout_interruptible(20);
	kthread_run(finish, NULL, "left");
}

static void test_threads(void **state)
{
	(void)state;
	rig_open(1);
	run_in_kernel(threads);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_DEVICE_LEFT);
	kapi_shutdown();
}

/* --- page locks --- */

static struct page *page;
static unsigned int users;

static int use_page(void *data)
{
	(void)data;
	for (int i = 0; i < 5; i++) {
		lock_page(page);
		assert_int_equal(users++, 0);
		schedule_timeout_interruptible(2);
		users--;
		unlock_page(page);
	}
	return 0;
}

/* Another thread's page lock is waited for. */
static void contend_for_page(void)
{
	struct task_struct *tasks[3];

	page = alloc_page(GFP_KERNEL);
	for (int i = 0; i < 3; i++)
		tasks[i] = kthread_run(use_page, NULL, "user");
	for (int i = 0; i < 3; i++)
		schedule_timeout_interruptible(20);
	for (int i = 0; i < 3; i++)
		assert_int_equal(kthread_stop(tasks[i]), 0);
	put_page(page);
}

static void test_page_locks(void **state)
{
	(void)state;
	play_often(contend_for_page);
}

/* --- timers --- */

static struct timer_list timer;
static unsigned int rings;
static unsigned long rang_at;

static void ring(struct timer_list *rung)
{
	assert_ptr_equal(rung, &timer);
	rings++;
	rang_at = jiffies;
	if (rings == 2)
		might_sleep();
}

static void free_timer(void)
{
	struct timer_list *allocated = kmalloc(sizeof(*allocated), GFP_KERNEL);

	timer_setup(allocated, ring, 0);
	mod_timer(allocated, jiffies + 5);
	kfree(allocated);
	assert_report(KAPI_CHECK_BAD_FREE);
	schedule_timeout_interruptible(10);
	assert_int_equal(rings, 2);
}

static void timers(void)
{
	unsigned long begin = jiffies;

	timer_setup(&timer, ring, 0);
	rings = 0;
	assert_int_equal(mod_timer(&timer, begin + 10), 0);
	assert_int_equal(mod_timer(&timer, begin + 50), 1);
	assert_true(timer_pending(&timer));
	schedule_timeout_interruptible(30);
	assert_int_equal(rings, 0);
	schedule_timeout_interruptible(30);
	assert_int_equal(rings, 1);
	assert_true(rang_at >= begin + 50);
	assert_int_equal(timer_delete_sync(&timer), 0);
	mod_timer(&timer, jiffies + 5);
	assert_int_equal(del_timer(&timer), 1);
	schedule_timeout_interruptible(10);
	assert_int_equal(rings, 1);
	mod_timer(&timer, jiffies + 5);
	schedule_timeout_interruptible(10);
	assert_report(KAPI_CHECK_SLEEP_IN_ATOMIC);
	free_timer();
	mod_timer(&timer, jiffies + 5);
}

/* Whoever sets it again does so in vain. */
static void shut_down_timer(void)
{
	timer_setup(&timer, ring, 0);
	mod_timer(&timer, jiffies + 5);
	assert_int_equal(timer_shutdown_sync(&timer), 1);
	assert_int_equal(mod_timer(&timer, jiffies + 5), 0);
	assert_false(timer_pending(&timer));
}

static void test_timer_shutdown(void **state)
{
	(void)state;
	play(shut_down_timer, 1);
}

static void test_timers(void **state)
{
	(void)state;
	rig_open(1);
	run_in_kernel(timers);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_DEVICE_LEFT);
	kapi_shutdown();
}

/* --- queues of works --- */

static unsigned int running, most_running, ended;
static struct work_struct works[6];

static void work(struct work_struct *item)
{
	(void)item;
	most_running = max(most_running, ++running);
	schedule_timeout_uninterruptible(5);
	running--;
	ended++;
}

static void run_works(struct workqueue_struct *queue)
{
	running = most_running = ended = 0;
	for (u32 i = 0; i < 6; i++) {
		INIT_WORK(&works[i], work);
		assert_true(queue_work(queue, &works[i]));
		assert_false(queue_work(queue, &works[i]));
	}
	flush_workqueue(queue);
	assert_int_equal(ended, 6);
}

static void queues(void)
{
	struct workqueue_struct *ordered = alloc_ordered_workqueue("ordered/%d", 0, 1);
	struct workqueue_struct *pair = alloc_workqueue("pair", WQ_UNBOUND, 2);
	struct workqueue_struct *all = alloc_workqueue("all", 0, 0);
	struct delayed_work delayed;

	run_works(ordered);
	assert_int_equal(most_running, 1);
	run_works(pair);
	assert_int_equal(most_running, 2);
	run_works(all);
	assert_true(most_running > 2);
	INIT_DELAYED_WORK(&delayed, work);
	assert_true(queue_delayed_work(all, &delayed, 1000));
	assert_true(mod_delayed_work(all, &delayed, 2000));
	assert_true(delayed_work_pending(&delayed));
	assert_true(flush_delayed_work(&delayed));
	assert_int_equal(ended, 7);
	queue_delayed_work(all, &delayed, 1000);
	assert_true(cancel_delayed_work(&delayed));
	queue_delayed_work(all, &delayed, 1000);
	destroy_workqueue(all);
	assert_report(KAPI_CHECK_BAD_CALL);
	destroy_workqueue(pair);
	destroy_workqueue(ordered);
}

static void test_queues(void **state)
{
	(void)state;
	play_often(queues);
}

/* Works that queue themselves again. */
static struct work_struct again;
static struct delayed_work poll;
static bool goes_on;

static void run_again(struct work_struct *item)
{
	assert_int_equal(running++, 0);
	if (goes_on)
		assert_true(queue_work(system_wq, item));
	schedule_timeout_uninterruptible(5);
	running--;
	ended++;
}

static void run_poll(struct work_struct *item)
{
	(void)item;
	schedule_timeout_uninterruptible(5);
	schedule_delayed_work(&poll, 20);
	ended++;
}

/* It never meets itself. Who flushes it waits for the last time that was asked for, and who cancels it for the end. */
static void repeat(void)
{
	running = ended = 0;
	goes_on = true;
	INIT_WORK(&again, run_again);
	schedule_work(&again);
	schedule_timeout_interruptible(12);
	assert_true(flush_work(&again));
	flush_workqueue(system_wq);
	assert_true(cancel_work_sync(&again));
	assert_int_equal(running, 0);
	assert_false(work_pending(&again));
	goes_on = false;
	assert_true(schedule_work(&again));
	flush_work(&again);
	assert_int_equal(running, 0);
}

static void poll_often(void)
{
	ended = 0;
	INIT_DELAYED_WORK(&poll, run_poll);
	schedule_delayed_work(&poll, 20);
	/* A work that waits for its time is not flushed. */
	assert_false(flush_work(&poll.work));
	assert_int_equal(ended, 0);
	assert_true(flush_delayed_work(&poll));
	assert_int_equal(ended, 1);
	schedule_timeout_interruptible(22);
	assert_int_equal(ended, 1);
	/* It runs; and what it queues at its end counts for nothing. */
	cancel_delayed_work_sync(&poll);
	assert_int_equal(ended, 2);
	assert_false(delayed_work_pending(&poll));
	assert_true(schedule_delayed_work(&poll, 20));
	assert_true(cancel_delayed_work_sync(&poll));
}

static void test_works_again(void **state)
{
	(void)state;
	play_often(repeat);
	play_often(poll_often);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_semaphores),     cmocka_unit_test(test_rcu),
		cmocka_unit_test(test_sequences),      cmocka_unit_test(test_completions),
		cmocka_unit_test(test_threads),        cmocka_unit_test(test_timers),
		cmocka_unit_test(test_queues),         cmocka_unit_test(test_works_again),
		cmocka_unit_test(test_timer_shutdown), cmocka_unit_test(test_page_locks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
