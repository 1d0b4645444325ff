/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nouveau_dmem.c of Linux 6.12, as it is, on a GPU of examples/kernel-drivers/nouveau. Pages move to the GPU's memory and back
 * while its copy engine is late, or fails.
 */
#include "rig.h"

#include <errno.h>
#include <string.h>

#include <gpu.h>

#define PAGE 4096ull

/** The GPU, opened by the process. */
struct gpu {
	struct rig rig;
	struct kapi_file *file;
	uint64_t argument;
};

static struct gpu gpu_open(uint64_t seed)
{
	struct gpu g = { .rig = rig_open(seed) };

	assert_int_equal(kapi_open(g.rig.tid, "nouveau", &g.file), 0);
	g.argument = rig_map(&g.rig, 1);
	return g;
}

static struct gpu_request ask(const struct gpu *g, uint32_t command, struct gpu_request request, long expected)
{
	assert_int_equal(kapi_store(g->rig.tid, g->argument, &request, sizeof(request)), 0);
	assert_int_equal(kapi_ioctl(g->rig.tid, g->file, command, g->argument), expected);
	assert_int_equal(kapi_load(g->rig.tid, g->argument, &request, sizeof(request)), 0);
	return request;
}

static void to_gpu(const struct gpu *g, uint64_t memory, uint64_t pages)
{
	ask(g, GPU_MIGRATE, (struct gpu_request){ .address = memory, .size = pages * PAGE }, 0);
}

static void gpu_expect(const struct gpu *g, uint64_t memory, uint64_t pages, uint32_t first)
{
	for (uint32_t i = 0; i < pages; i++) {
		struct gpu_request word = ask(g, GPU_READ, (struct gpu_request){ .address = memory + i * PAGE }, 0);

		assert_int_equal(word.in_memory, 1);
		assert_int_equal(word.value, first + i);
	}
}

/* Two faults are in the driver in any case: nouveau_dmem_fini() leaves struct nouveau_dmem behind, and each piece of memory
 * that is evicted has pages that were never mapped, which are unmapped. */
static void gpu_close(const struct gpu *g)
{
	assert_no_reports();
	assert_int_equal(kapi_close(g->rig.tid, g->file), 0);
	assert_int_equal(kapi_unload_modules(), 0);
	kapi_shutdown();
}

static void test_thousand_pages(void **state)
{
	struct gpu g = gpu_open(1);
	uint64_t memory = rig_map(&g.rig, 1000);

	(void)state;
	rig_fill(&g.rig, memory, 1000, 5);
	to_gpu(&g, memory, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(rig_kind(&g.rig, memory + i * PAGE), HMMU_ENTRY_DEV);
	gpu_expect(&g, memory, 1000, 5);
	rig_expect(&g.rig, memory, 1000, 5);
	gpu_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thousand_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
