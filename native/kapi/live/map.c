/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls on emulated memory. */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <sys/mman.h>

static uint64_t round_up(uint64_t size)
{
	return (size + LIVE_PAGE - 1) & ~(LIVE_PAGE - 1);
}

static uint32_t rights_of(int prot)
{
	/* On x86 what may be written to may be read. */
	return (prot & PROT_READ ? HMMU_PROT_READ : 0) | (prot & PROT_WRITE ? HMMU_PROT_READ | HMMU_PROT_WRITE : 0);
}

/* --- mmap() --- */

static uint32_t kind_of(int flags)
{
	if (flags & MAP_HUGETLB)
		return HMMU_MAP_HUGETLB;
	if (flags & MAP_ANONYMOUS)
		return flags & MAP_SHARED ? HMMU_MAP_SHMEM : HMMU_MAP_ANON;
	return flags & MAP_SHARED ? HMMU_MAP_SHAREDFILE : HMMU_MAP_FILE;
}

static long do_map(struct hmmu *m, uint32_t tid, void *data)
{
	const struct hmmu_map map = *(struct hmmu_map *)data;
	uint64_t address;
	int err;

	while ((err = hmmu_mmap(m, tid, &map, &address)) == -EAGAIN)
		kapi_block(tid);
	return err;
}

/* The machine makes the mapping, or the device's driver. */
static long map_at(const struct hmmu_map *map, struct kapi_file *file, uint64_t offset)
{
	uint64_t address;

	return file ? kapi_mmap(live_tid, file, map, offset, &address) : kapi_call(live_tid, do_map, (void *)map);
}

/** The arguments of mmap(). */
struct map_call {
	struct hmmu_map map;
	struct kapi_file *file; /**< NULL: no device */
	uint64_t offset;
};

static long map_somewhere(void *data)
{
	struct map_call call = *(struct map_call *)data;
	uint64_t size = call.map.pages * LIVE_PAGE;
	long err;

	call.map.address = live_reserve_window(size);
	if (!call.map.address)
		return -ENOMEM;
	err = map_at(&call.map, call.file, call.offset);
	if (!err)
		return (long)call.map.address;
	live_release_windows(call.map.address, size);
	return err;
}

long live_map(size_t size, int prot, int flags, struct kapi_file *file, uint64_t offset)
{
	struct map_call call = {
		.map = { .pages = round_up(size) / LIVE_PAGE, .kind = kind_of(flags), .prot = rights_of(prot) },
		.file = file,
		.offset = offset,
	};

	if (!call.map.pages)
		return -EINVAL;
	/* vm_insert_page() is emulated in private mappings. */
	if (file && flags & MAP_SHARED)
		return -ENODEV;
	return live_run(map_somewhere, &call);
}

/* --- calls on a range --- */

/** The arguments of a call on a range. */
struct range_call {
	uint64_t address;
	uint64_t length;
	uint32_t argument;
	int (*function)(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t argument);
};

static long do_range_call(struct hmmu *m, uint32_t tid, void *data)
{
	const struct range_call call = *(struct range_call *)data;
	int err;

	while ((err = call.function(m, tid, call.address, call.length, call.argument)) == -EAGAIN)
		kapi_block(tid);
	return err;
}

static int unmap_range(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t argument)
{
	(void)argument;
	return hmmu_munmap(m, tid, address, length);
}

static long call_range(void *data)
{
	struct range_call call = *(struct range_call *)data;

	return kapi_call(live_tid, do_range_call, &call);
}

static long unmap(void *data)
{
	const struct range_call *call = data;
	long err;

	live_forget_files(call->address, call->length);
	err = call_range(data);
	if (!err)
		live_release_windows(call->address, call->length);
	return err;
}

long live_unmap(uint64_t address, size_t size)
{
	struct range_call call = { address, round_up(size), 0, unmap_range };

	return live_run(unmap, &call);
}

long live_protect(uint64_t address, size_t size, int prot)
{
	struct range_call call = { address, round_up(size), rights_of(prot), hmmu_mprotect };

	return live_run(call_range, &call);
}

static int lock_range(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t argument)
{
	(void)argument;
	return hmmu_mlock(m, tid, address, length);
}

