/* SPDX-License-Identifier: GPL-2.0-only */
/* Device memory and migrations, and what is checked of them: a small driver makes one mistake at a time. */
#include "small_driver.h"

#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

/* --- right use --- */

static void move_both_ways(void)
{
	unsigned long src[SMALL_PAGES], dst[SMALL_PAGES] = { 0 };

	device_add(&device_ops);
	to_device(memory, SMALL_PAGES);
	expect_number(memory, 100);
	device_evict(src, dst, SMALL_PAGES);
	for (unsigned int i = 0; i < SMALL_PAGES; i++)
		expect_number(memory + i * PAGE_SIZE, 100 + i);
	device_remove();
}

/* A driver may give up behind migrate_vma_setup(). */
static void give_up(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	to_device_setup(&t, memory, SMALL_PAGES);
	migrate_vma_finalize(&t.args);
	mmap_read_unlock(current->mm);
	expect_number(memory, 100);
	device_remove();
}

/* Two ranges of device pages in one array. */
static void evict_two_ranges(void)
{
	unsigned long first = 0, src[4], dst[4] = { 0 };

	device_add(&device_ops);
	first = device.pagemap.range.start >> PAGE_SHIFT;
	to_device(memory, SMALL_PAGES);
	migrate_device_range(src, first, 2);
	migrate_device_range(src + 2, first + 4, 2);
	for (unsigned int i = 0; i < 4; i++)
		dst[i] = device_to_ram_word(migrate_pfn_to_page(src[i]));
	migrate_device_pages(src, dst, 4);
	migrate_device_finalize(src, dst, 4);
	assert_false(device.used[0] || device.used[1] || device.used[4] || device.used[5]);
	assert_true(device.used[2] && device.used[3]);
	for (unsigned int i = 0; i < SMALL_PAGES; i++)
		expect_number(memory + i * PAGE_SIZE, 100 + i);
	device_remove();
}

/* A range in pieces is not emulated. */
static void evict_in_pieces(void)
{
	unsigned long src[2], dst[2] = { 0 };

	device_add(&device_ops);
	to_device(memory, 2);
	migrate_device_range(src, device.pagemap.range.start >> PAGE_SHIFT, 2);
	migrate_device_pages(src, dst, 1);
	migrate_device_pages(src, dst, 2);
	migrate_device_finalize(src, dst, 2);
	expect_number(memory, 100);
	expect_number(memory + PAGE_SIZE, 101);
	device_remove();
}

static void test_right_use(void **state)
{
	(void)state;
	run_driver(move_both_ways);
	run_driver(give_up);
	run_driver(evict_two_ranges);
	assert_no_reports();
	expect_report(evict_in_pieces, KAPI_CHECK_LIMIT);
}

/* --- migrations --- */

static void without_mmap_lock(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	to_device_setup(&t, memory, 1);
	mmap_read_unlock(current->mm);
	migrate_vma_finalize(&t.args);
	vma_lookup(current->mm, memory);
	device_remove();
}

static void never_finalize(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	to_device_setup(&t, memory, 1);
	mmap_read_unlock(current->mm);
	device_remove();
}

static void finalize_before_pages(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	to_device_setup(&t, memory, 1);
	to_device_copy(&t);
	migrate_vma_finalize(&t.args);
	mmap_read_unlock(current->mm);
	device_remove();
}

static void finalize_twice(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	to_device_setup(&t, memory, 1);
	to_device_copy(&t);
	migrate_vma_pages(&t.args);
	migrate_vma_finalize(&t.args);
	migrate_vma_finalize(&t.args);
	mmap_read_unlock(current->mm);
	expect_number(memory, 100);
	device_remove();
}

static void give_unlocked_page(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	to_device_setup(&t, memory, 1);
	to_device_copy(&t);
	unlock_page(migrate_pfn_to_page(t.dst[0]));
	migrate_vma_pages(&t.args);
	migrate_vma_finalize(&t.args);
	mmap_read_unlock(current->mm);
	device_remove();
}

/* dst of what does not move is left as kmalloc() has given it. */
static void leave_dst_unwritten(void)
{
	unsigned long src[4], *dst = kmalloc(sizeof(src), GFP_KERNEL);

	device_add(&device_ops);
	to_device(memory, 2);
	device_evict(src, dst, 4);
	kfree(dst);
	device_remove();
}

