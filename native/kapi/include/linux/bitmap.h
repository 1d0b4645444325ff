/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_BITMAP_H
#define _LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>

#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	memset(map, 0, BITS_TO_LONGS(bits) * sizeof(long));
}

static inline void bitmap_fill(unsigned long *map, unsigned int bits)
{
	memset(map, 0xff, BITS_TO_LONGS(bits) * sizeof(long));
}

static inline void bitmap_set(unsigned long *map, unsigned int first, unsigned int count)
{
	while (count--)
		set_bit(first++, map);
}

static inline void bitmap_clear(unsigned long *map, unsigned int first, unsigned int count)
{
	while (count--)
		clear_bit(first++, map);
}

static inline bool bitmap_empty(const unsigned long *map, unsigned int bits)
{
	return find_first_bit(map, bits) == bits;
}

static inline bool bitmap_full(const unsigned long *map, unsigned int bits)
{
	return find_first_zero_bit(map, bits) == bits;
}

unsigned int bitmap_weight(const unsigned long *map, unsigned int bits);
/** The first @p count bits that are 0, from @p first on, at a multiple of @p mask + 1. @p size or more: there are none. */
unsigned long bitmap_find_next_zero_area(unsigned long *map, unsigned long size, unsigned long first,
					 unsigned int count, unsigned long mask);

#define bitmap_alloc(bits, gfp) kmalloc_array(BITS_TO_LONGS(bits), sizeof(long), gfp)
#define bitmap_zalloc(bits, gfp) kcalloc(BITS_TO_LONGS(bits), sizeof(long), gfp)
#define bitmap_free(map) kfree(map)

#endif
