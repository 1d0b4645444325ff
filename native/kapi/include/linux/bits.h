/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_BITS_H
#define _LINUX_BITS_H

#define BITS_PER_BYTE 8
#define BITS_PER_LONG 64
#define BITS_PER_LONG_LONG 64
#define BIT(number) (1ul << (number))
#define BIT_ULL(number) (1ull << (number))
#define BIT_MASK(number) (1ul << ((number) % BITS_PER_LONG))
#define BIT_WORD(number) ((number) / BITS_PER_LONG)
/** The bits from @p low to @p high. */
#define GENMASK(high, low) (~0ul << (low) & ~0ul >> (BITS_PER_LONG - 1 - (high)))
#define GENMASK_ULL(high, low) (~0ull << (low) & ~0ull >> (63 - (high)))

#endif
