/* SPDX-License-Identifier: GPL-2.0-only */
#include "log/report.h"

#include <linux/bug.h>
#include <linux/string.h>

#include "host/host.h"

static const char *const words[] = {
#define X(name, word, text) word,
	KAPI_CHECKS(X)
#undef X
};

/** A report that has been made. Reports are alike if only their numbers differ. */
struct told {
	struct told *next;
	const char *file;
	int line;
	enum kapi_check check;
	unsigned int more; /**< reports like it that nobody has been told of */
	char text[500];    /**< of the first one */
};

static struct told *told, **last_told = &told;
static unsigned int counts[KAPI_CHECK_COUNT + 1];
static kapi_report_fn receiver;
static void *receiver_data;

void format_text(char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	host_format(text, size, format, arguments);
	va_end(arguments);
}

const char *place_text(const struct kapi_place *place)
{
	static char texts[4][160];
	static unsigned int next;
	char *text = texts[next++ % 4];

	if (!place)
		return "an unknown place";
	if (place->line)
		format_text(text, sizeof(texts[0]), "%s:%d", place->file, place->line);
	else
		format_text(text, sizeof(texts[0]), "%s", place->file);
	return text;
}

static void print(const struct kapi_report *made)
{
	char line[700];

	if (made->file)
		format_text(line, sizeof(line), "%s:%d: %s [%s]", made->file, made->line, made->text,
			    words[made->check]);
	else
		format_text(line, sizeof(line), "kapi: %s [%s]", made->text, words[made->check]);
	host_print(line);
}

static void send(const struct kapi_report *made)
{
	if (receiver)
		receiver(receiver_data, made);
	else
		print(made);
}

/* --- repetitions --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A number and what belongs to it, such as 0x7f00. */
static const char *skip_number(const char *text)
{
	while (is_digit(*text) || (*text >= 'a' && *text <= 'z'))
		text++;
	return text;
}

static bool differ_in_numbers_only(const char *a, const char *b)
{
	while (*a || *b) {
		if (is_digit(*a) && is_digit(*b)) {
			a = skip_number(a);
			b = skip_number(b);
		} else if (*a++ != *b++) {
			return false;
		}
	}
	return true;
}

static struct told *find_told(const struct kapi_report *made)
{
	struct told *t = told;

	while (t && (t->check != made->check || t->line != made->line || t->file != made->file ||
		     !differ_in_numbers_only(t->text, made->text)))
		t = t->next;
	return t;
}

/* Without memory each report is told. */
static void remember(const struct kapi_report *made)
{
	struct told *t = host_alloc(sizeof(*t));

	if (!t)
		return;
	*t = (struct told){ .file = made->file, .line = made->line, .check = made->check };
	memcpy(t->text, made->text, strlen(made->text));
	*last_told = t;
	last_told = &t->next;
}

void reports_tell_repeats(void)
{
	for (struct told *t = told; t; t = t->next) {
		char text[sizeof(t->text) + 30];
		const struct kapi_report made = {
			.check = t->check, .file = t->file, .line = t->line, .text = text, .more = t->more
		};

		if (!t->more)
			continue;
		format_text(text, sizeof(text), "%s (%u more)", t->text, t->more);
		t->more = 0;
		send(&made);
	}
}

static void make_report(enum kapi_check check, const struct kapi_place *place, const char *format, va_list arguments)
{
	char text[sizeof(told->text)];
	struct kapi_report made = { .check = check, .text = text };
	struct told *before;

	if (place) {
		made.file = place->file;
		made.line = place->line;
	}
	host_format(text, sizeof(text), format, arguments);
	counts[check]++;
	counts[KAPI_CHECK_COUNT]++;
	before = find_told(&made);
	if (before) {
		before->more++;
		return;
	}
	remember(&made);
	send(&made);
}

/* --- for all --- */

void report(enum kapi_check check, const struct kapi_place *place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	make_report(check, place, format, arguments);
	va_end(arguments);
}

void reports_clear(void)
{
	memset(counts, 0, sizeof(counts));
}

void reports_forget(void)
{
	for (struct told *t = told, *next; t; t = next) {
		next = t->next;
		host_free(t);
	}
	told = NULL;
	last_told = &told;
}

void kapi_set_report(kapi_report_fn function, void *data)
{
	receiver = function;
	receiver_data = data;
}

unsigned int kapi_reports(enum kapi_check check)
{
	return check <= KAPI_CHECK_COUNT ? counts[check] : 0;
}

const char *kapi_check_word(enum kapi_check check)
{
	return check < KAPI_CHECK_COUNT ? words[check] : "none";
}

bool kapi_warn(bool is, const struct kapi_place *place, const char *format, ...)
{
	va_list arguments;

	if (!is)
		return false;
	va_start(arguments, format);
	make_report(KAPI_CHECK_WARN, place, format, arguments);
	va_end(arguments);
	return true;
}
