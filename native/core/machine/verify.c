/* SPDX-License-Identifier: GPL-2.0-only */
/* hmmu_verify(): recounts the whole machine and compares the result with its books. */
#include "machine/verify.h"

#include <errno.h>

#include "host/platform.h"
#include "mm/mm.h"

void tally_all(struct verify *v)
{
	struct hmmu *m = v->m;

	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		v->munlocks |= task_of(m, task)->progress.munlock_at != 0;
	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++)
		if (mm_exists(m, mm))
			verify_mm(v, mm);
	verify_lru(v);
	verify_holders(v);
	verify_swap(v);
}

static void verify_all(struct verify *v)
{
	const struct hmmu *m = v->m;

	if (m->st->bugs)
		complain(v, "%u internal contradictions, the first: %s", m->st->bugs,
			 m->first_bug[0] ? m->first_bug : "met before this copy of the machine was made");
	tally_all(v);
	verify_pages(v);
	verify_locks(v);
	verify_tlb(v);
	verify_lists(v);
	verify_intervals(v);
	verify_hugetlb(v);
}

bool tallies_alloc(struct verify *v)
{
	const struct hmmu *m = v->m;

	v->pages = platform_alloc(used_pages(m) * sizeof(*v->pages));
	v->swap_entries = platform_alloc((m->st->swap_high + 1ull) * sizeof(*v->swap_entries));
	v->chain_of = platform_alloc(m->st->slabs[SLAB_ANON_VMA].high * sizeof(*v->chain_of));
	return v->pages && v->swap_entries && v->chain_of;
}

void tallies_free(struct verify *v)
{
	platform_free(v->pages);
	platform_free(v->swap_entries);
	platform_free(v->chain_of);
}

int verify_machine(struct hmmu *m, hmmu_report_fn report, void *data, u32 *too_few)
{
	struct verify v = { .m = m, .report = report, .data = data };

	if (tallies_alloc(&v))
		verify_all(&v);
	else
		v.complaints = -ENOMEM;
	tallies_free(&v);
	*too_few = v.too_few;
	return v.complaints;
}

int hmmu_verify(struct hmmu *m, hmmu_report_fn report, void *data)
{
	u32 too_few;
	int complaints;

	if (m->in_page_free)
		return check_outside_page_free(m);
	complaints = verify_machine(m, report, data, &too_few);
	if (complaints < 0)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for the tallies");
	return complaints;
}
