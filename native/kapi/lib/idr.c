/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, with pointers or without. */
#include <linux/idr.h>

#include <linux/kernel.h>

#include "log/report.h"

/** Stands for NULL, which is no entry of an XArray. */
static char nothing;

static void *entry_of(void *pointer)
{
	return pointer ? pointer : &nothing;
}

static void *pointer_of(void *entry)
{
	return entry == &nothing ? NULL : entry;
}

int kapi_idr_alloc(struct idr *idr, void *pointer, int start, int end, gfp_t gfp, const struct kapi_place *place)
{
	struct xa_limit limit = XA_LIMIT((u32)max(start, 0), end > 0 ? (u32)end - 1 : INT_MAX);
	u32 id;
	int err = kapi_xa_alloc(&idr->kapi_entries, &id, entry_of(pointer), limit, gfp, place);

	if (err)
		return err == -EBUSY ? -ENOSPC : err;
	return (int)id;
}

int kapi_idr_alloc_cyclic(struct idr *idr, void *pointer, int start, int end, gfp_t gfp, const struct kapi_place *place)
{
	int id = kapi_idr_alloc(idr, pointer, max(start, (int)idr->kapi_next), end, gfp, place);

	if (id == -ENOSPC)
		id = kapi_idr_alloc(idr, pointer, start, end, gfp, place);
	if (id >= 0)
		idr->kapi_next = (unsigned int)id + 1;
	return id;
}

void *idr_find(const struct idr *idr, unsigned long id)
{
	return pointer_of(xa_load((struct xarray *)&idr->kapi_entries, id));
}

void *idr_remove(struct idr *idr, unsigned long id)
{
	return pointer_of(xa_erase(&idr->kapi_entries, id));
}

void *idr_replace(struct idr *idr, void *pointer, unsigned long id)
{
	void *old = xa_load(&idr->kapi_entries, id);

	if (!old)
		return ERR_PTR(-ENOENT);
	/* The node is there, so that nothing is allocated. */
	xa_store(&idr->kapi_entries, id, entry_of(pointer), 0);
	return pointer_of(old);
}

/* A NULL that is stored is passed over, as by a kernel. */
void *idr_get_next(struct idr *idr, int *id)
{
	unsigned long index = (unsigned long)*id;
	void *entry = xa_find(&idr->kapi_entries, &index, INT_MAX, XA_PRESENT);

	while (entry == &nothing && index++ < INT_MAX)
		entry = xa_find(&idr->kapi_entries, &index, INT_MAX, XA_PRESENT);
	if (entry)
		*id = (int)index;
	return pointer_of(entry);
}

void idr_destroy(struct idr *idr)
{
	xa_destroy(&idr->kapi_entries);
}

int kapi_ida_alloc(struct ida *ida, unsigned int least, unsigned int most, gfp_t gfp, const struct kapi_place *place)
{
	struct xa_limit limit = XA_LIMIT(least, min(most, (unsigned int)INT_MAX));
	u32 id;
	int err = kapi_xa_alloc(&ida->kapi_numbers, &id, &nothing, limit, gfp, place);

	if (err)
		return err == -EBUSY ? -ENOSPC : err;
	return (int)id;
}

void kapi_ida_free(struct ida *ida, unsigned int id, const struct kapi_place *place)
{
	if (!xa_erase(&ida->kapi_numbers, id))
		report(KAPI_CHECK_BAD_FREE, place, "ida_free() of %u, which is free", id);
}

void ida_destroy(struct ida *ida)
{
	xa_destroy(&ida->kapi_numbers);
}
