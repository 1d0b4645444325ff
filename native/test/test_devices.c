/* SPDX-License-Identifier: GPL-2.0-only */
/* Several devices: who has which pages, whose driver is called, and removing one. */
#include "support.h"

#include <stdlib.h>

static struct hmmu_device_info info_of(struct hmmu *m, uint32_t device)
{
	struct hmmu_device_info info;

	assert_ok(hmmu_device_info(m, device, &info));
	return info;
}

static void test_pages_are_divided(void **state)
{
	struct rig *r = open_rig();
	uint32_t base = hmmu_device_base(r->m), first, second, pfn;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 16, 7, &first));
	assert_ok(hmmu_device_create(r->m, 8, 7, &second));
	assert_int_equal(info_of(r->m, 0).pages, 40);
	assert_int_equal(info_of(r->m, 0).owner, HMMU_DEFAULT_OWNER);
	assert_int_equal(info_of(r->m, first).first, base + 48);
	assert_int_equal(info_of(r->m, second).first, base + 40);
	assert_int_equal(info_of(r->m, second).owner, 7);
	for (uint32_t i = 0; i < 8; i++) {
		assert_ok(hmmu_device_alloc_of(r->m, second, &pfn));
		assert_int_equal(pfn, base + 40 + i);
	}
	assert_failed(r->m, hmmu_device_alloc_of(r->m, second, &pfn), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	assert_int_equal(info_of(r->m, second).free, 0);
	assert_int_equal(info_of(r->m, first).free, 16);
	assert_int_equal(hmmu_destinations_left(r->m, HMMU_TO_DEVICE, 0), 40);
	for (uint32_t i = 0; i < 8; i++)
		put_new_page(r->m, base + 40 + i);
	rig_close(r);
}

/* What the first device has behind given pages is nobody's, until it gets them back. */
static void test_given_pages(void **state)
{
	struct rig *r = open_rig();
	uint32_t base = hmmu_device_base(r->m), middle, last, behind, pfn;

	(void)state;
	assert_ok(hmmu_device_alloc_of(r->m, 0, &pfn));
	assert_failed(r->m, hmmu_device_create_at(r->m, base, 4, 7, &middle), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_device_create_at(r->m, base + 10, 4, 7, &middle));
	assert_int_equal(info_of(r->m, 0).pages, 10);
	assert_int_equal(info_of(r->m, 0).free, 9);
	assert_int_equal(info_of(r->m, middle).first, base + 10);
	assert_int_equal(info_of(r->m, middle).owner, 7);
	assert_failed(r->m, hmmu_device_create_at(r->m, base + 13, 2, 7, &last), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_device_create_at(r->m, base + 60, 4, 8, &last));
	assert_failed(r->m, hmmu_device_create_at(r->m, base + 61, 4, 8, &behind), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_ok(hmmu_device_create(r->m, 46, 9, &behind));
	assert_int_equal(info_of(r->m, behind).first, base + 14);
	assert_ok(hmmu_device_remove(r->m, middle));
	assert_int_equal(info_of(r->m, 0).pages, 14);
	assert_ok(hmmu_device_remove(r->m, behind));
	assert_ok(hmmu_device_remove(r->m, last));
	assert_int_equal(info_of(r->m, 0).pages, 64);
	assert_int_equal(info_of(r->m, 0).free, 63);
	put_new_page(r->m, pfn);
	rig_close(r);
}

/* A number is free as soon as its device has gone. */
static void test_given_pages_without_a_number(void **state)
{
	struct rig *r = open_rig();
	uint32_t base = hmmu_device_base(r->m), device;

	(void)state;
	for (uint32_t i = 1; i < HMMU_MAX_DEVICES; i++)
		assert_ok(hmmu_device_create_at(r->m, base + i, 1, 7, &device));
	assert_failed(r->m, hmmu_device_create_at(r->m, base, 1, 7, &device), -ENOMEM, HMMU_ERR_OUT_OF_SLOTS);
	assert_ok(hmmu_device_remove(r->m, 5));
	assert_ok(hmmu_device_create_at(r->m, base + 5, 1, 7, &device));
	assert_int_equal(device, 5);
	rig_close(r);
}

static void test_owner(void **state)
{
	struct rig *r = open_rig();
	uint32_t device, pfn;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 8, 7, &device));
	assert_ok(hmmu_device_set_owner(r->m, device, 8));
	assert_int_equal(info_of(r->m, device).owner, 8);
	assert_failed(r->m, hmmu_device_set_owner(r->m, device, 0), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_set_owner(r->m, device + 1, 9), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_ok(hmmu_device_alloc_of(r->m, device, &pfn));
	assert_failed(r->m, hmmu_device_set_owner(r->m, device, 9), -EBUSY, HMMU_ERR_BUSY);
	assert_int_equal(info_of(r->m, device).owner, 8);
	put_new_page(r->m, pfn);
	rig_close(r);
}

