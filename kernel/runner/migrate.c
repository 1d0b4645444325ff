// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate and evict, with the commands that are interleaved.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include "runner.h"

const char *when_names[] = { "", "@alloc ", "@final " };

static void interleave(struct cmd *inter, int n, int when, struct cmd *top, struct text *t)
{
	int i;

	for (i = 0; i < n && !failure[0]; i++) {
		struct cmd *c = &inter[i];

		if (c->when != when)
			continue;
		c->ran = 1;
		put(t, "  %s%s\n", when_names[when], c->line);
		if (parse(c)) {
			put(t, "    skipped\n");
			continue;
		}
		if (c->verb == V_DEVMEM || c->verb == V_SWAP || c->verb == V_MEMCG || c->verb == V_MIGRATE ||
		    c->verb == V_EVICT || c->verb == V_WATCH)
			fail("not while a migration stands: %s", c->line);
		if (c->verb == V_EXIT && c->p == top->p)
			fail("the migrating process cannot exit");
		if (failure[0])
			return;
		/* what was touched so far is on the LRU, whatever else the
		 * harness did: see docs/drills.md */
		ioctl(oracle_fd, OR_DRAIN);
		if (run_here(c, t, 4))
			continue;
		start(c);
		if (failure[0])
			return;
		if (wait_for(c)) {
			c->blocked = 1;
			if (c->verb == V_EXIT)
				c->p->alive = 0; /* no more commands */
			put(t, "    blocked\n");
		} else {
			finish(c, t, 4);
		}
	}
	script_line = top->number;
}

void run_migrate(struct cmd *c, struct cmd *inter, int n, struct text *t)
{
	static struct text at_alloc, at_final;
	struct or_migrate *m = &sh->migrate;
	struct or_wait w;
	int i;

	start(c);
	if (failure[0])
		return;
	at_alloc.n = at_final.n = 0;
	for (;;) {
		w.ms = 20000;
		ioctl(oracle_fd, OR_WAIT, &w);
		if (w.stage == OR_STAGE_ALLOC) {
			interleave(inter, n, 1, c, &at_alloc);
			ioctl(oracle_fd, OR_GO);
		} else if (w.stage == OR_STAGE_FINAL) {
			interleave(inter, n, 2, c, &at_final);
			ioctl(oracle_fd, OR_GO);
		} else if (w.stage == OR_STAGE_DONE) {
			break;
		} else {
			fail("migration hangs");
			return;
		}
	}
	if (wait_for(c)) {
		fail("migration does not end");
		return;
	}

	if (m->ran) {
		put_runs(t, c->verb == V_EVICT ? "  src " : "  alloc ", c->first, c->pages, pfn_word, sh->src0);
		if (c->verb != V_EVICT)
			put_runs(t, "  dst ", c->first, c->pages, pfn_word, sh->dst);
		append(t, &at_alloc);
		put_runs(t, "  final ", c->first, c->pages, pfn_word, sh->src1);
		append(t, &at_final);
	}
	if (c->verb == V_EVICT)
		;
	else if (m->ret)
		put(t, "  ret -%s\n", err_name(-m->ret));
	else
		put(t, "  ret 0\n");

	for (i = 0; i < n; i++) {
		struct cmd *b = &inter[i];

		if (!b->ran) {
			put(t, "  %s%s\n    skipped\n", when_names[b->when], b->line);
		} else if (b->blocked) {
			put(t, "  done %s%s\n", when_names[b->when], b->line);
			if (b->verb == V_EXIT ? wait_exit(b->p, 2000) : wait_for(b)) {
				put(t, "    blocked\n");
				stopped = 1;
			} else {
				finish(b, t, 4);
			}
		}
	}
}