/* The number of a page without VALID is nothing to a kernel. */
static void forget_valid(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	to_device_setup(&t, memory, 2);
	t.dst[1] = 5ul << MIGRATE_PFN_SHIFT;
	migrate_vma_pages(&t.args);
	assert_int_equal(t.src[1] & MIGRATE_PFN_MIGRATE, 0);
	migrate_vma_finalize(&t.args);
	mmap_read_unlock(current->mm);
	device_remove();
}

static void test_migrations(void **state)
{
	(void)state;
	expect_report(without_mmap_lock, KAPI_CHECK_LOCK_MISSING);
	expect_report(never_finalize, KAPI_CHECK_BAD_CALL);
	expect_report(finalize_before_pages, KAPI_CHECK_BAD_CALL);
	expect_report(finalize_twice, KAPI_CHECK_BAD_CALL);
	expect_report(give_unlocked_page, KAPI_CHECK_BAD_CALL);
	expect_report(leave_dst_unwritten, KAPI_CHECK_UNINITIALISED);
	expect_report(forget_valid, KAPI_CHECK_UNINITIALISED);
}

/* One mistake in a loop. */
static void put_pages_of_src(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	to_device_setup(&t, memory, SMALL_PAGES);
	for (unsigned int i = 0; i < SMALL_PAGES; i++)
		put_page(migrate_pfn_to_page(t.src[i]));
	put_page(NULL);
	migrate_vma_finalize(&t.args);
	mmap_read_unlock(current->mm);
	device_remove();
}

static void test_repeated_reports(void **state)
{
	(void)state;
	run_driver(put_pages_of_src);
	assert_reports(2, KAPI_CHECK_BAD_PAGE);
	assert_more(SMALL_PAGES - 1);
	assert_text("of src, whose reference is the migration's until migrate_vma_finalize() (7 more)");
	/* The next run knows nothing of this one. */
	run_driver(put_pages_of_src);
	assert_reports(2, KAPI_CHECK_BAD_PAGE);
}

/* --- faults on device pages --- */

static vm_fault_t do_nothing(struct vm_fault *fault)
{
	(void)fault;
	return 0;
}

/* A kernel's task would never end. */
static void bring_nothing_back(void)
{
	static const struct dev_pagemap_ops ops = { .page_free = device_page_free, .migrate_to_ram = do_nothing };
	unsigned long src[1], dst[1] = { 0 };
	unsigned int number;

	device_add(&ops);
	to_device(memory, 1);
	assert_int_equal(copy_from_user(&number, (void *)memory, sizeof(number)), sizeof(number));
	device_evict(src, dst, 1);
	device_remove();
}

/** How to get migrate_to_ram() wrong. */
static enum { NO_FAULT_PAGE, WRONG_OWNER, NO_NEW_PAGE } mistake;

static vm_fault_t migrate_wrongly(struct vm_fault *fault)
{
	unsigned long src = 0, dst = 0;
	struct migrate_vma args = { .vma = fault->vma,
				    .start = fault->address & PAGE_MASK,
				    .end = (fault->address & PAGE_MASK) + PAGE_SIZE,
				    .src = &src,
				    .dst = &dst,
				    .pgmap_owner = mistake == WRONG_OWNER ? (void *)&mistake : &device,
				    .fault_page = mistake == NO_FAULT_PAGE ? NULL : fault->page,
				    .flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE };

	if (migrate_vma_setup(&args))
		return VM_FAULT_SIGBUS;
	if (src & MIGRATE_PFN_MIGRATE && mistake != NO_NEW_PAGE)
		dst = device_to_ram_word(migrate_pfn_to_page(src));
	migrate_vma_pages(&args);
	migrate_vma_finalize(&args);
	return 0;
}

static void fault_in_vain(void)
{
	static const struct dev_pagemap_ops ops = { .page_free = device_page_free, .migrate_to_ram = migrate_wrongly };
	unsigned long src[1], dst[1] = { 0 };
	unsigned int number;

	device_add(&ops);
	to_device(memory, 1);
	assert_int_equal(copy_from_user(&number, (void *)memory, sizeof(number)), sizeof(number));
	device_evict(src, dst, 1);
	device_remove();
}

static void forget_fault_page(void)
{
	mistake = NO_FAULT_PAGE;
	fault_in_vain();
}

