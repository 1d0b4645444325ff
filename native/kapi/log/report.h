/* SPDX-License-Identifier: GPL-2.0-only */
/** @file report.h Reports of checks. */
#ifndef KAPI_REPORT_H
#define KAPI_REPORT_H

#include <kapi/place.h>

#include "kapi.h"

/** Something is wrong at a line of the driver. NULL: no line is to blame. */
void report(enum kapi_check check, const struct kapi_place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/** Forget the counts. */
void reports_clear(void);
/** "FILE:LINE", or "an unknown place". The text is good until the fourth next call. */
const char *place_text(const struct kapi_place *place);

#endif
