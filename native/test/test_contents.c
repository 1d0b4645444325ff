/* SPDX-License-Identifier: GPL-2.0-only */
/* Machines without contents: the first 8 bytes of a page stand for it, and go wherever it goes. */
#include <errno.h>

#include "support.h"

static uint64_t tag_at(struct rig *r, uint32_t tid, uint64_t address)
{
	uint64_t tag = 0;

	assert_ok(hmmu_load(r->m, tid, address, &tag, sizeof(tag), NULL));
	return tag;
}

static void test_tag_moves(void **state)
{
	struct rig *r = open_rig(.ram_pages = 4096, .device_pages = 64, .no_contents = true);
	uint64_t buf = map_anon(r, 4), tag = 0x1122334455667788ull;
	struct hmmu *copy;
	uint32_t child;

	(void)state;
	assert_ok(hmmu_store(r->m, r->tid, buf, &tag, sizeof(tag), NULL));
	assert_true(tag_at(r, r->tid, buf + PAGES(1)) == 0);
	child = hmmu_process_task(r->m, do_fork_of(r, r->tid));
	assert_ok(store(r, r->tid, buf, 0x99));
	assert_true(tag_at(r, r->tid, buf) == 0x1122334455667799ull);
	assert_true(tag_at(r, child, buf) == tag);
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_ok(hmmu_clone(r->m, &copy));
	assert_true(hmmu_hash(copy) == hmmu_hash(r->m));
	hmmu_destroy(copy);
	assert_true(tag_at(r, r->tid, buf) == 0x1122334455667799ull);
	assert_true(tag_at(r, r->tid, buf + PAGES(3)) == 0);
	rig_close(r);
}

/* Bytes beyond the tag read as zero. There is no pointer to missing contents. */
static void test_rest_of_a_page(void **state)
{
	struct rig *r = open_rig(.ram_pages = 4096, .no_contents = true);
	uint64_t buf = map_anon(r, 2);
	uint8_t bytes[16], zero[8] = { 0 };

	(void)state;
	memset(bytes, 0x5a, sizeof(bytes));
	assert_ok(hmmu_store(r->m, r->tid, buf + PAGES(1) - 4, bytes, sizeof(bytes), NULL));
	assert_ok(hmmu_load(r->m, r->tid, buf + PAGES(1) - 4, bytes, sizeof(bytes), NULL));
	assert_memory_equal(bytes, zero, 4);
	assert_memory_equal(bytes + 12, zero, 4);
	assert_int_equal(bytes[4], 0x5a);
	assert_int_equal(bytes[11], 0x5a);
	assert_null(hmmu_page_data(r->m, pfn_at(r, buf)));
	assert_int_equal(hmmu_error(r->m)->code, HMMU_ERR_INVALID_ARGUMENT);
	rig_close(r);
}

/* A device reads and writes the same bytes as a CPU. */
static void check_device_access(struct rig *r, uint8_t fifth_last)
{
	uint64_t buf = map_anon(r, 1);
	const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	uint8_t seen[sizeof(bytes)];
	uint32_t pfn;

	assert_ok(store(r, r->tid, buf, 0x77));
	pfn = pfn_at(r, buf);
	assert_ok(hmmu_page_write(r->m, pfn, 1, bytes, sizeof(bytes)));
	assert_ok(hmmu_page_read(r->m, pfn, 0, seen, sizeof(seen)));
	assert_int_equal(seen[0], 0x77);
	assert_int_equal(seen[7], 7);
	assert_int_equal(seen[8], fifth_last);
	assert_ok(hmmu_load(r->m, r->tid, buf + 1, seen, sizeof(seen), NULL));
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[7], fifth_last);
	assert_ok(hmmu_page_read(r->m, pfn, 4096, seen, 0));
	assert_int_equal(hmmu_page_read(r->m, pfn, 4090, seen, 7), -EINVAL);
	assert_int_equal(hmmu_error(r->m)->code, HMMU_ERR_INVALID_ARGUMENT);
	assert_int_equal(hmmu_page_write(r->m, UINT32_MAX, 0, bytes, 1), -EINVAL);
	assert_int_equal(hmmu_error(r->m)->code, HMMU_ERR_NO_PAGE);
}

static void test_device_access(void **state)
{
	struct rig *with = open_rig(.ram_pages = 4096), *without = open_rig(.ram_pages = 4096, .no_contents = true);

	(void)state;
	check_device_access(with, 8);
	check_device_access(without, 0);
	rig_close(with);
	rig_close(without);
}

/* A device can look at a page table, which has its frame in any machine, but not change it. */
static void test_device_access_to_tables(void **state)
{
	struct rig *r = open_rig(.ram_pages = 4096, .no_contents = true);
	uint64_t buf = map_anon(r, 1), levels[5], pte;
	uint32_t table;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_int_equal(hmmu_walk(r->m, r->pid, buf, levels), 5);
	table = (uint32_t)(levels[3] >> HMMU_PAGE_SHIFT & 0xffffffff);
	assert_ok(hmmu_page_read(r->m, table, (uint32_t)(buf >> HMMU_PAGE_SHIFT & 511) * 8, &pte, sizeof(pte)));
	assert_true(pte == levels[4]);
	assert_int_equal(hmmu_page_write(r->m, table, 0, &pte, sizeof(pte)), -EINVAL);
	assert_int_equal(hmmu_error(r->m)->code, HMMU_ERR_INVALID_ARGUMENT);
	rig_close(r);
}

/* Unused memory stays zero: the zero page, and frames that were never allocated. */
static void test_device_access_to_zeroes(void **state)
{
	struct rig *r = open_rig(.ram_pages = 4096);
	uint64_t buf = map_anon(r, 2);
	uint8_t byte = 9;
	uint32_t zero;

	(void)state;
	assert_ok(load(r, r->tid, buf, &byte));
	zero = (uint32_t)(entry_of(r, r->pid, buf).raw >> HMMU_PAGE_SHIFT & 0xffffffff);
	byte = 9;
	assert_int_equal(hmmu_page_write(r->m, zero, 0, &byte, 1), -EINVAL);
	assert_int_equal(hmmu_error(r->m)->code, HMMU_ERR_INVALID_ARGUMENT);
	for (uint32_t pfn = zero + 1; pfn < 4096; pfn++)
		if (!page_info(r, pfn).ref)
			assert_failed(r->m, hmmu_page_write(r->m, pfn, 0, &byte, 1), -EINVAL, HMMU_ERR_NO_PAGE);
	assert_ok(hmmu_store(r->m, r->tid, buf + PAGES(1) + 1, &byte, 1, NULL));
	assert_ok(hmmu_load(r->m, r->tid, buf + PAGES(1), &byte, 1, NULL));
	assert_int_equal(byte, 0);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tag_moves),
		cmocka_unit_test(test_rest_of_a_page),
		cmocka_unit_test(test_device_access),
		cmocka_unit_test(test_device_access_to_tables),
		cmocka_unit_test(test_device_access_to_zeroes),
	};

	return run_on_each_kernel(tests);
}