static void name_wrong_owner(void)
{
	mistake = WRONG_OWNER;
	fault_in_vain();
}

static void offer_no_page(void)
{
	mistake = NO_NEW_PAGE;
	fault_in_vain();
}

static unsigned int faults;

static vm_fault_t come_late(struct vm_fault *fault)
{
	return ++faults % 20 ? 0 : device_migrate_to_ram(fault);
}

static void bring_back_late(void)
{
	static const struct dev_pagemap_ops ops = { .page_free = device_page_free, .migrate_to_ram = come_late };

	faults = 0;
	device_add(&ops);
	to_device(memory, SMALL_PAGES);
	for (unsigned int i = 0; i < SMALL_PAGES; i++)
		expect_number(memory + i * PAGE_SIZE, 100 + i);
	assert_int_equal(faults, 20 * SMALL_PAGES);
	device_remove();
}

static vm_fault_t begin_only(struct vm_fault *fault)
{
	static unsigned long src, dst;
	struct migrate_vma args = { .vma = fault->vma,
				    .start = fault->address & PAGE_MASK,
				    .end = (fault->address & PAGE_MASK) + PAGE_SIZE,
				    .src = &src,
				    .dst = &dst,
				    .pgmap_owner = &device,
				    .fault_page = fault->page,
				    .flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE };

	return faults++ || migrate_vma_setup(&args) ? device_migrate_to_ram(fault) : 0;
}

/* It would have the page's lock for ever. */
static void never_finalize_fault(void)
{
	static const struct dev_pagemap_ops ops = { .page_free = device_page_free, .migrate_to_ram = begin_only };

	faults = 0;
	device_add(&ops);
	to_device(memory, 1);
	expect_number(memory, 100);
	device_remove();
}

static void sleep_and_free(struct page *page)
{
	msleep(1);
	device_page_free(page);
}

static void sleep_in_page_free(void)
{
	static const struct dev_pagemap_ops ops = { .page_free = sleep_and_free,
						    .migrate_to_ram = device_migrate_to_ram };

	device_add(&ops);
	to_device(memory, 1);
	expect_number(memory, 100);
	device_remove();
}

static void test_faults(void **state)
{
	(void)state;
	expect_report(bring_nothing_back, KAPI_CHECK_NO_PROGRESS);
	assert_text("It does not migrate the page");
	expect_report(forget_fault_page, KAPI_CHECK_NO_PROGRESS);
	assert_text("fault_page is not set");
	expect_report(name_wrong_owner, KAPI_CHECK_NO_PROGRESS);
	assert_text("pgmap_owner is not the owner");
	expect_report(offer_no_page, KAPI_CHECK_NO_PROGRESS);
	assert_text("The driver offered no page.");
	run_driver(bring_back_late);
	assert_no_reports();
	expect_report(never_finalize_fault, KAPI_CHECK_BAD_CALL);
	expect_report(sleep_in_page_free, KAPI_CHECK_SLEEP_IN_ATOMIC);
	assert_text("in page_free(), which must not");
}

/* --- what is left --- */

static void leave_device(void)
{
	device_add(&device_ops);
}

static void leave_page(void)
{
	alloc_page(GFP_KERNEL);
}

static void leave_mm(void)
{
	assert_true(mmget_not_zero(current->mm));
}

static void test_leaks(void **state)
{
	(void)state;
	expect_report(leave_device, KAPI_CHECK_DEVICE_LEFT);
	expect_report(leave_page, KAPI_CHECK_PAGE_LEFT);
	expect_report(leave_mm, KAPI_CHECK_MM_LEFT);
}

/* --- pages --- */

static void put_twice(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	put_page(page);
	put_page(page);
}

static void use_after_put(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	put_page(page);
	clear_highpage(page);
}

/* Somebody else has it by then. */
static void use_after_reuse(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	uint32_t pfn = 0;

	put_page(page);
	while (pfn != page_to_pfn(page))
		assert_int_equal(hmmu_page_alloc(rig.m, &pfn), 0);
	clear_highpage(page);
	assert_int_equal(hmmu_page_put(rig.m, pfn), 0);
}

/* It is the driver's again. */
static void use_again(void)
{
	struct page *page = alloc_page(GFP_KERNEL), *again;

	put_page(page);
	again = alloc_page(GFP_KERNEL);
	assert_ptr_equal(page, again);
	clear_highpage(again);
	put_page(again);
}

