/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, bits, lists and tables of drivers. */
#include "thread_rig.h"

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/hashtable.h>
#include <linux/idr.h>
#include <linux/kconfig.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/refcount.h>

#define CONFIG_IS_SET 1
#define CONFIG_IS_MODULE_MODULE 1

static void test_options(void **state)
{
	(void)state;
	assert_int_equal(IS_ENABLED(CONFIG_IS_SET), 1);
	assert_int_equal(IS_ENABLED(CONFIG_IS_MODULE), 1);
	assert_int_equal(IS_BUILTIN(CONFIG_IS_MODULE), 0);
	assert_int_equal(IS_ENABLED(CONFIG_IS_NOTHING), 0);
#if IS_ENABLED(CONFIG_IS_NOTHING)
	fail();
#endif
}

static void test_bits(void **state)
{
	DECLARE_BITMAP(map, 200);
	unsigned long bit, sum = 0;

	(void)state;
	bitmap_zero(map, 200);
	assert_true(bitmap_empty(map, 200));
	bitmap_set(map, 60, 10);
	set_bit(199, map);
	assert_int_equal(bitmap_weight(map, 200), 11);
	assert_int_equal(find_first_bit(map, 200), 60);
	assert_int_equal(find_next_zero_bit(map, 200, 60), 70);
	assert_int_equal(find_next_bit(map, 199, 70), 199);
	for_each_set_bit (bit, map, 200)
		sum += bit;
	assert_int_equal(sum, 645 + 199);
	assert_int_equal(bitmap_find_next_zero_area(map, 200, 50, 20, 0), 70);
	assert_int_equal(bitmap_find_next_zero_area(map, 200, 50, 20, 31), 96);
	assert_true(bitmap_find_next_zero_area(map, 200, 0, 150, 0) > 200);
	assert_true(test_and_clear_bit(199, map) && !test_and_set_bit(199, map));
	bitmap_fill(map, 200);
	assert_true(bitmap_full(map, 200));
	assert_int_equal(find_first_zero_bit(map, 200), 200);
	assert_true(GENMASK(7, 4) == 0xf0 && GENMASK_ULL(63, 0) == ~0ull);
	assert_true(fls(0) == 0 && fls(1) == 1 && fls64(1ull << 40) == 41 && ffs(8) == 4 && ffz(7) == 3);
}

static void test_numbers(void **state)
{
	u64 value = 1000000007;
	size_t size;
	u32 rest;

	(void)state;
	assert_int_equal(do_div(value, 10), 7);
	assert_int_equal(value, 100000000);
	assert_int_equal(div_u64_rem(25, 7, &rest), 3);
	assert_int_equal(rest, 4);
	assert_true(mul_u64_u64_div_u64(1ull << 40, 1ull << 40, 1ull << 50) == 1ull << 30);
	assert_true(ilog2(4096) == 12 && is_power_of_2(64) && !is_power_of_2(0) && order_base_2(5) == 3);
	assert_true(roundup_pow_of_two(5) == 8 && rounddown_pow_of_two(5) == 4 && round_up(5, 4) == 8);
	assert_true(roundup(10, 3) == 12 && rounddown(10, 3) == 9 && DIV_ROUND_CLOSEST(7, 2) == 4);
	assert_true(check_add_overflow(~(size_t)0, (size_t)1, &size));
	assert_true(array_size(1ul << 40, 1ul << 40) == ~(size_t)0 && size_add(2, 3) == 5);
}

