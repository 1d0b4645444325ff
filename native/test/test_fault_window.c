/* SPDX-License-Identifier: GPL-2.0-only */
/* The built-in handler of faults on device pages brings back a window of them. */
#include "support.h"

#include <stdlib.h>

/* Pages of a new mapping, all of them on the device. Page i has byte 1 + i. */
static uint64_t on_device(struct rig *r, uint64_t address, uint64_t pages)
{
	uint64_t buf = map_at(r, address, pages, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);

	write_pages(r, buf, pages, 1);
	assert_ok(migrate(r, buf, pages, HMMU_TO_DEVICE));
	assert_kind(r, buf, pages, HMMU_ENTRY_DEV);
	return buf;
}

static void load_page(struct rig *r, uint64_t address, uint8_t value)
{
	uint8_t seen;

	assert_ok(load(r, r->tid, address, &seen));
	assert_int_equal(seen, value);
}

static void test_one_page_at_first(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = on_device(r, BASE, 4);

	(void)state;
	assert_int_equal(hmmu_device_fault_window(r->m, 0), 1);
	load_page(r, buf + PAGES(1), 2);
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(2), 2, HMMU_ENTRY_DEV);
	rig_close(r);
}

static void test_aligned(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = on_device(r, BASE, 32), faults;

	(void)state;
	assert_ok(hmmu_device_set_fault_window(r->m, 0, 8));
	assert_int_equal(hmmu_device_fault_window(r->m, 0), 8);
	faults = counter(r, HMMU_COUNT_PAGE_FAULTS);
	load_page(r, buf + PAGES(13), 14);
	assert_kind(r, buf, 8, HMMU_ENTRY_DEV);
	assert_kind(r, buf + PAGES(8), 8, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(16), 16, HMMU_ENTRY_DEV);
	for (uint32_t i = 8; i < 16; i++)
		load_page(r, buf + PAGES(i), (uint8_t)(1 + i));
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults + 1);
	/* A store that faults makes its page dirty, and no other. */
	assert_ok(store(r, r->tid, buf + PAGES(31), 7));
	assert_kind(r, buf + PAGES(24), 8, HMMU_ENTRY_SYS);
	assert_true(entry_of(r, r->pid, buf + PAGES(31)).bits & HMMU_BIT_DIRTY);
	assert_false(entry_of(r, r->pid, buf + PAGES(30)).bits & HMMU_BIT_DIRTY);
	rig_close(r);
}

/* A mapping may end, and have another one behind it, within the window. */
static void test_within_the_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = on_device(r, BASE + PAGES(3), 10);

	(void)state;
	assert_ok(hmmu_device_set_fault_window(r->m, 0, 8));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf + PAGES(7), PAGES(3), HMMU_PROT_READ));
	load_page(r, buf + PAGES(2), 3);
	assert_kind(r, buf, 5, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(5), 5, HMMU_ENTRY_DEV);
	load_page(r, buf + PAGES(6), 7);
	assert_kind(r, buf + PAGES(5), 2, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(7), 3, HMMU_ENTRY_DEV);
	load_page(r, buf + PAGES(9), 10);
	assert_kind(r, buf, 10, HMMU_ENTRY_SYS);
	rig_close(r);
}

static void test_largest(void **state)
{
	struct rig *r = open_rig(.device_pages = 1200);
	uint64_t buf = on_device(r, BASE, 1100);

	(void)state;
	assert_ok(hmmu_device_set_fault_window(r->m, 0, HMMU_MAX_FAULT_WINDOW));
	load_page(r, buf + PAGES(1023), 0);
	assert_kind(r, buf, 512, HMMU_ENTRY_DEV);
	assert_kind(r, buf + PAGES(512), 512, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(1024), 76, HMMU_ENTRY_DEV);
	load_page(r, buf + PAGES(1099), (uint8_t)1100);
	assert_kind(r, buf + PAGES(1024), 76, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* Page 5 is in another task's migration. */
static struct hmmu_migration *migration_of_page_5(struct rig *r, uint64_t buf, struct hmmu_builtin *builtin)
{
	struct hmmu_migrate_request request = request_for(r, buf + PAGES(5), 1);
	struct hmmu_migration *mig;

	*builtin = (struct hmmu_builtin){ .to = HMMU_TO_SYSTEM };
	request.tid = new_task(r, r->pid);
	request.ops = &hmmu_builtin_ops;
	request.data = builtin;
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_COLLECT));
	return mig;
}

