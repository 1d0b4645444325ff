/* SPDX-License-Identifier: GPL-2.0-only */
/* Making and unmaking a machine; its options and counters. */
#include "machine/create.h"

#include <errno.h>

#include "fault/device_fault.h"
#include "fault/fault.h"
#include "host/arena.h"
#include "host/platform.h"
#include "host/stats.h"
#include "machine/mark.h"
#include "machine/numbering.h"
#include "machine/snapshot.h"
#include "migrate/driver.h"
#include "migrate/migrate.h"
#include "migrate/record.h"
#include "page/devmem.h"
#include "page/frame.h"
#include "page/hugetlb_pool.h"
#include "page/lru.h"
#include "rmap/rmap.h"
#include "mm/stop.h"

/* By enum hmmu_profile: the bit of its quirks. */
static const u32 profile_bits[] = {
#define X(name, value, word, kernel, quirks, text) [value] = (quirks),
	HMMU_PROFILES(X)
#undef X
};

/* The reference machines have a pool of as many. */
#define HUGETLB_PAGES_BY_DEFAULT 4

static u32 profile_quirks(u32 profile)
{
	u32 quirks = 0;

#define X(name, bit, profiles, word, commit) quirks |= (profiles)&profile_bits[profile] ? 1u << (bit) : 0;
	HMMU_QUIRKS(X)
#undef X
	return quirks;
}

/* The parts of the state that options decide. */
static int state_of_options(const struct hmmu_options *options, struct state *st)
{
	if (options->profile >= HMMU_PROFILE_COUNT || options->quirks_on & ~KERNEL_QUIRKS)
		return -EINVAL;
	if (KERNEL < V6_12 && options->coherent_pages)
		return -EINVAL;
	st->ram_pages = options->ram_pages ? options->ram_pages : 65536;
	st->device_pages = options->device_pages;
	st->coherent_pages = options->coherent_pages;
	st->other_device_pages = options->other_device_pages;
	st->swap_pages = options->swap_pages;
	st->hugetlb_pages = options->hugetlb_pages ? options->hugetlb_pages : HUGETLB_PAGES_BY_DEFAULT;
	if (options->hugetlb_pages == HMMU_HUGETLB_NONE)
		st->hugetlb_pages = 0;
	st->cpus = options->cpus ? options->cpus : 1;
	st->profile = options->profile;
	st->no_contents = options->no_contents;
	st->quirks = (profile_quirks(options->profile) | options->quirks_on) & ~options->quirks_off;
	st->memcg_limit = options->memcg_limit;
	return 0;
}

void set_default_ops(struct hmmu *m)
{
	devices_init(m);
	wait_ops_init(m);
}

int hmmu_create(const struct hmmu_options *options, struct hmmu **machine)
{
	static const struct hmmu_options defaults;
	struct state chosen = { 0 };
	struct hmmu *m;
	int err = state_of_options(options ? options : &defaults, &chosen);

	if (err)
		return err;
	m = platform_alloc(sizeof(*m));
	err = m ? arena_create(m, &chosen) : -ENOMEM;
	if (err) {
		platform_free(m);
		return err;
	}
	m->kernel = &KERNEL_OPS;
	m->st->profile = chosen.profile;
	m->st->quirks = m->quirks = chosen.quirks;
	m->st->memcg_limit = chosen.memcg_limit;
	frame_init(m);
	hugetlb_init(m);
	devmem_init(m);
	lru_init(m);
	set_default_ops(m);
	*machine = m;
	return 0;
}

int hmmu_destroy(struct hmmu *m)
{
	if (m->in_callback || m->in_page_free || migration_in_callback(m))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "a callback of the machine runs");
	migrations_drop(m);
	if (PLATFORM_REUSES_MEMORY)
		arena_wipe(m);
	marks_free(m);
	stops_free(m);
	waiting_faults_free(m);
	numbering_free(m);
	migration_pool_release(m);
	arena_destroy(m);
	platform_free(m->stats_kept);
	platform_free(m->event_cycles);
	platform_free(m);
	return 0;
}

uint32_t hmmu_quirks(const struct hmmu *m)
{
	return m->quirks;
}

uint64_t hmmu_counter(const struct hmmu *m, uint32_t counter)
{
	const struct state *st = m->st;

	switch (counter) {
	case HMMU_COUNT_RAM_PAGES:
		return st->ram_pages;
	case HMMU_COUNT_RAM_FREE:
		return st->free_frames;
	case HMMU_COUNT_TABLE_PAGES:
		return st->table_pages;
	case HMMU_COUNT_DEVICE_PAGES:
		return st->device_pages;
	case HMMU_COUNT_DEVICE_FREE:
		return st->device_pages - devices_used(m, HMMU_DEVICE_PRIVATE);
	case HMMU_COUNT_COHERENT_PAGES:
		return st->coherent_pages;
	case HMMU_COUNT_COHERENT_FREE:
		return st->coherent_pages - devices_used(m, HMMU_DEVICE_COHERENT);
	case HMMU_COUNT_LRU_INACTIVE_ANON:
		return st->lru[LRU_INACTIVE_ANON].nr;
	case HMMU_COUNT_LRU_ACTIVE_ANON:
		return st->lru[LRU_ACTIVE_ANON].nr;
	case HMMU_COUNT_LRU_INACTIVE_FILE:
		return st->lru[LRU_INACTIVE_FILE].nr;
	case HMMU_COUNT_LRU_ACTIVE_FILE:
		return st->lru[LRU_ACTIVE_FILE].nr;
	case HMMU_COUNT_LRU_UNEVICTABLE:
		return st->lru[LRU_UNEVICTABLE].nr;
	case HMMU_COUNT_SWAP_PAGES:
		return st->swap_pages;
	case HMMU_COUNT_SWAP_FREE:
		return st->swap_pages - st->swap_used;
	case HMMU_COUNT_SWAP_CACHED:
		return st->swap_cached;
	case HMMU_COUNT_HUGETLB_PAGES:
		return st->hugetlb_pages;
	case HMMU_COUNT_HUGETLB_FREE:
		return st->hugetlb_free;
	case HMMU_COUNT_HUGETLB_RESERVED:
		/* The counter can be less than 0 for a while. */
		return (int32_t)st->hugetlb_reserved > 0 ? st->hugetlb_reserved : 0;
	case HMMU_COUNT_PROCESSES:
		return (uint64_t)hmmu_processes(m, NULL, 0);
	case HMMU_COUNT_MAPPINGS:
		return st->slabs[SLAB_VMA].used;
	case HMMU_COUNT_ANON_VMAS:
		return st->slabs[SLAB_ANON_VMA].used;
	default:
		return counter < HMMU_COUNTER_COUNT ? st->counters[counter] : 0;
	}
}
