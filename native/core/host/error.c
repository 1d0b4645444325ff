/* SPDX-License-Identifier: GPL-2.0-only */
/* Errors of calls, and bugs of the emulator. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "host/machine.h"

int hmmu_fail(struct hmmu *m, int err, u32 code, const char *format, ...)
{
	va_list args;

	m->error = (struct hmmu_error){ .err = err, .code = code };
	va_start(args, format);
	vsnprintf(m->error.text, sizeof(m->error.text), format, args);
	va_end(args);
	return err;
}

const struct hmmu_error *hmmu_error(const struct hmmu *m)
{
	return &m->error;
}

void hmmu_bug(struct hmmu *m, const char *what)
{
	m->st->bugs++;
	snprintf(m->first_bug, m->first_bug[0] ? 0 : sizeof(m->first_bug), "%s", what);
}

int check_outside_page_free(struct hmmu *m)
{
	if (!m->in_page_free)
		return 0;
	if (m->in_notifier)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY,
				 "a notifier runs, maybe under locks: it may look, and call functions for drivers");
	return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY,
			 "page_free() runs, maybe under locks: it may look, and allocate and put pages");
}
