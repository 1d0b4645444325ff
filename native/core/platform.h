/* SPDX-License-Identifier: GPL-2.0-only */
/** @file platform.h The only door to the host: address space, small allocations, the end of the world. */
#ifndef HMMU_PLATFORM_H
#define HMMU_PLATFORM_H

#include <stdint.h>

/* Sizes have 64 bits, also where the host's addresses have 32: too much is refused, not cut off. */

/** Reserve zeroed address space that costs no memory until it is touched. NULL if the host refuses. */
void *platform_reserve(uint64_t bytes);
/** With PLATFORM_REUSES_MEMORY all of it must be zero again, as it is what a later reservation gets. */
void platform_release(void *base, uint64_t bytes);
#if defined(__wasm__)
#define PLATFORM_REUSES_MEMORY 1
#else
#define PLATFORM_REUSES_MEMORY 0
#endif

/** Zeroed memory for things that live outside of the arena: handles and migrations under way. */
void *platform_alloc(uint64_t bytes);
/** The same, not zeroed. */
void *platform_alloc_raw(uint64_t bytes);
void platform_free(void *memory);

/** A clock that counts up fast and costs little; 0 where there is none. */
static inline uint64_t platform_cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

#endif
