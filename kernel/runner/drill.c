// SPDX-License-Identifier: GPL-2.0-only
/*
 * One drill from its first line to its end.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runner.h"

/* anything the kernel complained about since we last looked */
static void check_kernel(void)
{
	static const char *bad[] = {
		"BUG",
		"WARNING",
		"Bad page",
		"bad page",
		"Bad rss",
		"Oops",
		"general protection",
		"Call Trace",
		"page dumped",
		"bad pmd",
		"BAD",
		"Kernel panic",
		"unable to handle",
	};
	char rec[8192];
	ssize_t n;
	size_t i;

	while ((n = read(kmsg_fd, rec, sizeof(rec) - 1)) > 0) {
		char *s, *nl;

		rec[n] = 0;
		s = strchr(rec, ';');
		s = s ? s + 1 : rec;
		nl = strchr(s, '\n');
		if (nl)
			*nl = 0;
		for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
			if (strstr(s, bad[i]))
				fail("kernel: %s", s);
	}
}

static void end_drill(void)
{
	struct or_reset r = { .ndev = 1024 };
	int i;

	ioctl(oracle_fd, OR_DROPALL);
	for (i = 0; i < nprocs; i++)
		if (procs[i].pid > 0)
			kill(procs[i].pid, SIGKILL);
	for (i = 0; i < nprocs; i++)
		if (procs[i].pid > 0 && waitpid(procs[i].pid, NULL, WNOHANG) >= 0)
			while (waitpid(procs[i].pid, NULL, 0) < 0 && errno == EINTR)
				;
	end_memcg();
	if (swap_pages && swapoff(SWAP_DISK)) {
		fail("swapoff: %s", strerror(errno));
		spoilt = 1;
	}
	if (ioctl(oracle_fd, OR_RESET, &r))
		fail("reset: %s", strerror(errno));
	if (r.leaked) {
		fail("%llu device pages leaked", r.leaked);
		spoilt = 1;
	}
	check_kernel();
	/* let it complain of the same thing again */
	if (failure[0])
		set_file("/sys/kernel/debug/clear_warn_once", "1");
}

/* The number behind the first word of a line. What follows it must be equal to the last argument. */
static uint64_t first_number(const char *line, uint64_t most, const char *more)
{
	const char *s = strchr(line, ' ') + 1;
	char *end;
	uint64_t n = strtoull(s, &end, 10);

	if (!isdigit((unsigned char)*s) || n > most || strcmp(end, more))
		fail("not a number up to %llu: %s", (unsigned long long)most, line);
	return n;
}

/* A line that says how much memory there is. False: it is another line, and so are those behind it. */
static int describe_machine(const char *line, struct or_reset *r)
{
	if (!strncmp(line, "devmem ", 7)) {
		if (strstr(line, " coherent"))
			coherent_pages = r->ncoh = first_number(line, OR_MAX_COH, " coherent");
		else
			device_pages = r->ndev = first_number(line, OR_MAX_DEV, "");
	} else if (!strncmp(line, "swap ", 5)) {
		swap_pages = first_number(line, MAX_SWAP, "");
	} else if (!strncmp(line, "memcg ", 6)) {
		memcg_pages = first_number(line, MAX_MEMCG, "");
	} else {
		return 0;
	}
	return 1;
}

void run_drill(char *text, struct text *t)
{
	static struct cmd c, inter[MAX_INTER];
	struct or_reset r = { .ndev = 1024 };
	char *line, *next = text;
	int first = 1, number = 0;

	memset(procs, 0, sizeof(procs));
	memset(handles, 0, sizeof(handles));
	nprocs = 0;
	failure[0] = 0;
	stopped = 0;
	device_pages = r.ndev;
	coherent_pages = swap_pages = memcg_pages = 0;

	while (next && !failure[0] && !stopped) {
		int n = 0;

		line = next;
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		memset(&c, 0, sizeof(c));
		c.number = script_line = ++number;
		squeeze(c.line, sizeof(c.line), line);
		if (!c.line[0])
			continue;

		/* the indented lines that belong to this one */
		while (next && isspace((unsigned char)*next)) {
			char *nl = strchr(next, '\n'), copy[256];
			struct cmd *x;

			if (nl)
				*nl = 0;
			squeeze(copy, sizeof(copy), next);
			next = nl ? nl + 1 : NULL;
			script_line = ++number;
			if (!copy[0])
				continue;
			if (n == MAX_INTER) {
				fail("more than %d interleaved commands", MAX_INTER);
				break;
			}
			x = &inter[n++];
			memset(x, 0, sizeof(*x));
			x->number = number;
			if (!strncmp(copy, "@alloc ", 7))
				x->when = 1;
			else if (!strncmp(copy, "@final ", 7))
				x->when = 2;
			else
				fail("interleaved neither @alloc nor @final: %s", copy);
			snprintf(x->line, sizeof(x->line), "%s", strlen(copy) > 7 ? copy + 7 : "?");
		}

		script_line = c.number;
		put(t, "%s\n", c.line);
		if (first && describe_machine(c.line, &r))
			continue;
		if (first) {
			swapping = swap_pages > 0;
			if (swap_pages)
				start_swap();
			if (memcg_pages)
				start_memcg();
			if (failure[0])
				break;
			if (ioctl(oracle_fd, OR_RESET, &r)) {
				fail("reset: %s", strerror(errno));
				break;
			}
			start_proc("A");
			first = 0;
		}
		if (parse(&c)) {
			int i;

			put(t, "  skipped\n");
			for (i = 0; i < n; i++)
				put(t, "  %s%s\n    skipped\n", when_names[inter[i].when], inter[i].line);
			continue;
		}
		if (n && c.verb != V_MIGRATE && c.verb != V_EVICT)
			fail("only migrate and evict have interleaved commands: %s", c.line);
		if (c.verb == V_DEVMEM || c.verb == V_SWAP || c.verb == V_MEMCG)
			fail("%s comes first: %s", c.w[0], c.line);
		if (failure[0])
			break;
		ioctl(oracle_fd, OR_DRAIN);
		if (c.verb == V_MIGRATE || c.verb == V_EVICT) {
			int i;

			ioctl(oracle_fd, OR_ARM);
			for (i = 0; i < n; i++)
				c.stops |= inter[i].when == 1 ? OR_STOP_ALLOC : OR_STOP_FINAL;
			run_migrate(&c, inter, n, t);
		} else if (!run_here(&c, t, 2)) {
			start(&c);
			if (failure[0])
				break;
			if (wait_for(&c)) {
				put(t, "  blocked\n");
				stopped = 1;
			} else {
				finish(&c, t, 2);
			}
		}
		if (!stopped)
			put_events(t);
	}
	script_line = 0;
	end_drill();
}
