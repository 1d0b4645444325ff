/* SPDX-License-Identifier: GPL-2.0-only */
/** @file clock.h Virtual time. */
#ifndef KAPI_CLOCK_H
#define KAPI_CLOCK_H

#include <linux/jiffies.h>

void clock_reset(void);
/** A thread passes a place where it might sleep: 20 µs of work. */
void clock_tick(void);
/** All sleep until then. */
void clock_advance_to(unsigned long time);

#endif
