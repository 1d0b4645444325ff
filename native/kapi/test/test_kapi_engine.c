/* SPDX-License-Identifier: GPL-2.0-only */
/* Fences, and the engines that signal them. */
#include "thread_rig.h"

#include <kapi/engine.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

static struct kapi_engine engine;
static unsigned int done[16], done_count;

static int note(void *data)
{
	unsigned int number = *(unsigned int *)data;

	done[done_count++] = number;
	return number == 7 ? -ENXIO : 0;
}

static struct dma_fence *submit(unsigned int number)
{
	unsigned int *data = kmalloc(sizeof(*data), GFP_KERNEL);

	*data = number;
	return kapi_engine_submit(&engine, note, data, GFP_KERNEL);
}

static void in_order(void)
{
	struct dma_fence *fences[4];

	kapi_engine_init(&engine);
	for (unsigned int i = 0; i < 4; i++)
		fences[i] = submit(i);
	assert_int_equal(dma_fence_get_status(fences[3]), 0);
	assert_int_equal(dma_fence_wait(fences[3], false), 0);
	assert_int_equal(done_count, 4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(done[i], i);
		assert_true(dma_fence_is_signaled(fences[i]));
		dma_fence_put(fences[i]);
	}
	kapi_engine_fini(&engine);
}

static void late(void)
{
	unsigned long begin = jiffies;
	struct dma_fence *fence;

	kapi_delay_copies(1000);
	kapi_engine_init(&engine);
	fence = submit(1);
	assert_int_equal(dma_fence_wait_timeout(fence, false, HZ / 2), 0);
	assert_int_equal(done_count, 0);
	assert_true(dma_fence_wait_timeout(fence, false, HZ) > 0);
	assert_int_equal(done_count, 1);
	assert_in_range(jiffies - begin, HZ, HZ + HZ / 4);
	dma_fence_put(fence);
	kapi_engine_fini(&engine);
}

static void failing(void)
{
	struct dma_fence *fences[3];
	u64 before = kapi_fault_passes(KAPI_FAULT_COPY);

	kapi_fault(KAPI_FAULT_COPY, 2, false);
	kapi_engine_init(&engine);
	fences[0] = submit(0);
	fences[1] = submit(1);
	fences[2] = submit(7);
	/* The wait ends well; the fence has the error. */
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(dma_fence_wait(fences[i], false), 0);
	assert_int_equal(dma_fence_get_status(fences[0]), 1);
	assert_int_equal(dma_fence_get_status(fences[1]), -EIO);
	assert_int_equal(dma_fence_get_status(fences[2]), -ENXIO);
	assert_int_equal(done_count, 2);
	assert_int_equal(kapi_fault_passes(KAPI_FAULT_COPY) - before, 3);
	for (unsigned int i = 0; i < 3; i++)
		dma_fence_put(fences[i]);
	kapi_engine_fini(&engine);
}

static unsigned int calls;

static void count_call(struct dma_fence *fence, struct dma_fence_cb *callback)
{
	(void)fence;
	(void)callback;
	calls++;
}

static void with_callbacks(void)
{
	struct dma_fence_cb first, second;
	struct dma_fence *fence;

	kapi_engine_init(&engine);
	fence = submit(0);
	assert_int_equal(dma_fence_add_callback(fence, &first, count_call), 0);
	assert_int_equal(dma_fence_add_callback(fence, &second, count_call), 0);
	assert_true(dma_fence_remove_callback(fence, &second));
	assert_false(dma_fence_remove_callback(fence, &second));
	dma_fence_wait(fence, false);
	assert_int_equal(calls, 1);
	assert_int_equal(dma_fence_add_callback(fence, &first, count_call), -ENOENT);
	assert_int_equal(dma_fence_signal(fence), -EINVAL);
	dma_fence_put(fence);
	kapi_engine_fini(&engine);
}

static void mistaken(void)
{
	struct dma_fence *fence;

	kapi_engine_init(&engine);
	fence = submit(0);
	dma_fence_wait(fence, false);
	dma_fence_set_error(fence, -EIO);
	assert_report(KAPI_CHECK_BAD_CALL);
	assert_int_equal(dma_fence_get_status(fence), 1);
	dma_fence_put(fence);
	dma_fence_put(NULL);
	kapi_engine_fini(&engine);
	/* Nobody puts this one. */
	submit(1);
	kapi_engine_fini(&engine);
}

static void run(kernel_function function)
{
	struct rig r = rig_open(1);

	done_count = 0;
	assert_int_equal(run_in_kernel(function), 0);
	rig_close(&r);
}

static void test_order(void **state)
{
	(void)state;
	run(in_order);
}

static void test_late(void **state)
{
	(void)state;
	run(late);
}

static void test_failing(void **state)
{
	(void)state;
	run(failing);
}

static void test_callbacks(void **state)
{
	(void)state;
	run(with_callbacks);
}

static void test_mistakes(void **state)
{
	struct rig r = rig_open(1);

	(void)state;
	done_count = 0;
	assert_int_equal(run_in_kernel(mistaken), 0);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_MEMORY_LEFT);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),     cmocka_unit_test(test_late),     cmocka_unit_test(test_failing),
		cmocka_unit_test(test_callbacks), cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
