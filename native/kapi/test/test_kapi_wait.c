/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting, time, and work queues. */
#include "thread_rig.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

static DECLARE_WAIT_QUEUE_HEAD(queue);
static bool flag;

static void run(kernel_function function)
{
	struct rig r = rig_open(1);

	flag = false;
	assert_int_equal(run_in_kernel(function), 0);
	rig_close(&r);
}

static void set_flag(struct work_struct *work)
{
	(void)work;
	msleep(100);
	flag = true;
	wake_up(&queue);
}

static void wait_for_flag(void)
{
	unsigned long begin = jiffies;
	struct work_struct work;

	INIT_WORK(&work, set_flag);
	assert_true(schedule_work(&work));
	assert_false(schedule_work(&work)); /* it waits already */
	wait_event(queue, flag);
	assert_true(time_after_eq(jiffies, begin + msecs_to_jiffies(100)));
	assert_true(time_before(jiffies, begin + msecs_to_jiffies(200)));
	cancel_work_sync(&work);
}

static void wait_too_short(void)
{
	struct work_struct work;

	INIT_WORK(&work, set_flag);
	schedule_work(&work);
	assert_int_equal(wait_event_timeout(queue, flag, msecs_to_jiffies(20)), 0);
	assert_in_range(wait_event_timeout(queue, flag, msecs_to_jiffies(1000)), msecs_to_jiffies(800),
			msecs_to_jiffies(1000));
	flush_work(&work);
}

static struct completion completion;

static void complete_it(struct work_struct *work)
{
	(void)work;
	complete(&completion);
}

static void wait_for_completions(void)
{
	struct work_struct works[2];

	init_completion(&completion);
	for (unsigned int i = 0; i < 2; i++) {
		INIT_WORK(&works[i], complete_it);
		schedule_work(&works[i]);
	}
	wait_for_completion(&completion);
	wait_for_completion(&completion);
	for (unsigned int i = 0; i < 2; i++)
		flush_work(&works[i]);
}

static unsigned long ran_at;

static void note_time(struct work_struct *work)
{
	assert_ptr_equal(&to_delayed_work(work)->work, work);
	ran_at = jiffies;
}

static void delay_work(void)
{
	struct delayed_work delayed;
	unsigned long begin = jiffies;

	INIT_DELAYED_WORK(&delayed, note_time);
	schedule_delayed_work(&delayed, 50);
	msleep(jiffies_to_msecs(60));
	assert_true(time_after_eq(ran_at, begin + 50));
	assert_true(time_before(ran_at, begin + 60));
	/* One that is cancelled never runs. */
	ran_at = 0;
	schedule_delayed_work(&delayed, 50);
	assert_true(cancel_delayed_work_sync(&delayed));
	assert_false(cancel_delayed_work_sync(&delayed));
	msleep(1000);
	assert_int_equal(ran_at, 0);
	assert_true(schedule_delayed_work(&delayed, 0));
	assert_true(flush_work(&delayed.work));
	assert_int_not_equal(ran_at, 0);
}

static void test_waiting(void **state)
{
	(void)state;
	run(wait_for_flag);
	run(wait_too_short);
	run(wait_for_completions);
	run(delay_work);
}

static unsigned int order;

static void note_first(struct work_struct *work)
{
	(void)work;
	order = order * 10 + 1;
}

static void note_second(struct work_struct *work)
{
	(void)work;
	order = order * 10 + 2;
}

static void queue_two(void)
{
	struct work_struct first, second;

	INIT_WORK(&first, note_first);
	INIT_WORK(&second, note_second);
	order = 0;
	schedule_work(&first);
	schedule_work(&second);
	flush_work(&first);
	flush_work(&second);
}

/* The seed decides on it, and a seed decides always alike. */
static void test_order(void **state)
{
	unsigned int seen = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 32; seed++) {
		struct rig r = rig_open(seed);
		unsigned int before;

		assert_int_equal(run_in_kernel(queue_two), 0);
		before = order;
		rig_close(&r);
		r = rig_open(seed);
		assert_int_equal(run_in_kernel(queue_two), 0);
		assert_int_equal(order, before);
		rig_close(&r);
		seen |= order == 12 ? 1 : order == 21 ? 2 : 4;
	}
	assert_int_equal(seen, 3);
}

static void wait_for_ever(void)
{
	wait_event(queue, flag);
}

static void test_nobody_wakes(void **state)
{
	struct rig r = rig_open(1);

	(void)state;
	flag = false;
	assert_int_equal(run_in_kernel(wait_for_ever), -EDEADLK);
	assert_report(KAPI_CHECK_DEADLOCK);
	(void)r;
	kapi_shutdown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_nobody_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
