// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text that grows, and words of transcripts.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runner.h"

void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	size_t room;
	int n;

	for (;;) {
		room = t->max - t->n;
		va_start(ap, fmt);
		n = vsnprintf(t->s + t->n, room, fmt, ap);
		va_end(ap);
		if ((size_t)n < room)
			break;
		t->max = t->max * 2 + n + 65536;
		t->s = realloc(t->s, t->max);
	}
	t->n += n;
}

void append(struct text *t, struct text *more)
{
	if (more->n)
		put(t, "%.*s", (int)more->n, more->s);
	more->n = 0;
}

void emit(const char *s, size_t n)
{
	while (n) {
		ssize_t w = write(out_fd, s, n);

		if (w <= 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return;
		}
		s += w;
		n -= w;
	}
}

const char *err_name(long e)
{
	static const struct {
		int e;
		const char *name;
	} names[] = {
#define N(x) { x, #x }
		N(EPERM),  N(ENOENT), N(ESRCH),  N(EINTR),      N(EIO),    N(ENXIO),  N(EBADF),  N(ECHILD),
		N(EAGAIN), N(ENOMEM), N(EACCES), N(EFAULT),     N(EBUSY),  N(EEXIST), N(ENODEV), N(EINVAL),
		N(ENFILE), N(EMFILE), N(ENOSPC), N(EOPNOTSUPP), N(ENOSYS), N(ERANGE),
#undef N
	};
	static char other[32];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].e == e)
			return names[i].name;
	snprintf(other, sizeof(other), "E%ld", e);
	return other;
}

void put_range(struct text *t, uint64_t first, uint64_t last)
{
	if (first == last)
		put(t, "[%lu]", first);
	else
		put(t, "[%lu-%lu]", first, last);
}

/* "INDENT NAME [0-3] X [4] Y": words(i) names the result of page i */
void put_runs(struct text *t, const char *head, uint64_t base, uint64_t n, const char *(*words)(uint64_t, void *),
	      void *arg)
{
	uint64_t i, j;

	put(t, "%s", head);
	for (i = 0; i < n; i = j) {
		char word[32];

		snprintf(word, sizeof(word), "%s", words(i, arg));
		for (j = i + 1; j < n && !strcmp(word, words(j, arg)); j++)
			;
		put(t, i ? " " : "");
		put_range(t, base + i, base + j - 1);
		put(t, " %s", word);
	}
	put(t, "\n");
}

const char *access_word(uint64_t i, void *arg)
{
	struct mailbox *m = arg;
	static char word[16];

	if (m->status[i] == SIGSEGV)
		return "SIGSEGV";
	if (m->status[i] == SIGBUS)
		return "SIGBUS";
	if (m->status[i])
		snprintf(word, sizeof(word), "SIG%d", m->status[i]);
	else if (m->op == OP_READ)
		snprintf(word, sizeof(word), "0x%02x", m->value[i]);
	else
		snprintf(word, sizeof(word), "ok");
	return word;
}

const char *pfn_word(uint64_t i, void *arg)
{
	static const char letters[] = "VM?W??";
	uint64_t v = ((uint64_t *)arg)[i];
	static char word[8];
	int b, n = 0;

	for (b = 0; b < 6; b++)
		if (v & (1 << b))
			word[n++] = letters[b];
	if (!n)
		word[n++] = '-';
	word[n] = 0;
	return word;
}

const char *mirror_word(uint64_t i, void *arg)
{
	uint32_t v = ((uint32_t *)arg)[i];
	static char word[32];
	int n;

	n = snprintf(word, sizeof(word), "%s%s%s", v & OR_MIR_V ? "V" : "", v & OR_MIR_W ? "W" : "",
		     v & OR_MIR_E ? "E" : "");
	if (!n)
		n = snprintf(word, sizeof(word), "-");
	if (v >> OR_MIR_ORDER)
		n += snprintf(word + n, sizeof(word) - n, " o%u", v >> OR_MIR_ORDER);
	if (v & (OR_MIR_DEV | OR_MIR_COH))
		snprintf(word + n, sizeof(word) - n, v & OR_MIR_DEV ? " dev" : " coh");
	return word;
}

const char *exclusive_word(uint64_t i, void *arg)
{
	int32_t v = ((int32_t *)arg)[i];

	return v < 0 ? err_name(-v) : v ? "ok" : "-";
}
