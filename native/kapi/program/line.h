/* SPDX-License-Identifier: GPL-2.0-only */
/** @file line.h Lines of the driver, by addresses of its code. */
#ifndef KAPI_LINE_H
#define KAPI_LINE_H

#include <stdint.h>

/** To be called before the first signal: later no library can be loaded. */
void line_prepare(void);
/**
 * In a handler of a signal: the line of the driver in which the signal was met, or that has called what has met it: "FILE:LINE". NULL: it
 * is not known.
 * @param pc where the signal was met
 * @param caller where it returns to, if at @p pc there is no function; 0: this is not known
 */
const char *line_of(uintptr_t pc, uintptr_t caller);

/** Folders of sources, each with a colon behind it: reports name files without them. hmmu_driver_program() of cmake/hmmuDrivers.cmake defines it. */
extern const char kapi_source_folders[];

#endif
