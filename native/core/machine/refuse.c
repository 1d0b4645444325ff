/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: what all checks need. They refuse a snapshot, allocate, and look for its pieces. */
#include "machine/restore.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/arena.h"
#include "host/platform.h"

static const char prefix[] = "the snapshot is refused: ";

bool refuse_snapshot(struct check *c, const char *format, ...)
{
	struct hmmu_error *error = c->error;
	va_list args;

	*error = (struct hmmu_error){ .err = -EINVAL, .code = HMMU_ERR_SNAPSHOT };
	memcpy(error->text, prefix, sizeof(prefix));
	va_start(args, format);
	vsnprintf(error->text + sizeof(prefix) - 1, sizeof(error->text) - sizeof(prefix) + 1, format, args);
	va_end(args);
	return false;
}

bool no_memory(struct check *c)
{
	*c->error = (struct hmmu_error){ .err = -ENOMEM,
					 .code = HMMU_ERR_HOST_MEMORY,
					 .text = "the host has no memory for the machine" };
	return false;
}

void *check_alloc(struct check *c, u64 bytes)
{
	void *memory = platform_alloc(bytes);

	if (!memory)
		no_memory(c);
	return memory;
}

u64 first_piece(const struct check *c, const void *address)
{
	u64 number = arena_offset(c->m, address) / PAGE_SIZE, low = 0, high = c->pieces;

	while (low < high) {
		u64 middle = low + (high - low) / 2;

		if (c->piece[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
