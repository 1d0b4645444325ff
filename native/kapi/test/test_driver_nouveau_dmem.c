/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nouveau_dmem.c of Linux 6.12, as it is, on the GPU of examples/kernel-drivers/nouveau. Pages move to the GPU's memory and back
 * while the copy engine is late, and while copies, mappings for the GPU and allocations fail in turn. What is found in the
 * driver is what these tests expect; docs/kernel-drivers-tree.md tells more.
 */
#include "gpu_rig.h"

/** Found in each run: nouveau_dmem_fini() unmaps pages that it has never mapped, and never frees struct nouveau_dmem. */
#define FOUND_AT_EXIT (FOUND(BAD_DMA) | FOUND(MEMORY_LEFT))

static struct gpu open_gpu(uint64_t seed)
{
	return gpu_open("nouveau", FOUND_AT_EXIT, seed);
}

/* How many pages the GPU has in its memory; each has to have its number. */
static uint32_t gpu_has(const struct gpu *g, uint64_t memory, uint64_t pages, uint32_t first)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pages; i++) {
		struct gpu_request word = { .address = memory + i * PAGE };

		assert_int_equal(gpu_ask(g, GPU_READ, &word), 0);
		if (word.in_memory)
			assert_int_equal(word.value, first + i);
		count += word.in_memory;
	}
	return count;
}

/* --- it works --- */

static void test_there_and_back(void **state)
{
	struct gpu g = open_gpu(1);
	uint64_t memory = moved_to_gpu(&g, 1000);

	(void)state;
	assert_int_equal(in_device(&g, memory, 1000), 1000);
	assert_int_equal(gpu_has(&g, memory, 1000, 5), 1000);
	rig_expect(&g.rig, memory, 1000, 5);
	assert_int_equal(in_device(&g, memory, 1000), 0);
	assert_int_equal(gpu_has(&g, memory, 1000, 5), 0);
	gpu_close(&g);
}

static void test_gpu_writes(void **state)
{
	struct gpu g = open_gpu(2);
	uint64_t memory = moved_to_gpu(&g, 4);
	struct gpu_request word = { .address = memory + 2 * PAGE, .value = 77 };

	(void)state;
	assert_int_equal(gpu_ask(&g, GPU_WRITE, &word), 0);
	rig_expect(&g.rig, memory + 2 * PAGE, 1, 77);
	gpu_close(&g);
}

static void test_empty_pages(void **state)
{
	struct gpu g = open_gpu(3);
	uint64_t memory = rig_map(&g.rig, 200);
	uint32_t number;

	(void)state;
	assert_int_equal(to_gpu(&g, memory, 200), 0);
	assert_int_equal(in_device(&g, memory, 200), 200);
	assert_int_equal(kapi_load(g.rig.tid, memory + 7 * PAGE, &number, sizeof(number)), 0);
	assert_int_equal(number, 0);
	gpu_close(&g);
}

/* All is evicted when the module goes. */
static void test_eviction(void **state)
{
	struct gpu g = open_gpu(4);
	uint64_t memory = moved_to_gpu(&g, 600);

	(void)state;
	assert_int_equal(kapi_close(g.rig.tid, g.file), 0);
	assert_int_equal(kapi_unload_modules(), 0);
	expect_found(FOUND_AT_EXIT);
	rig_expect(&g.rig, memory, 600, 5);
	assert_int_equal(hmmu_verify(g.rig.m, NULL, NULL), 0);
	kapi_shutdown();
}

static void test_late_engine(void **state)
{
	struct gpu g = open_gpu(5);
	uint64_t memory;

	(void)state;
	kapi_delay_copies(200);
	memory = moved_to_gpu(&g, 100);
	assert_int_equal(gpu_has(&g, memory, 100, 5), 100);
	rig_expect(&g.rig, memory, 100, 5);
	gpu_close(&g);
}

/* --- what is found --- */

/* nouveau_dmem_migrate_copy_one() writes no address for a page that does not move, and nouveau_dmem_migrate_chunk() counts
 * what lies there: memory that was never written, or an address of the round before. */
static void test_page_that_stays(void **state)
{
	struct gpu g = open_gpu(6);
	uint64_t memory = rig_map(&g.rig, 140);
	uint32_t first, last;

	(void)state;
	rig_fill(&g.rig, memory, 140, 5);
	assert_int_equal(hmmu_pin(g.rig.m, g.rig.tid, memory + 3 * PAGE, HMMU_PIN_WRITE, &first), 0);
	assert_int_equal(to_gpu(&g, memory, 16), 0);
	expect_found(FOUND(UNINITIALISED));
	rig_expect(&g.rig, memory, 16, 5);
	assert_int_equal(hmmu_pin(g.rig.m, g.rig.tid, memory + 135 * PAGE, HMMU_PIN_WRITE, &last), 0);
	assert_int_equal(to_gpu(&g, memory, 140), 0);
	expect_found(FOUND(BAD_DMA)); /* The line above is reported once. */
	assert_int_equal(in_device(&g, memory, 140), 138);
	rig_expect(&g.rig, memory, 140, 5);
	assert_int_equal(hmmu_unpin(g.rig.m, first, 0) | hmmu_unpin(g.rig.m, last, 0), 0);
	gpu_close(&g);
}

