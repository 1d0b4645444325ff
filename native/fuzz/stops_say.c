/* SPDX-License-Identifier: GPL-2.0-only */
/* The steps of a program as text. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "broken.h"
#include "stops.h"

void (*fuzz_journal)(const char *text);
void (*stops_keep)(const char *text);

void stops_say(const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (fuzz_journal)
		fuzz_journal(text);
	if (stops_keep)
		stops_keep(text);
	if (getenv("HMMU_FUZZ_TRACE")) {
		fputs(text, stdout);
		fflush(stdout);
	}
}

static const char *wait_name(uint32_t wait)
{
	switch (wait) {
#define X(name, value, text) \
	case HMMU_WAIT_##name: \
		return #name;
		HMMU_WAITS(X)
#undef X
	default:
		return "?";
	}
}

void stops_say_result(const struct hmmu *m, int result)
{
	const struct hmmu_error *error = hmmu_error(m);

	if (result >= 0)
		stops_say(" // %d\n", result);
	else if (error->err == result && error->code == HMMU_ERR_BLOCKED)
		stops_say(" // waits: %s\n", wait_name(error->wait));
	else
		stops_say(" // %d%s%s\n", result, error->err == result ? ": " : "",
			  error->err == result ? error->text : "");
}

const char *stops_op_name(uint8_t op)
{
	static const char *const names[] = {
#define X(name, ...) #name,
		STOPS_CALLS(X) STOPS_DEEDS(X)
#undef X
	};

	return names[op];
}

void stops_broken(const struct stops *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_broken(s->step, format, args);
	va_end(args);
	abort();
}
