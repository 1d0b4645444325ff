/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes and stores times. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define MAX_SERIES 1024
#define MAX_SAMPLES 512

/* callgrind gets this name, so the compiler must make no copy under another name. */
#if defined(__clang__)
#define MEASURED __attribute__((noinline, used))
#else
#define MEASURED __attribute__((noipa, used))
#endif

struct series {
	struct key key;
	uint32_t count;
	double samples[MAX_SAMPLES];
};

static struct series series[MAX_SERIES];
static uint32_t series_count;
static bool recording;

double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

void set_recording(bool on)
{
	recording = on;
}

static bool same(const struct key *a, const struct key *b)
{
	return !strcmp(a->op, b->op) && !strcmp(a->state, b->state) && !strcmp(a->stage, b->stage) &&
	       a->pages == b->pages && a->processes == b->processes && a->contents == b->contents &&
	       !strcmp(a->profile, b->profile);
}

static struct series *find_series(const struct key *key)
{
	for (uint32_t i = 0; i < series_count; i++)
		if (same(&series[i].key, key))
			return &series[i];
	if (series_count == MAX_SERIES) {
		fprintf(stderr, "hmmu_bench: more than %d series\n", MAX_SERIES);
		exit(1);
	}
	series[series_count].key = *key;
	return &series[series_count++];
}

void add_sample(const struct key *key, double ns)
{
	struct series *to = find_series(key);

	if (to->count < MAX_SAMPLES)
		to->samples[to->count++] = ns;
}

static void print_key(const struct key *key, const char *end)
{
	printf("{\"op\":\"%s\",\"state\":\"%s\",\"stage\":\"%s\",\"pages\":%llu,\"processes\":%u,\"contents\":%s,"
	       "\"profile\":\"%s\"%s",
	       key->op, key->state, key->stage, (unsigned long long)key->pages, key->processes,
	       key->contents ? "true" : "false", key->profile, end);
}

/* The time of two readings of the clock, which is much compared with an operation on one page. */
static double clock_cost(void)
{
	static double cost = -1;

	if (cost >= 0)
		return cost;
	cost = 1e9;
	for (int i = 0; i < 1000; i++) {
		double start = now_ns(), taken = now_ns() - start;

		if (taken < cost)
			cost = taken;
	}
	return cost;
}

void bench_measured(struct world *w, bench_op run);

/* The function that callgrind counts in. */
MEASURED void bench_measured(struct world *w, bench_op run)
{
	run(w);
	/* No tail call: the count must not go on in our caller's name. */
	__asm__ volatile("");
}

void measure_stage(struct world *w, const char *op, const char *stage, bench_op run)
{
	const struct key key = { op, w->state, stage, w->pages, w->processes, w->contents, w->bench->kernel };
	double start, taken, cost;

	if (!recording) {
		run(w);
		return;
	}
	cost = clock_cost();
	start = now_ns();
	bench_measured(w, run);
	taken = now_ns() - start;
	add_sample(&key, taken > cost ? taken - cost : 0);
	if (w->bench->instructions)
		print_key(&key, "}\n");
}

void measure(struct world *w, const char *op, bench_op run)
{
	measure_stage(w, op, "", run);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One JSON object a line, in the order in which the series began. */
void print_results(void)
{
	for (uint32_t i = 0; i < series_count; i++) {
		struct series *s = &series[i];

		qsort(s->samples, s->count, sizeof(double), by_size);
		print_key(&s->key, "");
		printf(",\"best\":%.0f,\"median\":%.0f,\"runs\":%u}\n", s->samples[0], s->samples[s->count / 2],
		       s->count);
	}
}
