/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes of the program, each one of the machine; and their threads, each a task. */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct live_process *add(void)
{
	struct live_process *process = live_alloc(sizeof(*process));

	if (!process)
		return NULL;
	process->threads = 1;
	process->in_kernel = 1;
	process->next = live.shared->processes;
	live.shared->processes = process;
	return process;
}

static void forget(struct live_process *process)
{
	struct live_process **link = &live.shared->processes;

	while (*link && *link != process)
		link = &(*link)->next;
	if (*link)
		*link = process->next;
}

/* Other processes of the program may read and write its memory, as the kernel would for a driver. */
static void allow_copies(void)
{
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
}

int live_process_boot(void)
{
	struct live_process *process = add();
	int err = process ? hmmu_process_create(live.m, &process->pid) : -ENOMEM;

	if (err)
		return err;
	process->host_pid = getpid();
	live_tid = hmmu_process_task(live.m, process->pid);
	live.process = process;
	allow_copies();
	return 0;
}

struct live_process *live_process_of(uint32_t tid)
{
	struct hmmu_task_state state;
	struct live_process *process = live.shared->processes;

	if (hmmu_task_state(live.m, tid, &state))
		return NULL;
	while (process && process->pid != state.pid)
		process = process->next;
	return process;
}

static long fork_process(void *data)
{
	uint32_t pid;
	long err = kapi_fork(live_tid, &pid);

	if (!err)
		((struct live_process *)data)->pid = pid;
	return err;
}

struct live_process *live_fork_begin(void)
{
	struct live_process *child = add();
	long err = child ? live_run(fork_process, child) : -ENOMEM;

	if (err) {
		if (child)
			forget(child);
		live_free(child);
		errno = (int)-err;
		return NULL;
	}
	memcpy(child->windows, live.process->windows, sizeof(child->windows));
	child->window_count = live.process->window_count;
	live_share_files(child);
	return child;
}

/* What the host has mapped is its parent's memory. */
void live_fork_child(struct live_process *child)
{
	live.process = child;
	child->host_pid = getpid();
	live_tid = hmmu_process_task(live.m, child->pid);
	allow_copies();
	live_enter_child();
	live_drop_all();
}

/* --- ends --- */

/* A process that was killed in a call: the call goes on to its end, as a kernel's would. */
static void end_calls(uint32_t pid)
{
	uint32_t tids[64];
	int count = hmmu_tasks(live.m, pid, tids, 64);

	for (int i = 0; i < count && i < 64; i++)
		kapi_resume(tids[i]);
}

static long bury(void *data)
{
	struct live_process *process = data;
	uint32_t tid = hmmu_process_task(live.m, process->pid);

	end_calls(process->pid);
	live_close_all(process, tid);
	kapi_exit(process->pid);
	forget(process);
	if (process == live.process)
		live_end_process();
	live_free(process);
	if (live.shared->processes)
		return 0;
	/* What drivers have left is reported. */
	kapi_unload_modules();
	kapi_shutdown();
	live.m = NULL;
	return 0;
}

void live_bury(struct live_process *process)
{
	live_run(bury, process);
}

static struct live_process *find(pid_t host_pid)
{
	struct live_process *process = live.shared->processes;

	while (process && process->host_pid != host_pid)
		process = process->next;
	return process;
}

static long bury_child(void *data)
{
	struct live_process *process = find(*(pid_t *)data);

	return process && process != live.process ? bury(process) : 0;
}

void live_child_ended(pid_t host_pid)
{
	if (live.process)
		live_run(bury_child, &host_pid);
}

/* --- threads --- */

int live_thread_begin(uint32_t *tid)
{
	int err;

	live_enter();
	err = hmmu_task_create(live.m, live.process->pid, tid);
	if (!err)
		live.process->threads++;
	live_leave();
	return err;
}

/* The thread's own signals stay blocked for a moment after it is not counted any more; it touches nothing then. */
void live_thread_undo(uint32_t tid)
{
	if (!live.process)
		return;
	live_enter();
	hmmu_task_destroy(live.m, tid);
	live.process->threads--;
	live_leave();
}

void live_thread_end(void)
{
	live_thread_undo(live_tid);
}
