/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libFuzzer target: a program of operations on a machine, through the public C API and nothing else. Between
 * operations, every so many of them, and in the end verify() must have nothing to say; when everything has been given
 * back, everything has to be there again.
 *
 * HMMU_FUZZ_TRACE=1 prints what a program does, as calls in C.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void run_op(struct world *w, const struct fuzz_record *r)
{
	if (r->op == FUZZ_OP_COPY)
		op_copy(w, r);
	else if (r->op == FUZZ_OP_WILD)
		op_wild(w, r);
	else if (!op_memory(w, r) && !op_refs(w, r) && !op_process(w, r) && !op_migrate(w, r) && !op_device(w, r) &&
		 !op_mirror(w, r))
		broken(w, "no function takes operation %u", r->op);
}

void run_record(struct world *w, const struct fuzz_record *given)
{
	struct fuzz_record record = *given;
	struct fuzz_call *around = w->call;

	record.op %= FUZZ_OP_COUNT;
	w->call = NULL;
	if (is_call(record.op))
		run_call(w, &record);
	else
		run_op(w, &record);
	w->call = around;
	trace_state(w);
	if (++w->since_verify >= w->verify_every)
		check_machine(w);
}

void run_nested(struct world *w, unsigned count)
{
	struct fuzz_record record;

	if (w->depth >= MAX_DEPTH)
		return;
	w->depth++;
	while (count-- && next_record(w, &record))
		run_record(w, &record);
	w->depth--;
}

static uint64_t run_program(const uint8_t *data, size_t size, bool wants_hash, bool no_copies)
{
	struct fuzz_record record;
	struct world w;

	if (!world_open(&w, data, size))
		return 0;
	w.wants_hash = wants_hash;
	w.no_copies = no_copies;
	while (next_record(&w, &record))
		run_record(&w, &record);
	return world_close(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool twice = size >= FUZZ_RECORD_SIZE && data[FUZZ_RECORD_SIZE - 1] & 32;
	uint64_t hash = run_program(data, size, twice, false);

	/* The same calls make the same bytes, and copies go on as what they were copied from. */
	if (twice && run_program(data, size, true, true) != hash) {
		fprintf(stderr, "verify: a second run ends in another state\n");
		abort();
	}
	return 0;
}
