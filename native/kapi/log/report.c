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

static unsigned int counts[KAPI_CHECK_COUNT + 1];
static kapi_report_fn receiver;
static void *receiver_data;

static void __printf(3, 4) format_text(char *text, size_t size, const char *format, ...)
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

static void make_report(enum kapi_check check, const struct kapi_place *place, const char *format, va_list arguments)
{
	char text[500];
	struct kapi_report made = { .check = check, .text = text };

	if (place) {
		made.file = place->file;
		made.line = place->line;
	}
	host_format(text, sizeof(text), format, arguments);
	counts[check]++;
	counts[KAPI_CHECK_COUNT]++;
	if (receiver)
		receiver(receiver_data, &made);
	else
		print(&made);
}

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
