/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_BITOPS_H
#define _LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/types.h>

#define BITS_TO_LONGS(bits) (((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG)

/* One thread runs at a time, so each of them is atomic, with and without __. */
static inline bool test_bit(unsigned long number, const volatile unsigned long *words)
{
	return words[BIT_WORD(number)] >> (number % BITS_PER_LONG) & 1;
}

static inline void set_bit(unsigned long number, volatile unsigned long *words)
{
	words[BIT_WORD(number)] |= BIT_MASK(number);
}

static inline void clear_bit(unsigned long number, volatile unsigned long *words)
{
	words[BIT_WORD(number)] &= ~BIT_MASK(number);
}

static inline void change_bit(unsigned long number, volatile unsigned long *words)
{
	words[BIT_WORD(number)] ^= BIT_MASK(number);
}

static inline bool test_and_set_bit(unsigned long number, volatile unsigned long *words)
{
	bool was = test_bit(number, words);

	set_bit(number, words);
	return was;
}

static inline bool test_and_clear_bit(unsigned long number, volatile unsigned long *words)
{
	bool was = test_bit(number, words);

	clear_bit(number, words);
	return was;
}
#define __set_bit(number, words) set_bit(number, words)
#define __clear_bit(number, words) clear_bit(number, words)
#define __change_bit(number, words) change_bit(number, words)
#define __test_and_set_bit(number, words) test_and_set_bit(number, words)
#define __test_and_clear_bit(number, words) test_and_clear_bit(number, words)
#define clear_bit_unlock(number, words) clear_bit(number, words)
#define assign_bit(number, words, value) ((value) ? set_bit(number, words) : clear_bit(number, words))

/* ffs() and fls() count from 1, and are 0 for a word without bits; __ffs() and __fls() count from 0, and need one. */
#define ffs(word) __builtin_ffs((int)(word))
#define __ffs(word) ((unsigned long)__builtin_ctzl(word))
#define ffz(word) __ffs(~(unsigned long)(word))
#define __fls(word) ((unsigned long)(BITS_PER_LONG - 1 - __builtin_clzl(word)))

static inline int fls(unsigned int word)
{
	return word ? 32 - __builtin_clz(word) : 0;
}

static inline int fls64(u64 word)
{
	return word ? 64 - __builtin_clzll(word) : 0;
}

static inline unsigned int hweight32(u32 word)
{
	return (unsigned int)__builtin_popcount(word);
}

static inline unsigned int hweight64(u64 word)
{
	return (unsigned int)__builtin_popcountll(word);
}
#define hweight_long(word) hweight64(word)

/** The first bit from @p first on that is @p is; @p size: there is none. */
unsigned long kapi_find_bit(const unsigned long *words, unsigned long size, unsigned long first, bool is);
#define find_next_bit(words, size, first) kapi_find_bit(words, size, first, true)
#define find_next_zero_bit(words, size, first) kapi_find_bit(words, size, first, false)
#define find_first_bit(words, size) kapi_find_bit(words, size, 0, true)
#define find_first_zero_bit(words, size) kapi_find_bit(words, size, 0, false)

#define for_each_set_bit(bit, words, size) \
	for ((bit) = find_first_bit(words, size); (bit) < (size); (bit) = find_next_bit(words, size, (bit) + 1))
#define for_each_clear_bit(bit, words, size) \
	for ((bit) = find_first_zero_bit(words, size); (bit) < (size); \
	     (bit) = find_next_zero_bit(words, size, (bit) + 1))

#endif
