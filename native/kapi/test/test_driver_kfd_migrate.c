/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfd_migrate.c of Linux 6.12, as it is, in the surroundings of examples/kernel-drivers/amdkfd. What is found in the driver is
 * what these tests expect; docs/kernel-drivers-tree.md tells more.
 */
#include "gpu_rig.h"

/* Found on each way to the GPU: svm_migrate_vma_to_vram() unmaps pages when migrate_vma_finalize() has freed them. */
static void expect_late_unmap(void)
{
	expect_found(FOUND(BAD_DMA));
}

static struct gpu open_gpu(uint64_t seed)
{
	return gpu_open("kfd", 0, seed);
}

static void evict(const struct gpu *g)
{
	struct gpu_request none = { 0 };

	assert_int_equal(gpu_ask(g, GPU_EVICT, &none), 0);
}

/* --- it works --- */

static void test_there_and_back(void **state)
{
	struct gpu g = open_gpu(1);
	uint64_t memory = moved_to_gpu(&g, 1000);
	uint32_t number;

	(void)state;
	expect_late_unmap();
	assert_int_equal(in_device(&g, memory, 1000), 1000);
	/* One fault brings back as many pages as the range's granularity says, aligned. */
	assert_int_equal(kapi_load(g.rig.tid, memory, &number, sizeof(number)), 0);
	assert_in_range(in_device(&g, memory, 1000), 1000 - 16, 999);
	assert_int_equal(lost_pages(&g, memory, 1000), 0);
	assert_int_equal(in_device(&g, memory, 1000), 0);
	gpu_close(&g);
}

static void test_eviction(void **state)
{
	struct gpu g = open_gpu(2);
	uint64_t memory = moved_to_gpu(&g, 1000);

	(void)state;
	for (int round = 0; round < 3; round++) {
		evict(&g);
		assert_int_equal(in_device(&g, memory, 1000), 0);
		assert_int_equal(to_gpu(&g, memory, 1000), 0);
		assert_int_equal(in_device(&g, memory, 1000), 1000);
	}
	assert_int_equal(lost_pages(&g, memory, 1000), 0);
	expect_late_unmap();
	gpu_close(&g);
}

static void test_pages_that_stay(void **state)
{
	struct gpu g = open_gpu(3);
	uint64_t memory = rig_map(&g.rig, 40);
	uint32_t pinned;

	(void)state;
	rig_fill(&g.rig, memory, 40, 5);
	assert_int_equal(hmmu_pin(g.rig.m, g.rig.tid, memory + 7 * PAGE, HMMU_PIN_WRITE, &pinned), 0);
	assert_int_equal(to_gpu(&g, memory, 40), 0);
	expect_late_unmap();
	assert_int_equal(in_device(&g, memory, 40), 39);
	assert_int_equal(lost_pages(&g, memory, 40), 0);
	assert_int_equal(hmmu_unpin(g.rig.m, pinned, 0), 0);
	gpu_close(&g);
}

static void test_late_engine(void **state)
{
	struct gpu g = open_gpu(4);
	uint64_t memory;

	(void)state;
	kapi_delay_copies(20000);
	memory = moved_to_gpu(&g, 100);
	expect_late_unmap();
	assert_int_equal(lost_pages(&g, memory, 100), 0);
	gpu_close(&g);
}

/* svm_migrate_vma_to_ram() unmaps a page when the program has it: with a bounce buffer it has no contents until then. */
static void test_bounce_buffers(void **state)
{
	struct gpu g = open_gpu(5);
	uint64_t memory;

	(void)state;
	kapi_bounce_dma(true);
	memory = moved_to_gpu(&g, 16);
	expect_late_unmap();
	assert_int_equal(lost_pages(&g, memory, 16), 0);
	expect_found(FOUND(BAD_DMA));
	gpu_close(&g);
}

/* --- failures in turn --- */

/* A third line: svm_migrate_copy_to_ram() unmaps and frees pages into which the engine still copies. */
static void test_mappings_fail_in_turn(void **state)
{
	struct outcome outcome = fail_in_turn("kfd", 0, KAPI_FAULT_DMA_MAPPING);

	(void)state;
	assert_int_equal(outcome.runs, 12);
	assert_int_equal(outcome.found, FOUND(BAD_DMA));
	assert_int_equal(outcome.lines, 3);
	assert_int_equal(outcome.lost, 0);
	assert_int_equal(outcome.signals, 6);
}

static void test_allocations_fail_in_turn(void **state)
{
	struct outcome outcome = fail_in_turn("kfd", 0, KAPI_FAULT_ALLOCATION);

	(void)state;
	assert_in_range(outcome.runs, 20, 40);
	assert_int_equal(outcome.found, FOUND(BAD_DMA));
	assert_int_equal(outcome.lines, 3);
	assert_int_equal(outcome.lost, 0);
	assert_in_range(outcome.signals, 10, 20);
}

/* dma_fence_wait() returns 0 if a copy has failed, and svm_migrate_copy_done() does not look at the fence: contents are lost,
 * and nothing tells. */
static void test_copies_fail_in_turn(void **state)
{
	struct outcome outcome = fail_in_turn("kfd", 0, KAPI_FAULT_COPY);

	(void)state;
	assert_int_equal(outcome.runs, 9);
	assert_int_equal(outcome.found, FOUND(BAD_DMA));
	assert_int_equal(outcome.lines, 2);
	assert_int_equal(outcome.lost, 23);
	assert_int_equal(outcome.signals, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),      cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_pages_that_stay),     cmocka_unit_test(test_late_engine),
		cmocka_unit_test(test_bounce_buffers),      cmocka_unit_test(test_mappings_fail_in_turn),
		cmocka_unit_test(test_copies_fail_in_turn), cmocka_unit_test(test_allocations_fail_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
