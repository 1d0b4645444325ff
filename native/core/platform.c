/* SPDX-License-Identifier: GPL-2.0-only */
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE
#endif
#include "platform.h"

#include <stdlib.h>
#if defined(__wasm__)
#include <string.h>
#else
#include <sys/mman.h>
#endif

#if defined(__wasm__)
/* WebAssembly memory has no lazily backed pages; calloc() is the nearest thing. */
void *platform_reserve(size_t bytes)
{
	return calloc(1, bytes);
}

void platform_release(void *base, size_t bytes)
{
	(void)bytes;
	free(base);
}
#else
void *platform_reserve(size_t bytes)
{
	void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return base == MAP_FAILED ? NULL : base;
}

void platform_release(void *base, size_t bytes)
{
	munmap(base, bytes);
}
#endif

void *platform_alloc(size_t bytes)
{
	return calloc(1, bytes ? bytes : 1);
}

void platform_free(void *memory)
{
	free(memory);
}
