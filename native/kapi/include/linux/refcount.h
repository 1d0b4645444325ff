/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_REFCOUNT_H
#define _LINUX_REFCOUNT_H

#include <kapi/place.h>
#include <linux/atomic.h>

/** A count of references. Once it is 0 it stays 0, and whoever takes one then is reported. */
typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

#define REFCOUNT_INIT(count) \
	{ \
		.refs = ATOMIC_INIT(count) \
	}

static inline void refcount_set(refcount_t *refcount, int count)
{
	atomic_set(&refcount->refs, count);
}

static inline unsigned int refcount_read(const refcount_t *refcount)
{
	return (unsigned int)atomic_read(&refcount->refs);
}

static inline bool __must_check refcount_inc_not_zero(refcount_t *refcount)
{
	return atomic_inc_not_zero(&refcount->refs);
}

void kapi_refcount_add(refcount_t *refcount, int count, const struct kapi_place *place);
/** true: none is left. */
bool __must_check kapi_refcount_sub(refcount_t *refcount, int count, const struct kapi_place *place);
/** Needs more than one. */
void kapi_refcount_dec(refcount_t *refcount, const struct kapi_place *place);
#define refcount_inc(refcount) kapi_refcount_add(refcount, 1, KAPI_HERE)
#define refcount_add(count, refcount) kapi_refcount_add(refcount, count, KAPI_HERE)
#define refcount_dec_and_test(refcount) kapi_refcount_sub(refcount, 1, KAPI_HERE)
#define refcount_sub_and_test(count, refcount) kapi_refcount_sub(refcount, count, KAPI_HERE)
#define refcount_dec(refcount) kapi_refcount_dec(refcount, KAPI_HERE)

#endif
