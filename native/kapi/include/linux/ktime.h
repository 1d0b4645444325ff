/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KTIME_H
#define _LINUX_KTIME_H

#include <linux/jiffies.h>
#include <linux/types.h>

/** Nanoseconds. */
typedef s64 ktime_t;

/** The time of the machine, as jiffies are. */
static inline ktime_t ktime_get(void)
{
	return (ktime_t)jiffies * (1000000000 / HZ);
}

static inline s64 ktime_us_delta(ktime_t later, ktime_t earlier)
{
	return (later - earlier) / 1000;
}

#endif
