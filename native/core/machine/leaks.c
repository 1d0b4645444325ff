/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that drivers have: while a driver works they are in use, afterwards they are lost. */
#include "page/devmem.h"

struct leaks {
	struct hmmu_leak *out;
	u32 capacity;
	u32 count;
};

static void describe_leak(const struct hmmu *m, u32 pfn, struct hmmu_leak *out)
{
	const struct page *page = page_of(m, pfn);

	*out = (struct hmmu_leak){
		.pfn = pfn,
		.to = is_zone_device_page(m, pfn) ? HMMU_TO_DEVICE : HMMU_TO_SYSTEM,
		.alloc_id = is_device_page(m, pfn) ? device_page_number(m, pfn) : page->alloc_id,
		.ref = page->count,
		.flags = page->flags & ~PAGE_USERS,
		.locked = page->flags & HMMU_PG_LOCKED,
	};
}

static void leaks_in_range(const struct hmmu *m, u32 start, u32 end, struct leaks *leaks)
{
	for (u32 pfn = start; pfn < end; pfn++) {
		if (!(page_of(m, pfn)->flags & PAGE_USER_DRIVER) && !m->pins[pfn].exclusive)
			continue;
		if (leaks->count < leaks->capacity)
			describe_leak(m, pfn, &leaks->out[leaks->count]);
		leaks->count++;
	}
}

int hmmu_leaks(const struct hmmu *m, struct hmmu_leak *out, uint32_t capacity)
{
	u32 ram_end = m->st->next_block * HPAGE_PMD_NR;
	struct leaks leaks = { .out = out, .capacity = capacity };

	leaks_in_range(m, 1, ram_end < m->st->ram_pages ? ram_end : m->st->ram_pages, &leaks);
	leaks_in_range(m, m->device_base, m->device_base + private_high(m->st), &leaks);
	leaks_in_range(m, m->coherent_base, m->coherent_base + coherent_high(m->st), &leaks);
	leaks_in_range(m, m->other_device_base, m->pfn_end, &leaks);
	return (int)leaks.count;
}
