/* SPDX-License-Identifier: GPL-2.0-only */
/* XArrays against a plain array of the same entries. */
#include "thread_rig.h"

#include <linux/xarray.h>

#include "lib/heap.h"

#define INDEXES 9u

/* Places at which the tree has other heights, and neighbours. */
static const unsigned long indexes[INDEXES] = { 0,        1, 63, 64, 4095, 1ul << 40, (1ul << 40) + 64, ULONG_MAX - 1,
						ULONG_MAX };
static int objects[INDEXES];
static void *model[INDEXES];

static void assert_same(struct xarray *xa)
{
	unsigned long index;
	unsigned int i = 0;
	void *entry;

	for (unsigned int k = 0; k < INDEXES; k++)
		assert_ptr_equal(xa_load(xa, indexes[k]), model[k]);
	xa_for_each (xa, index, entry) {
		while (!model[i])
			i++;
		assert_true(index == indexes[i]);
		assert_ptr_equal(entry, model[i++]);
	}
	while (i < INDEXES && !model[i])
		i++;
	assert_int_equal(i, INDEXES);
}

static void store(struct xarray *xa, unsigned int k, void *entry)
{
	assert_ptr_equal(xa_store(xa, indexes[k], entry, GFP_KERNEL), model[k]);
	model[k] = entry;
	assert_same(xa);
}

static void test_each_subset(void **state)
{
	struct rig r = rig_open(1);
	struct xarray xa;

	(void)state;
	xa_init(&xa);
	/* A Gray code: each step stores or erases one entry, and all subsets come. */
	for (unsigned int step = 1; step < 1u << INDEXES; step++) {
		unsigned int k = (unsigned int)__builtin_ctz(step);

		store(&xa, k, model[k] ? NULL : &objects[k]);
	}
	for (unsigned int k = 0; k < INDEXES; k++)
		store(&xa, k, NULL);
	assert_true(xa_empty(&xa));
	rig_close(&r); /* No node is left. */
}

static void test_range(void **state)
{
	struct rig r = rig_open(1);
	unsigned long index, count = 0;
	DEFINE_XARRAY(xa);
	void *entry;

	(void)state;
	for (unsigned long i = 0; i < 1000; i += 10)
		assert_null(xa_store(&xa, i, &objects[0], GFP_KERNEL));
	xa_for_each_range (&xa, index, entry, 15, 100)
		count++;
	assert_int_equal(count, 9); /* 20 … 100: the last index belongs to it */
	xa_for_each_range (&xa, index, entry, 101, 109)
		fail_msg("there is an entry at %lu", index);
	/* The body may erase. */
	xa_for_each_range (&xa, index, entry, 0, 500)
		assert_ptr_equal(xa_erase(&xa, index), entry);
	index = 0;
	assert_non_null(xa_find(&xa, &index, ULONG_MAX, XA_PRESENT));
	assert_int_equal(index, 510);
	xa_destroy(&xa);
	rig_close(&r);
}

static void test_tags(void **state)
{
	void *entry = xa_tag_pointer(&objects[1], 3);

	(void)state;
	assert_int_equal(xa_pointer_tag(entry), 3);
	assert_ptr_equal(xa_untag_pointer(entry), &objects[1]);
	assert_false(xa_is_err(entry));
	assert_false(xa_is_err(NULL));
}

/* Each allocation fails in turn; the array stays as it was. */
static void test_without_memory(void **state)
{
	struct rig r = rig_open(1);
	DEFINE_XARRAY(xa);
	unsigned int failures = 0;
	void *result;

	(void)state;
	assert_null(xa_store(&xa, 5, &objects[0], GFP_KERNEL));
	do {
		kapi_fault(KAPI_FAULT_ALLOCATION, ++failures, false);
		result = xa_store(&xa, 1ul << 30, &objects[1], GFP_KERNEL);
		if (xa_is_err(result)) {
			assert_int_equal(xa_err(result), -ENOMEM);
			assert_null(xa_load(&xa, 1ul << 30));
			assert_ptr_equal(xa_load(&xa, 5), &objects[0]);
		}
	} while (result);
	kapi_fault(KAPI_FAULT_ALLOCATION, 0, false);
	/* Five levels above the first one, and five nodes on the way down. */
	assert_int_equal(failures, 11);
	xa_destroy(&xa);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_subset),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
