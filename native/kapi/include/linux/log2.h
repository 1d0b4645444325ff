/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_LOG2_H
#define _LINUX_LOG2_H

#include <linux/bitops.h>

#define ilog2(value) (fls64(value) - 1)

static inline bool is_power_of_2(unsigned long value)
{
	return value && !(value & (value - 1));
}

/* Both need a value that is not 0. */
static inline unsigned long roundup_pow_of_two(unsigned long value)
{
	return 1ul << fls64(value - 1);
}

static inline unsigned long rounddown_pow_of_two(unsigned long value)
{
	return 1ul << (fls64(value) - 1);
}

/** The power of two that @p value is rounded up to. */
#define order_base_2(value) ((value) > 1 ? fls64((value)-1) : 0)

#endif