static void lock_after_put(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	put_page(page);
	lock_page(page);
}

static void lock_twice(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	lock_page(page);
	lock_page(page);
	unlock_page(page);
	put_page(page);
}

static void unlock_unlocked(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	unlock_page(page);
	put_page(page);
}

static struct page *locked_page;

static void return_with_page_lock(void)
{
	locked_page = alloc_page(GFP_KERNEL);
	lock_page(locked_page);
}

/* The CPU has no way to the device's memory. */
static void touch_device_page(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	to_device_setup(&t, memory, 1);
	to_device_copy(&t);
	copy_highpage(migrate_pfn_to_page(t.dst[0]), migrate_pfn_to_page(t.src[0]));
	migrate_vma_pages(&t.args);
	migrate_vma_finalize(&t.args);
	mmap_read_unlock(current->mm);
	expect_number(memory, 100);
	device_remove();
}

static void take_unmapped_page(void)
{
	unsigned long first;

	device_add(&device_ops);
	first = device.pagemap.range.start >> PAGE_SHIFT;
	device_remove();
	zone_device_page_init(pfn_to_page(first));
}

static void test_pages(void **state)
{
	(void)state;
	expect_report(put_twice, KAPI_CHECK_BAD_PUT);
	expect_report(use_after_put, KAPI_CHECK_BAD_PAGE);
	expect_report(use_after_reuse, KAPI_CHECK_BAD_PAGE);
	run_driver(use_again);
	assert_no_reports();
	expect_report(lock_after_put, KAPI_CHECK_BAD_PAGE);
	expect_report(lock_twice, KAPI_CHECK_LOCK_TWICE);
	expect_report(unlock_unlocked, KAPI_CHECK_BAD_PUT);
	expect_report(touch_device_page, KAPI_CHECK_BAD_PAGE);
	expect_report(take_unmapped_page, KAPI_CHECK_BAD_PAGE);
	run_driver(return_with_page_lock);
	assert_reports(2, KAPI_CHECK_PAGE_LEFT);
}

/* --- mmap_lock, and warnings --- */

static void return_with_mmap_lock(void)
{
	mmap_read_lock(current->mm);
}

static void take_mmap_lock_twice(void)
{
	mmap_read_lock(current->mm);
	mmap_read_lock(current->mm);
	mmap_read_unlock(current->mm);
	mmap_read_unlock(current->mm);
}

static void give_up_mmap_lock_twice(void)
{
	mmap_read_lock(current->mm);
	mmap_read_unlock(current->mm);
	mmap_read_unlock(current->mm);
}

static DEFINE_MUTEX(mutex);

static void take_in_both_orders(void)
{
	mmap_read_lock(current->mm);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	mmap_read_unlock(current->mm);
	mutex_lock(&mutex);
	mmap_read_lock(current->mm);
	mmap_read_unlock(current->mm);
	mutex_unlock(&mutex);
}

static void warn(void)
{
	WARN_ON(memory);
}

/* The driver has put the address space, and not its lock. */
static void put_mm_with_mmap_lock(void)
{
	struct mm_struct *mm = current->mm;

	mmget_not_zero(mm);
	mmap_read_lock(mm);
	mmput(mm);
}

/* Its exit fails, by the lock. */
static void test_exit_under_lock(void **state)
{
	kernel_function function = put_mm_with_mmap_lock;

	(void)state;
	rig = rig_open(1);
	assert_int_equal(kapi_call(rig.tid, call_kernel_function, &function), 0);
	assert_int_not_equal(kapi_exit(rig.pid), 0);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_LOCK_AT_RETURN);
	kapi_shutdown();
}

static void test_locks(void **state)
{
	(void)state;
	expect_report(return_with_mmap_lock, KAPI_CHECK_LOCK_AT_RETURN);
	expect_report(take_mmap_lock_twice, KAPI_CHECK_LOCK_TWICE);
	expect_report(give_up_mmap_lock_twice, KAPI_CHECK_LOCK_NOT_HELD);
	expect_report(take_in_both_orders, KAPI_CHECK_LOCK_ORDER);
	expect_report(warn, KAPI_CHECK_WARN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeated_reports),
		cmocka_unit_test(test_right_use),
		cmocka_unit_test(test_migrations),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_leaks),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_exit_under_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
