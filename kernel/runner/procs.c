// SPDX-License-Identifier: GPL-2.0-only
/*
 * The controller's side of the mailboxes: start processes, hand out commands,
 * wait for them.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "runner.h"

void send_command(struct proc *p, int thread)
{
	struct mailbox *m = &sh->box[p - procs][thread];

	__atomic_add_fetch(&m->req, 1, __ATOMIC_SEQ_CST);
	wake(&m->req);
}

/*
 * 0: the thread finished its command, -EAGAIN: it sleeps and nothing will
 * wake it, -ESRCH: it is gone. One CPU is online: while we sleep whoever can
 * run runs.
 */
int await(struct proc *p, int thread)
{
	struct mailbox *m = &sh->box[p - procs][thread];
	struct timespec tick = { 0, 2000000 };
	uint64_t switches = 0;
	int strikes = 0;

	for (;;) {
		uint32_t rsp = __atomic_load_n(&m->rsp, __ATOMIC_SEQ_CST);
		struct or_task t = { .tid = m->tid };
		long ret;

		if (rsp == m->req)
			return 0;
		ret = SYS(SYS_futex, &m->rsp, FUTEX_WAIT, rsp, &tick, 0, 0);
		if (ret != -ETIMEDOUT)
			continue;
		ioctl(oracle_fd, OR_TASK, &t);
		if (__atomic_load_n(&m->rsp, __ATOMIC_SEQ_CST) == m->req)
			return 0;
		if (t.gone)
			return -ESRCH;
		if (t.state != 0 && t.switches == switches)
			strikes++;
		else
			strikes = 0;
		switches = t.switches;
		/* changing groups waits for RCU */
		if (strikes == (limited_fd < 0 ? 4 : 100))
			return -EAGAIN;
	}
}

int wait_ready(int slot)
{
	int tries;

	for (tries = 0; tries < 5000; tries++) {
		uint32_t n = __atomic_load_n(&sh->ready[slot], __ATOMIC_SEQ_CST);
		struct timespec tick = { 0, 1000000 };

		if (n == THREADS)
			return 0;
		SYS(SYS_futex, &sh->ready[slot], FUTEX_WAIT, n, &tick, 0, 0);
	}
	return -1;
}

int wait_exit(struct proc *p, int ms)
{
	struct timespec tick = { 0, 50000 };
	int tries;

	for (tries = 0; tries < ms * 10; tries++) {
		int status;
		pid_t got = waitpid(p->pid, &status, WNOHANG);

		if (got == p->pid) {
			if (WIFEXITED(status) && WEXITSTATUS(status))
				fail("process %s ended with status %d", p->name, WEXITSTATUS(status));
			return 0;
		}
		nanosleep(&tick, NULL);
	}
	return -EAGAIN;
}

static void clear_slot(int slot)
{
	int i;

	sh->ready[slot] = 0;
	sh->limited[slot] = 0;
	for (i = 0; i < THREADS; i++) {
		sh->box[slot][i].req = 0;
		sh->box[slot][i].rsp = 0;
		sh->box[slot][i].tid = 0;
	}
}

struct proc *new_proc(const char *name, struct proc *parent)
{
	struct proc *p;

	if (nprocs == MAX_PROC) {
		fail("too many processes");
		return NULL;
	}
	p = &procs[nprocs];
	memset(p, 0, sizeof(*p));
	if (parent) {
		p->nregions = parent->nregions;
		memcpy(p->region, parent->region, sizeof(p->region));
		p->cursor = parent->cursor;
	} else {
		p->cursor = WINDOW_LO;
	}
	snprintf(p->name, sizeof(p->name), "%s", name);
	clear_slot(nprocs);
	nprocs++;
	return p;
}

struct proc *start_proc(const char *name)
{
	struct proc *p = new_proc(name, NULL);
	pid_t pid;

	if (!p)
		return NULL;
	pid = fork();
	if (pid == 0)
		actor_main(p - procs, -1);
	p->pid = pid;
	p->alive = 1;
	if (wait_ready(p - procs))
		fail("process %s does not start", name);
	return p;
}

/* The process that evicts, for the driver: no drill can name it. */
struct proc *driver(void)
{
	struct proc *p = find_proc(" driver");

	return p ? p : start_proc(" driver");
}
