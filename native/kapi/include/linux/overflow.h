/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_OVERFLOW_H
#define _LINUX_OVERFLOW_H

#include <linux/limits.h>
#include <linux/types.h>

#define check_add_overflow(a, b, result) __builtin_add_overflow(a, b, result)
#define check_sub_overflow(a, b, result) __builtin_sub_overflow(a, b, result)
#define check_mul_overflow(a, b, result) __builtin_mul_overflow(a, b, result)

/* Sizes that are too large are SIZE_MAX, for which no allocation succeeds. */
static inline size_t __must_check size_mul(size_t a, size_t b)
{
	size_t size;

	return check_mul_overflow(a, b, &size) ? ~(size_t)0 : size;
}

static inline size_t __must_check size_add(size_t a, size_t b)
{
	size_t size;

	return check_add_overflow(a, b, &size) ? ~(size_t)0 : size;
}

#define array_size(a, b) size_mul(a, b)
#define array3_size(a, b, c) size_mul(size_mul(a, b), c)
#define flex_array_size(pointer, member, count) size_mul(count, sizeof((pointer)->member[0]))
/** A structure with @p count elements of its last member, an array. */
#define struct_size(pointer, member, count) size_add(sizeof(*(pointer)), flex_array_size(pointer, member, count))

#endif
