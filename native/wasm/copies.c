/* SPDX-License-Identifier: GPL-2.0-only */
/* Snapshots and hashes, and who is there. */
#include "instance.h"

#include <stddef.h>

/* How many bytes a snapshot takes; fills the buffer if there is one. */
EXPORT(snapshot) double wasm_snapshot(void *buffer, uint32_t capacity)
{
	size_t size = 0;
	int err = hmmu_snapshot(instance.machine, buffer, capacity, &size);

	return numbered(err, size);
}

/* What is wrong with a snapshot, which has no machine to ask; tells the errno and the code. NULL: a machine was made. */
EXPORT(restore) const char *wasm_restore(const void *bytes, uint32_t size, uint32_t flags)
{
	if (!hmmu_restore_with(bytes, size, flags, &instance.machine, &instance.refusal))
		return NULL;
	instance.told[0] = instance.refusal.err;
	instance.told[1] = instance.refusal.code;
	return instance.refusal.text;
}

EXPORT(hash) uint64_t wasm_hash(void)
{
	return hmmu_hash(instance.machine);
}

EXPORT(stateHash) int wasm_state_hash(const uint32_t *pfns, uint32_t count, uint64_t *out)
{
	return hmmu_state_hash_with(instance.machine, pfns, count, out);
}

/* Tells what create() takes, in its order; returns how many numbers that is. */
EXPORT(options) int wasm_options(void)
{
	struct hmmu_options options;

	hmmu_machine_options(instance.machine, &options);
	instance.told[0] = options.ram_pages;
	instance.told[1] = options.device_pages;
	instance.told[2] = options.cpus;
	instance.told[3] = options.profile;
	instance.told[4] = options.quirks_on;
	instance.told[5] = options.quirks_off;
	instance.told[6] = (double)options.memcg_limit;
	instance.told[7] = options.swap_pages;
	instance.told[8] = options.no_contents;
	instance.told[9] = options.hugetlb_pages;
	instance.told[10] = options.coherent_pages;
	return 11;
}

EXPORT(processes) int wasm_processes(uint32_t *pids, uint32_t capacity)
{
	return hmmu_processes(instance.machine, pids, capacity);
}

EXPORT(tasks) int wasm_tasks(uint32_t pid, uint32_t *tids, uint32_t capacity)
{
	return hmmu_tasks(instance.machine, pid, tids, capacity);
}
