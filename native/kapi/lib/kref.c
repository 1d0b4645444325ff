/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/kref.h>

#include "log/report.h"

void kapi_kref_get(struct kref *kref, const struct kapi_place *place)
{
	if (!kref->references)
		report(KAPI_CHECK_BAD_PUT, place, "kref_get() of an object without references");
	else
		kref->references++;
}

int kapi_kref_put(struct kref *kref, void (*release)(struct kref *kref), const struct kapi_place *place)
{
	if (!kref->references) {
		report(KAPI_CHECK_BAD_PUT, place, "kref_put() of an object without references");
		return 0;
	}
	if (--kref->references)
		return 0;
	release(kref);
	return 1;
}
