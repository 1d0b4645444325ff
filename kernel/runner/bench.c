// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a page costs, by the clock of the machine.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include "runner.h"

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void bench_move(char *mem, uint64_t pages, uint64_t chunk, int to, const char *name)
{
	double begin, total, part[5] = { 0 };
	uint64_t i;
	char s[400];
	int k;

	begin = now_ns();
	for (i = 0; i < pages; i += chunk) {
		struct or_migrate m = {
			.addr = (uint64_t)mem + i * PAGE,
			.npages = chunk,
			.to = to,
		};

		ioctl(oracle_fd, OR_MIGRATE, &m);
		for (k = 0; k < 5; k++)
			part[k] += m.ns[k];
	}
	total = now_ns() - begin;
	emit(s,
	     snprintf(s, sizeof(s),
		      "%-8s chunk %6lu pages: %6.0f ns/page (setup %.0f, alloc+copy %.0f, pages %.0f, finalize %.0f)\n",
		      name, chunk, total / pages, part[0] / pages, part[1] / pages, part[2] / pages, part[4] / pages));
}

void bench(void)
{
	static const uint64_t chunks[] = { 65536, 4096, 512, 64, 16, 1 };
	uint64_t pages = 65536, i;
	struct or_reset r = { .ndev = OR_MAX_DEV };
	size_t k, round;
	char s[200];

	ioctl(oracle_fd, OR_RESET, &r);
	for (round = 0; round < 3; round++)
		for (k = 0; k < sizeof(chunks) / sizeof(*chunks); k++) {
			char *mem =
				mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			double begin;

			madvise(mem, pages * PAGE, MADV_NOHUGEPAGE);
			for (i = 0; i < pages; i++)
				mem[i * PAGE] = i;
			bench_move(mem, pages, chunks[k], OR_TO_DEV, "to dev");
			bench_move(mem, pages, chunks[k], OR_TO_SYS, "to sys");
			if (k == 0) {
				bench_move(mem, pages, 512, OR_TO_DEV, "to dev");
				begin = now_ns();
				for (i = 0; i < pages; i++)
					mem[i * PAGE]++;
				emit(s, snprintf(s, sizeof(s), "back by write fault, page by page: %6.0f ns/page\n",
						 (now_ns() - begin) / pages));
				bench_move(mem, pages, 512, OR_TO_DEV, "to dev");
				begin = now_ns();
				for (i = 0; i < pages; i++)
					*(volatile char *)&mem[i * PAGE];
				emit(s, snprintf(s, sizeof(s), "back by read fault, page by page: %6.0f ns/page\n",
						 (now_ns() - begin) / pages));
			}
			munmap(mem, pages * PAGE);
			mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			madvise(mem, pages * PAGE, MADV_NOHUGEPAGE);
			if (k == 0) {
				begin = now_ns();
				for (i = 0; i < pages; i++)
					mem[i * PAGE] = i;
				emit(s, snprintf(s, sizeof(s), "plain anonymous write fault: %6.0f ns/page\n",
						 (now_ns() - begin) / pages));
			}
			munmap(mem, pages * PAGE);
		}
	emit("=== END\n", 8);
}
