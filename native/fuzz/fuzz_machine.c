/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libFuzzer target: a program of operations on a machine, through the public C API and nothing else. Between operations, every so
 * many of them, and in the end verify() must have nothing to say; when everything has been given back, everything has to be there again.
 *
 * HMMU_FUZZ_TRACE=1 prints what a program does, as calls in C.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void run_record(struct world *w, const struct fuzz_record *given)
{
	struct fuzz_record record = *given;

	record.op %= FUZZ_OP_COUNT;
	if (!op_memory(w, &record) && !op_refs(w, &record) && !op_process(w, &record) && !op_migrate(w, &record))
		op_wild(w, &record);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_record record;
	struct world w;

	if (!world_open(&w, data, size))
		return 0;
	while (next_record(&w, &record))
		run_record(&w, &record);
	world_close(&w);
	return 0;
}
