/* SPDX-License-Identifier: GPL-2.0-only */
/* A heap that is given back as a whole: a library of drivers may go at any time, whatever the drivers have left. */
#include "host/host.h"

#include <stdint.h>
#include <stdlib.h>

/** A piece; its bytes follow. */
struct tracked {
	struct tracked *next;
	struct tracked *previous;
	_Alignas(16) unsigned char bytes[];
};

static struct tracked all = { .next = &all, .previous = &all };

static void *alloc(size_t size)
{
	struct tracked *piece = size < SIZE_MAX - sizeof(*piece) ? calloc(1, sizeof(*piece) + size) : NULL;

	if (!piece)
		return NULL;
	piece->next = all.next;
	piece->previous = &all;
	all.next->previous = piece;
	all.next = piece;
	return piece->bytes;
}

static void release(void *memory)
{
	struct tracked *piece = (struct tracked *)((unsigned char *)memory - offsetof(struct tracked, bytes));

	if (!memory)
		return;
	piece->previous->next = piece->next;
	piece->next->previous = piece->previous;
	free(piece);
}

void host_track_heap(void)
{
	host_set_heap(alloc, release);
}

void host_forget_heap(void)
{
	struct tracked *piece = all.next;

	all.next = all.previous = &all;
	while (piece != &all) {
		struct tracked *next = piece->next;

		free(piece);
		piece = next;
	}
}
