/* SPDX-License-Identifier: GPL-2.0-only */
/* migrate_vma()'s arguments: what it refuses, what it rounds, and ranges of every size. */
#include "support.h"

#include <stdlib.h>

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static void assert_refused(struct rig *r, const struct hmmu_migrate_request *request)
{
	struct hmmu_migration *mig = NULL;

	r->src[0] = 0x1234;
	assert_failed(r->m, hmmu_migrate_vma(r->m, request), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_migrate_begin(r->m, request, &mig), -EINVAL, HMMU_ERR_SYSCALL);
	assert_null(mig);
	assert_clean(r->m);
	/* src was not touched, and mmap_sem is free. */
	assert_true(r->src[0] == 0x1234);
	map_anon(r, 1);
}

/*
 * |--|AAAA|--|
 *  xx            before
 *   x|x          begins before
 *       x|x      ends behind
 *          xx    behind
 */
static void test_outside_of_the_mapping(void **state)
{
	static const struct {
		uint64_t first, end;
	} ranges[] = { { 0, 2 }, { 1, 3 }, { 5, 7 }, { 6, 8 }, { 1, 8 }, { 2, 7 }, { 3, 3 }, { 4, 3 }, { 3, 2 } };
	struct rig *r = open_rig();

	(void)state;
	map_at(r, BASE + PAGES(2), 4, HMMU_MAP_ANON, RW);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct hmmu_migrate_request request = request_for(r, BASE + PAGES(ranges[i].first), 0);

		request.end = BASE + PAGES(ranges[i].end);
		assert_refused(r, &request);
	}
	rig_close(r);
}

static void test_no_mapping_above(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_migrate_request request = request_for(r, BASE, 1);

	(void)state;
	assert_failed(r->m, hmmu_migrate_vma(r->m, &request), -EINVAL, HMMU_ERR_SYSCALL);
	rig_close(r);
}

/* Two neighbouring mappings: a range over both is not within one. */
static void test_over_two_mappings(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_migrate_request request = request_for(r, BASE, 4);

	(void)state;
	map_at(r, BASE, 2, HMMU_MAP_ANON, RW);
	map_at(r, BASE + PAGES(2), 2, HMMU_MAP_ANON, HMMU_PROT_READ);
	assert_refused(r, &request);
	rig_close(r);
}

static void test_special_mappings(void **state)
{
	static const uint32_t kinds[] = { HMMU_MAP_SPECIAL, HMMU_MAP_HUGETLB };
	struct rig *r = open_rig();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct hmmu_migrate_request request = request_for(r, map_at(r, 0, 512, kinds[i], RW), 2);

		assert_refused(r, &request);
	}
	rig_close(r);
}

static void test_missing_pointers(void **state)
{
	static const struct hmmu_migrate_ops no_alloc = { 0 };
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct hmmu_migrate_request request = request_for(r, buf, 2);

		request.src = i == 0 ? NULL : request.src;
		request.dst = i == 1 ? NULL : request.dst;
		request.ops = i == 2 ? NULL : i == 3 ? &no_alloc : request.ops;
		assert_refused(r, &request);
		assert_non_null(
			strstr(hmmu_error(r->m)->text, i < 2 ? "no array for src or dst" : "no alloc_and_copy()"));
	}
	rig_close(r);
}

/* Both ends are rounded down. */
static void test_rounding(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);
	struct hmmu_migrate_request request = request_for(r, buf, 3);

	(void)state;
	request.start = buf + 4095;
	request.end = buf + PAGES(2) + 4095;
	r->src[2] = 0x55;
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_kind(r, buf, 2, HMMU_ENTRY_DEV);
	assert_kind(r, buf + PAGES(2), 1, HMMU_ENTRY_NONE);
	assert_true(r->src[2] == 0x55);
	request.start = buf + 1;
	request.end = buf + 4095;
	assert_failed(r->m, hmmu_migrate_vma(r->m, &request), -EINVAL, HMMU_ERR_SYSCALL);
	assert_non_null(strstr(hmmu_error(r->m)->text, "the end is outside"));
	request.start += PAGES(1);
	request.end += PAGES(1);
	assert_failed(r->m, hmmu_migrate_vma(r->m, &request), -EINVAL, HMMU_ERR_SYSCALL);
	assert_non_null(strstr(hmmu_error(r->m)->text, "the range is empty"));
	rig_close(r);
}