static void test_atomics(void **state)
{
	struct rig r = rig_open(1);
	atomic_t number = ATOMIC_INIT(3);
	refcount_t refcount = REFCOUNT_INIT(1);
	int place = 5;

	(void)state;
	assert_int_equal(atomic_inc_return(&number), 4);
	assert_false(atomic_dec_and_test(&number));
	assert_true(atomic_sub_and_test(3, &number));
	assert_false(atomic_inc_not_zero(&number));
	assert_int_equal(atomic_cmpxchg(&number, 0, 9), 0);
	assert_int_equal(atomic_xchg(&number, 1), 9);
	assert_int_equal(cmpxchg(&place, 4, 6), 5);
	assert_int_equal(xchg(&place, 7), 5);
	refcount_inc(&refcount);
	refcount_dec(&refcount);
	assert_true(refcount_dec_and_test(&refcount));
	assert_false(refcount_inc_not_zero(&refcount));
	refcount_inc(&refcount);
	assert_report(KAPI_CHECK_BAD_PUT);
	assert_false(refcount_dec_and_test(&refcount));
	assert_report(KAPI_CHECK_BAD_PUT);
	refcount_set(&refcount, 1);
	refcount_dec(&refcount);
	assert_report(KAPI_CHECK_BAD_PUT);
	rig_close(&r);
}

/** An entry of lists and of a table. */
struct entry {
	struct list_head node;
	struct hlist_node hash_node;
	u32 number;
};

static void test_lists(void **state)
{
	struct entry entries[6], *entry;
	LIST_HEAD(first);
	LIST_HEAD(second);
	u32 text = 0;

	(void)state;
	for (u32 i = 0; i < 6; i++) {
		entries[i].number = i + 1;
		list_add_tail(&entries[i].node, i < 3 ? &first : &second);
	}
	list_move(&entries[2].node, &first);
	list_splice_tail_init(&second, &first);
	assert_true(list_empty(&second));
	list_move_tail(&entries[0].node, &first);
	list_for_each_entry (entry, &first, node)
		text = 10 * text + entry->number;
	assert_int_equal(text, 324561);
	text = 0;
	list_for_each_entry_reverse (entry, &first, node)
		text = 10 * text + entry->number;
	assert_int_equal(text, 165423);
	assert_int_equal(list_next_entry(&entries[2], node)->number, 2);
	assert_true(list_is_first(&entries[2].node, &first) && list_is_last(&entries[0].node, &first));
	assert_null(list_first_entry_or_null(&second, struct entry, node));
	list_add(&entries[5].node, &second);
	assert_true(list_is_singular(&second));
}

static void test_hash_table(void **state)
{
	static DEFINE_HASHTABLE(table, 3);
	struct entry entries[40], *entry;
	struct hlist_node *next;
	u32 bucket, count = 0;

	(void)state;
	hash_init(table);
	for (u32 i = 0; i < 40; i++) {
		entries[i].number = i * 7;
		hash_add(table, &entries[i].hash_node, entries[i].number);
	}
	hash_for_each_possible (table, entry, hash_node, 21)
		count += entry->number == 21;
	assert_int_equal(count, 1);
	hash_for_each_safe (table, bucket, next, entry, hash_node)
		if (entry->number % 2)
			hash_del(&entry->hash_node);
	count = 0;
	hash_for_each (table, bucket, entry, hash_node)
		count++;
	assert_int_equal(count, 20);
	assert_false(hash_hashed(&entries[1].hash_node));
}

/* --- numbers that are given out --- */

static void test_idr(void **state)
{
	struct rig r = rig_open(1);
	static int objects[300];
	DEFINE_IDR(idr);
	int id, *object, count = 0;

	(void)state;
	for (int i = 0; i < 300; i++)
		assert_int_equal(idr_alloc(&idr, &objects[i], 1, 0, GFP_KERNEL), i + 1);
	assert_ptr_equal(idr_find(&idr, 200), &objects[199]);
	assert_ptr_equal(idr_remove(&idr, 70), &objects[69]);
	assert_null(idr_find(&idr, 70));
	assert_ptr_equal(idr_replace(&idr, NULL, 80), &objects[79]);
	assert_true(IS_ERR(idr_replace(&idr, NULL, 70)));
	idr_for_each_entry (&idr, object, id)
		count++;
	assert_int_equal(count, 298);
	assert_int_equal(idr_alloc(&idr, &objects[0], 0, 0, GFP_KERNEL), 0);
	assert_int_equal(idr_alloc(&idr, &objects[0], 1, 0, GFP_KERNEL), 70);
	assert_int_equal(idr_alloc(&idr, &objects[0], 10, 20, GFP_KERNEL), -ENOSPC);
	idr_remove(&idr, 5);
	assert_int_equal(idr_alloc_cyclic(&idr, &objects[0], 1, 310, GFP_KERNEL), 5);
	idr_remove(&idr, 5);
	assert_int_equal(idr_alloc_cyclic(&idr, &objects[0], 1, 310, GFP_KERNEL), 301);
	kapi_fault(KAPI_FAULT_ALLOCATION, 1, false);
	assert_int_equal(idr_alloc(&idr, &objects[0], 100000, 0, GFP_KERNEL), -ENOMEM);
	idr_destroy(&idr);
	assert_true(idr_is_empty(&idr));
	rig_close(&r);
}

