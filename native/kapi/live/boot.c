/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's beginning, when the program opens its first device; and the memory that the program keeps. */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/uio.h>

struct live live;

/* --- the program's own memory, for drivers --- */

static bool has_host_memory(uint32_t tid, uint64_t address, size_t size)
{
	const struct live_process *process = live_process_of(tid);

	return process && !live_overlaps(process, address, size);
}

/* The host copies, so an address without memory is an error and no fault. */
static bool load_host_memory(uint32_t tid, uint64_t address, void *to, size_t size)
{
	const struct live_process *process = live_process_of(tid);
	const struct iovec here = { to, size }, there = { (void *)address, size };

	return process && process_vm_readv(process->host_pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

static bool store_host_memory(uint32_t tid, uint64_t address, const void *from, size_t size)
{
	const struct live_process *process = live_process_of(tid);
	const struct iovec here = { (void *)from, size }, there = { (void *)address, size };

	return process && process_vm_writev(process->host_pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

static const struct kapi_process_memory process_memory = { .has = has_host_memory,
							   .load = load_host_memory,
							   .store = store_host_memory };

/* --- boot --- */

void live_exit(void)
{
	if (!live.process || live_is_inside())
		return;
	live_bury(live.process);
}

static int make_machine(void)
{
	const struct kapi_options options = live_options();
	int err = live_share_kernel();

	if (!err)
		err = live_enter_boot();
	if (!err)
		err = kapi_boot(&options, &live.m);
	if (!err)
		err = live_process_boot();
	return err;
}

int live_boot(void)
{
	int err = live_catch_faults();

	if (!err)
		err = make_machine();
	if (!err)
		err = live_set_up();
	if (!err)
		err = (int)kapi_load_modules();
	if (!err)
		err = live_tlb_boot();
	if (err)
		return err;
	kapi_set_process_memory(&process_memory);
	return atexit(live_exit) ? -ENOMEM : 0;
}