/* src is zeroed over the whole range before anything else happens; why may be left out. */
static void test_src_is_zeroed(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);
	struct hmmu_migrate_request request = request_for(r, buf, 4);
	struct hmmu_migration *mig;

	(void)state;
	memset(r->src, 0xff, sizeof(r->src));
	memset(r->why, 0xff, sizeof(r->why));
	request.why = NULL;
	r->builtin.to = HMMU_TO_DEVICE;
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	for (int i = 0; i < 4; i++)
		assert_true(r->src[i] == 0);
	assert_true(r->src[4] == ~0ull);
	assert_ok(hmmu_migrate_end(mig));
	assert_int_equal(r->why[0], 0xff);
	assert_kind(r, buf, 4, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* The whole of a mapping, and its first and last page. */
static void test_edges(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	map_at(r, BASE, 3, HMMU_MAP_ANON, RW);
	assert_ok(migrate(r, BASE, 1, HMMU_TO_DEVICE));
	assert_ok(migrate(r, BASE + PAGES(2), 1, HMMU_TO_DEVICE));
	assert_ok(migrate(r, BASE, 3, HMMU_TO_DEVICE));
	assert_kind(r, BASE, 3, HMMU_ENTRY_DEV);
	/* At the very end of the address space. */
	map_at(r, HMMU_TASK_SIZE - PAGES(2), 2, HMMU_MAP_ANON, RW);
	assert_ok(migrate(r, HMMU_TASK_SIZE - PAGES(2), 2, HMMU_TO_DEVICE));
	assert_all_moved(r, 2);
	rig_close(r);
}

struct large {
	uint64_t pages;
	uint64_t *src, *dst;
	uint8_t *why;
};

static struct large large_arrays(uint64_t pages)
{
	struct large large = { pages, calloc(pages, 8), calloc(pages, 8), calloc(pages, 1) };

	assert_true(large.src && large.dst && large.why);
	return large;
}

static void free_large(struct large *large)
{
	free(large->src);
	free(large->dst);
	free(large->why);
}

static int migrate_large(struct rig *r, uint64_t address, struct large *large, uint32_t to)
{
	struct hmmu_migrate_request request = request_for(r, address, 0);

	request.end = address + PAGES(large->pages);
	request.src = large->src;
	request.dst = large->dst;
	request.why = large->why;
	r->builtin = (struct hmmu_builtin){ .to = to };
	return hmmu_migrate_vma(r->m, &request);
}

/* 64 MiB of small pages, there and back, contents and all. */
static void test_many_pages(void **state)
{
	enum { N = 16384 };
	struct rig *r = open_rig(.ram_pages = 3 * N, .device_pages = N);
	struct large large = large_arrays(N);
	uint64_t buf = map_anon(r, N);

	(void)state;
	write_pages(r, buf, N, 1);
	for (int back = 0; back < 2; back++) {
		assert_ok(migrate_large(r, buf, &large, back ? HMMU_TO_SYSTEM : HMMU_TO_DEVICE));
		for (uint64_t i = 0; i < N; i++)
			assert_true(large.src[i] & HMMU_PFN_MIGRATE);
		assert_kind(r, buf, N, back ? HMMU_ENTRY_SYS : HMMU_ENTRY_DEV);
		assert_clean(r->m);
	}
	assert_bytes(r, r->tid, buf, N, 1);
	assert_int_equal(counter(r, HMMU_COUNT_MIGRATED), 2 * N);
	free_large(&large);
	rig_close(r);
}

/* 4 GiB of nothing: a hole is 512 GiB, 1 GiB and 2 MiB at a time, and the device has room for few pages. */
static void test_huge_hole(void **state)
{
	enum { N = 1 << 20 };
	struct rig *r = open_rig(.device_pages = 8);
	struct large large = large_arrays(N);
	uint64_t buf = map_at(r, (1ull << 40) - PAGES(N / 2), N, HMMU_MAP_ANON, RW);

	(void)state;
	write_pages(r, buf + PAGES(N - 3), 1, 5);
	assert_ok(migrate_large(r, buf, &large, HMMU_TO_DEVICE));
	for (uint64_t i = 0; i < N; i++)
		assert_int_equal(large.why[i], i < 8 ? HMMU_WHY_NONE : HMMU_WHY_NO_PAGE);
	assert_kind(r, buf, 8, HMMU_ENTRY_DEV);
	assert_bytes(r, r->tid, buf + PAGES(N - 3), 1, 5);
	free_large(&large);
	rig_close(r);
}

/* 32 huge pages at once. */
static void test_many_huge_pages(void **state)
{
	enum { N = 16384 };
	struct rig *r = open_rig(.ram_pages = 2 * N, .device_pages = N);
	struct large large = large_arrays(N);
	uint64_t buf = map_huge(r, N);

	(void)state;
	for (uint64_t i = 0; i < N; i += 512)
		write_pages(r, buf + PAGES(i), 1, (uint8_t)(i / 512));
	assert_ok(migrate_large(r, buf, &large, HMMU_TO_DEVICE));
	assert_kind(r, buf, N, HMMU_ENTRY_DEV);
	assert_clean(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_ANON), 0);
	for (uint64_t i = 0; i < N; i += 512)
		assert_bytes(r, r->tid, buf + PAGES(i), 1, (uint8_t)(i / 512));
	free_large(&large);
	rig_close(r);
}

/* What Linux 6.12 has is refused, and nothing changes. */
static void test_calls_of_6_12(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_migrate_request request = request_for(r, map_anon(r, 1), 1);
	const struct hmmu_device_range range = {
		.first = hmmu_device_base(r->m), .pages = 1, .src = r->src, .dst = r->dst
	};
	struct hmmu_migration *mig;

	(void)state;
	assert_failed(r->m, hmmu_migrate_vma_setup(r->m, &request, &mig), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_migrate_device_range(r->m, &range, &mig), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	request.flags = HMMU_SELECT_SYSTEM;
	assert_failed(r->m, hmmu_migrate_vma(r->m, &request), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	request.flags = 0;
	request.fault_page = hmmu_device_base(r->m);
	assert_failed(r->m, hmmu_migrate_vma(r->m, &request), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outside_of_the_mapping),
		cmocka_unit_test(test_no_mapping_above),
		cmocka_unit_test(test_over_two_mappings),
		cmocka_unit_test(test_special_mappings),
		cmocka_unit_test(test_src_is_zeroed),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_many_pages),
		cmocka_unit_test(test_huge_hole),
		cmocka_unit_test(test_many_huge_pages),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_calls_of_6_12),
		cmocka_unit_test(test_missing_pointers),
		cmocka_unit_test(test_rounding),
	};

	return run_on_each_kernel(tests) + cmocka_run_group_tests(tests_of_4_14, NULL, NULL);
}