/* nouveau_fence_wait() gives up after 15 s; nouveau_dmem_fence_done() does not look at its result. */
static void test_engine_that_is_too_late(void **state)
{
	struct gpu g = open_gpu(7);
	uint64_t memory = moved_to_gpu(&g, 1);

	(void)state;
	kapi_delay_copies(20000);
	/* The program goes on with a page into which nothing was copied. */
	rig_expect(&g.rig, memory, 1, 0);
	kapi_run();
	expect_found(FOUND(BAD_DMA));
	gpu_close(&g);
}

/* Nobody looks at the error of a fence. */
static void test_failed_copy(void **state)
{
	struct gpu g = open_gpu(8);
	uint64_t memory = moved_to_gpu(&g, 2);

	(void)state;
	kapi_fault(KAPI_FAULT_COPY, 1, false);
	rig_expect(&g.rig, memory, 1, 0);
	rig_expect(&g.rig, memory + PAGE, 1, 6);
	gpu_close(&g);
}

/* nouveau_dmem_migrate_to_ram() leaves its page in dst if it cannot be copied, and finalizes. */
static void test_failed_mapping_for_ram(void **state)
{
	struct gpu g = open_gpu(9);
	uint64_t memory = moved_to_gpu(&g, 2);
	uint32_t number;

	(void)state;
	kapi_fault(KAPI_FAULT_DMA_MAPPING, 1, false);
	assert_int_not_equal(kapi_load(g.rig.tid, memory, &number, sizeof(number)), 0);
	expect_found(FOUND(BAD_CALL));
	gpu_close(&g);
}

/* nouveau_dmem_migrate_to_ram() returns 0 without a move if it gets no page: the program faults again at once. */
static void test_no_page_for_ram(void **state)
{
	struct gpu g = open_gpu(10);
	uint64_t memory = moved_to_gpu(&g, 2);

	(void)state;
	kapi_fault(KAPI_FAULT_ALLOCATION, 1, false);
	rig_expect(&g.rig, memory, 2, 5);
	gpu_close(&g);
}

/* nouveau_dmem_evict_chunk() unmaps a page when the program has it again. A bounce buffer comes too late. */
static void test_eviction_with_bounce_buffers(void **state)
{
	struct gpu g = open_gpu(11);
	uint64_t memory;

	(void)state;
	kapi_bounce_dma(true);
	memory = moved_to_gpu(&g, 4);
	rig_expect(&g.rig, memory, 2, 5);
	expect_found(0);
	assert_int_equal(kapi_close(g.rig.tid, g.file), 0);
	assert_int_equal(kapi_unload_modules(), 0);
	expect_found(FOUND_AT_EXIT);
	kapi_shutdown();
}

/* --- failures in turn --- */

static void test_mappings_fail_in_turn(void **state)
{
	struct outcome outcome = fail_in_turn("nouveau", FOUND_AT_EXIT, KAPI_FAULT_DMA_MAPPING);

	(void)state;
	assert_int_equal(outcome.runs, 11);
	/* To the GPU a page just stays. On the way back the program gets SIGBUS. */
	assert_int_equal(outcome.found, FOUND(BAD_CALL));
	assert_int_equal(outcome.signals, 5);
	assert_int_equal(outcome.lost, 0);
}

static void test_copies_fail_in_turn(void **state)
{
	struct outcome outcome = fail_in_turn("nouveau", FOUND_AT_EXIT, KAPI_FAULT_COPY);

	(void)state;
	/* One job for all pages, then one a page. Nothing is reported: only the contents tell. */
	assert_int_equal(outcome.runs, 7);
	assert_int_equal(outcome.found, 0);
	assert_int_equal(outcome.lost, 10);
}

static void test_allocations_fail_in_turn(void **state)
{
	struct outcome outcome = fail_in_turn("nouveau", FOUND_AT_EXIT, KAPI_FAULT_ALLOCATION);

	(void)state;
	assert_in_range(outcome.runs, 20, 60);
	/* Nobody looks whether nouveau_fence_new() has made a fence. Without one nobody waits for the copies. */
	assert_int_equal(outcome.found, FOUND(WARN) | FOUND(BAD_DMA) | FOUND(UNINITIALISED));
	assert_int_not_equal(outcome.lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_gpu_writes),
		cmocka_unit_test(test_empty_pages),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_late_engine),
		cmocka_unit_test(test_page_that_stays),
		cmocka_unit_test(test_engine_that_is_too_late),
		cmocka_unit_test(test_failed_copy),
		cmocka_unit_test(test_failed_mapping_for_ram),
		cmocka_unit_test(test_no_page_for_ram),
		cmocka_unit_test(test_eviction_with_bounce_buffers),
		cmocka_unit_test(test_mappings_fail_in_turn),
		cmocka_unit_test(test_copies_fail_in_turn),
		cmocka_unit_test(test_allocations_fail_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
