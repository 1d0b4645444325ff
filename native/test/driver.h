/* SPDX-License-Identifier: GPL-2.0-only */
/** @file driver.h What the tests of Linux 6.12's device migration share: requests, and what a driver does. */
#ifndef HMMU_TEST_DRIVER_H
#define HMMU_TEST_DRIVER_H

#include "support.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)

static inline struct hmmu_migrate_request system_request(struct rig *r, uint64_t address, uint64_t pages)
{
	struct hmmu_migrate_request request = request_for(r, address, pages);

	request.flags = HMMU_SELECT_SYSTEM;
	request.owner = HMMU_DEFAULT_OWNER;
	return request;
}

static inline struct hmmu_migrate_request device_request(struct rig *r, uint64_t address, uint64_t pages)
{
	struct hmmu_migrate_request request = system_request(r, address, pages);

	request.flags = HMMU_SELECT_DEVICE_PRIVATE;
	r->builtin.to = HMMU_TO_SYSTEM;
	return request;
}

static inline void to_device(struct rig *r, uint64_t address, uint64_t pages)
{
	struct hmmu_migrate_request request = system_request(r, address, pages);

	r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_DEVICE };
	assert_ok(hmmu_migrate_vma(r->m, &request));
	for (uint64_t i = 0; i < pages; i++)
		assert_int_equal(r->why[i], HMMU_WHY_NONE);
}

/** migrate_vma_setup() of pages of RAM, by a driver that has no callbacks. */
static inline struct hmmu_migration *set_up_system(struct rig *r, uint64_t address, uint64_t pages)
{
	struct hmmu_migrate_request request = system_request(r, address, pages);
	struct hmmu_migration *mig;

	request.ops = NULL;
	assert_ok(hmmu_migrate_vma_setup(r->m, &request, &mig));
	return mig;
}

static inline uint64_t cpages(const struct hmmu_migration *mig)
{
	struct hmmu_migration_state state;

	hmmu_migrate_state(mig, &state);
	return state.cpages;
}

static inline uint32_t give_device_page(struct rig *r, uint64_t i)
{
	uint32_t pfn;

	assert_ok(hmmu_device_alloc(r->m, &pfn));
	if (r->src[i] & HMMU_PFN_VALID)
		assert_ok(hmmu_page_copy(r->m, pfn, hmmu_word_pfn(r->src[i])));
	r->dst[i] = hmmu_word(pfn, 0);
	return pfn;
}

static inline struct hmmu_device_range range_for(struct rig *r, uint32_t first, uint32_t pages)
{
	r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_SYSTEM };
	return (struct hmmu_device_range){ .first = first,
					   .pages = pages,
					   .src = r->src,
					   .dst = r->dst,
					   .why = r->why,
					   .ops = &hmmu_builtin_ops,
					   .data = &r->builtin };
}

static inline int evict_pages(struct rig *r, uint32_t first, uint32_t pages)
{
	struct hmmu_device_range range = range_for(r, first, pages);
	struct hmmu_migration *mig;
	int err = hmmu_migrate_device_range(r->m, &range, &mig);

	if (!err)
		err = hmmu_migrate_vma_pages(mig);
	return err ? err : hmmu_migrate_vma_finalize(mig);
}

#endif
