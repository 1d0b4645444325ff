/* SPDX-License-Identifier: GPL-2.0-only */
/* Complaints of verify(). */
#include <stdarg.h>
#include <stdio.h>

#include "machine/verify.h"

void complain(struct verify *v, const char *format, ...)
{
	char text[VERIFY_TEXT];
	va_list args;

	v->complaints++;
	if (!v->report)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	v->m->in_callback++;
	v->report(v->data, text);
	v->m->in_callback--;
}
