/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_BUG_H
#define _LINUX_BUG_H

#include <kapi/place.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

/** Reports a warning of the driver if @p is is set, and returns it. */
bool kapi_warn(bool is, const struct kapi_place *place, const char *format, ...) __printf(3, 4);
/** Ends the program. */
void kapi_bug(const struct kapi_place *place, const char *condition) __attribute__((noreturn));

#define WARN_ON(condition) kapi_warn(!!(condition), KAPI_HERE, "%s", #condition)
#define WARN(condition, ...) kapi_warn(!!(condition), KAPI_HERE, __VA_ARGS__)
#define WARN_ONCE(condition, ...) WARN(condition, __VA_ARGS__)
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define BUG() kapi_bug(KAPI_HERE, "BUG()")
#define BUG_ON(condition) \
	do { \
		if (condition) \
			kapi_bug(KAPI_HERE, #condition); \
	} while (0)

#endif