static void test_bad_arguments(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_device_info info;
	uint32_t device, pfn;

	(void)state;
	assert_failed(r->m, hmmu_device_create(r->m, 0, 7, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create(r->m, 65, 7, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create(r->m, UINT32_MAX, 7, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create(r->m, 1, 0, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	for (uint32_t wrong = 1; wrong; wrong = wrong <= HMMU_MAX_DEVICES ? wrong + 1
						: wrong < UINT32_MAX      ? UINT32_MAX
									  : 0) {
		assert_failed(r->m, hmmu_device_info(r->m, wrong, &info), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
		assert_failed(r->m, hmmu_device_remove(r->m, wrong), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
		assert_failed(r->m, hmmu_device_alloc_of(r->m, wrong, &pfn), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
		assert_failed(r->m, hmmu_device_driver(r->m, wrong, NULL, NULL), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	}
	assert_ok(hmmu_device_alloc_page(r->m, hmmu_device_base(r->m) + 63));
	assert_failed(r->m, hmmu_device_create(r->m, 1, 7, &device), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	put_new_page(r->m, hmmu_device_base(r->m) + 63);
	for (uint32_t i = 1; i < HMMU_MAX_DEVICES; i++)
		assert_ok(hmmu_device_create(r->m, 1, 7, &device));
	assert_failed(r->m, hmmu_device_create(r->m, 1, 7, &device), -ENOMEM, HMMU_ERR_OUT_OF_SLOTS);
	rig_close(r);
}

static void test_removed_devices(void **state)
{
	struct rig *r = open_rig();
	uint32_t base = hmmu_device_base(r->m), first, second, again, pfn;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 16, 7, &first));
	assert_ok(hmmu_device_create(r->m, 8, 8, &second));
	assert_ok(hmmu_device_alloc_of(r->m, first, &pfn));
	assert_failed(r->m, hmmu_device_remove(r->m, first), -EBUSY, HMMU_ERR_BUSY);
	put_new_page(r->m, pfn);
	assert_ok(hmmu_device_remove(r->m, first));
	assert_failed(r->m, hmmu_device_remove(r->m, first), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_alloc_page(r->m, base + 48), -EINVAL, HMMU_ERR_NO_PAGE);
	/* The pages of a device that is gone are the first to be given again. */
	assert_ok(hmmu_device_create(r->m, 10, 9, &again));
	assert_int_equal(info_of(r->m, again).first, base + 54);
	assert_ok(hmmu_device_create(r->m, 6, 9, &again));
	assert_int_equal(info_of(r->m, again).first, base + 48);
	assert_int_equal(info_of(r->m, 0).pages, 40);
	assert_ok(hmmu_device_remove(r->m, 0));
	assert_failed(r->m, hmmu_device_alloc(r->m, &pfn), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create(r->m, 41, 9, &again), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	assert_ok(hmmu_device_create(r->m, 40, 9, &again));
	assert_int_equal(info_of(r->m, again).first, base);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), 64);
	rig_close(r);
}

/* Nothing is used up by devices that come and go, whatever the order in which they go. */
static void test_come_and_go(void **state)
{
	struct rig *r = open_rig();
	uint32_t device[8], pfn;

	(void)state;
	for (uint32_t round = 0; round < 24; round++) {
		for (uint32_t i = 1; i < 8; i++)
			assert_ok(hmmu_device_create(r->m, 1 + (i + round) % 9, 6 + i, &device[i]));
		for (uint32_t i = 1; i < 8; i++)
			assert_ok(hmmu_device_remove(r->m, device[round % 2 ? i : (3 * i) % 7 + 1]));
		assert_int_equal(info_of(r->m, 0).pages, 64);
		assert_int_equal(info_of(r->m, 0).free, 64);
	}
	/* Device 0 finds the pages that it has got back. */
	assert_ok(hmmu_device_create(r->m, 60, 7, &device[1]));
	for (uint32_t i = 0; i < 4; i++)
		assert_ok(hmmu_device_alloc(r->m, &pfn));
	assert_ok(hmmu_device_remove(r->m, device[1]));
	assert_ok(hmmu_device_alloc(r->m, &pfn));
	assert_int_equal(pfn, hmmu_device_base(r->m) + 4);
	for (uint32_t i = 0; i < 5; i++)
		put_new_page(r->m, hmmu_device_base(r->m) + i);
	rig_close(r);
}

/* A gap between two devices goes back when the lower one goes. */
static void test_gaps(void **state)
{
	struct rig *r = open_rig();
	uint32_t high, middle, low, pfn;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 8, 7, &high));
	assert_ok(hmmu_device_create(r->m, 8, 7, &middle));
	assert_ok(hmmu_device_create(r->m, 8, 7, &low));
	assert_ok(hmmu_device_remove(r->m, middle));
	assert_int_equal(info_of(r->m, 0).pages, 40);
	assert_failed(r->m, hmmu_device_alloc_page(r->m, hmmu_device_base(r->m) + 48), -EINVAL, HMMU_ERR_NO_PAGE);
	assert_failed(r->m, hmmu_destinations(r->m, HMMU_TO_DEVICE, middle, NULL, 0), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_int_equal(hmmu_destinations_left(r->m, HMMU_TO_DEVICE, middle), 0);
	assert_int_equal(hmmu_destinations_left(r->m, HMMU_TO_DEVICE, UINT32_MAX), 0);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), 64);
	assert_ok(hmmu_device_remove(r->m, low));
	assert_int_equal(info_of(r->m, 0).pages, 56);
	/* A page of device 0 is where the new device would be. */
	assert_ok(hmmu_device_alloc_page(r->m, hmmu_device_base(r->m) + 50));
	assert_failed(r->m, hmmu_device_create(r->m, 6, 7, &low), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	assert_ok(hmmu_device_create(r->m, 5, 7, &low));
	assert_ok(hmmu_device_alloc_of(r->m, high, &pfn));
	assert_int_equal(pfn, hmmu_device_base(r->m) + 56);
	put_new_page(r->m, pfn);
	put_new_page(r->m, hmmu_device_base(r->m) + 50);
	rig_close(r);
}

/* Makes and removes a device: neither is for page_free(). */
static void change_devices(struct hmmu *m, uint32_t pfn, void *data)
{
	uint32_t device, *calls = data;

	(void)pfn;
	*calls += 1;
	assert_failed(m, hmmu_device_create(m, 1, 7, &device), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_device_remove(m, 1), -EBUSY, HMMU_ERR_BUSY);
}

static void test_page_free_changes_no_devices(void **state)
{
	struct rig *r = open_rig();
	uint32_t device, pfn, calls = 0;
	const struct hmmu_pagemap_ops ops = { .page_free = change_devices };

	(void)state;
	assert_ok(hmmu_device_create(r->m, 16, 7, &device));
	assert_ok(hmmu_device_driver(r->m, device, &ops, &calls));
	assert_ok(hmmu_device_alloc_of(r->m, device, &pfn));
	put_new_page(r->m, pfn);
	assert_int_equal(calls, 1);
	/* The driver goes with its device, although the number stays. */
	assert_ok(hmmu_device_remove(r->m, device));
	assert_ok(hmmu_device_create(r->m, 16, 7, &device));
	assert_ok(hmmu_device_alloc_of(r->m, device, &pfn));
	put_new_page(r->m, pfn);
	assert_int_equal(calls, 1);
	rig_close(r);
}

struct calls {
	uint32_t faults, freed;
	uint32_t pfn;
};

static int note_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct calls *calls = data;

	(void)m, (void)tid, (void)address;
	calls->faults++;
	calls->pfn = pfn;
	return -EIO;
}

static void note_free(struct hmmu *m, uint32_t pfn, void *data)
{
	struct calls *calls = data;

	(void)m;
	calls->freed++;
	calls->pfn = pfn;
}

/* Pages of two devices in one mapping: each fault reaches the driver of its page's device. */
static void test_each_has_its_driver(void **state)
{
	struct rig *r = open_rig();
	struct calls calls[2] = { { 0 } };
	const struct hmmu_pagemap_ops ops = { .page_fault = note_fault, .page_free = note_free };
	uint64_t buf = map_anon(r, 2);
	uint32_t second;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 16, 7, &second));
	assert_ok(hmmu_device_driver(r->m, 0, &ops, &calls[0]));
	assert_ok(hmmu_device_driver(r->m, second, &ops, &calls[1]));
	write_pages(r, buf, 2, 1);
	for (uint32_t i = 0; i < 2; i++) {
		r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_DEVICE, .device = i ? second : 0 };
		assert_ok(migrate_with(r, buf + PAGES(i), 1, &hmmu_builtin_ops, &r->builtin));
	}
	for (uint32_t i = 0; i < 2; i++) {
		assert_failed(r->m, load(r, r->tid, buf + PAGES(i), NULL), -EFAULT, HMMU_ERR_SIGBUS);
		assert_int_equal(calls[i].faults, 1);
		assert_int_equal(calls[i].pfn, info_of(r->m, i ? second : 0).first);
	}
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(1), PAGES(1)));
	assert_int_equal(calls[0].freed, 0);
	assert_int_equal(calls[1].freed, 1);
	assert_int_equal(calls[1].pfn, info_of(r->m, second).first);
	rig_close(r);
}

