/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KREF_H
#define _LINUX_KREF_H

#include <kapi/place.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/** A count of references. A count of 0 stays 0. */
struct kref {
	unsigned int references;
};

#define KREF_INIT(count) \
	{ \
		.references = (count) \
	}

static inline void kref_init(struct kref *kref)
{
	kref->references = 1;
}

static inline unsigned int kref_read(const struct kref *kref)
{
	return kref->references;
}

void kapi_kref_get(struct kref *kref, const struct kapi_place *place);
int kapi_kref_put(struct kref *kref, void (*release)(struct kref *kref), const struct kapi_place *place);
#define kref_get(kref) kapi_kref_get(kref, KAPI_HERE)
#define kref_put(kref, release) kapi_kref_put(kref, release, KAPI_HERE)

static inline int __must_check kref_get_unless_zero(struct kref *kref)
{
	return kref->references ? (int)++kref->references : 0;
}

#endif
