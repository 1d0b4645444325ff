/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_XARRAY_H
#define _LINUX_XARRAY_H

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/types.h>

struct kapi_xa_node;

/** Pointers by index. */
struct xarray {
	struct kapi_xa_node *root;
	unsigned int height; /**< levels of nodes; 0: nothing is stored */
};

#define DEFINE_XARRAY(name) struct xarray name = { 0 }

static inline void xa_init(struct xarray *xa)
{
	*xa = (struct xarray){ 0 };
}

void xa_destroy(struct xarray *xa);
void *xa_load(struct xarray *xa, unsigned long index);
void *xa_erase(struct xarray *xa, unsigned long index);
/** The first entry from @p *index to @p max; @p *index becomes its index. NULL: there is none. */
void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max, unsigned int filter);
void *kapi_xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp, const struct kapi_place *place);
static inline bool xa_empty(const struct xarray *xa)
{
	return !xa->height;
}

#define XA_PRESENT 8u
#define xa_store(xa, index, entry, gfp) kapi_xa_store(xa, index, entry, gfp, KAPI_HERE)

/* The body may erase the entry. An index of ULONG_MAX is the last. */
#define xa_for_each_range(xa, index, entry, first, last) \
	for ((index) = (first), (entry) = xa_find(xa, &(index), last, XA_PRESENT); (entry); \
	     (entry) = (index)++ < (unsigned long)(last) ? xa_find(xa, &(index), last, XA_PRESENT) : NULL)
#define xa_for_each(xa, index, entry) xa_for_each_range (xa, index, entry, 0, ULONG_MAX)

/* An entry is a pointer to something aligned; its low two bits are free for a tag, and an error has the bits 10. */
static inline void *xa_tag_pointer(void *pointer, unsigned long tag)
{
	return (void *)((unsigned long)pointer | tag);
}

static inline void *xa_untag_pointer(void *entry)
{
	return (void *)((unsigned long)entry & ~3ul);
}

static inline unsigned int xa_pointer_tag(void *entry)
{
	return (unsigned long)entry & 3;
}

static inline int xa_err(void *entry)
{
	return ((unsigned long)entry & 3) == 2 && (long)entry < 0 ? (int)((long)entry >> 2) : 0;
}

static inline bool xa_is_err(const void *entry)
{
	return xa_err((void *)entry) != 0;
}

#endif
