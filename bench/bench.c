/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hmmu_bench: times operations of libhmmu, or runs each once for callgrind. Prints one JSON object a line. `npm run
 * bench` and `npm run bench:instructions` run it and show its results.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char usage[] =
	"usage: hmmu_bench [--quick] [--whole] [--growth] [--instructions] [--max-pages N] [--only SCENARIO]\n"
	"                  [--profile NAME]\n"
	"  --quick         short repetitions\n"
	"  --whole         256 GiB without contents to the device and back, once; takes some 10 GiB of memory\n"
	"  --growth        operations on ever more pages, mappings, processes, ...\n"
	"  --instructions  every operation twice, the second time in bench_measured(), for callgrind\n"
	"  --max-pages     leave larger sizes out\n"
	"  --only          life, windows, stages, empty, zero, huge, shared, fork, copies, singles or explore\n"
	"  --profile       linux-4.14 (the default) or another\n";

static const char *value_of(int argc, char **argv, int *i)
{
	if (*i + 1 == argc) {
		fprintf(stderr, "hmmu_bench: %s needs a value\n%s", argv[*i], usage);
		exit(2);
	}
	return argv[++*i];
}

static void choose_profile(struct bench *bench, const char *name)
{
#define X(profile_name, value, word, ...) \
	if (!strcmp(name, word)) { \
		bench->profile = value; \
		bench->kernel = word; \
		return; \
	}
	HMMU_PROFILES(X)
#undef X
	fprintf(stderr, "hmmu_bench: there is no profile %s\n%s", name, usage);
	exit(2);
}

static void parse(int argc, char **argv, struct bench *bench)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--quick")) {
			bench->budget_ns = 2e7;
		} else if (!strcmp(argv[i], "--whole")) {
			bench->whole = true;
		} else if (!strcmp(argv[i], "--growth")) {
			bench->growth = true;
		} else if (!strcmp(argv[i], "--instructions")) {
			bench->instructions = true;
			bench->max_pages = 1 << 16;
		} else if (!strcmp(argv[i], "--max-pages")) {
			bench->max_pages = strtoull(value_of(argc, argv, &i), NULL, 10);
		} else if (!strcmp(argv[i], "--only")) {
			bench->only = value_of(argc, argv, &i);
		} else if (!strcmp(argv[i], "--profile")) {
			choose_profile(bench, value_of(argc, argv, &i));
		} else {
			fprintf(stderr, "hmmu_bench: there is no option %s\n%s", argv[i], usage);
			exit(2);
		}
	}
}

static void run_all(struct bench *bench)
{
	if (!bench->instructions && !bench->only)
		run_host(bench);
	run_scenarios(bench);
	if (!bench->only || !strcmp(bench->only, "explore"))
		run_explore(bench);
}

int main(int argc, char **argv)
{
	struct bench bench = { .max_pages = 1 << 20, .budget_ns = 1.5e8 };

	choose_profile(&bench, "linux-4.14");
	parse(argc, argv, &bench);
	if (bench.whole) {
		run_whole(&bench);
		return 0;
	}
	if (bench.growth)
		run_growth(&bench);
	else
		run_all(&bench);
	if (!bench.instructions)
		print_results();
	return 0;
}
