/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs of fuzz_stops by their numbers, without libFuzzer:
 *
 *   seeds_stops FIRST COUNT [PROFILE]     runs them; one that fails prints its steps
 *   seeds_stops FIRST COUNT --to FOLDER   writes them to files instead
 *
 * Programs are of each profile in turn, unless one is given.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	STEPS = 250,
	PROGRAM_BYTES = (1 + STEPS) * FUZZ_RECORD_SIZE,
	KEPT_BYTES = 1 << 20,
};

static char kept[KEPT_BYTES];
static size_t kept_bytes;

static void keep(const char *text)
{
	size_t length = strlen(text);

	if (kept_bytes + length > KEPT_BYTES)
		return;
	memcpy(kept + kept_bytes, text, length);
	kept_bytes += length;
}

/* The program has failed, by abort() or by a signal of its own. */
static void tell(int signal_number)
{
	if (write(STDOUT_FILENO, kept, kept_bytes) < 0)
		_exit(2);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* Equal on each host. */
static uint32_t next_random(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % below;
}

static uint8_t random_op(uint64_t *state)
{
	static const uint8_t weights[] = {
#define X(name, weight, ...) weight,
		STOPS_CALLS(X) STOPS_DEEDS(X)
#undef X
	};
	uint32_t sum = 0, left;
	uint8_t op = 0;

	for (unsigned i = 0; i < sizeof(weights); i++)
		sum += weights[i];
	for (left = next_random(state, sum); left >= weights[op]; op++)
		left -= weights[op];
	return op;
}

static void make_program(uint8_t *bytes, uint64_t number, int profile)
{
	uint64_t state = number * 0x9e3779b97f4a7c15u + 1;

	for (size_t i = 0; i < PROGRAM_BYTES; i++)
		bytes[i] = (uint8_t)next_random(&state, 256);
	for (size_t i = FUZZ_RECORD_SIZE; i < PROGRAM_BYTES; i += FUZZ_RECORD_SIZE)
		bytes[i] = random_op(&state);
	/* region */
	bytes[2] = (uint8_t)(profile >= 0 ? (uint64_t)profile : number % HMMU_PROFILE_COUNT);
}

static void run_program(const uint8_t *bytes, uint64_t number)
{
	char text[80];

	kept_bytes = 0;
	snprintf(text, sizeof(text), "program %llu\n", (unsigned long long)number);
	keep(text);
	LLVMFuzzerTestOneInput(bytes, PROGRAM_BYTES);
}

static void write_program(const uint8_t *bytes, uint64_t number, const char *folder)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/stops-%llu", folder, (unsigned long long)number);
	file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, PROGRAM_BYTES, file) != PROGRAM_BYTES || fclose(file)) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	const char *folder = argc > 4 && !strcmp(argv[3], "--to") ? argv[4] : NULL;
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 0, count = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
	int profile = argc == 4 ? atoi(argv[3]) : -1;
	uint8_t bytes[PROGRAM_BYTES];

	if (!count || profile >= HMMU_PROFILE_COUNT) {
		fprintf(stderr, "usage: seeds_stops FIRST COUNT [PROFILE | --to FOLDER]\n");
		return 2;
	}
	stops_keep = keep;
	signal(SIGABRT, tell);
	signal(SIGSEGV, tell);
	for (uint64_t number = first; number < first + count; number++) {
		make_program(bytes, number, profile);
		if (folder)
			write_program(bytes, number, folder);
		else
			run_program(bytes, number);
	}
	printf("%llu programs\n", (unsigned long long)count);
	return 0;
}
