/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks, and what is checked of them. */
#include "thread_rig.h"

#include <linux/rwsem.h>
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

static DEFINE_MUTEX(mutex);
static DEFINE_SPINLOCK(spinlock);
static struct mutex zeroed;

/* Run a function, and expect one report. */
static void expect(kernel_function function, enum kapi_check check)
{
	struct rig r = rig_open(1);

	assert_int_equal(run_in_kernel(function), 0);
	assert_report(check);
	rig_close(&r);
}

static void lock_twice(void)
{
	mutex_lock(&mutex);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	mutex_unlock(&mutex);
}

static void spin_twice(void)
{
	spin_lock(&spinlock);
	spin_lock(&spinlock);
	spin_unlock(&spinlock);
	spin_unlock(&spinlock);
}

static void unlock_unlocked(void)
{
	mutex_unlock(&mutex);
}

static void use_zeroed(void)
{
	mutex_lock(&zeroed);
	mutex_unlock(&zeroed);
	zeroed = (struct mutex){ 0 };
}

static void return_locked(void)
{
	mutex_lock(&mutex);
	/* No other test finds it taken. */
	mutex_init(&mutex);
}

static void sleep_under_spinlock(void)
{
	spin_lock(&spinlock);
	msleep(1);
	spin_unlock(&spinlock);
}

static void schedule_under_spinlock(void)
{
	spin_lock(&spinlock);
	cond_resched();
	spin_unlock(&spinlock);
}

/* Even if there is nothing to wait for. */
static void wait_under_spinlock(void)
{
	DECLARE_WAIT_QUEUE_HEAD(queue);

	spin_lock(&spinlock);
	wait_event(queue, true);
	spin_unlock(&spinlock);
}

static void allocate_under_spinlock(void)
{
	spin_lock(&spinlock);
	kfree(kmalloc(8, GFP_KERNEL));
	spin_unlock(&spinlock);
}

static void take_mutex_under_spinlock(void)
{
	spin_lock(&spinlock);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	spin_unlock(&spinlock);
}

static void test_mistakes(void **state)
{
	(void)state;
	expect(lock_twice, KAPI_CHECK_LOCK_TWICE);
	expect(spin_twice, KAPI_CHECK_LOCK_TWICE);
	expect(unlock_unlocked, KAPI_CHECK_LOCK_NOT_HELD);
	expect(use_zeroed, KAPI_CHECK_LOCK_UNINITIALISED);
	expect(return_locked, KAPI_CHECK_LOCK_AT_RETURN);
	expect(sleep_under_spinlock, KAPI_CHECK_SLEEP_IN_ATOMIC);
	expect(schedule_under_spinlock, KAPI_CHECK_SLEEP_IN_ATOMIC);
	expect(wait_under_spinlock, KAPI_CHECK_SLEEP_IN_ATOMIC);
	expect(allocate_under_spinlock, KAPI_CHECK_SLEEP_IN_ATOMIC);
	expect(take_mutex_under_spinlock, KAPI_CHECK_SLEEP_IN_ATOMIC);
}

