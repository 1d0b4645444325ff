/* SPDX-License-Identifier: GPL-2.0-only */
/* What is left of a program when all is over. */
#include "balance.h"

#include <stdio.h>

struct balance balance_of(const struct hmmu *m)
{
	return (struct balance){
		.ram_free = hmmu_counter(m, HMMU_COUNT_RAM_FREE),
		.device_free = hmmu_counter(m, HMMU_COUNT_DEVICE_FREE),
		.coherent_free = hmmu_counter(m, HMMU_COUNT_COHERENT_FREE),
	};
}

static const char *say(char *text, size_t size, uint64_t value, const char *what)
{
	snprintf(text, size, "%llu %s when all is over", (unsigned long long)value, what);
	return text;
}

static const char *say_of(char *text, size_t size, uint64_t value, uint64_t all, const char *what)
{
	snprintf(text, size, "%llu of %llu %s when all is over", (unsigned long long)value, (unsigned long long)all,
		 what);
	return text;
}

/* A page of the swap cache whose migration entry was zapped has no user, and stays until it is reclaimed, as in a kernel. */
static uint64_t orphans(const struct hmmu *m, bool migrated)
{
	return migrated ? hmmu_counter(m, HMMU_COUNT_SWAP_CACHED) : 0;
}

static const char *objects_left(const struct hmmu *m, bool migrated, char *text, size_t size)
{
	static const struct {
		uint32_t counter;
		const char *what;
	} objects[] = {
		{ HMMU_COUNT_PROCESSES, "processes are left" },
		{ HMMU_COUNT_MAPPINGS, "mappings are left" },
		{ HMMU_COUNT_ANON_VMAS, "anon_vmas are left" },
		{ HMMU_COUNT_TABLE_PAGES, "page tables are left" },
		{ HMMU_COUNT_HUGETLB_RESERVED, "huge pages of the hugetlb pool are reserved" },
		{ HMMU_COUNT_SWAP_CACHED, "pages of the swap cache are left" },
	};
	size_t count = sizeof(objects) / sizeof(*objects) - migrated;

	for (size_t i = 0; i < count; i++)
		if (hmmu_counter(m, objects[i].counter))
			return say(text, size, hmmu_counter(m, objects[i].counter), objects[i].what);
	return NULL;
}

static const char *swap_missing(const struct hmmu *m, bool migrated, char *text, size_t size)
{
	uint64_t slots = hmmu_counter(m, HMMU_COUNT_SWAP_PAGES), slots_free = hmmu_counter(m, HMMU_COUNT_SWAP_FREE);
	uint64_t pages = hmmu_counter(m, HMMU_COUNT_HUGETLB_PAGES),
		 pages_free = hmmu_counter(m, HMMU_COUNT_HUGETLB_FREE);

	if (slots_free + orphans(m, migrated) != slots)
		return say_of(text, size, slots_free, slots, "swap slots are free");
	return pages_free == pages ? NULL : say_of(text, size, pages_free, pages, "huge pages of the pool are free");
}

/* The huge zero page stays for good. */
static bool ram_is_there(uint64_t ram_free, const struct balance *before)
{
	return ram_free == before->ram_free || ram_free + HMMU_HUGE_PAGES == before->ram_free;
}

/* A quirk leaks references, and verify() has accounted for those. */
static const char *ram_missing(const struct hmmu *m, const struct balance *before, bool migrated, char *text,
			       size_t size)
{
	bool leaks = hmmu_quirks(m) & HMMU_QUIRK_THP_BUSY_LEAKS_REF;
	uint64_t ram_free = hmmu_counter(m, HMMU_COUNT_RAM_FREE) + orphans(m, migrated);

	if (!leaks && hmmu_memcg_charged(m) != orphans(m, migrated))
		return say(text, size, hmmu_memcg_charged(m), "pages are charged");
	if (ram_is_there(ram_free, before) || (leaks && ram_free < before->ram_free))
		return NULL;
	return say_of(text, size, ram_free, before->ram_free, "frames are free");
}

/* Another quirk leaves references to pages of both kinds. */
static const char *devices_missing(const struct hmmu *m, const struct balance *before, char *text, size_t size)
{
	struct balance now = balance_of(m);

	if (hmmu_quirks(m) & HMMU_QUIRK_EVICT_LOSES_EXCLUSIVE)
		return NULL;
	if (now.device_free != before->device_free)
		return say_of(text, size, now.device_free, before->device_free, "device pages are free");
	if (now.coherent_free != before->coherent_free)
		return say_of(text, size, now.coherent_free, before->coherent_free, "device-coherent pages are free");
	return NULL;
}

const char *balance_missing(const struct hmmu *m, const struct balance *before, bool migrated, char *text, size_t size)
{
	const char *missing = objects_left(m, migrated, text, size);

	if (!missing)
		missing = swap_missing(m, migrated, text, size);
	if (!missing)
		missing = ram_missing(m, before, migrated, text, size);
	return missing ? missing : devices_missing(m, before, text, size);
}
