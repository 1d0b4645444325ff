/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of drivers, references, and pages. */
#include "thread_rig.h"

#include <linux/mm.h>
#include <linux/highmem.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/vmalloc.h>

static void test_contents(void **state)
{
	struct rig r = rig_open(1);
	unsigned char *zeroed = kzalloc(100, GFP_KERNEL), *plain = kmalloc(100, GFP_KERNEL);

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(zeroed[i], 0);
	assert_int_not_equal(plain[0], 0);
	plain[99] = 7;
	plain = krealloc(plain, 200, GFP_KERNEL);
	assert_int_equal(plain[99], 7);
	kfree(plain);
	kfree(zeroed);
	kfree(NULL);
	vfree(NULL);
	kvfree(kvmalloc(10, GFP_KERNEL));
	kvfree(kmalloc(10, GFP_KERNEL));
	kvfree(vmalloc(10));
	assert_null(kcalloc(1ul << 40, 1ul << 40, GFP_KERNEL));
	rig_close(&r);
}

static void test_mistakes(void **state)
{
	struct rig r = rig_open(1);
	static int no_memory_of_the_heap[64];
	void *memory = vmalloc(10);

	(void)state;
	kfree(memory);
	assert_report(KAPI_CHECK_BAD_FREE);
	kfree(&no_memory_of_the_heap[32]);
	assert_report(KAPI_CHECK_BAD_FREE);
	memory = kmalloc(10, GFP_KERNEL);
	assert_non_null(memory);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_MEMORY_LEFT);
	rig_close(&r);
}

static void test_failures(void **state)
{
	struct rig r = rig_open(1);
	void *memory;

	(void)state;
	kapi_fault(KAPI_FAULT_ALLOCATION, 2, false);
	kfree(kmalloc(1, GFP_KERNEL));
	memory = kmalloc(1, GFP_KERNEL | __GFP_NOFAIL);
	assert_non_null(memory);
	kfree(memory);
	assert_null(kmalloc(1, GFP_KERNEL));
	memory = kmalloc(1, GFP_KERNEL);
	assert_non_null(memory);
	kapi_fault(KAPI_FAULT_ALLOCATION, 1, true);
	assert_null(vmalloc(1));
	assert_null(alloc_page(GFP_KERNEL));
	kapi_fault(KAPI_FAULT_ALLOCATION, 0, false);
	kfree(memory);
	rig_close(&r);
}

/* Of the C library, whose header does not go with the kernel's. */
void *calloc(size_t count, size_t size);
void free(void *memory);

/* Memory that is freed, and may still be looked at. */
static void *kept[64];
static unsigned int kept_count;

static void *allocate(size_t size)
{
	return calloc(1, size);
}

static void keep(void *memory)
{
	assert_in_range(kept_count, 0, ARRAY_SIZE(kept) - 1);
	kept[kept_count++] = memory;
}

static void test_use_after_free(void **state)
{
	struct rig r = rig_open(1);
	struct mutex *mutex = kmalloc(sizeof(*mutex), GFP_KERNEL);

	(void)state;
	mutex_init(mutex);
	kapi_set_heap(allocate, keep);
	kfree(mutex);
	assert_int_equal(*(unsigned char *)mutex, 0x6b);
	mutex_lock(mutex);
	assert_report(KAPI_CHECK_LOCK_UNINITIALISED);
	mutex_unlock(mutex);
	kapi_set_heap(NULL, NULL);
	while (kept_count)
		free(kept[--kept_count]);
	rig_close(&r);
}

static unsigned int released;

static void release(struct kref *kref)
{
	(void)kref;
	released++;
}

static void test_kref(void **state)
{
	struct rig r = rig_open(1);
	struct kref kref;

	(void)state;
	kref_init(&kref);
	kref_get(&kref);
	assert_int_equal(kref_put(&kref, release), 0);
	assert_int_equal(kref_put(&kref, release), 1);
	assert_int_equal(released, 1);
	assert_int_equal(kref_get_unless_zero(&kref), 0);
	kref_put(&kref, release);
	assert_report(KAPI_CHECK_BAD_PUT);
	kref_get(&kref);
	assert_report(KAPI_CHECK_BAD_PUT);
	assert_int_equal(released, 1);
	rig_close(&r);
}

static void test_pages(void **state)
{
	struct rig r = rig_open(1);
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO), *copy = alloc_page(GFP_ATOMIC);
	char text[4] = "abc";

	(void)state;
	assert_int_equal(page_count(page), 1);
	assert_false(is_zone_device_page(page));
	memcpy_to_page(page, 4092, text, 4);
	copy_highpage(copy, page);
	memset(text, 0, 4);
	memcpy_from_page(text, copy, 4092, 4);
	assert_string_equal(text, "abc");
	lock_page(page);
	assert_false(trylock_page(page));
	unlock_page(page);
	put_page(page);
	__free_page(copy);
	rig_close(&r);
}

static void test_mistakes_with_pages(void **state)
{
	struct rig r = rig_open(1);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	unlock_page(page);
	assert_report(KAPI_CHECK_BAD_PUT);
	lock_page(page);
	lock_page(page);
	assert_report(KAPI_CHECK_LOCK_TWICE);
	put_page(page);
	assert_report(KAPI_CHECK_BAD_PUT); /* it is locked */
	unlock_page(page);
	put_page(page);
	put_page(page);
	assert_report(KAPI_CHECK_BAD_PUT);
	clear_highpage(page);
	assert_report(KAPI_CHECK_BAD_PAGE);
	put_page(NULL);
	assert_report(KAPI_CHECK_BAD_PAGE);
	page = alloc_page(GFP_KERNEL);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_PAGE_LEFT);
	put_page(page);
	rig_close(&r);
}

static void test_pages_by_address(void **state)
{
	struct rig r = rig_open(1);
	unsigned long address = get_zeroed_page(GFP_KERNEL);
	struct page *page;

	(void)state;
	assert_true(address && !(address % PAGE_SIZE));
	assert_int_equal(((unsigned char *)address)[PAGE_SIZE - 1], 0);
	free_page(address + 8);
	assert_report(KAPI_CHECK_BAD_FREE);
	free_page(address);
	free_page(address);
	assert_report(KAPI_CHECK_BAD_PUT);
	free_page(0);
	kapi_fault(KAPI_FAULT_ALLOCATION, 1, false);
	assert_int_equal(__get_free_page(GFP_KERNEL), 0);
	page = alloc_pages(GFP_KERNEL, 0);
	assert_non_null(page);
	__free_pages(page, 0);
	assert_null(alloc_pages(GFP_KERNEL, 2));
	assert_report(KAPI_CHECK_LIMIT);
	address = __get_free_page(GFP_KERNEL);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_PAGE_LEFT);
	free_page(address);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_use_after_free),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_kref),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_mistakes_with_pages),
		cmocka_unit_test(test_pages_by_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
