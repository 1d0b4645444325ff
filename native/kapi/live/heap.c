/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of the runtime in a live program, apart from the program's own heap: what a test of a kernel does to its malloc()ed
 * memory must not reach the kernel. Pieces are powers of two, and those that are free are in a list of their size.
 */
#include "live/live.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Address space; the host gives memory for what is touched. */
#define HEAP_SIZE (1ull << 36)
#define SMALLEST 5u

/** In front of each piece. */
struct head {
	struct head *next; /**< of free pieces */
	uint64_t order;    /**< the logarithm of its size */
};

static struct head *free_pieces[64];
static char *heap, *heap_end;

static unsigned int order_of(size_t size)
{
	unsigned int order = SMALLEST;

	while ((1ull << order) < size + sizeof(struct head))
		order++;
	return order;
}

static bool reserve(void)
{
	heap = (char *)syscall(SYS_mmap, NULL, HEAP_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (heap == MAP_FAILED)
		heap = NULL;
	heap_end = heap + HEAP_SIZE;
	return heap;
}

void *live_alloc(size_t size)
{
	unsigned int order = size < HEAP_SIZE ? order_of(size) : 63;
	struct head *piece = free_pieces[order];

	if (piece) {
		free_pieces[order] = piece->next;
		memset(piece + 1, 0, size);
	} else {
		if ((!heap && !reserve()) || (1ull << order) > (uint64_t)(heap_end - heap))
			return NULL;
		piece = (struct head *)heap;
		heap += 1ull << order;
	}
	piece->order = order;
	return piece + 1;
}

void *live_calloc(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? NULL : live_alloc(bytes);
}

void live_free(void *memory)
{
	struct head *piece = (struct head *)memory - 1;

	if (!memory)
		return;
	piece->next = free_pieces[piece->order];
	free_pieces[piece->order] = piece;
}
