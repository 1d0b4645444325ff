// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hands a command with its arguments to the thread that runs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "runner.h"

/* newer than Debian 12's headers of the C library */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static void mark_pages(struct cmd *c, const char *list, int policy)
{
	while (*list) {
		char *end;
		unsigned long i = strtoul(list, &end, 10), j = i;

		if (end == list) {
			fail("a list of pages is wrong: %s", c->line);
			return;
		}
		if (*end == '-')
			j = strtoul(end + 1, &end, 10);
		for (; i <= j && i < c->first + c->pages; i++) {
			uint8_t *p = &sh->policy[i - c->first];

			if (i >= c->first)
				*p = policy;
		}
		list = *end == ',' ? end + 1 : end;
		if (*end && *end != ',') {
			fail("a list of pages is wrong: %s", c->line);
			return;
		}
	}
}

/* "system", "private", "coherent", with commas between */
static int selection(struct cmd *c, const char *s)
{
	int select = 0;

	while (*s) {
		size_t n = strcspn(s, ",");

		if (n == 6 && !strncmp(s, "system", n))
			select |= OR_SEL_SYSTEM;
		else if (n == 7 && !strncmp(s, "private", n))
			select |= OR_SEL_PRIVATE;
		else if (n == 8 && !strncmp(s, "coherent", n))
			select |= OR_SEL_COHERENT;
		else
			fail("select= takes system, private, coherent: %s", c->line);
		s += n + (s[n] == ',');
	}
	return select;
}

static void prepare_migrate(struct cmd *c)
{
	struct or_migrate *m = &sh->migrate;
	int i;

	memset(m, 0, sizeof(*m));
	memset(sh->policy, OR_POL_TAKE, c->pages);
	m->addr = c->addr;
	m->npages = c->pages;
	m->stops = c->stops;
	m->policy = (uint64_t)sh->policy;
	m->src0 = (uint64_t)sh->src0;
	m->dst = (uint64_t)sh->dst;
	m->src1 = (uint64_t)sh->src1;
	if (c->verb == V_EVICT) {
		m->to = OR_TO_SYS;
		m->select = c->coherent ? OR_SEL_COHERENT : 0;
		return;
	}
	if (!word_is(c, 3, "to") || c->n < 5) {
		fail("a migration goes to dev, sys or coh: %s", c->line);
		return;
	}
	if (word_is(c, 4, "dev"))
		m->to = OR_TO_DEV;
	else if (word_is(c, 4, "sys"))
		m->to = OR_TO_SYS;
	else if (word_is(c, 4, "coh"))
		m->to = OR_TO_COH;
	else
		fail("a migration goes to dev, sys or coh: %s", c->line);
	for (i = 5; i < c->n; i++) {
		if (!strncmp(c->w[i], "skip=", 5))
			mark_pages(c, c->w[i] + 5, OR_POL_SKIP);
		else if (!strncmp(c->w[i], "error=", 6))
			mark_pages(c, c->w[i] + 6, OR_POL_SKIP);
		else if (!strncmp(c->w[i], "select=", 7))
			m->select = selection(c, c->w[i] + 7);
		else if (word_is(c, i, "owner=other"))
			m->stranger = 1;
		else
			fail("no such word %s: %s", c->w[i], c->line);
	}
}

void name_handle(struct cmd *c)
{
	if (!word_is(c, 3, "as") || c->n < 5 || find_handle(c->w[4]) >= 0) {
		fail("the name of a handle is missing, or taken: %s", c->line);
		return;
	}
	c->handle = free_handle();
}

static int advice_of(const char *s)
{
	static const struct {
		const char *name;
		int advice;
	} all[] = {
		{ "dontneed", MADV_DONTNEED },
		{ "free", MADV_FREE },
		{ "hugepage", MADV_HUGEPAGE },
		{ "nohugepage", MADV_NOHUGEPAGE },
		{ "dontfork", MADV_DONTFORK },
		{ "unmergeable", MADV_UNMERGEABLE },
		{ "populate_read", MADV_POPULATE_READ },
		{ "populate_write", MADV_POPULATE_WRITE },
		{ "cold", MADV_COLD },
		{ "pageout", MADV_PAGEOUT },
		{ "collapse", MADV_COLLAPSE },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(s, all[i].name))
			return all[i].advice;
	fail("no such advice: %s", s);
	return 0;
}

/* Where the next region goes: 1 MiB above a 2 MiB boundary, or on one. */
struct region *place_region(struct proc *p, const char *name, uint64_t pages, int at2m)
{
	struct region *r = &p->region[p->nregions++];

	snprintf(r->name, sizeof(r->name), "%s", name);
	r->addr = p->cursor + (at2m ? 0 : HUGE / 2);
	r->pages = pages;
	p->cursor = ((r->addr + pages * PAGE + HUGE - 1) & -HUGE) + HUGE;
	return r;
}

