/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies to and from the memory of the current task. They fault as its own accesses do. */
#include <linux/uaccess.h>

#include <linux/kernel.h>

#include "log/report.h"
#include "mm/core.h"
#include "mm/mm.h"

static bool (*is_host_memory)(uint64_t address, size_t size);
static const struct kapi_process_memory *process_memory;

void kapi_set_host_memory(bool (*function)(uint64_t address, size_t size))
{
	is_host_memory = function;
}

void kapi_set_process_memory(const struct kapi_process_memory *memory)
{
	process_memory = memory;
}

/* A fault takes mmap_lock. */
static void might_fault(const struct kapi_place *place)
{
	kapi_might_sleep(place);
	mm_might_lock(thread_current()->task.mm, place);
}

/* -EFAULT, or what the machine says. */
static int load(u32 tid, u64 from, void *to, size_t size, size_t *done, const struct kapi_place *place)
{
	if (process_memory && process_memory->has(tid, from, size))
		return process_memory->load(tid, from, to, size) ? 0 : -EFAULT;
	if (is_host_memory && is_host_memory(from, size)) {
		memcpy(to, (const void *)from, size);
		return 0;
	}
	return CORE_CALL(tid, place, hmmu_load(machine, tid, from, to, size, done));
}

unsigned long kapi_copy_from_user(void *to, const void __user *from, unsigned long size, const struct kapi_place *place)
{
	size_t done = 0;
	int err;

	might_fault(place);
	err = load(thread_current()->tid, (u64)from, to, size, &done, place);
	if (err)
		memset((char *)to + done, 0, size - done);
	return err ? size - done : 0;
}

static int store(u32 tid, u64 to, const void *from, size_t size, size_t *done, const struct kapi_place *place)
{
	if (process_memory && process_memory->has(tid, to, size))
		return process_memory->store(tid, to, from, size) ? 0 : -EFAULT;
	if (is_host_memory && is_host_memory(to, size)) {
		memcpy((void *)to, from, size);
		return 0;
	}
	return CORE_CALL(tid, place, hmmu_store(machine, tid, to, from, size, done));
}

unsigned long kapi_copy_to_user(void __user *to, const void *from, unsigned long size, const struct kapi_place *place)
{
	size_t done = 0;
	int err;

	might_fault(place);
	err = store(thread_current()->tid, (u64)to, from, size, &done, place);
	return err ? size - done : 0;
}
