/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults of the host in emulated memory: the machine does what the access would, and the host maps the page as it does. */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>

/** The bit of x86's error code that tells of a store. */
#define ERROR_WRITE 2

/* The page is there, accessed, dirty, and in the machine's own TLB. */
static long touch(uint64_t address, bool write)
{
	unsigned char byte;
	long err = kapi_load(live_tid, address, &byte, 1);

	return err || !write ? err : kapi_store(live_tid, address, &byte, 1);
}

/* The program ends by the signal. */
static void die_of(int number, const void *address, const char *where)
{
	fprintf(stderr, "kapi: signal %d at %p, %s\n", number, address, where);
	live_default_action(number);
	raise(number);
}

/** An access that the host has refused. */
struct access {
	uint64_t address;
	bool write;
	bool emulated;
};

/* The signal that the program gets; 0: none, the access is made again. */
static long resolve(void *data)
{
	struct access *access = data;
	long err;

	access->emulated = live_overlaps(live.process, access->address, 1);
	if (!access->emulated)
		return SIGSEGV;
	err = touch(access->address, access->write);
	if (err)
		return hmmu_error(live.m)->code == HMMU_ERR_SIGBUS ? SIGBUS : SIGSEGV;
	return live_map_page(access->address & ~(LIVE_PAGE - 1), access->write) ? 0 : SIGBUS;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	struct access access = { .address = (uint64_t)info->si_addr };
	int saved = errno;
	long killed_by;

	if (!live.process || live_is_inside()) {
		die_of(number, info->si_addr, live.process ? "in the kernel or a driver" : "the host's memory");
		return;
	}
	access.write = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & ERROR_WRITE;
	killed_by = live_run(resolve, &access);
	if (killed_by)
		die_of(killed_by < 0 ? SIGBUS : (int)killed_by, info->si_addr,
		       access.emulated ? "emulated memory" : "the host's memory");
	errno = saved;
}

/* AddressSanitizer has this function. */
extern void __asan_init(void) __attribute__((weak));

int live_catch_faults(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER }, old;

	if (__asan_init) {
		fprintf(stderr, "kapi: a program under AddressSanitizer cannot run in emulated memory\n");
		return -ENOTSUP;
	}
	sigaction(SIGSEGV, NULL, &old);
	if (old.sa_flags & SA_SIGINFO || (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN)) {
		fprintf(stderr, "kapi: a program with a handler for SIGSEGV cannot run in emulated memory\n");
		return -ENOTSUP;
	}
	sigemptyset(&action.sa_mask);
	return sigaction(SIGSEGV, &action, NULL) ? -errno : 0;
}
