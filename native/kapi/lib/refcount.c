/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/refcount.h>

#include "log/report.h"

void kapi_refcount_add(refcount_t *refcount, int count, const struct kapi_place *place)
{
	if (!refcount_read(refcount))
		report(KAPI_CHECK_BAD_PUT, place, "a reference is taken of an object without references");
	else
		atomic_add(count, &refcount->refs);
}

bool kapi_refcount_sub(refcount_t *refcount, int count, const struct kapi_place *place)
{
	if (atomic_read(&refcount->refs) < count) {
		report(KAPI_CHECK_BAD_PUT, place, "%d references are given back, of an object with %u", count,
		       refcount_read(refcount));
		return false;
	}
	return atomic_sub_and_test(count, &refcount->refs);
}

void kapi_refcount_dec(refcount_t *refcount, const struct kapi_place *place)
{
	if (kapi_refcount_sub(refcount, 1, place))
		report(KAPI_CHECK_BAD_PUT, place,
		       "refcount_dec() gives the last reference back, and nobody frees the object");
}
