/* SPDX-License-Identifier: GPL-2.0-only */
/* A set of pointers: the C library's balanced tree. */
#define _GNU_SOURCE
#include "host/host.h"

#include <search.h>
#include <stdint.h>

static int compare(const void *a, const void *b)
{
	return (uintptr_t)a < (uintptr_t)b ? -1 : (uintptr_t)a > (uintptr_t)b;
}

bool host_set_add(struct host_set *set, void *pointer)
{
	return tsearch(pointer, &set->root, compare) != NULL;
}

bool host_set_has(const struct host_set *set, const void *pointer)
{
	return tfind(pointer, &set->root, compare) != NULL;
}

void host_set_remove(struct host_set *set, const void *pointer)
{
	tdelete(pointer, &set->root, compare);
}

/* A node of the tree begins with its key. */
void *host_set_any(const struct host_set *set)
{
	return set->root ? *(void **)set->root : NULL;
}
