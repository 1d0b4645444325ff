/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's memory, apart from the program's own: what a test of a kernel does to its malloc()ed memory must not reach the
 * kernel. It is one file, mapped once, at one address in all processes of the program. A child of fork() has it as well.
 * Page frames are in it, too, so that the file's pages can be mapped as the program's memory.
 *
 * Pieces are powers of two. Those that are free are in a list of their size.
 */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Address space; the host gives memory for what is touched. */
#define KERNEL_SIZE (1ull << 37)
#define SMALLEST 5u
#define ORDERS 64u

/** In front of each piece of the heap; in a free piece of pages, its beginning. */
struct head {
	struct head *next; /**< of free pieces */
	uint64_t order;    /**< the logarithm of its size */
};

/** What pieces are for. */
enum purpose { HEAP, PAGES, PURPOSES };

/** At the beginning of the memory. */
struct allocator {
	uint64_t used; /**< bytes that were ever given away */
	struct head *free_pieces[PURPOSES][ORDERS];
};

static int memory_file = -1;
static char *memory;

/* The linker script has put the kernel's variables between these; see cmake/hmmuDrivers.cmake. */
extern char kapi_shared_begin[], kapi_shared_end[];

static void *host_map(void *address, size_t size, int prot, int flags, int file, uint64_t offset)
{
	return (void *)syscall(SYS_mmap, address, size, prot, flags, file, offset);
}

static struct allocator *allocator(void)
{
	return (struct allocator *)memory;
}

static unsigned int order_of(uint64_t size)
{
	unsigned int order = SMALLEST;

	while (order < ORDERS - 1 && (1ull << order) < size)
		order++;
	return order;
}

/* A piece that was never used is zero. */
static void *new_piece(unsigned int order)
{
	uint64_t size = 1ull << order, align = size < LIVE_PAGE ? size : LIVE_PAGE;
	uint64_t start = (allocator()->used + align - 1) & ~(align - 1);

	if (size > KERNEL_SIZE - start)
		return NULL;
	allocator()->used = start + size;
	return memory + start;
}

static struct head *take_free(enum purpose purpose, unsigned int order)
{
	struct head **list = &allocator()->free_pieces[purpose][order], *piece = *list;

	if (piece)
		*list = piece->next;
	return piece;
}

static void put_free(enum purpose purpose, unsigned int order, struct head *piece)
{
	piece->next = allocator()->free_pieces[purpose][order];
	allocator()->free_pieces[purpose][order] = piece;
}

/* --- the heap --- */

void *live_alloc(size_t size)
{
	unsigned int order = size < KERNEL_SIZE ? order_of(size + sizeof(struct head)) : ORDERS - 1;
	struct head *piece = take_free(HEAP, order);

	if (piece)
		memset(piece + 1, 0, size);
	else
		piece = new_piece(order);
	if (!piece)
		return NULL;
	piece->order = order;
	return piece + 1;
}

void *live_calloc(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? NULL : live_alloc(bytes);
}

void live_free(void *freed)
{
	struct head *piece = (struct head *)freed - 1;

	if (freed)
		put_free(HEAP, (unsigned int)piece->order, piece);
}

/* --- pages --- */

/* Stacks begin without access, and have a page that stays so. In memory that processes share it would be guarded only in the
 * one that has made it: it is not guarded here. */
void *live_kernel_mmap(void *address, size_t size, int prot, int flags, int file, off_t offset)
{
	unsigned int order = order_of(size < LIVE_PAGE ? LIVE_PAGE : size);
	void *start = take_free(PAGES, order);

	(void)address;
	(void)flags;
	(void)file;
	(void)offset;
	if (start && prot != PROT_NONE)
		memset(start, 0, size);
	if (!start)
		start = new_piece(order);
	return start ? start : MAP_FAILED;
}

int live_kernel_mprotect(void *start, size_t size, int prot)
{
	(void)start;
	(void)size;
	(void)prot;
	return 0;
}

int live_kernel_munmap(void *start, size_t size)
{
	put_free(PAGES, order_of(size < LIVE_PAGE ? LIVE_PAGE : size), start);
	return 0;
}

bool live_map_frame(uint64_t address, const void *frame, int prot)
{
	uint64_t offset = (uint64_t)((const char *)frame - memory);

	return host_map((void *)address, LIVE_PAGE, prot, MAP_SHARED | MAP_FIXED, memory_file, offset) ==
	       (void *)address;
}

/* --- sharing --- */

static int reserve(void)
{
	memory_file = memfd_create("hmmu", MFD_CLOEXEC);
	if (memory_file < 0 || ftruncate(memory_file, (off_t)KERNEL_SIZE))
		return -errno;
	memory = host_map(NULL, KERNEL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory_file, 0);
	if (memory == MAP_FAILED)
		return -errno;
	allocator()->used = sizeof(struct allocator);
	return 0;
}

/* The variables keep their addresses and values. */
static int move_variables(void)
{
	size_t size = (size_t)(kapi_shared_end - kapi_shared_begin);
	char *copy = live_kernel_mmap(NULL, size, PROT_READ | PROT_WRITE, 0, -1, 0);
	int all = PROT_READ | PROT_WRITE;

	if (copy == MAP_FAILED)
		return -ENOMEM;
	memcpy(copy, kapi_shared_begin, size);
	if (host_map(kapi_shared_begin, size, all, MAP_SHARED | MAP_FIXED, memory_file, (uint64_t)(copy - memory)) !=
	    kapi_shared_begin)
		return -errno;
	return 0;
}

int live_share_kernel(void)
{
	int err = reserve();

	if (!err)
		err = move_variables();
	if (err)
		return err;
	live.shared = live_alloc(sizeof(*live.shared));
	return live.shared ? 0 : -ENOMEM;
}
