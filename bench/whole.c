/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --whole: maps 256 GiB of emulated memory without contents as a whole, and migrates it to a device of equal size and
 * back. Prints the host's memory and time.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "bench.h"

#define WHOLE_PAGES (1ull << 26)

static void step(struct world *w, const char *what, bench_op run)
{
	double start = now_ns(), taken;

	run(w);
	taken = now_ns() - start;
	printf("%-18s %6.1f s, %5.1f ns a page\n", what, taken * 1e-9, taken / (double)w->pages);
	fflush(stdout);
}

static void expect(const struct world *w, uint32_t counter, uint64_t value, const char *what)
{
	must(w->m, hmmu_counter(w->m, counter) == value ? 0 : -1, what);
}

void run_whole(struct bench *bench)
{
	struct world *w = world_create(bench, WHOLE_PAGES, 1, false, "whole");
	struct rusage usage;
	double peak;

	printf("%llu pages, %llu GiB\n", (unsigned long long)w->pages,
	       (unsigned long long)(w->pages * HMMU_PAGE_SIZE >> 30));
	op_mmap(w);
	step(w, "fault.write", op_store_each);
	step(w, "migrate.to-device", op_to_device);
	expect(w, HMMU_COUNT_DEVICE_FREE, 0, "all pages are on the device");
	step(w, "migrate.back", op_to_system);
	expect(w, HMMU_COUNT_DEVICE_FREE, w->pages, "no page is on the device");
	step(w, "munmap", op_munmap);
	world_destroy(w);
	getrusage(RUSAGE_SELF, &usage);
	peak = (double)usage.ru_maxrss * 1024;
	printf("%-18s %6.2f GiB, %.1f bytes for a page, its place on the device, and the words of a migration\n",
	       "memory of the host", peak / (double)(1ull << 30), peak / (double)WHOLE_PAGES);
}
