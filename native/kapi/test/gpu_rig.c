/* SPDX-License-Identifier: GPL-2.0-only */
#include "gpu_rig.h"

#include <stdio.h>
#include <string.h>

/** The checks that have reported something since they were asked. */
static unsigned int found;
/** The lines of their reports. */
static int lines[64];
static uint32_t line_count;

static void note_line(int line)
{
	uint32_t i = 0;

	while (i < line_count && lines[i] != line)
		i++;
	if (i == line_count && i < 64)
		lines[line_count++] = line;
}

static void on_report(void *data, const struct kapi_report *report)
{
	(void)data;
	/* It was seen when it was new. */
	if (report->more)
		return;
	found |= 1u << report->check;
	note_line(report->line);
	printf("report: %s:%d: %s [%s]\n", report->file ? report->file : "?", report->line, report->text,
	       kapi_check_word(report->check));
}

void expect_found(unsigned int expected)
{
	assert_int_equal(found, expected);
	found = 0;
}

struct gpu gpu_open(const char *device, unsigned int found_at_exit, uint64_t seed)
{
	struct gpu g = { .found_at_exit = found_at_exit };

	kapi_shutdown(); /* of a test that has failed */
	found = 0;
	g.rig = rig_open(seed);
	kapi_set_report(on_report, NULL);
	assert_int_equal(kapi_open(g.rig.tid, device, &g.file), 0);
	g.argument = rig_map(&g.rig, 1);
	return g;
}

void gpu_close_with(const struct gpu *g, unsigned int found_at_close)
{
	expect_found(0);
	assert_int_equal(hmmu_verify(g->rig.m, NULL, NULL), 0);
	assert_int_equal(kapi_close(g->rig.tid, g->file), 0);
	assert_int_equal(kapi_unload_modules(), 0);
	expect_found(g->found_at_exit | found_at_close);
	kapi_shutdown();
}

void gpu_close(const struct gpu *g)
{
	gpu_close_with(g, 0);
}

long gpu_ask(const struct gpu *g, uint32_t command, struct gpu_request *request)
{
	long result;

	assert_int_equal(kapi_store(g->rig.tid, g->argument, request, sizeof(*request)), 0);
	result = kapi_ioctl(g->rig.tid, g->file, command, g->argument);
	assert_int_equal(kapi_load(g->rig.tid, g->argument, request, sizeof(*request)), 0);
	return result;
}

long to_gpu(const struct gpu *g, uint64_t memory, uint64_t pages)
{
	struct gpu_request range = { .address = memory, .size = pages * PAGE };

	return gpu_ask(g, GPU_MIGRATE, &range);
}

uint64_t moved_to_gpu(const struct gpu *g, uint64_t pages)
{
	uint64_t memory = rig_map(&g->rig, pages);

	rig_fill(&g->rig, memory, pages, 5);
	assert_int_equal(to_gpu(g, memory, pages), 0);
	return memory;
}

uint32_t in_device(const struct gpu *g, uint64_t memory, uint64_t pages)
{
	uint32_t count = 0;

	for (uint64_t i = 0; i < pages; i++)
		count += rig_kind(&g->rig, memory + i * PAGE) == HMMU_ENTRY_DEV;
	return count;
}

/* Both are added to what @p outcome has. */
static void load_pages(const struct gpu *g, uint64_t memory, uint64_t pages, struct outcome *outcome)
{
	for (uint32_t i = 0; i < pages; i++) {
		uint32_t number = 0;

		if (kapi_load(g->rig.tid, memory + i * PAGE, &number, sizeof(number)))
			outcome->signals++;
		else
			outcome->lost += number != 5 + i;
	}
}

uint32_t lost_pages(const struct gpu *g, uint64_t memory, uint64_t pages)
{
	struct outcome outcome = { 0 };

	load_pages(g, memory, pages, &outcome);
	assert_int_equal(outcome.signals, 0);
	return outcome.lost;
}

/* --- failures in turn --- */

static void round_trip(const struct gpu *g, enum kapi_fault fault, struct outcome *outcome)
{
	uint64_t memory = rig_map(&g->rig, 6);

	rig_fill(&g->rig, memory, 5, 5);
	kapi_fault(fault, outcome->runs + 1, false);
	to_gpu(g, memory, 6);
	load_pages(g, memory, 5, outcome);
}

struct outcome fail_in_turn(const char *device, unsigned int found_at_exit, enum kapi_fault fault)
{
	struct outcome outcome = { 0 };
	bool reached = true;

	line_count = 0;
	for (; reached; outcome.runs++) {
		struct gpu g = gpu_open(device, found_at_exit, outcome.runs);
		uint64_t before = kapi_fault_passes(fault);

		round_trip(&g, fault, &outcome);
		reached = kapi_fault_passes(fault) - before > outcome.runs;
		kapi_fault(fault, 0, false);
		assert_int_equal(kapi_close(g.rig.tid, g.file), 0);
		outcome.found |= found;
		found = 0;
		kapi_unload_modules();
		outcome.found |= found & ~found_at_exit;
		found = 0;
		kapi_shutdown();
	}
	outcome.lines = line_count;
	return outcome;
}
