/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MATH_H
#define _LINUX_MATH_H

#include <linux/types.h>

#define round_up(value, to) ((((value)-1) | (__typeof__(value))((to)-1)) + 1)
#define round_down(value, to) ((value) & ~(__typeof__(value))((to)-1))
#define roundup(value, to) (((value) + ((to)-1)) / (to) * (to))
#define rounddown(value, to) ((value) - (value) % (to))
#define DIV_ROUND_UP_ULL(value, by) (((unsigned long long)(value) + (by)-1) / (by))
#define DIV_ROUND_CLOSEST(value, by) (((value) + (by) / 2) / (by))
#define abs(value) ((value) < 0 ? -(value) : (value))

#endif