static void right_use(void)
{
	mutex_lock(&mutex);
	assert_true(mutex_is_locked(&mutex));
	assert_false(mutex_trylock(&mutex));
	spin_lock(&spinlock);
	kfree(kmalloc(8, GFP_ATOMIC));
	assert_false(spin_trylock(&spinlock));
	spin_unlock(&spinlock);
	mutex_unlock(&mutex);
	assert_true(mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	assert_false(mutex_is_locked(&mutex));
}

static void test_right_use(void **state)
{
	struct rig r = rig_open(1);

	(void)state;
	assert_int_equal(run_in_kernel(right_use), 0);
	rig_close(&r);
}

static DEFINE_MUTEX(second);
static DEFINE_MUTEX(third);

static void take_two(struct mutex *outer, struct mutex *inner)
{
	mutex_lock(outer);
	mutex_lock(inner);
	mutex_unlock(inner);
	mutex_unlock(outer);
}

static void take_in_circle(void)
{
	take_two(&mutex, &second);
	take_two(&mutex, &second);
	take_two(&second, &third);
	assert_no_reports();
	take_two(&third, &mutex);
	/* It is told once. */
	take_two(&third, &mutex);
}

/* Who only tries does not wait, so there is no circle. What is taken under the lock has an order all the same. */
static void try_in_circle(void)
{
	take_two(&mutex, &second);
	mutex_lock(&second);
	assert_true(mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	mutex_unlock(&second);
	assert_no_reports();
	assert_true(mutex_trylock(&second));
	mutex_lock(&third);
	mutex_unlock(&third);
	mutex_unlock(&second);
	take_two(&third, &second);
}

static void test_order(void **state)
{
	(void)state;
	expect(take_in_circle, KAPI_CHECK_LOCK_ORDER);
	expect(try_in_circle, KAPI_CHECK_LOCK_ORDER);
}

/** Two kinds of objects whose locks have one name in the source. */
struct first_kind {
	struct mutex lock;
};

struct second_kind {
	struct mutex lock;
};

static void init_first(struct first_kind *object)
{
	mutex_init(&object->lock);
}

static void init_second(struct second_kind *object)
{
	mutex_init(&object->lock);
}

/* The order is first, mutex, second: no circle. */
static void take_namesakes(void)
{
	struct first_kind first_object;
	struct second_kind second_object;

	init_first(&first_object);
	init_second(&second_object);
	take_two(&first_object.lock, &mutex);
	take_two(&mutex, &second_object.lock);
}

static void test_namesakes(void **state)
{
	struct rig r = rig_open(1);

	(void)state;
	assert_int_equal(run_in_kernel(take_namesakes), 0);
	rig_close(&r);
}

static unsigned int inside, entered;

static void enter(struct work_struct *work)
{
	(void)work;
	for (unsigned int i = 0; i < 10; i++) {
		mutex_lock(&mutex);
		assert_int_equal(inside++, 0);
		msleep(1);
		inside--;
		entered++;
		mutex_unlock(&mutex);
	}
}

static void contend(void)
{
	struct work_struct works[3];

	for (unsigned int i = 0; i < 3; i++) {
		INIT_WORK(&works[i], enter);
		schedule_work(&works[i]);
	}
	for (unsigned int i = 0; i < 3; i++)
		flush_work(&works[i]);
}

static void test_one_at_a_time(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 20; seed++) {
		struct rig r = rig_open(seed);

		entered = 0;
		assert_int_equal(run_in_kernel(contend), 0);
		assert_int_equal(entered, 30);
		rig_close(&r);
	}
}

static DEFINE_MUTEX(other);

static void take_in_reverse(struct work_struct *work)
{
	(void)work;
	mutex_lock(&other);
	msleep(1);
	mutex_lock(&mutex);
}

/* Each waits for the other's lock. */
static void deadlock(void)
{
	static struct work_struct work;

	INIT_WORK(&work, take_in_reverse);
	schedule_work(&work);
	mutex_lock(&mutex);
	msleep(1);
	mutex_lock(&other);
}

static void test_deadlock(void **state)
{
	struct rig r = rig_open(1);

	(void)state;
	assert_int_equal(run_in_kernel(deadlock), -EDEADLK);
	assert_reports(2, KAPI_CHECK_DEADLOCK);
	assert_int_equal(kapi_reports(KAPI_CHECK_DEADLOCK), 2);
	assert_int_equal(kapi_reports(KAPI_CHECK_COUNT), 2);
	kapi_shutdown();
	mutex_init(&mutex);
	mutex_init(&other);
	(void)r;
}

static DEFINE_MUTEX(guarded);

static int leave_early(spinlock_t *lock, struct rw_semaphore *semaphore)
{
	guard(mutex)(&guarded);
	guard(spinlock)(lock);
	scoped_guard(rwsem_read, semaphore) return mutex_is_locked(&guarded) && rwsem_is_locked(semaphore);
	return -1;
}

static void test_guards(void **state)
{
	struct rig r = rig_open(1);
	DEFINE_SPINLOCK(lock);
	DECLARE_RWSEM(semaphore);
	unsigned int times = 0;

	(void)state;
	assert_int_equal(leave_early(&lock, &semaphore), 1);
	assert_report(KAPI_CHECK_SLEEP_IN_ATOMIC);
	assert_false(mutex_is_locked(&guarded) || rwsem_is_locked(&semaphore));
	assert_true(spin_trylock(&lock));
	spin_unlock(&lock);
	scoped_guard(mutex, &guarded)
	{
		assert_true(mutex_is_locked(&guarded));
		times++;
	}
	assert_int_equal(times, 1);
	assert_false(mutex_is_locked(&guarded));
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes), cmocka_unit_test(test_right_use),
		cmocka_unit_test(test_order),    cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_deadlock), cmocka_unit_test(test_namesakes),
		cmocka_unit_test(test_guards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
