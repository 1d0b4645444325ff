// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that the controller carries out itself: dump, count, hold, isolate,
 * drop, watch; and the lines of invalidations.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "runner.h"

static const char *kind_names[] = {
	"none", "zero", "sys", "huge", "hzero", "dev", "mig", "swap", "nomap", "special", "excl", "marker", "coh",
};
static const char *flag_names[] = {
	"locked",      "uptodate", "dirty", "lru",  "active",    "referenced", "swapbacked",
	"unevictable", "mlocked",  "head",  "tail", "exclusive", "swapcache",
};

static int same_line(struct or_page *a, struct or_page *b, int apart)
{
	if (a->kind != b->kind || a->bits != b->bits || a->users != b->users || a->page != b->page)
		return 0;
	if (!a->page)
		return 1;
	return a->dev == b->dev && a->label + apart == b->label && a->ref == b->ref && a->map == b->map &&
	       a->flags == b->flags;
}

static void do_dump(struct cmd *c, struct text *t, int indent)
{
	static struct or_page pages[MAX_PAGES];
	struct or_dump d = {
		.pid = c->p->pid,
		.addr = c->addr,
		.npages = c->pages,
		.out = (uint64_t)pages,
	};
	uint64_t i, j;
	int k;

	if (ioctl(oracle_fd, OR_DUMP, &d)) {
		fail("dump: %s", strerror(errno));
		return;
	}
	for (i = 0; i < c->pages; i = j) {
		struct or_page *p = &pages[i];
		int comma = 0;

		for (j = i + 1; j < c->pages; j++)
			if (!same_line(p, &pages[j], j - i))
				break;
		put(t, "%*s", indent, "");
		put_range(t, c->first + i, c->first + j - 1);
		put(t, " %s", kind_names[p->kind]);
		if (p->kind != OR_NONE && p->kind != OR_NOMAP && p->kind != OR_KIND_SPECIAL && p->kind != OR_MARKER)
			put(t, " %c%c%c%c",
			    p->bits & OR_W   ? 'w'
			    : p->bits & OR_P ? 'p'
			    : p->bits & OR_X ? 'x'
					     : '-',
			    p->bits & OR_D ? 'd' : '-', p->bits & OR_A ? 'a' : '-', p->bits & OR_S ? 's' : '-');
		if (p->kind == OR_SWAP)
			put(t, " n=%u", p->users);
		if (p->page) {
			char letter = "PDC"[p->dev];

			put(t, " %c%d", letter, p->label);
			if (j > i + 1)
				put(t, "-%c%lu", letter, p->label + (j - i) - 1);
			put(t, " ref=%d map=%d ", p->ref, p->map);
			for (k = 0; k < 13; k++)
				if (p->flags & (1 << k))
					put(t, "%s%s", comma++ ? "," : "", flag_names[k]);
			if (!comma)
				put(t, "-");
		}
		put(t, "\n");
	}
}

static void do_count(struct cmd *c, struct text *t, int indent)
{
	struct or_count n = {
		.pid = c->p->pid,
		.lo = WINDOW_LO,
		.hi = WINDOW_HI,
	};

	if (ioctl(oracle_fd, OR_COUNT, &n)) {
		fail("count: %s", strerror(errno));
		return;
	}
	put(t, "%*sanon=%lld file=%lld shmem=%lld swap=%lld\n", indent, "", n.anon, n.file, n.shmem, n.swap);
	put(t, "%*sdevfree=%lld", indent, "", n.devfree);
	if (coherent_pages)
		put(t, " cohfree=%lld", n.cohfree);
	if (swap_pages)
		put(t, " swapfree=%lld", n.swapfree);
	put(t, "\n");
}

static void do_grab(struct cmd *c, struct text *t, int indent)
{
	struct or_grab g = { .pid = c->p->pid, .addr = c->addr };

	name_handle(c);
	if (failure[0])
		return;
	if (c->pages != 1) {
		fail("not one page: %s", c->line);
		return;
	}
	g.handle = c->handle;
	if (ioctl(oracle_fd, c->verb == V_HOLD ? OR_HOLD : OR_ISOLATE, &g)) {
		put_error(t, indent, -errno);
		return;
	}
	handles[c->handle].used = 1;
	snprintf(handles[c->handle].name, sizeof(handles[c->handle].name), "%s", c->w[4]);
}

/* 1: done by the controller itself */
int run_here(struct cmd *c, struct text *t, int indent)
{
	switch (c->verb) {
	case V_DUMP:
		do_dump(c, t, indent);
		return 1;
	case V_COUNT:
		do_count(c, t, indent);
		return 1;
	case V_HOLD:
	case V_ISOLATE:
		do_grab(c, t, indent);
		return 1;
	case V_DROP:
		ioctl(oracle_fd, OR_DROP, c->handle);
		handles[c->handle].used = 0;
		return 1;
	case V_WATCH: {
		struct or_watch w = { .pid = c->p->pid, .id = c->p - procs };

		if (!c->p->watched && ioctl(oracle_fd, OR_WATCH, &w))
			fail("watch: %s", strerror(errno));
		c->p->watched = 1;
		return 1;
	}
	default:
		return 0;
	}
}

void put_events(struct text *t)
{
	static struct or_event ev[8192];
	struct or_events e = { .max = 8192, .out = (uint64_t)ev };
	uint32_t i;
	int k;

	if (ioctl(oracle_fd, OR_EVENTS, &e) || e.lost) {
		fail("events lost");
		return;
	}
	for (i = 0; i < e.n; i++) {
		struct proc *p = &procs[ev[i].id];

		for (k = 0; k < p->nregions; k++) {
			struct region *r = &p->region[k];
			uint64_t lo = r->addr, hi = r->addr + r->pages * PAGE;

			if (ev[i].start > lo)
				lo = ev[i].start & -PAGE;
			if (ev[i].end < hi)
				hi = (ev[i].end + PAGE - 1) & -PAGE;
			if (lo >= hi)
				continue;
			put(t, "  inv %s %s", p->name, r->name);
			put_range(t, (lo - r->addr) / PAGE, (hi - r->addr) / PAGE - 1);
			put(t, "\n");
		}
	}
}