static void test_ida(void **state)
{
	struct rig r = rig_open(1);
	DEFINE_IDA(ida);

	(void)state;
	for (int i = 0; i < 5000; i++)
		assert_int_equal(ida_alloc(&ida, GFP_KERNEL), i);
	ida_free(&ida, 4097);
	ida_free(&ida, 64);
	assert_int_equal(ida_alloc(&ida, GFP_KERNEL), 64);
	assert_int_equal(ida_alloc(&ida, GFP_KERNEL), 4097);
	assert_int_equal(ida_alloc_range(&ida, 100, 4000, GFP_KERNEL), -ENOSPC);
	assert_int_equal(ida_alloc_min(&ida, 100, GFP_KERNEL), 5000);
	ida_free(&ida, 6000);
	assert_report(KAPI_CHECK_BAD_FREE);
	ida_destroy(&ida);
	rig_close(&r);
}

/* Numbers come and go; the lowest free one is always found. */
static void test_lowest_free(void **state)
{
	struct rig r = rig_open(1);
	static bool is_used[9000];
	DEFINE_IDA(ida);
	u32 random = 1;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		u32 number = (random = random * 1664525 + 1013904223) >> 8;

		number %= ARRAY_SIZE(is_used);
		if (is_used[number]) {
			ida_free(&ida, number);
			is_used[number] = false;
		} else if (step % 3) {
			assert_int_equal(ida_alloc_range(&ida, number, number, GFP_KERNEL), number);
			is_used[number] = true;
		} else {
			int lowest = ida_alloc_min(&ida, number, GFP_KERNEL);

			assert_int_equal(lowest, number);
			is_used[number] = true;
		}
		if (step % 500 == 0) {
			int lowest = ida_alloc(&ida, GFP_KERNEL), expected = 0;

			while (is_used[expected])
				expected++;
			assert_int_equal(lowest, expected);
			ida_free(&ida, (unsigned int)lowest);
		}
	}
	ida_destroy(&ida);
	rig_close(&r);
}

static void test_xa_alloc(void **state)
{
	struct rig r = rig_open(1);
	static int object;
	u32 id, next = 0;
	struct xarray xa;

	(void)state;
	xa_init_flags(&xa, XA_FLAGS_ALLOC1);
	assert_int_equal(xa_alloc(&xa, &id, &object, xa_limit_32b, GFP_KERNEL), 0);
	assert_int_equal(id, 1);
	assert_int_equal(xa_insert(&xa, 1, &object, GFP_KERNEL), -EBUSY);
	assert_int_equal(xa_insert(&xa, 2, &object, GFP_KERNEL), 0);
	for (u32 i = 3; i <= 4; i++) {
		assert_int_equal(xa_alloc_cyclic(&xa, &id, &object, XA_LIMIT(1, 4), &next, GFP_KERNEL), 0);
		assert_int_equal(id, i);
	}
	xa_erase(&xa, 2);
	assert_int_equal(xa_alloc_cyclic(&xa, &id, &object, XA_LIMIT(1, 4), &next, GFP_KERNEL), 1);
	assert_int_equal(id, 2);
	assert_int_equal(xa_alloc(&xa, &id, &object, XA_LIMIT(1, 4), GFP_KERNEL), -EBUSY);
	xa_destroy(&xa);
	assert_true(xa_empty(&xa));
	rig_close(&r);
}

