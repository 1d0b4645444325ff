/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(), interval notifiers. */
#include "machine/check_intervals.h"
#include "machine/verify.h"
#include "mm/mm.h"

void verify_intervals(struct verify *v)
{
	const struct hmmu *m = v->m;
	u32 count = count_intervals_out(m), halfway = calls_halfway(m);

	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++) {
		const char *fault = mm_exists(m, mm) ? intervals_fault(m, mm, halfway, &count) : NULL;

		if (fault)
			complain(v, "process %u: %s", mm, fault);
	}
	if (count != m->st->slabs[SLAB_INTERVAL].used)
		complain(v, "there are %u interval notifiers, and processes have %u", m->st->slabs[SLAB_INTERVAL].used,
			 count);
}
