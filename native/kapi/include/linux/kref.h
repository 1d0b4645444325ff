/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KREF_H
#define _LINUX_KREF_H

#include <linux/refcount.h>
#include <linux/spinlock.h>

struct kref {
	refcount_t refcount;
};

#define KREF_INIT(count) \
	{ \
		.refcount = REFCOUNT_INIT(count) \
	}

static inline void kref_init(struct kref *kref)
{
	refcount_set(&kref->refcount, 1);
}

static inline unsigned int kref_read(const struct kref *kref)
{
	return refcount_read(&kref->refcount);
}

static inline void kapi_kref_get(struct kref *kref, const struct kapi_place *place)
{
	kapi_refcount_add(&kref->refcount, 1, place);
}
#define kref_get(kref) kapi_kref_get(kref, KAPI_HERE)

static inline int kapi_kref_put(struct kref *kref, void (*release)(struct kref *kref), const struct kapi_place *place)
{
	bool is_last = kapi_refcount_sub(&kref->refcount, 1, place);

	if (is_last)
		release(kref);
	return is_last;
}
#define kref_put(kref, release) kapi_kref_put(kref, release, KAPI_HERE)

static inline int __must_check kref_get_unless_zero(struct kref *kref)
{
	return refcount_inc_not_zero(&kref->refcount);
}

#endif
