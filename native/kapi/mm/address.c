/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of a driver by the CPU's address of their contents. */
#include <linux/kernel.h>
#include <linux/mm.h>

#include "log/report.h"
#include "mm/core.h"
#include "mm/page.h"

/* The contents of page 0: those of the others follow in the order of their numbers. Not looked at, but for differences. */
static unsigned long first;

struct page *kapi_alloc_pages(gfp_t gfp, unsigned int order, const struct kapi_place *place)
{
	if (!order)
		return kapi_alloc_page(gfp, place);
	report(KAPI_CHECK_LIMIT, place, "an allocation of 2^%u pages in a row: the emulator has single pages", order);
	return NULL;
}

unsigned long kapi_get_free_pages(gfp_t gfp, unsigned int order, const struct kapi_place *place)
{
	struct page *page = kapi_alloc_pages(gfp, order, place);
	unsigned long address;

	if (!page)
		return 0;
	address = (unsigned long)hmmu_page_data(machine, (u32)page_to_pfn(page));
	first = address - page_to_pfn(page) * PAGE_SIZE;
	return address;
}

void kapi_free_pages(unsigned long address, const struct kapi_place *place)
{
	unsigned long pfn = (address - first) / PAGE_SIZE;

	if (!address)
		return;
	if (!first || address % PAGE_SIZE || !pfn_valid(pfn))
		report(KAPI_CHECK_BAD_FREE, place, "free_page() of an address that no page has");
	else
		kapi_free_page(pfn_to_page(pfn), place);
}
