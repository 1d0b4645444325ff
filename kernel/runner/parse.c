// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of a drill become commands.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "runner.h"

static const struct {
	const char *name;
	enum verb verb;
	int op, place;
} verbs[] = {
	{ "map", V_MAP, OP_MAP, 0 },
	{ "unmap", V_UNMAP, OP_UNMAP, 1 },
	{ "protect", V_PROTECT, OP_PROTECT, 1 },
	{ "advise", V_ADVISE, OP_ADVISE, 1 },
	{ "lock", V_LOCK, OP_LOCK, 1 },
	{ "unlock", V_UNLOCK, OP_UNLOCK, 1 },
	{ "write", V_WRITE, OP_WRITE, 1 },
	{ "read", V_READ, OP_READ, 1 },
	{ "clear", V_CLEAR, OP_CLEAR, 0 },
	{ "uffd", V_UFFD, OP_UFFD, 1 },
	{ "pin", V_PIN, OP_PIN, 1 },
	{ "hold", V_HOLD, -1, 1 },
	{ "isolate", V_ISOLATE, -1, 1 },
	{ "migrate", V_MIGRATE, OP_MIGRATE, 1 },
	{ "dump", V_DUMP, -1, 1 },
	{ "count", V_COUNT, -1, 0 },
	{ "watch", V_WATCH, -1, 0 },
	{ "mirror", V_MIRROR, OP_MIRROR, 1 },
	{ "exclusive", V_EXCLUSIVE, OP_EXCLUSIVE, 1 },
	{ "remap", V_REMAP, OP_REMAP, 1 },
	{ "reclaim", V_RECLAIM, OP_RECLAIM, 1 },
	{ "truncate", V_TRUNCATE, OP_TRUNCATE, 1 },
};

void squeeze(char *to, size_t max, const char *from)
{
	size_t n = 0;

	while (*from && *from != '#' && n + 2 < max) {
		if (isspace((unsigned char)*from)) {
			from++;
			if (n && to[n - 1] != ' ')
				to[n++] = ' ';
		} else {
			to[n++] = *from++;
		}
	}
	if (*from && *from != '#')
		fail("a line is longer than %zu characters", max - 2);
	while (n && to[n - 1] == ' ')
		n--;
	to[n] = 0;
}

static int parse_place(struct cmd *c, const char *s)
{
	const char *b = strchr(s, '[');
	struct region *r;
	unsigned long i, j;
	char close;

	snprintf(c->region, sizeof(c->region), "%.*s", b ? (int)(b - s) : (int)strlen(s), s);
	r = find_region(c->p, c->region);
	if (!r)
		return -1;
	if (!b) {
		c->first = 0;
		c->pages = r->pages;
	} else if (sscanf(b, "[%lu-%lu%c", &i, &j, &close) == 3 && close == ']' && i <= j) {
		c->first = i;
		c->pages = j - i + 1;
	} else if (sscanf(b, "[%lu%c", &i, &close) == 2 && close == ']') {
		c->first = i;
		c->pages = 1;
	} else {
		fail("bad place %s: %s", s, c->line);
		return -1;
	}
	if (c->pages > MAX_PAGES) {
		fail("place %s has more than %d pages: %s", s, MAX_PAGES, c->line);
		return -1;
	}
	c->addr = r->addr + c->first * PAGE;
	return 0;
}

/* "D[3]", "D[0-3]" or "all": device pages, cut to those there are; "C…" and
 * "coh": coherent ones */
static int parse_device(struct cmd *c, const char *s)
{
	unsigned long i, j, most;
	char close;

	c->coherent = *s == 'C' || !strcmp(s, "coh");
	most = c->coherent ? coherent_pages : device_pages;
	if (!strcmp(s, "all") || !strcmp(s, "coh")) {
		i = 0;
		j = OR_MAX_DEV;
	} else if ((*s == 'C' || *s == 'D') && sscanf(s + 1, "[%lu-%lu%c", &i, &j, &close) == 3 && close == ']' &&
		   i <= j) {
		;
	} else if ((*s == 'C' || *s == 'D') && sscanf(s + 1, "[%lu%c", &i, &close) == 2 && close == ']') {
		j = i;
	} else {
		fail("bad device pages %s: %s", s, c->line);
		return -1;
	}
	if (i >= most)
		return -1;
	if (j >= most)
		j = most - 1;
	c->first = c->addr = i;
	c->pages = j - i + 1;
	if (c->pages > MAX_PAGES) {
		fail("too many device pages: %s", s);
		return -1;
	}
	return 0;
}

/* 0 fine, -1: names something that is not there (or, with fail(), nonsense) */
int parse(struct cmd *c)
{
	size_t i;
	char *s;

	script_line = c->number;
	snprintf(c->buf, sizeof(c->buf), "%s", c->line);
	c->n = 0;
	for (s = strtok(c->buf, " "); s; s = strtok(NULL, " ")) {
		if (c->n == MAX_WORDS) {
			fail("too many words: %s", c->line);
			return -1;
		}
		c->w[c->n++] = s;
	}
	c->handle = -1;
	c->op = -1;
	if (!strcmp(c->w[0], "devmem") && c->n <= 3) {
		c->verb = V_DEVMEM;
		return 0;
	}
	if (!strcmp(c->w[0], "swap") && c->n == 2) {
		c->verb = V_SWAP;
		return 0;
	}
	if (!strcmp(c->w[0], "memcg") && c->n == 2) {
		c->verb = V_MEMCG;
		return 0;
	}
	if (!strcmp(c->w[0], "fork") && c->n == 3) {
		c->verb = V_FORK;
		c->op = OP_FORK;
		c->p = find_proc(c->w[1]);
		if (find_proc(c->w[2]))
			fail("process %s exists: %s", c->w[2], c->line);
		return c->p ? 0 : -1;
	}
	if (!strcmp(c->w[0], "exit") && c->n == 2) {
		c->verb = V_EXIT;
		c->op = OP_EXIT;
		c->p = find_proc(c->w[1]);
		return c->p ? 0 : -1;
	}
	if (!strcmp(c->w[0], "evict") && c->n == 2) {
		c->verb = V_EVICT;
		c->op = OP_EVICT;
		c->p = driver();
		return c->p ? parse_device(c, c->w[1]) : -1;
	}
	if (!strcmp(c->w[0], "drop") && c->n == 2) {
		c->verb = V_DROP;
		c->handle = find_handle(c->w[1]);
		return c->handle < 0 ? -1 : 0;
	}
	for (i = 0; c->n > 1 && i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, c->w[1]))
			continue;
		c->verb = verbs[i].verb;
		c->op = verbs[i].op;
		c->p = find_proc(c->w[0]);
		if (!c->p)
			return -1;
		if (!verbs[i].place)
			return 0;
		if (c->n < 3) {
			fail("a place is missing: %s", c->line);
			return -1;
		}
		return parse_place(c, c->w[2]);
	}
	fail("no such command: %s", c->line);
	return -1;
}

int word_is(struct cmd *c, int i, const char *s)
{
	return i < c->n && !strcmp(c->w[i], s);
}

int has_word(struct cmd *c, int i, const char *s)
{
	for (; i < c->n; i++)
		if (!strcmp(c->w[i], s))
			return 1;
	return 0;
}
