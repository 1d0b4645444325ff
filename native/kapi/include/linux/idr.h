/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_IDR_H
#define _LINUX_IDR_H

#include <linux/xarray.h>

/** Pointers by numbers that it chooses. */
struct idr {
	struct xarray kapi_entries;
	unsigned int kapi_next; /**< for idr_alloc_cyclic() */
};

#define IDR_INIT(name) \
	{ \
		.kapi_next = 0 \
	}
#define DEFINE_IDR(name) struct idr name = IDR_INIT(name)

static inline void idr_init(struct idr *idr)
{
	*idr = (struct idr){ .kapi_next = 0 };
}

/** The lowest free number from @p start up to before @p end; an end of 0: INT_MAX. -ENOSPC, -ENOMEM. */
int kapi_idr_alloc(struct idr *idr, void *pointer, int start, int end, gfp_t gfp, const struct kapi_place *place);
/** The same, but numbers that were given before come last. */
int kapi_idr_alloc_cyclic(struct idr *idr, void *pointer, int start, int end, gfp_t gfp,
			  const struct kapi_place *place);
void *idr_find(const struct idr *idr, unsigned long id);
void *idr_remove(struct idr *idr, unsigned long id);
/** The old pointer, or ERR_PTR(-ENOENT). */
void *idr_replace(struct idr *idr, void *pointer, unsigned long id);
/** The first pointer from @p *id on; NULL: there is none. */
void *idr_get_next(struct idr *idr, int *id);
void idr_destroy(struct idr *idr);

#define idr_alloc(idr, pointer, start, end, gfp) kapi_idr_alloc(idr, pointer, start, end, gfp, KAPI_HERE)
#define idr_alloc_cyclic(idr, pointer, start, end, gfp) kapi_idr_alloc_cyclic(idr, pointer, start, end, gfp, KAPI_HERE)
/* Allocations of the emulator need no memory before. */
#define idr_preload(gfp) ((void)(gfp))
#define idr_preload_end() ((void)0)
#define idr_for_each_entry(idr, entry, id) for ((id) = 0; ((entry) = idr_get_next(idr, &(id))) != NULL; (id)++)

static inline bool idr_is_empty(const struct idr *idr)
{
	return xa_empty(&idr->kapi_entries);
}

/** Numbers without pointers. */
struct ida {
	struct xarray kapi_numbers;
};

#define DEFINE_IDA(name) struct ida name = { { 0 } }

static inline void ida_init(struct ida *ida)
{
	*ida = (struct ida){ { 0 } };
}

/** The lowest free number from @p least to @p most. -ENOSPC, -ENOMEM. */
int kapi_ida_alloc(struct ida *ida, unsigned int least, unsigned int most, gfp_t gfp, const struct kapi_place *place);
void kapi_ida_free(struct ida *ida, unsigned int id, const struct kapi_place *place);
void ida_destroy(struct ida *ida);
#define ida_alloc_range(ida, least, most, gfp) kapi_ida_alloc(ida, least, most, gfp, KAPI_HERE)
#define ida_alloc(ida, gfp) ida_alloc_range(ida, 0, INT_MAX, gfp)
#define ida_alloc_min(ida, least, gfp) ida_alloc_range(ida, least, INT_MAX, gfp)
#define ida_alloc_max(ida, most, gfp) ida_alloc_range(ida, 0, most, gfp)
#define ida_free(ida, id) kapi_ida_free(ida, id, KAPI_HERE)

static inline bool ida_is_empty(const struct ida *ida)
{
	return xa_empty(&ida->kapi_numbers);
}

#endif