/* A device in the place of a removed one has the built-in driver, and no trace of the old one. */
static void test_in_place_of_a_removed_one(void **state)
{
	struct rig *r = open_rig();
	struct calls calls = { 0 };
	const struct hmmu_pagemap_ops ops = { .page_fault = note_fault };
	uint64_t buf = map_anon(r, 1);
	uint32_t device, again;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 16, 7, &device));
	assert_ok(hmmu_device_driver(r->m, device, &ops, &calls));
	assert_ok(hmmu_device_remove(r->m, device));
	assert_restores(r->m);
	assert_ok(hmmu_device_create(r->m, 4, 9, &again));
	assert_int_equal(again, device);
	assert_restores(r->m);
	write_pages(r, buf, 1, 3);
	r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_DEVICE, .device = device };
	assert_ok(migrate_with(r, buf, 1, &hmmu_builtin_ops, &r->builtin));
	assert_bytes(r, r->tid, buf, 1, 3);
	assert_int_equal(calls.faults, 0);
	rig_close(r);
}

static void test_copies(void **state)
{
	struct rig *r = open_rig();
	uint32_t second;
	struct hmmu *copy;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 16, 7, &second));
	assert_ok(hmmu_clone(r->m, &copy));
	assert_int_equal(hmmu_hash(r->m), hmmu_hash(copy));
	assert_ok(hmmu_device_remove(copy, second));
	assert_int_not_equal(hmmu_hash(r->m), hmmu_hash(copy));
	hmmu_destroy(copy);
	rig_close(r);
}

