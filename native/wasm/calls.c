/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes, tasks and their system calls. First argument: the pid or tid. */
#include "instance.h"

EXPORT(processCreate) double wasm_process_create(void)
{
	uint32_t pid = 0;
	int err = hmmu_process_create(instance.machine, &pid);

	return numbered(err, pid);
}

EXPORT(processAlive) int wasm_process_alive(uint32_t pid)
{
	return hmmu_process_alive(instance.machine, pid);
}

EXPORT(processTask) double wasm_process_task(uint32_t pid)
{
	return hmmu_process_task(instance.machine, pid);
}

EXPORT(fork) double wasm_fork(uint32_t tid)
{
	uint32_t child = 0;
	int err = hmmu_fork(instance.machine, tid, &child);

	return numbered(err, child);
}

EXPORT(exit) int wasm_exit(uint32_t pid)
{
	return hmmu_exit(instance.machine, pid);
}

EXPORT(oomReap) int wasm_oom_reap(uint32_t pid)
{
	return hmmu_oom_reap(instance.machine, pid);
}

EXPORT(taskCreate) double wasm_task_create(uint32_t pid)
{
	uint32_t tid = 0;
	int err = hmmu_task_create(instance.machine, pid, &tid);

	return numbered(err, tid);
}

EXPORT(taskDestroy) int wasm_task_destroy(uint32_t tid)
{
	return hmmu_task_destroy(instance.machine, tid);
}

EXPORT(taskCancel) int wasm_task_cancel(uint32_t tid)
{
	return hmmu_task_cancel(instance.machine, tid);
}

EXPORT(taskSetCpu) int wasm_task_set_cpu(uint32_t tid, uint32_t cpu)
{
	return hmmu_task_set_cpu(instance.machine, tid, cpu);
}

/* Tells pid, cpu, wait, wait_pfn, ready. */
EXPORT(taskState) int wasm_task_state(uint32_t tid)
{
	struct hmmu_task_state state = { 0 };
	int err = hmmu_task_state(instance.machine, tid, &state);

	instance.told[0] = state.pid;
	instance.told[1] = state.cpu;
	instance.told[2] = state.wait;
	instance.told[3] = state.wait_pfn;
	instance.told[4] = state.ready;
	return err;
}

EXPORT(map)
double wasm_map(uint32_t tid, double address, double pages, uint32_t kind, uint32_t prot, bool align_huge)
{
	const struct hmmu_map map = { whole(address), whole(pages), kind, prot, align_huge };
	uint64_t mapped = 0;
	int err = hmmu_mmap(instance.machine, tid, &map, &mapped);

	return numbered(err, mapped);
}

EXPORT(unmap) int wasm_unmap(uint32_t tid, double address, double length)
{
	return hmmu_munmap(instance.machine, tid, whole(address), whole(length));
}

EXPORT(remap)
double wasm_remap(uint32_t tid, double address, double old_length, double new_length, uint32_t flags,
		  double new_address)
{
	uint64_t mapped = 0;
	int err = hmmu_mremap(instance.machine, tid, whole(address), whole(old_length), whole(new_length), flags,
			      whole(new_address), &mapped);

	return numbered(err, mapped);
}

EXPORT(protect) int wasm_protect(uint32_t tid, double address, double length, uint32_t prot)
{
	return hmmu_mprotect(instance.machine, tid, whole(address), whole(length), prot);
}

EXPORT(advise) int wasm_advise(uint32_t tid, double address, double length, uint32_t advice)
{
	return hmmu_madvise(instance.machine, tid, whole(address), whole(length), advice);
}

EXPORT(lock) int wasm_lock(uint32_t tid, double address, double length)
{
	return hmmu_mlock(instance.machine, tid, whole(address), whole(length));
}

EXPORT(unlock) int wasm_unlock(uint32_t tid, double address, double length)
{
	return hmmu_munlock(instance.machine, tid, whole(address), whole(length));
}

EXPORT(clearSoftDirty) int wasm_clear_soft_dirty(uint32_t tid)
{
	return hmmu_clear_soft_dirty(instance.machine, tid);
}

EXPORT(registerUserfault) int wasm_register_userfault(uint32_t tid, double address, double length)
{
	return hmmu_uffd_register(instance.machine, tid, whole(address), whole(length));
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

EXPORT(pin) double wasm_pin(uint32_t tid, double address, bool write)
{
	uint32_t pfn = 0;
	int err = hmmu_pin(instance.machine, tid, whole(address), write, &pfn);

	return numbered(err, pfn);
}

EXPORT(unpin) int wasm_unpin(uint32_t pfn)
{
	return hmmu_unpin(instance.machine, pfn);
}

EXPORT(hold) double wasm_hold(uint32_t pid, double address)
{
	uint32_t pfn = 0;
	int err = hmmu_hold(instance.machine, pid, whole(address), &pfn);

	return numbered(err, pfn);
}

EXPORT(release) int wasm_release(uint32_t pfn)
{
	return hmmu_release(instance.machine, pfn);
}

EXPORT(isolate) double wasm_isolate(uint32_t pid, double address)
{
	uint32_t pfn = 0;
	int err = hmmu_isolate(instance.machine, pid, whole(address), &pfn);

	return numbered(err, pfn);
}

EXPORT(putback) int wasm_putback(uint32_t pfn)
{
	return hmmu_putback(instance.machine, pfn);
}

EXPORT(reclaim) int wasm_reclaim(uint32_t pid, double address)
{
	return hmmu_reclaim(instance.machine, pid, whole(address));
}
