/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that can block: what a task records of one, whether another one equals it, and how a message names it. */
#include <stdio.h>

#include "mm/call.h"

/* A letter an argument: x in hexadecimal (addresses), u in decimal, w is a read or a write. */
static const struct {
	const char *name;
	const char *args;
} calls[NR_OPS] = {
	[OP_LOAD] = { "load", "xu" },
	[OP_STORE] = { "store", "xu" },
	[OP_PIN] = { "get_user_pages", "xw" },
	[OP_MMAP] = { "mmap", "xuuuu" },
	[OP_MUNMAP] = { "munmap", "xu" },
	[OP_MPROTECT] = { "mprotect", "xuu" },
	[OP_MADVISE] = { "madvise", "xuu" },
	[OP_MLOCK] = { "mlock", "xu" },
	[OP_MUNLOCK] = { "munlock", "xu" },
	[OP_CLEAR] = { "clear_refs", "" },
	[OP_UFFD] = { "userfaultfd", "xuu" },
	[OP_FORK] = { "fork", "" },
	[OP_UFFD_WP] = { "UFFDIO_WRITEPROTECT", "xuu" },
	[OP_MIGRATE] = { "migrate_vma", "xx" },
	[OP_MREMAP] = { "mremap", "xuuux" },
	[OP_EXCLUSIVE] = { "make_device_exclusive_range", "xu" },
	[OP_RANGE_FAULT] = { "hmm_range_fault", "xxuu" },
	[OP_MIRROR] = { "mirror", "xx" },
	[OP_EXIT] = { "exit", "" },
	[OP_MMAP_LOCK] = { "mmap_lock", "u" },
	[OP_TRUNCATE] = { "ftruncate", "xu" },
	[OP_STOPPED] = { "hmmu_run", "" },
};

const char *call_name(enum op op)
{
	return calls[op].name;
}

/* Which bytes are stored; all of up to 8, a hash of more. */
static u64 hash_data(const struct call *call)
{
	u64 hash = 0;

	for (u64 i = 0; call->data && i < call->args[1]; i++)
		hash = ((hash << 8 | hash >> 56) ^ call->data[i]) * (i < 8 ? 1 : 0x9fb21c651e98df25ull);
	return hash;
}

void call_record(struct task *task, const struct call *call)
{
	task->op = call->op;
	for (u32 i = 0; i < CALL_ARGS; i++)
		task->args[i] = call->args[i];
	task->data_hash = hash_data(call);
}

bool call_is_recorded(const struct task *task, const struct call *call)
{
	if (task->op != (u32)call->op)
		return false;
	for (u32 i = 0; i < CALL_ARGS; i++)
		if (task->args[i] != call->args[i])
			return false;
	return task->data_hash == hash_data(call);
}

void call_describe(const struct task *task, char *text, size_t size)
{
	const char *args = calls[task->op].args;
	size_t used = (size_t)snprintf(text, size, "%s(", calls[task->op].name);

	for (u32 i = 0; args[i] && used < size; i++) {
		unsigned long long value = task->args[i];
		const char *comma = i ? ", " : "";

		if (args[i] == 'w')
			used += (size_t)snprintf(text + used, size - used, "%s%s", comma,
						 value & HMMU_PIN_WRITE ? "write" : "read");
		else
			used += (size_t)snprintf(text + used, size - used, args[i] == 'x' ? "%s%#llx" : "%s%llu", comma,
						 value);
	}
	if (used < size)
		snprintf(text + used, size - used, ")");
}
