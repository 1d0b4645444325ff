/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_RMAP_H
#define _LINUX_RMAP_H

#include <kapi/place.h>
#include <linux/mm.h>

/** Give pages to a device alone. Returns how many entries of @p pages are written, or a negative errno. */
int kapi_make_device_exclusive_range(struct mm_struct *mm, unsigned long start, unsigned long end, struct page **pages,
				     void *owner, const struct kapi_place *place);
#define make_device_exclusive_range(mm, start, end, pages, owner) \
	kapi_make_device_exclusive_range(mm, start, end, pages, owner, KAPI_HERE)

#endif
