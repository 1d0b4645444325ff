/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual time. It passes while all threads sleep; and a little at each place where a thread might, so that a loop that waits
 * for a time ends.
 */
#include "task/clock.h"

#define TICKS_OF_JIFFY (1000000 / HZ / 20)

static unsigned long now, ticks;

/* As in a kernel the counter wraps around five minutes after boot. */
void clock_reset(void)
{
	now = (unsigned long)(unsigned int)(-300 * HZ);
	ticks = 0;
}

unsigned long kapi_jiffies(void)
{
	return now;
}

void clock_tick(void)
{
	if (++ticks % TICKS_OF_JIFFY == 0)
		now++;
}

void clock_advance_to(unsigned long time)
{
	if (time_after(time, now))
		now = time;
}
