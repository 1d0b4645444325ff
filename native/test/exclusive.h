/* SPDX-License-Identifier: GPL-2.0-only */
/** @file exclusive.h What the tests of device-exclusive entries share. */
#ifndef HMMU_TEST_EXCLUSIVE_H
#define HMMU_TEST_EXCLUSIVE_H

#include "support.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)
#define W HMMU_BIT_WRITE
#define D HMMU_BIT_DIRTY
#define A HMMU_BIT_ACCESSED
#define S HMMU_BIT_SOFT_DIRTY
#define U HMMU_BIT_UFFD_WP
#define OWNER 7
/* The page, which the driver has locked; 0 if it can't be exclusive. */
static inline uint32_t make(struct rig *r, uint64_t address)
{
	uint32_t pfn = UINT32_MAX;

	assert_ok(hmmu_make_device_exclusive(r->m, r->tid, address, OWNER, &pfn));
	return pfn;
}

static inline void hand_back(struct rig *r, uint32_t pfn)
{
	assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_ok(hmmu_page_put(r->m, pfn));
}

/* As a driver does whose tables are written at once. */
static inline void take(struct rig *r, uint64_t address, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		hand_back(r, make(r, address + PAGES(i)));
}

/* A rig with pages of anonymous memory that were written to, the first ones of which are exclusive. */
static inline struct rig *open_exclusive(uint64_t *buf, uint64_t pages, uint64_t exclusive)
{
	struct rig *r = open_6_12(.ram_pages = 4096);

	*buf = map_anon(r, pages);
	write_pages(r, *buf, pages, 0x30);
	hmmu_lru_add_drain_all(r->m);
	take(r, *buf, exclusive);
	return r;
}

#endif
