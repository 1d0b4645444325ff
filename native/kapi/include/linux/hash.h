/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_HASH_H
#define _LINUX_HASH_H

#include <linux/types.h>

/* Multiplication by the golden ratio; the high bits are mixed best. */
static inline u32 hash_64(u64 value, unsigned int bits)
{
	return (u32)(value * 0x61c8864680b583ebull >> (64 - bits));
}

static inline u32 hash_32(u32 value, unsigned int bits)
{
	return value * 0x61c88647u >> (32 - bits);
}
#define hash_long(value, bits) hash_64(value, bits)
#define hash_ptr(pointer, bits) hash_64((unsigned long)(pointer), bits)

#endif
