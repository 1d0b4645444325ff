/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/lockdep.h>

#include "log/report.h"
#include "task/thread.h"

void kapi_assert_held(const void *lock, const char *name, const struct kapi_place *place)
{
	if (!held_find(lock))
		report(KAPI_CHECK_LOCK_MISSING, place, "this needs %s", name);
}
