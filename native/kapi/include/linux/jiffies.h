/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_JIFFIES_H
#define _LINUX_JIFFIES_H

#include <linux/types.h>

#define HZ 250

/** The time of the machine, in ticks. It goes on when threads sleep, not with the host's clock. */
unsigned long kapi_jiffies(void);
#define jiffies kapi_jiffies()

static inline unsigned long msecs_to_jiffies(unsigned int milliseconds)
{
	return ((unsigned long)milliseconds * HZ + 999) / 1000;
}

static inline unsigned int jiffies_to_msecs(unsigned long ticks)
{
	return (unsigned int)(ticks * 1000 / HZ);
}

/* The counter wraps around. */
#define time_after(a, b) ((long)((b) - (a)) < 0)
#define time_before(a, b) time_after(b, a)
#define time_after_eq(a, b) ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b) time_after_eq(b, a)

#endif
