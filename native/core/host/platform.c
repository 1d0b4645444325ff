/* SPDX-License-Identifier: GPL-2.0-only */
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE
#endif
#include "host/platform.h"

#include <stdlib.h>
#if !defined(__wasm__)
#include <sys/mman.h>
#include <time.h>
#endif

#if defined(__wasm__)
int (*platform_clock)(void);

uint64_t platform_milliseconds(void)
{
	return platform_clock ? (uint32_t)platform_clock() : 0;
}

#define WASM_PAGE_SIZE 65536u

/* The memory of an instance never shrinks. A released reservation begins with this record, for reuse at equal size. */
struct spare {
	struct spare *next;
	uint64_t bytes;
};
static struct spare *spares;

static void *take_spare(uint64_t bytes)
{
	for (struct spare **link = &spares; *link; link = &(*link)->next) {
		struct spare *spare = *link;

		if (spare->bytes != bytes)
			continue;
		*link = spare->next;
		*spare = (struct spare){ 0 };
		return spare;
	}
	return NULL;
}

/* calloc() would write to all of it. Memory from memory.grow is zero, and costs the host nothing until touched. */
static void *grow_memory(uint64_t bytes)
{
	uint64_t pages = (bytes + WASM_PAGE_SIZE - 1) / WASM_PAGE_SIZE;
	size_t before = pages > SIZE_MAX / WASM_PAGE_SIZE ? SIZE_MAX : __builtin_wasm_memory_grow(0, (size_t)pages);

	return before == SIZE_MAX ? NULL : (void *)(before * WASM_PAGE_SIZE);
}

void *platform_reserve(uint64_t bytes)
{
	void *spare = take_spare(bytes);

	return spare ? spare : grow_memory(bytes);
}

void platform_release(void *base, uint64_t bytes)
{
	struct spare *spare = base;

	*spare = (struct spare){ spares, bytes };
	spares = spare;
}
#else
/* Sanitizers do not know the bounds of what is mapped: with them, a step out of it meets address space without access. */
#if defined(__SANITIZE_ADDRESS__)
#define GUARD (1ull << 30)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GUARD (1ull << 30)
#endif
#endif
#ifndef GUARD
#define GUARD 0ull
#endif

uint64_t platform_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void *platform_reserve(uint64_t bytes)
{
	int access = GUARD ? PROT_NONE : PROT_READ | PROT_WRITE;
	char *base = mmap(NULL, bytes + 2 * GUARD, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	if (GUARD && mprotect(base + GUARD, bytes, PROT_READ | PROT_WRITE)) {
		munmap(base, bytes + 2 * GUARD);
		return NULL;
	}
	return base + GUARD;
}

void platform_release(void *base, uint64_t bytes)
{
	munmap((char *)base - GUARD, bytes + 2 * GUARD);
}
#endif

void *platform_alloc(uint64_t bytes)
{
	size_t size = (size_t)bytes;

	return size == bytes ? calloc(1, size ? size : 1) : NULL;
}

void *platform_alloc_raw(uint64_t bytes)
{
	size_t size = (size_t)bytes;

	return size == bytes ? malloc(size ? size : 1) : NULL;
}

void platform_free(void *memory)
{
	free(memory);
}
