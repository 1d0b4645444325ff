/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs fuzz programs for scripts/fuzz/compare.mjs, which compares two builds of the core call by call:
 *
 *   compare_machine [--calls] < PROGRAMS
 *
 * Each program is its length in bytes (4 bytes, little endian) and its records. A line a program says how many lines its
 * journal has, and their hash. With --calls the journal is printed: each call, its result and its error's text, what it filled
 * in, and the hash of the machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t hash, lines;

static void digest(const char *text)
{
	for (; *text; text++) {
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ull;
		lines += *text == '\n';
	}
}

/* Whatever comes after it, the last line must be seen. */
static void print(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

static uint8_t *read_program(uint32_t *size)
{
	uint8_t bytes[4], *program;

	if (fread(bytes, 1, sizeof(bytes), stdin) != sizeof(bytes))
		return NULL;
	*size = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
	program = malloc(*size ? *size : 1);
	if (!program || fread(program, 1, *size, stdin) != *size)
		abort();
	return program;
}

int main(int argc, char **argv)
{
	bool shown = argc > 1 && !strcmp(argv[1], "--calls");
	uint8_t *program;
	uint32_t size;

	fuzz_journal = shown ? print : digest;
	while ((program = read_program(&size))) {
		hash = 0xcbf29ce484222325ull;
		lines = 0;
		LLVMFuzzerTestOneInput(program, size);
		free(program);
		if (!shown)
			printf("%" PRIu64 " %016" PRIx64 "\n", lines, hash);
		fflush(stdout);
	}
	return 0;
}