static void prepare_map(struct cmd *c, uint64_t *a)
{
	static const char *kinds[] = {
		"anon", "shmem", "file", "sharedfile", "special", "hugetlb",
	};
	int i, kind = -1, at2m = 0;
	struct proc *p = c->p;
	uint64_t pages;

	if (c->n < 5 || p->nregions == MAX_REGION || find_region(p, c->w[2])) {
		fail("needs a free name for a region, its kind and its pages: %s", c->line);
		return;
	}
	for (i = 0; i < 6; i++)
		if (word_is(c, 3, kinds[i]))
			kind = i;
	pages = strtoul(c->w[4], NULL, 10);
	if (kind < 0 || !pages || pages > MAX_PAGES) {
		fail("no such kind, or not 1 to %d pages: %s", MAX_PAGES, c->line);
		return;
	}
	a[3] = a[4] = 0;
	for (i = 5; i < c->n; i++) {
		if (word_is(c, i, "ro"))
			a[3] = 1;
		else if (word_is(c, i, "at2m"))
			at2m = 1;
		else if (word_is(c, i, "thp"))
			a[4] = 1;
		else
			fail("no such word %s: %s", c->w[i], c->line);
	}
	if (kind == K_HUGETLB)
		at2m = 1;
	a[0] = place_region(p, c->w[2], pages, at2m)->addr;
	a[1] = pages;
	a[2] = kind;
}

static void prepare_remap(struct cmd *c, uint64_t *a)
{
	struct proc *p = c->p;

	if (c->n != 5 || !word_is(c, 3, "as") || p->nregions == MAX_REGION || find_region(p, c->w[4])) {
		fail("needs the new name of a region, which is free: %s", c->line);
		return;
	}
	a[2] = place_region(p, c->w[4], c->pages, 0)->addr;
}

/* Hand the command to its thread. */
void start(struct cmd *c)
{
	struct mailbox *m;
	uint64_t *a;

	c->thread = 0;
	if (c->when && c->verb != V_EXIT) {
		for (c->thread = 1; c->thread < THREADS; c->thread++)
			if (!c->p->busy[c->thread])
				break;
		if (c->thread == THREADS) {
			fail("more than %d commands are blocked", THREADS - 1);
			return;
		}
	}
	m = &sh->box[c->p - procs][c->thread];
	a = m->a;
	a[0] = c->addr;
	a[1] = c->pages;
	m->op = c->op;
	switch (c->verb) {
	case V_MAP:
		prepare_map(c, a);
		break;
	case V_PROTECT:
		if (word_is(c, 3, "r"))
			a[2] = PROT_READ;
		else if (word_is(c, 3, "rw"))
			a[2] = PROT_READ | PROT_WRITE;
		else if (word_is(c, 3, "none"))
			a[2] = PROT_NONE;
		else
			fail("rights are r, rw or none: %s", c->line);
		break;
	case V_ADVISE:
		a[2] = c->n > 3 ? advice_of(c->w[3]) : 0;
		break;
	case V_WRITE:
		if (c->n != 4)
			fail("a value is missing: %s", c->line);
		else
			a[2] = strtoul(c->w[3], NULL, 0);
		break;
	case V_FORK:
		c->child = new_proc(c->w[2], c->p);
		a[0] = c->child ? c->child - procs : 0;
		break;
	case V_PIN:
		name_handle(c);
		if (c->handle >= 0) {
			handles[c->handle].used = 1; /* the number is taken */
			handles[c->handle].name[0] = 0;
		}
		a[2] = c->handle;
		a[3] = (has_word(c, 5, "write") ? OR_PIN_WRITE : 0) | (has_word(c, 5, "dma") ? OR_PIN_DMA : 0) |
		       (has_word(c, 5, "longterm") ? OR_PIN_DMA | OR_PIN_LONGTERM : 0);
		break;
	case V_UFFD:
		a[2] = word_is(c, 3, "wp");
		break;
	case V_MIRROR:
		a[2] = has_word(c, 3, "fault");
		a[3] = has_word(c, 3, "write");
		a[4] = has_word(c, 3, "owner=other");
		break;
	case V_REMAP:
		prepare_remap(c, a);
		break;
	case V_TRUNCATE:
		if (c->n != 4 || strchr(c->w[2], '['))
			fail("a number of pages is missing: %s", c->line);
		else
			a[2] = strtoul(c->w[3], NULL, 10);
		break;
	case V_MIGRATE:
	case V_EVICT:
		prepare_migrate(c);
		break;
	default:
		break;
	}
	if (failure[0])
		return;
	c->p->busy[c->thread] = 1;
	send_command(c->p, c->thread);
}
