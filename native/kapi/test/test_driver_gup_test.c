/* SPDX-License-Identifier: GPL-2.0-only */
/* mm/gup_test.c, which gets and pins pages of its user, by its file in debugfs; and mappings of lib/test_hmm.c's device. */
#include "rig.h"

#include <errno.h>
#include <linux/ioctl.h>
#include <linux/types.h>

#include <gup_test.h>

#define PAGES 4u
#define PAGE 4096ull
#define WRITE 1u
#define LONGTERM 0x100u

/** The file, and memory for the arguments of its calls. */
struct gup_rig {
	struct rig r;
	struct kapi_file *file;
	uint64_t memory;
	uint64_t arguments;
};

static struct gup_rig open_gup(void)
{
	struct gup_rig g = { .r = rig_open(1) };

	assert_int_equal(kapi_open(g.r.tid, "/sys/kernel/debug/gup_test", &g.file), 0);
	g.memory = rig_map(&g.r, PAGES);
	g.arguments = rig_map(&g.r, 1);
	rig_fill(&g.r, g.memory, PAGES, 10);
	return g;
}

static void close_gup(const struct gup_rig *g)
{
	assert_int_equal(kapi_close(g->r.tid, g->file), 0);
	rig_close(&g->r);
}

/* Get or pin all pages, and give them back. How many pages the call has got. */
static uint64_t pages_of(const struct gup_rig *g, uint32_t command, uint32_t flags)
{
	struct gup_test gup = {
		.addr = g->memory, .size = PAGES * PAGE, .nr_pages_per_call = PAGES, .gup_flags = flags
	};

	assert_int_equal(kapi_store(g->r.tid, g->arguments, &gup, sizeof(gup)), 0);
	assert_int_equal(kapi_ioctl(g->r.tid, g->file, command, g->arguments), 0);
	assert_int_equal(kapi_load(g->r.tid, g->arguments, &gup, sizeof(gup)), 0);
	return gup.size / PAGE;
}

static struct hmmu_page_info page_at(const struct gup_rig *g, uint64_t address)
{
	struct hmmu_page_info info;
	struct hmmu_entry entry;

	/* Batches of the LRU have references, too. */
	hmmu_lru_add_drain_all(g->r.m);
	assert_int_equal(hmmu_dump(g->r.m, g->r.pid, address, 1, &entry), 0);
	assert_int_equal(hmmu_page_info(g->r.m, entry.pfn, &info), 0);
	return info;
}

static void test_all_ways(void **state)
{
	static const uint32_t commands[] = { GUP_BASIC_TEST,     GUP_FAST_BENCHMARK,     PIN_BASIC_TEST,
					     PIN_FAST_BENCHMARK, PIN_LONGTERM_BENCHMARK, DUMP_USER_PAGES_TEST };
	struct gup_rig g = open_gup();
	int32_t references;

	(void)state;
	references = page_at(&g, g.memory).ref;
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		assert_int_equal(pages_of(&g, commands[i], WRITE), PAGES);
		assert_int_equal(page_at(&g, g.memory).ref, references);
		assert_no_reports();
	}
	assert_int_equal(kapi_ioctl(g.r.tid, g.file, 77, 0), -EINVAL);
	close_gup(&g);
}

/* FOLL_LONGTERM is for pins; a flag that is not emulated is said to be so. */
static void test_wrong_flags(void **state)
{
	struct gup_rig g = open_gup();

	(void)state;
	pages_of(&g, GUP_BASIC_TEST, LONGTERM);
	assert_report(KAPI_CHECK_BAD_CALL);
	pages_of(&g, PIN_BASIC_TEST, 0x10);
	assert_report(KAPI_CHECK_LIMIT);
	close_gup(&g);
}

/* Pages stay pinned between two calls, and the file's release unpins them. */
static void test_longterm(void **state)
{
	struct gup_rig g = open_gup();
	const struct pin_longterm_test pin = { .addr = g.memory, .size = PAGES * PAGE, .flags = 1 };
	uint64_t copy = rig_map(&g.r, PAGES);

	(void)state;
	assert_int_equal(kapi_store(g.r.tid, g.arguments, &pin, sizeof(pin)), 0);
	for (unsigned int round = 0; round < 2; round++) {
		assert_int_equal(kapi_ioctl(g.r.tid, g.file, PIN_LONGTERM_TEST_START, g.arguments), 0);
		assert_int_equal(page_at(&g, g.memory).dma_pins, 1);
		if (!round)
			assert_int_equal(kapi_ioctl(g.r.tid, g.file, PIN_LONGTERM_TEST_STOP, 0), 0);
	}
	assert_int_equal(kapi_store(g.r.tid, g.arguments, &copy, sizeof(copy)), 0);
	assert_int_equal(kapi_ioctl(g.r.tid, g.file, PIN_LONGTERM_TEST_READ, g.arguments), 0);
	rig_expect(&g.r, copy, PAGES, 10);
	assert_int_equal(kapi_close(g.r.tid, g.file), 0);
	assert_int_equal(page_at(&g, g.memory).dma_pins, 0);
	rig_close(&g.r);
}

/* The driver of the device puts a page of zeros into each place of a mapping, and keeps no reference. */
static void test_map_device(void **state)
{
	const struct hmmu_map map = { .pages = PAGES, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };
	struct gup_rig g = open_gup();
	struct kapi_file *device;
	uint64_t address;
	uint32_t number = 1;

	(void)state;
	assert_int_equal(kapi_mmap(g.r.tid, g.file, &map, 0, &address), -ENODEV);
	assert_int_equal(kapi_open(g.r.tid, "hmm_dmirror0", &device), 0);
	assert_int_equal(kapi_fault(KAPI_FAULT_ALLOCATION, PAGES, false), 0);
	assert_int_equal(kapi_mmap(g.r.tid, device, &map, 0, &address), -ENOMEM);
	assert_int_equal(kapi_mmap(g.r.tid, device, &map, 0, &address), 0);
	assert_int_equal(page_at(&g, address).ref, 1);
	assert_int_equal(kapi_load(g.r.tid, address, &number, sizeof(number)), 0);
	assert_int_equal(number, 0);
	rig_fill(&g.r, address, PAGES, 20);
	rig_expect(&g.r, address, PAGES, 20);
	assert_int_equal(kapi_close(g.r.tid, device), 0);
	close_gup(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_ways),
		cmocka_unit_test(test_wrong_flags),
		cmocka_unit_test(test_longterm),
		cmocka_unit_test(test_map_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