/* NULL takes an index, and nobody finds it. */
static void test_xa_reserve(void **state)
{
	struct rig r = rig_open(1);
	static int object;
	unsigned long index;
	DEFINE_XARRAY_ALLOC(xa);
	void *entry;
	u32 id;

	(void)state;
	for (u32 i = 0; i < 3; i++) {
		assert_int_equal(xa_alloc(&xa, &id, NULL, xa_limit_32b, GFP_KERNEL), 0);
		assert_int_equal(id, i);
	}
	assert_null(xa_load(&xa, 1));
	assert_int_equal(xa_insert(&xa, 1, &object, GFP_KERNEL), -EBUSY);
	assert_null(xa_store(&xa, 1, &object, GFP_KERNEL));
	xa_for_each (&xa, index, entry)
		assert_int_equal(index, 1);
	assert_ptr_equal(xa_store(&xa, 1, NULL, GFP_KERNEL), &object);
	assert_int_equal(xa_alloc(&xa, &id, &object, XA_LIMIT(0, 2), GFP_KERNEL), -EBUSY);
	assert_null(xa_erase(&xa, 1));
	assert_int_equal(xa_alloc(&xa, &id, &object, XA_LIMIT(0, 2), GFP_KERNEL), 0);
	assert_int_equal(id, 1);
	xa_destroy(&xa);
	rig_close(&r);
}

/* Arguments are evaluated once. */
static void test_exchange(void **state)
{
	int values[] = { 1, 2, 3 }, *next = values;

	(void)state;
	assert_int_equal(xchg(next++, 4), 1);
	assert_int_equal(cmpxchg(next++, 2, 5), 2);
	assert_int_equal(cmpxchg(next++, 2, 5), 3);
	assert_ptr_equal(next, values + 3);
	assert_int_equal(values[0], 4);
	assert_int_equal(values[1], 5);
	assert_int_equal(values[2], 3);
}

/* Values as the kernel takes them: each type has its range. */
static void test_parameters(void **state)
{
	static unsigned char byte = 1;
	static unsigned int unsigned_int;
	static bool flag;
	static char *text;

	(void)state;
	kapi_module_param(NULL, "byte", "byte", &byte, sizeof(byte));
	kapi_module_param(NULL, "unsigned_int", "uint", &unsigned_int, sizeof(unsigned_int));
	kapi_module_param(NULL, "flag", "bool", &flag, sizeof(flag));
	kapi_module_param(NULL, "text", "charp", &text, sizeof(text));
	assert_int_equal(kapi_set_param("byte", "0xff"), 0);
	assert_int_equal(byte, 255);
	assert_int_equal(kapi_set_param("byte", "256"), -EINVAL);
	assert_int_equal(kapi_set_param("unsigned_int", "-1"), -EINVAL);
	assert_int_equal(kapi_set_param("unsigned_int", "4294967295"), 0);
	assert_true(unsigned_int == U32_MAX);
	assert_int_equal(kapi_set_param("flag", "Y"), 0);
	assert_true(flag);
	assert_int_equal(kapi_set_param("flag", "off"), 0);
	assert_false(flag);
	assert_int_equal(kapi_set_param("flag", "on"), 0);
	assert_true(flag);
	assert_int_equal(kapi_set_param("flag", "0"), 0);
	assert_false(flag);
	assert_int_equal(kapi_set_param("flag", "2"), -EINVAL);
	assert_int_equal(kapi_set_param("flag", "oy"), -EINVAL);
	assert_int_equal(kapi_set_param("flag", ""), -EINVAL);
	assert_int_equal(kapi_set_param("text", "1"), -EINVAL);
	assert_int_equal(kapi_set_param("none", "1"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),     cmocka_unit_test(test_bits),
		cmocka_unit_test(test_numbers),     cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_lists),       cmocka_unit_test(test_hash_table),
		cmocka_unit_test(test_idr),         cmocka_unit_test(test_ida),
		cmocka_unit_test(test_lowest_free), cmocka_unit_test(test_xa_alloc),
		cmocka_unit_test(test_xa_reserve),  cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
