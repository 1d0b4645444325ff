/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_XARRAY_H
#define _LINUX_XARRAY_H

#include <linux/bug.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct kapi_xa_node;

/** Pointers by index. */
struct xarray {
	struct kapi_xa_node *root;
	unsigned int height; /**< levels of nodes; 0: nothing is stored */
	unsigned int flags;
};

#define DEFINE_XARRAY(name) struct xarray name = { 0 }

#define XA_FLAGS_ALLOC 1u
#define XA_FLAGS_ALLOC1 2u
#define DEFINE_XARRAY_ALLOC(name) struct xarray name = { .flags = XA_FLAGS_ALLOC }
#define DEFINE_XARRAY_ALLOC1(name) struct xarray name = { .flags = XA_FLAGS_ALLOC1 }

static inline void xa_init_flags(struct xarray *xa, unsigned int flags)
{
	*xa = (struct xarray){ .flags = flags };
}

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
/** The first index from @p *index to @p max without an entry. false: there is none. */
bool kapi_xa_find_free(const struct xarray *xa, unsigned long *index, unsigned long max);

struct xa_limit {
	u32 max;
	u32 min;
};
#define XA_LIMIT(least, most) ((struct xa_limit){ .min = (least), .max = (most) })
#define xa_limit_32b XA_LIMIT(0, U32_MAX)
#define xa_limit_31b XA_LIMIT(0, INT_MAX)
#define xa_limit_16b XA_LIMIT(0, 0xffffu)

/** Store at the lowest free index within a limit; NULL reserves it. -EBUSY: there is none. */
int kapi_xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit, gfp_t gfp,
		  const struct kapi_place *place);
/** The same, from @p *next on; 1: it has begun anew. */
int kapi_xa_alloc_cyclic(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit, u32 *next, gfp_t gfp,
			 const struct kapi_place *place);
/** Store where nothing is; NULL reserves the index. -EBUSY: there is something. */
int kapi_xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp, const struct kapi_place *place);
#define xa_alloc(xa, id, entry, limit, gfp) kapi_xa_alloc(xa, id, entry, limit, gfp, KAPI_HERE)
#define xa_alloc_cyclic(xa, id, entry, limit, next, gfp) \
	kapi_xa_alloc_cyclic(xa, id, entry, limit, next, gfp, KAPI_HERE)
#define xa_insert(xa, index, entry, gfp) kapi_xa_insert(xa, index, entry, gfp, KAPI_HERE)

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
