/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls of tasks that take or fill arrays and records. First argument: the tid. */
#include "instance.h"

/* Tells pid, cpu, wait, wait_pfn, ready; mmap_lock, queue_place, migrations, vma; in_call. */
EXPORT(taskState) int wasm_task_state(uint32_t tid)
{
	struct hmmu_task_state state = { 0 };
	struct hmmu_task_locks locks = { 0 };
	int err = hmmu_task_state(instance.machine, tid, &state);

	if (!err)
		err = hmmu_task_locks(instance.machine, tid, &locks);
	instance.told[0] = state.pid;
	instance.told[1] = state.cpu;
	instance.told[2] = state.wait;
	instance.told[3] = state.wait_pfn;
	instance.told[4] = state.ready;
	instance.told[5] = locks.mmap_lock;
	instance.told[6] = locks.queue_place;
	instance.told[7] = locks.migrations;
	instance.told[8] = (double)locks.vma;
	instance.told[9] = state.in_call;
	return err;
}

EXPORT(map)
double wasm_map(uint32_t tid, double address, double pages, uint32_t kind, uint32_t prot, bool align_huge)
{
	const struct hmmu_map map = {
		.address = whole(address), .pages = whole(pages), .kind = kind, .prot = prot, .align_huge = align_huge
	};
	uint64_t mapped = 0;
	int err = hmmu_mmap(instance.machine, tid, &map, &mapped);

	return numbered(err, mapped);
}

/* Tells how many bytes were moved. */
EXPORT(load) int wasm_load(uint32_t tid, double address, void *bytes, uint32_t length)
{
	size_t done = 0;
	int err = hmmu_load(instance.machine, tid, whole(address), bytes, length, &done);

	instance.told[0] = (double)done;
	return err;
}

/* Tells how many bytes were moved. */
EXPORT(store) int wasm_store(uint32_t tid, double address, const void *bytes, uint32_t length)
{
	size_t done = 0;
	int err = hmmu_store(instance.machine, tid, whole(address), bytes, length, &done);

	instance.told[0] = (double)done;
	return err;
}

/* A result, or the negated error code (not errno). */
static int outcome(int err, int result)
{
	return err < 0 ? -(int)hmmu_error(instance.machine)->code : result;
}

EXPORT(tryLoad) int wasm_try_load(uint32_t tid, double address)
{
	uint8_t byte = 0;
	int err = hmmu_load(instance.machine, tid, whole(address), &byte, 1, NULL);

	return outcome(err, byte);
}

EXPORT(tryStore) int wasm_try_store(uint32_t tid, double address, uint32_t value)
{
	uint8_t byte = (uint8_t)value;

	return outcome(hmmu_store(instance.machine, tid, whole(address), &byte, 1, NULL), 0);
}

/* What is asked of each page: 1 REQ_FAULT, 2 REQ_WRITE. */
static uint64_t range_flags(uint32_t flags)
{
	return (flags & 1 ? HMMU_RANGE_REQ_FAULT : 0) | (flags & 2 ? HMMU_RANGE_REQ_WRITE : 0);
}

EXPORT(mirror)
int wasm_mirror(uint32_t tid, double start, double end, uint32_t flags, double owner, uint64_t *words)
{
	return hmmu_mirror(instance.machine, tid, whole(start), whole(end), range_flags(flags), whole(owner), words);
}

EXPORT(rangeFault)
int wasm_range_fault(uint32_t tid, uint32_t notifier, double seq, double start, double end, uint32_t flags,
		     double owner, uint64_t *words)
{
	struct hmmu_range range = {
		.notifier = notifier,
		.notifier_seq = whole(seq),
		.start = whole(start),
		.end = whole(end),
		.pfns = words,
		.default_flags = range_flags(flags),
		.owner = whole(owner),
	};

	return hmmu_range_fault(instance.machine, tid, &range);
}
