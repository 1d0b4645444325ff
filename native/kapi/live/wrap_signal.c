/* SPDX-License-Identifier: GPL-2.0-only */
/* The C library's functions for handlers of signals: that for SIGSEGV is ours. */
#define _GNU_SOURCE
#include "live/host_function.h"
#include "live/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

static bool is_refused(int number)
{
	if (number != SIGSEGV || !live.process)
		return false;
	fprintf(stderr, "kapi: a program in emulated memory cannot have a handler for SIGSEGV\n");
	errno = ENOTSUP;
	return true;
}

int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	return action && is_refused(number) ? -1 : HOST(sigaction)(number, action, old);
}

sighandler_t signal(int number, sighandler_t handler)
{
	return is_refused(number) ? SIG_ERR : HOST(signal)(number, handler);
}

void live_default_action(int number)
{
	HOST(signal)(number, SIG_DFL);
}
