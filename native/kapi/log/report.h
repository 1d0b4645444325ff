/* SPDX-License-Identifier: GPL-2.0-only */
/** @file report.h Reports of checks. */
#ifndef KAPI_REPORT_H
#define KAPI_REPORT_H

#include <kapi/place.h>

#include "kapi.h"

/**
 * Something is wrong at a line of the driver. NULL: no line is to blame. What differs in numbers only from an earlier report of the
 * check and line is counted and not told.
 */
void report(enum kapi_check check, const struct kapi_place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/** Tell how many reports were like earlier ones, of those that nobody has been told of. */
void reports_tell_repeats(void);
/** Forget the counts. */
void reports_clear(void);
/** Forget what was told. */
void reports_forget(void);
/** snprintf() of the C library. */
void format_text(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/** "FILE:LINE", or "an unknown place". The text is good until the fourth next call. */
const char *place_text(const struct kapi_place *place);

#endif