/* Nobody needs to set a driver first: whose page is free is known by then. */
static void test_restored(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_error error = { 0 };
	struct calls calls = { 0 };
	const struct hmmu_pagemap_ops ops = { .page_free = note_free };
	uint32_t second, mine, other;
	struct hmmu *copy;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 16, 7, &second));
	assert_ok(hmmu_device_alloc_of(r->m, second, &mine));
	assert_ok(hmmu_device_alloc_of(r->m, second, &other));
	copy = copy_by_snapshot(r->m, HMMU_RESTORE_UNVERIFIED, &error);
	assert_non_null(copy);
	put_new_page(copy, mine);
	assert_int_equal(info_of(copy, 0).free, info_of(r->m, 0).free);
	assert_int_equal(info_of(copy, second).free, 15);
	assert_ok(hmmu_device_driver(copy, second, &ops, &calls));
	put_new_page(copy, other);
	assert_int_equal(calls.freed, 1);
	hmmu_destroy(copy);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_are_divided),
		cmocka_unit_test(test_given_pages),
		cmocka_unit_test(test_given_pages_without_a_number),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_removed_devices),
		cmocka_unit_test(test_each_has_its_driver),
		cmocka_unit_test(test_in_place_of_a_removed_one),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_restored),
		cmocka_unit_test(test_come_and_go),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_page_free_changes_no_devices),
	};

	return run_on_each_kernel(tests);
}
