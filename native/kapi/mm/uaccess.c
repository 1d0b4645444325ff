/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies to and from the memory of the current task. They fault as its own accesses do. */
#include <linux/uaccess.h>

#include <linux/kernel.h>

#include "log/report.h"
#include "mm/core.h"

static bool (*is_host_memory)(uint64_t address, size_t size);

void kapi_set_host_memory(bool (*function)(uint64_t address, size_t size))
{
	is_host_memory = function;
}

/* A fault takes mmap_lock. */
static void might_fault(const struct kapi_place *place)
{
	const struct kapi_thread *thread = thread_current();

	kapi_might_sleep(place);
	if (thread->task.mm && held_find(thread->task.mm))
		report(KAPI_CHECK_LOCK_TWICE, place, "this may fault, and so take mmap_lock, which the thread has");
	else
		held_note_order("mmap_lock", place);
}

unsigned long kapi_copy_from_user(void *to, const void __user *from, unsigned long size, const struct kapi_place *place)
{
	u32 tid = thread_current()->tid;
	size_t done = 0;
	int err;

	might_fault(place);
	if (is_host_memory && is_host_memory((u64)from, size)) {
		memcpy(to, from, size);
		return 0;
	}
	err = CORE_CALL(tid, place, hmmu_load(machine, tid, (u64)from, to, size, &done));
	if (err)
		memset((char *)to + done, 0, size - done);
	return err ? size - done : 0;
}

unsigned long kapi_copy_to_user(void __user *to, const void *from, unsigned long size, const struct kapi_place *place)
{
	u32 tid = thread_current()->tid;
	size_t done = 0;
	int err;

	might_fault(place);
	if (is_host_memory && is_host_memory((u64)to, size)) {
		memcpy(to, from, size);
		return 0;
	}
	err = CORE_CALL(tid, place, hmmu_store(machine, tid, (u64)to, from, size, &done));
	return err ? size - done : 0;
}
