/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MATH64_H
#define _LINUX_MATH64_H

#include <linux/math.h>

static inline u64 div_u64_rem(u64 value, u32 by, u32 *rest)
{
	*rest = (u32)(value % by);
	return value / by;
}

static inline u64 div_u64(u64 value, u32 by)
{
	return value / by;
}

static inline u64 div64_u64(u64 value, u64 by)
{
	return value / by;
}

static inline u64 mul_u64_u64_div_u64(u64 value, u64 factor, u64 by)
{
	return (u64)((unsigned __int128)value * factor / by);
}

/** Divides @p value in place, and evaluates to the rest. */
#define do_div(value, by) \
	({ \
		u32 kapi_rest_ = (u32)((value) % (u32)(by)); \
		(value) /= (u32)(by); \
		kapi_rest_; \
	})

#endif
