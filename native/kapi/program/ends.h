/* SPDX-License-Identifier: GPL-2.0-only */
/** @file ends.h Drivers that crash, or never end: the report names the driver's line, and the program ends with exit code 1. */
#ifndef KAPI_ENDS_H
#define KAPI_ENDS_H

#include "kapi.h"

/**
 * Catch signals of crashes, and loops. A program with AddressSanitizer leaves crashes to it.
 * @param seconds of CPU time after which a driver is in an endless loop; 0: it may run for ever
 */
void ends_catch(uint64_t seconds);
/** The machine whose programs' addresses a driver may have taken for its own. */
void ends_set_machine(struct hmmu *m);
/** Something new begins: the CPU time counts from here. */
void ends_progress(void);
/** Set the function that is called before the program ends. */
void ends_set_last(void (*function)(void));
/** End by SIGKILL when the parent ends. @p parent is its process number. */
void ends_with_parent(uint64_t parent);

#endif