/* Pages in RAM, holes, the zero page, swap, another device with the same owner, a migration, and a page that somebody holds. */
static void test_others_stay(void **state)
{
	struct rig *r = open_rig(.swap_pages = 16);
	uint64_t buf = map_at(r, BASE, 8, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
	struct hmmu_migration *mig;
	struct hmmu_builtin builtin;
	uint32_t second, ram, held;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 8, HMMU_DEFAULT_OWNER, &second));
	for (uint32_t i = 0; i < 8; i++)
		if (i != 1 && i != 2)
			assert_ok(store(r, r->tid, buf + PAGES(i), (uint8_t)(1 + i)));
	read_pages(r, buf + PAGES(2), 1);
	reclaim_range(r, buf + PAGES(3), 1);
	r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_DEVICE, .device = second };
	assert_ok(migrate_with(r, buf + PAGES(4), 1, &hmmu_builtin_ops, &r->builtin));
	assert_ok(migrate(r, buf + PAGES(5), 3, HMMU_TO_DEVICE));
	ram = pfn_at(r, buf);
	held = pfn_at(r, buf + PAGES(6));
	assert_ok(hmmu_page_get(r->m, held));
	mig = migration_of_page_5(r, buf, &builtin);

	assert_ok(hmmu_device_set_fault_window(r->m, 0, 8));
	load_page(r, buf + PAGES(7), 8);
	assert_kind(r, buf + PAGES(7), 1, HMMU_ENTRY_SYS);
	assert_int_equal(pfn_at(r, buf), ram);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_NONE);
	assert_kind(r, buf + PAGES(2), 1, HMMU_ENTRY_ZERO);
	assert_kind(r, buf + PAGES(3), 1, HMMU_ENTRY_SWAP);
	assert_kind(r, buf + PAGES(4), 1, HMMU_ENTRY_DEV);
	assert_kind(r, buf + PAGES(5), 1, HMMU_ENTRY_MIG);
	assert_kind(r, buf + PAGES(6), 1, HMMU_ENTRY_DEV);
	assert_int_equal(pfn_at(r, buf + PAGES(6)), held);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_unpin(r->m, held, 0));
	/* A fault on a page of the second device does by its own window. */
	load_page(r, buf + PAGES(4), 5);
	assert_kind(r, buf + PAGES(6), 1, HMMU_ENTRY_DEV);
	load_page(r, buf + PAGES(6), 7);
	assert_kind(r, buf + PAGES(4), 4, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* The page that was touched is the first to get a frame. If it gets none, the access fails. */
static void test_few_frames(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = on_device(r, BASE, 8);

	(void)state;
	assert_ok(hmmu_device_set_fault_window(r->m, 0, 8));
	hmmu_inject(r->m, HMMU_INJECT_FRAME, 1, true);
	assert_failed(r->m, load(r, r->tid, buf + PAGES(5), NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_kind(r, buf, 8, HMMU_ENTRY_DEV);
	hmmu_inject(r->m, HMMU_INJECT_FRAME, 3, true);
	load_page(r, buf + PAGES(5), 6);
	assert_kind(r, buf, 5, HMMU_ENTRY_DEV);
	assert_kind(r, buf + PAGES(5), 2, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(7), 1, HMMU_ENTRY_DEV);
	hmmu_inject(r->m, HMMU_INJECT_FRAME, 0, false);
	load_page(r, buf + PAGES(7), 8);
	assert_kind(r, buf, 8, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* Each process that maps a page of the window gets the new one. In Linux 4.14 no device page moves that two processes map. */
static void test_shared(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	uint32_t child, task;
	uint64_t buf;

	(void)state;
	r->select = HMMU_SELECT_SYSTEM;
	buf = on_device(r, BASE, 8);
	child = do_fork_of(r, r->tid);
	task = hmmu_process_task(r->m, child);
	assert_ok(hmmu_device_set_fault_window(r->m, 0, 4));
	assert_bytes(r, task, buf + PAGES(2), 1, 3);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(entry_of(r, child, buf + PAGES(i)).pfn, pfn_at(r, buf + PAGES(i)));
	assert_kind(r, buf, 4, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(4), 4, HMMU_ENTRY_DEV);
	rig_close(r);
}

static void test_without_shortcuts(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_HMM_V25);
	uint64_t buf = on_device(r, BASE, 8);

	(void)state;
	assert_ok(hmmu_device_set_fault_window(r->m, 0, 8));
	load_page(r, buf + PAGES(3), 4);
	assert_kind(r, buf, 8, HMMU_ENTRY_SYS);
	rig_close(r);
}

static int note_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	(void)m, (void)tid, (void)address, (void)pfn;
	++*(uint32_t *)data;
	return -EIO;
}

/* The window is the built-in driver's. It is there again when that handles the faults. */
static void test_own_handler(void **state)
{
	struct rig *r = open_rig();
	const struct hmmu_pagemap_ops ops = { .page_fault = note_fault };
	uint64_t buf = on_device(r, BASE, 4);
	uint32_t calls = 0;

	(void)state;
	assert_ok(hmmu_device_set_fault_window(r->m, 0, 4));
	assert_ok(hmmu_device_set_ops(r->m, &ops, &calls));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_int_equal(calls, 1);
	assert_kind(r, buf, 4, HMMU_ENTRY_DEV);
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	load_page(r, buf, 1);
	assert_kind(r, buf, 4, HMMU_ENTRY_SYS);
	rig_close(r);
}

static void assert_window_of_4(struct hmmu *copy, const struct rig *r)
{
	assert_non_null(copy);
	assert_int_equal(hmmu_device_fault_window(copy, 0), 4);
	assert_int_equal(hmmu_hash(copy), hmmu_hash(r->m));
	hmmu_destroy(copy);
}

static void test_copies(void **state)
{
	struct rig *r = open_rig();
	uint64_t before = hmmu_hash(r->m);
	struct hmmu *copy;

	(void)state;
	assert_ok(hmmu_device_set_fault_window(r->m, 0, 4));
	assert_int_not_equal(hmmu_hash(r->m), before);
	assert_ok(hmmu_clone(r->m, &copy));
	assert_window_of_4(copy, r);
	assert_window_of_4(copy_by_snapshot(r->m, 0, NULL), r);
	assert_ok(hmmu_mark(r->m));
	assert_ok(hmmu_device_set_fault_window(r->m, 0, 8));
	assert_ok(hmmu_rollback(r->m));
	assert_int_equal(hmmu_device_fault_window(r->m, 0), 4);
	assert_ok(hmmu_mark_drop(r->m));
	assert_ok(hmmu_device_set_fault_window(r->m, 0, 1));
	assert_int_equal(hmmu_hash(r->m), before);
	rig_close(r);
}

/* A device in the place of a removed one has no window. */
static void test_removed(void **state)
{
	struct rig *r = open_rig();
	uint32_t device, again;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 8, 7, &device));
	assert_ok(hmmu_device_set_fault_window(r->m, device, 16));
	assert_int_equal(hmmu_device_fault_window(r->m, device), 16);
	assert_int_equal(hmmu_device_fault_window(r->m, 0), 1);
	assert_ok(hmmu_device_remove(r->m, device));
	assert_int_equal(hmmu_device_fault_window(r->m, device), 0);
	assert_ok(hmmu_device_create(r->m, 8, 7, &again));
	assert_int_equal(again, device);
	assert_int_equal(hmmu_device_fault_window(r->m, again), 1);
	rig_close(r);
}

static void test_bad_arguments(void **state)
{
	static const uint32_t wrong[] = { 0, 3, 6, 511, 513, 1024, UINT32_MAX };
	struct rig *r = open_rig();

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_failed(r->m, hmmu_device_set_fault_window(r->m, 0, wrong[i]), -EINVAL,
			      HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_set_fault_window(r->m, 1, 8), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_set_fault_window(r->m, UINT32_MAX, 8), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_int_equal(hmmu_device_fault_window(r->m, 1), 0);
	assert_int_equal(hmmu_device_fault_window(r->m, UINT32_MAX), 0);
	assert_int_equal(hmmu_device_fault_window(r->m, 0), 1);
	rig_close(r);
}

static void test_coherent(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12, .coherent_pages = 8);

	(void)state;
	assert_failed(r->m, hmmu_device_set_fault_window(r->m, 1, 8), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_int_equal(hmmu_device_fault_window(r->m, 1), 1);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_page_at_first),
		cmocka_unit_test(test_aligned),
		cmocka_unit_test(test_within_the_mapping),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_others_stay),
		cmocka_unit_test(test_few_frames),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_without_shortcuts),
		cmocka_unit_test(test_own_handler),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_coherent),
	};

	return run_on_each_kernel(tests);
}
