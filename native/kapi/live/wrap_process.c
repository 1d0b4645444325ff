/* SPDX-License-Identifier: GPL-2.0-only */
/* The C library's functions that a program calls for processes and threads. */
#define _GNU_SOURCE
#include "live/host_function.h"
#include "live/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- processes --- */

pid_t fork(void)
{
	struct live_process *child;
	pid_t pid;

	if (!live.process)
		return HOST(fork)();
	live_enter();
	child = live_fork_begin();
	pid = child ? HOST(fork)() : -1;
	if (child && !pid)
		live_fork_child(child);
	else if (child && pid > 0)
		child->host_pid = pid;
	else if (child)
		live_bury(child);
	live_leave();
	return pid;
}

/* The child would share the parent's memory, and with it what the parent knows of the machine. */
pid_t vfork(void)
{
	return fork();
}

static pid_t note_end(pid_t pid, int status)
{
	if (pid > 0 && (WIFEXITED(status) || WIFSIGNALED(status)))
		live_child_ended(pid);
	return pid;
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	int ended = 0;
	pid_t result = (pid_t)syscall(SYS_wait4, pid, &ended, options, usage);

	if (status && result > 0)
		*status = ended;
	return note_end(result, ended);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	siginfo_t ended = { 0 };
	int result = (int)syscall(SYS_waitid, type, id, &ended, options, NULL);

	if (info)
		*info = ended;
	if (!result && ended.si_pid && !(options & WNOWAIT) && ended.si_code != CLD_STOPPED &&
	    ended.si_code != CLD_CONTINUED && ended.si_code != CLD_TRAPPED)
		live_child_ended(ended.si_pid);
	return result;
}

void _exit(int status)
{
	live_exit();
	syscall(SYS_exit_group, status);
	abort();
}

void _Exit(int status) __attribute__((alias("_exit"), noreturn));

/* --- threads --- */

/** What a thread of the program begins with. */
struct start {
	void *(*function)(void *);
	void *argument;
	uint32_t tid;
};

static void end_thread(void *data)
{
	(void)data;
	live_thread_end();
}

static void *run_thread(void *data)
{
	struct start start = *(struct start *)data;
	void *result;

	free(data);
	live_tid = start.tid;
	pthread_cleanup_push(end_thread, NULL);
	result = start.function(start.argument);
	pthread_cleanup_pop(1);
	return result;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument)
{
	struct start *start;
	int err;

	if (!live.process)
		return HOST(pthread_create)(thread, attributes, function, argument);
	start = malloc(sizeof(*start));
	if (!start)
		return EAGAIN;
	*start = (struct start){ .function = function, .argument = argument };
	err = live_thread_begin(&start->tid) ? EAGAIN : 0;
	if (!err) {
		err = HOST(pthread_create)(thread, attributes, run_thread, start);
		if (!err)
			return 0;
		live_thread_undo(start->tid);
	}
	free(start);
	return err;
}
