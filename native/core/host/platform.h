/* SPDX-License-Identifier: GPL-2.0-only */
/** @file platform.h All uses of the host: address space, small allocations, a clock. */
#ifndef HMMU_PLATFORM_H
#define HMMU_PLATFORM_H

#include <stdint.h>

/* Sizes have 64 bits even on a 32-bit host, so that too large a size is refused, not truncated. */

/** Reserve zeroed address space that costs no memory until it is touched. NULL if the host refuses. */
void *platform_reserve(uint64_t bytes);
/** With PLATFORM_REUSES_MEMORY the memory must be zero again, because a later reservation reuses it. */
void platform_release(void *base, uint64_t bytes);
#if defined(__wasm__)
#define PLATFORM_REUSES_MEMORY 1
#else
#define PLATFORM_REUSES_MEMORY 0
#endif

/** Address space is scarce. */
#define PLATFORM_IS_SMALL (SIZE_MAX <= UINT32_MAX)

/** Zeroed memory for objects outside of the arena. */
void *platform_alloc(uint64_t bytes);
/** As platform_alloc(), not zeroed. */
void *platform_alloc_raw(uint64_t bytes);
void platform_free(void *memory);

/** Milliseconds of a clock that only goes forward. */
uint64_t platform_milliseconds(void);
/** Where they come from in WebAssembly, as the module imports nothing. NULL: there is no clock. */
extern int (*platform_clock)(void);

/** A fast cycle counter; 0 where the host has none. */
static inline uint64_t platform_cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

#endif
