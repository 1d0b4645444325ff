/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bitmap.h>

#include <linux/kernel.h>

unsigned long kapi_find_bit(const unsigned long *words, unsigned long size, unsigned long first, bool is)
{
	for (unsigned long bit = first; bit < size; bit = (bit | (BITS_PER_LONG - 1)) + 1) {
		unsigned long word = (is ? words[BIT_WORD(bit)] : ~words[BIT_WORD(bit)]) & ~0ul << bit % BITS_PER_LONG;

		if (word)
			return min(rounddown(bit, BITS_PER_LONG) + __ffs(word), size);
	}
	return size;
}

unsigned int bitmap_weight(const unsigned long *map, unsigned int bits)
{
	unsigned int weight = 0;
	unsigned long bit;

	for_each_set_bit (bit, map, bits)
		weight++;
	return weight;
}

unsigned long bitmap_find_next_zero_area(unsigned long *map, unsigned long size, unsigned long first,
					 unsigned int count, unsigned long mask)
{
	for (;;) {
		unsigned long start = (find_next_zero_bit(map, size, first) + mask) & ~mask, set;

		if (start + count > size)
			return start + count;
		set = find_next_bit(map, start + count, start);
		if (set == start + count)
			return start;
		first = set + 1;
	}
}
