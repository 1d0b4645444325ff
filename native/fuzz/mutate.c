/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutations that know records: they come, go, move and double as a whole. What is in them is libFuzzer's business. */
#include <string.h>

#include "ops.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size, uint8_t *out,
				 size_t out_size, unsigned int seed);

#define R FUZZ_RECORD_SIZE

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

/* Make room for a record in front of the one at a number. The first record is the machine and stays in front. */
static size_t open_gap(uint8_t *data, size_t records, size_t at)
{
	memmove(data + (at + 1) * R, data + at * R, (records - at) * R);
	return records + 1;
}

static size_t insert_new(uint8_t *data, size_t records, unsigned *state)
{
	size_t at = 1 + next_random(state) % records;

	records = open_gap(data, records, at);
	for (size_t i = 0; i < R; i++)
		data[at * R + i] = (uint8_t)next_random(state);
	/* Small numbers name what exists. */
	data[at * R + 1] &= 3 | FUZZ_OTHER_CALL;
	data[at * R + 2] &= 7;
	data[at * R + 5] &= 3;
	return records;
}

static size_t duplicate(uint8_t *data, size_t records, unsigned *state)
{
	size_t from = 1 + next_random(state) % (records - 1), to = 1 + next_random(state) % records;
	uint8_t record[R];

	memcpy(record, data + from * R, R);
	records = open_gap(data, records, to);
	memcpy(data + to * R, record, R);
	return records;
}

static size_t erase(uint8_t *data, size_t records, unsigned *state)
{
	size_t at = 1 + next_random(state) % (records - 1), n = 1 + next_random(state) % 4;

	if (n > records - at)
		n = records - at;
	memmove(data + at * R, data + (at + n) * R, (records - at - n) * R);
	return records - n;
}

static void swap(uint8_t *data, size_t records, unsigned *state)
{
	size_t a = 1 + next_random(state) % (records - 1), b = 1 + next_random(state) % (records - 1);
	uint8_t record[R];

	memcpy(record, data + a * R, R);
	memmove(data + a * R, data + b * R, R);
	memcpy(data + b * R, record, R);
}

static void change_byte(uint8_t *data, size_t records, unsigned *state)
{
	uint8_t *byte = data + next_random(state) % (records * R);

	switch (next_random(state) % 3) {
	case 0:
		*byte = (uint8_t)next_random(state);
		break;
	case 1:
		*byte = (uint8_t)(*byte + (next_random(state) & 1 ? 1 : -1));
		break;
	default:
		*byte ^= (uint8_t)(1u << next_random(state) % 8);
		break;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size_t records = size / R;
	unsigned state = seed;
	if (records < 2 || (records + 1) * R > max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	switch (next_random(&state) % 8) {
	case 0:
	case 1:
		return insert_new(data, records, &state) * R;
	case 2:
		return duplicate(data, records, &state) * R;
	case 3:
		return erase(data, records, &state) * R;
	case 4:
		swap(data, records, &state);
		return records * R;
	case 5:
	case 6:
		change_byte(data, records, &state);
		return records * R;
	default:
		return LLVMFuzzerMutate(data, size, max_size);
	}
}

/* The start of one program, then the end of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size, uint8_t *out,
				 size_t out_size, unsigned int seed)
{
	unsigned state = seed;
	size_t head = one_size / R ? (1 + next_random(&state) % (one_size / R)) * R : 0;
	size_t tail = two_size / R ? (next_random(&state) % (two_size / R)) * R : 0;

	if (head > out_size)
		head = out_size / R * R;
	memcpy(out, one, head);
	if (tail > out_size - head)
		tail = (out_size - head) / R * R;
	memcpy(out + head, two + two_size / R * R - tail, tail);
	return head + tail;
}