static int unlock_range(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t argument)
{
	(void)argument;
	return hmmu_munlock(m, tid, address, length);
}

long live_lock(uint64_t address, size_t size)
{
	struct range_call call = { address, round_up(size), 0, lock_range };

	return live_run(call_range, &call);
}

long live_unlock(uint64_t address, size_t size)
{
	struct range_call call = { address, round_up(size), 0, unlock_range };

	return live_run(call_range, &call);
}

/* -1: the machine does not know this advice. */
static int advice_of(int advice)
{
	static const struct {
		int host;
		enum hmmu_advice machine;
	} advices[] = {
		{ MADV_DONTNEED, HMMU_MADV_DONTNEED },       { MADV_FREE, HMMU_MADV_FREE },
		{ MADV_HUGEPAGE, HMMU_MADV_HUGEPAGE },       { MADV_NOHUGEPAGE, HMMU_MADV_NOHUGEPAGE },
		{ MADV_DONTFORK, HMMU_MADV_DONTFORK },       { MADV_DOFORK, HMMU_MADV_DOFORK },
		{ MADV_UNMERGEABLE, HMMU_MADV_UNMERGEABLE },
	};

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].host == advice)
			return (int)advices[i].machine;
	return -1;
}

long live_advise(uint64_t address, size_t size, int advice)
{
	int known = advice_of(advice);
	struct range_call call = { address, round_up(size), (uint32_t)known, hmmu_madvise };

	return known < 0 ? -EINVAL : live_run(call_range, &call);
}

/* --- mremap() --- */

/** The arguments of mremap(). */
struct remap_call {
	uint64_t address;
	uint64_t old_length;
	uint64_t length;
	uint32_t flags; /**< enum hmmu_mremap */
	uint64_t wanted;
	int host_flags;
};

static long do_remap(struct hmmu *m, uint32_t tid, void *data)
{
	const struct remap_call call = *(struct remap_call *)data;
	uint64_t address;
	int err;

	while ((err = hmmu_mremap(m, tid, call.address, call.old_length, call.length, call.flags, call.wanted,
				  &address)) == -EAGAIN)
		kapi_block(tid);
	return err ? err : (long)address;
}

/* To a place that the program has chosen, or to one that is reserved here. */
static long move(struct remap_call *call, bool is_chosen)
{
	long result = -ENOMEM;

	if (!is_chosen)
		call->wanted = live_reserve_window(call->length);
	if (is_chosen ? live_take_window(call->wanted, call->length) : call->wanted != 0)
		result = kapi_call(live_tid, do_remap, call);
	if (result >= 0 && call->old_length)
		live_release_windows(call->address, call->old_length);
	else if (result < 0 && !is_chosen && call->wanted)
		live_release_windows(call->wanted, call->length);
	return result;
}

/* A mapping grows where it is if its window has room, from when it was larger. */
static bool fits(const struct remap_call *call)
{
	uint32_t i = live_first_window(live.process, call->address);
	uint64_t length = call->length > call->old_length ? call->length : call->old_length;

	return i < live.process->window_count && call->address + length <= live.process->windows[i].end;
}

static long remap(void *data)
{
	const uint32_t both = HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED;
	struct remap_call call = *(struct remap_call *)data;
	long result = -ENOMEM;

	if (call.host_flags & MREMAP_FIXED) {
		call.flags = both;
		return call.host_flags & MREMAP_MAYMOVE ? move(&call, true) : -EINVAL;
	}
	if (fits(&call) && call.old_length)
		result = kapi_call(live_tid, do_remap, &call);
	if (result != -ENOMEM || !(call.host_flags & MREMAP_MAYMOVE))
		return result;
	call.flags = both;
	return move(&call, false);
}

long live_remap(uint64_t address, size_t old_size, size_t size, int flags, uint64_t wanted)
{
	struct remap_call call = {
		.address = address,
		.old_length = round_up(old_size),
		.length = round_up(size),
		.wanted = wanted,
		.host_flags = flags,
	};

	if (!size || flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED))
		return -EINVAL;
	return live_run(remap, &call);
}
