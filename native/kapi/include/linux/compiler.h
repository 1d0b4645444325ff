/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_COMPILER_H
#define _LINUX_COMPILER_H

/* A kernel includes it before everything. */
#include <linux/kconfig.h>

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define barrier() __asm__ volatile("" : : : "memory")

#define READ_ONCE(place) (*(const volatile __typeof__(place) *)&(place))
#define WRITE_ONCE(place, value) \
	do { \
		*(volatile __typeof__(place) *)&(place) = (value); \
	} while (0)

/* Address spaces mean something to sparse alone. */
#define __user
#define __iomem
#define __rcu
#define __force
#define __must_check __attribute__((warn_unused_result))
#define __maybe_unused __attribute__((unused))
#define __always_unused __attribute__((unused))
#define __packed __attribute__((packed))
#define __aligned(bytes) __attribute__((aligned(bytes)))
#define __printf(text, first) __attribute__((format(printf, text, first)))
#define fallthrough __attribute__((fallthrough))
#define noinline __attribute__((noinline))

#endif
