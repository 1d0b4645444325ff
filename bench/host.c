/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Times of similar work in the host's own kernel. MADV_COLLAPSE is the nearest equivalent of migrate_vma() for an
 * unprivileged process: the kernel isolates and unmaps the pages of 2 MiB, copies them into a huge page, and maps it.
 */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define HUGE_BYTES ((size_t)HMMU_HUGE_PAGES * HMMU_PAGE_SIZE)
#if !defined(MADV_COLLAPSE)
#define MADV_COLLAPSE 25
#endif

static void sample(const char *op, uint64_t pages, double ns)
{
	const struct key key = { op, "host", "", pages, 1, true, "host" };

	add_sample(&key, ns);
}

static void touch(volatile uint8_t *base, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		base[i * HMMU_PAGE_SIZE] = 0x5a;
}

static uint8_t *map_pages(uint64_t pages)
{
	const size_t length = pages * HMMU_PAGE_SIZE;
	uint8_t *base = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	madvise(base, length, MADV_NOHUGEPAGE);
	return base;
}

/* fork() of a process whose memory is these pages and little else. */
static void fork_once(uint64_t pages)
{
	double start = now_ns();
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	sample("host.fork", pages, now_ns() - start);
	if (child > 0)
		waitpid(child, NULL, 0);
}

static void memory_once(uint64_t pages)
{
	const size_t length = pages * HMMU_PAGE_SIZE;
	uint8_t *a = map_pages(pages), *b = map_pages(pages);
	double start;

	if (!a || !b)
		return;
	start = now_ns();
	touch(a, pages);
	sample("host.first-touch", pages, now_ns() - start);
	touch(b, pages);
	start = now_ns();
	memcpy(b, a, length);
	sample("host.memcpy", pages, now_ns() - start);
	munmap(a, length);
	fork_once(pages);
	start = now_ns();
	munmap(b, length);
	sample("host.munmap", pages, now_ns() - start);
}

/* Pages of 2 MiB each are collapsed one region at a time. Kernels before 6.1 can't. */
static void collapse_once(uint64_t pages)
{
	uint8_t *base = map_pages(pages + HMMU_HUGE_PAGES);
	uint8_t *aligned;
	double start;
	int result;

	if (!base)
		return;
	aligned = base + (HUGE_BYTES - (uintptr_t)base % HUGE_BYTES) % HUGE_BYTES;
	touch(aligned, pages);
	madvise(aligned, pages * HMMU_PAGE_SIZE, MADV_HUGEPAGE);
	start = now_ns();
	result = madvise(aligned, pages * HMMU_PAGE_SIZE, MADV_COLLAPSE);
	if (!result)
		sample("host.collapse", pages, now_ns() - start);
	munmap(base, (pages + HMMU_HUGE_PAGES) * HMMU_PAGE_SIZE);
}

void run_host(struct bench *bench)
{
	static const uint64_t sizes[] = { 512, 1 << 16 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double end = now_ns() + bench->budget_ns;
		int runs = 0;

		while (runs++ < 3 || now_ns() < end) {
			memory_once(sizes[i]);
			collapse_once(sizes[i]);
		}
	}
}
