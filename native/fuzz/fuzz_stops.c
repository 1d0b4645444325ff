/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libFuzzer target: programs of calls that stop in their middle. After each step verify() must have nothing to say. In the
 * end no call stops any more, each comes to its end, and when all processes are gone, everything has to be there again.
 *
 * HMMU_FUZZ_TRACE=1 prints the steps.
 */
#include <stdlib.h>

#include "stops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	ROUNDS = 1000, /**< each task goes on that often; what is not over then never will be */
};

static void check_step(const struct stops *s)
{
	if (fuzz_journal)
		stops_say("hash %#llx\n", (unsigned long long)hmmu_hash(s->m));
	stops_verify(s);
}

static void run_step(struct stops *s, const struct fuzz_record *given)
{
	struct fuzz_record record = *given;

	s->step++;
	record.op %= STOPS_OP_COUNT;
	if (record.op >= STOPS_CALL_COUNT)
		stops_deed(s, &record);
	else
		stops_task_goes_on(stops_task_of(s, record.who), &record);
	if (!hmmu_counter(s->m, HMMU_COUNT_PROCESSES))
		stops_next_process(s);
	check_step(s);
}

static bool all_go_on(struct stops *s)
{
	bool busy = false;

	for (unsigned i = 0; i < STOPS_TASKS; i++) {
		struct stops_task *task = &s->made.tasks[i];

		if (!task->tid || task->state == STOPS_IDLE)
			continue;
		busy = true;
		stops_task_goes_on(task, NULL);
		check_step(s);
	}
	return busy;
}

/* What others could wait for comes: memory, and the end of all calls. */
static void end_calls(struct stops *s)
{
	hmmu_set_switch_points(s->m, 0);
	hmmu_memcg_set_limit(s->m, 0);
	stops_disarm(s);
	for (unsigned round = 0; all_go_on(s); round++)
		if (round == ROUNDS)
			stops_broken(s, "a call does not come to its end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t records = size / FUZZ_RECORD_SIZE;
	struct fuzz_record record;
	struct stops *s;

	if (!records)
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	record = fuzz_record_at(data);
	stops_open(s, &record);
	for (size_t i = 1; i < records && i <= STOPS_MAX_STEPS; i++) {
		record = fuzz_record_at(data + i * FUZZ_RECORD_SIZE);
		run_step(s, &record);
	}
	end_calls(s);
	stops_close(s);
	free(s);
	return 0;
}
