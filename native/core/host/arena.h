/* SPDX-License-Identifier: GPL-2.0-only */
/** @file arena.h The arena of a machine, and the slabs in it. */
#ifndef HMMU_ARENA_H
#define HMMU_ARENA_H

#include "host/machine.h"

/** An arena with the sizes that a state names (ram_pages, device_pages, other_device_pages, cpus), otherwise zero.
 * -EINVAL: a size is out of its range; -ENOMEM. */
int arena_create(struct hmmu *m, const struct state *sizes);
void arena_destroy(struct hmmu *m);
/** A zeroed record, or 0 when the slab is full. */
u32 slab_alloc(struct hmmu *m, enum slab_kind kind);
void slab_free(struct hmmu *m, enum slab_kind kind, u32 slot);

/** Where in the arena a place is, in bytes. In WebAssembly a difference of pointers is negative from 2 GiB on. */
static inline u64 arena_offset(const struct hmmu *m, const void *place)
{
	return (uintptr_t)place - (uintptr_t)m->st;
}

#endif
