/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bare driver in C: pages are allocated, locked and placed, and nothing is copied. It does what a driver must and
 * nothing else, so what is measured with it is migrate_vma() and the driver's own part.
 */
#include <errno.h>

#include "bench.h"

static int place(struct hmmu *m, uint32_t to, uint64_t *dst)
{
	uint32_t pfn;
	int err = to == HMMU_TO_DEVICE ? hmmu_device_alloc(m, &pfn) : hmmu_page_alloc(m, &pfn);

	if (err)
		return err == -ENOMEM ? 0 : err;
	err = hmmu_page_trylock(m, pfn);
	if (err)
		return err;
	*dst = hmmu_word(pfn, HMMU_PFN_LOCKED | (to == HMMU_TO_DEVICE ? HMMU_PFN_DEVICE : 0));
	return 0;
}

static int bare_alloc_and_copy(struct hmmu_migration *mig, void *data)
{
	const struct hmmu_builtin *driver = data;
	struct hmmu_migration_state state;

	hmmu_migrate_state(mig, &state);
	for (uint64_t i = 0; i < state.npages; i++) {
		uint64_t src = state.src[i];
		bool on_device = src & HMMU_PFN_DEVICE;
		int err;

		if (!(src & HMMU_PFN_MIGRATE))
			continue;
		if ((src & HMMU_PFN_VALID) && on_device == (driver->to == HMMU_TO_DEVICE))
			continue;
		err = place(state.machine, driver->to, &state.dst[i]);
		if (err)
			return err;
	}
	return 0;
}

static int bare_finalize_and_map(struct hmmu_migration *mig, void *data)
{
	(void)mig;
	(void)data;
	return 0;
}

const struct hmmu_migrate_ops bare_ops = { bare_alloc_and_copy, bare_finalize_and_map };

/* A CPU touched a device page: that one page goes back. */
static int bare_page_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct hmmu_builtin driver = { .to = HMMU_TO_SYSTEM };
	uint64_t src = 0, dst = 0;
	const struct hmmu_migrate_request request = {
		.tid = tid,
		.start = address,
		.end = address + HMMU_PAGE_SIZE,
		.src = &src,
		.dst = &dst,
		.ops = &bare_ops,
		.data = &driver,
	};

	(void)pfn;
	(void)data;
	return hmmu_migrate_vma(m, &request);
}

const struct hmmu_pagemap_ops bare_pagemap_ops = { .page_fault = bare_page_fault };
