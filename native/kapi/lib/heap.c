/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kmalloc(), vmalloc() and their kin. Each piece is one of the host's, so that AddressSanitizer and valgrind see its ends.
 */
#include "lib/heap.h"

#include <linux/kernel.h>

#include "host/host.h"
#include "log/report.h"
#include "task/active.h"
#include "task/faults.h"
#include "task/thread.h"

/** A piece, whose bytes follow. */
struct piece {
	const struct kapi_place *place;
	size_t size;
	enum kapi_heap heap;
	bool internal; /**< a part of an object, freed with it */
	_Alignas(16) unsigned char bytes[];
};

static struct host_set pieces;

void heap_may_reclaim(gfp_t gfp, const struct kapi_place *place)
{
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		return;
	kapi_might_sleep(place);
	may_invalidate(place);
}

bool heap_fails(gfp_t gfp, const struct kapi_place *place)
{
	return !(gfp & __GFP_NOFAIL) && fault_happens(KAPI_FAULT_ALLOCATION, place);
}

static struct piece *piece_of(const void *memory)
{
	return container_of(memory, struct piece, bytes);
}

static struct piece *new_piece(size_t size, const struct kapi_place *place)
{
	struct piece *piece = size < LONG_MAX ? host_alloc(sizeof(*piece) + size) : NULL;

	if (!piece)
		return NULL;
	piece->place = place;
	piece->size = size;
	if (host_set_add(&pieces, piece))
		return piece;
	host_free(piece);
	return NULL;
}

static void drop_piece(struct piece *piece)
{
	host_set_remove(&pieces, piece);
	memset(piece->bytes, HEAP_FREED, piece->size);
	host_free(piece);
}

void *heap_alloc_internal(size_t size, gfp_t gfp, const struct kapi_place *place)
{
	struct piece *piece;

	heap_may_reclaim(gfp, place);
	piece = heap_fails(gfp, place) ? NULL : new_piece(size, place);
	if (!piece)
		return NULL;
	piece->internal = true;
	return piece->bytes;
}

void heap_free_internal(void *memory)
{
	drop_piece(piece_of(memory));
}

void *kapi_alloc(enum kapi_heap heap, size_t count, size_t size, gfp_t gfp, const struct kapi_place *place)
{
	struct piece *piece;
	size_t bytes;

	heap_may_reclaim(gfp, place);
	if (__builtin_mul_overflow(count, size, &bytes) || heap_fails(gfp, place))
		return NULL;
	piece = new_piece(bytes, place);
	if (!piece)
		return NULL;
	piece->heap = heap;
	if (!(gfp & __GFP_ZERO))
		memset(piece->bytes, HEAP_POISON, bytes);
	return piece->bytes;
}

void *kapi_realloc(const void *memory, size_t size, gfp_t gfp, const struct kapi_place *place)
{
	void *new = kapi_alloc(KAPI_KMALLOC, 1, size, gfp, place);

	if (!new || !memory)
		return new;
	memcpy(new, memory, min(size, piece_of(memory)->size));
	kapi_free(KAPI_KMALLOC, memory, place);
	return new;
}

static const char *const free_names[] = { "kfree", "vfree", "kvfree" };

/* kvfree() takes memory of both. */
static bool fits(enum kapi_heap allocated, enum kapi_heap freed)
{
	return allocated == freed || freed == KAPI_KVMALLOC;
}

void kapi_free(enum kapi_heap heap, const void *memory, const struct kapi_place *place)
{
	struct piece *piece;

	if (heap != KAPI_KMALLOC)
		kapi_might_sleep(place);
	if (!memory)
		return;
	piece = piece_of(memory);
	if (!host_set_has(&pieces, piece) || piece->internal) {
		report(KAPI_CHECK_BAD_FREE, place, "%s() of memory that is not allocated, or is free already",
		       free_names[heap]);
		return;
	}
	if (!fits(piece->heap, heap))
		report(KAPI_CHECK_BAD_FREE, place, "%s() of memory for %s(), allocated at %s", free_names[heap],
		       free_names[piece->heap], place_text(piece->place));
	active_check_free(piece->bytes, piece->size, place);
	drop_piece(piece);
}

void heap_report_left(void)
{
	for (struct piece *piece = host_set_any(&pieces); piece; piece = host_set_any(&pieces)) {
		report(KAPI_CHECK_MEMORY_LEFT, piece->place, "%zu bytes that were allocated here are never freed",
		       piece->size);
		drop_piece(piece);
	}
}

void heap_forget(void)
{
	for (struct piece *piece = host_set_any(&pieces); piece; piece = host_set_any(&pieces))
		drop_piece(piece);
}
