/* SPDX-License-Identifier: GPL-2.0-only */
/* The contents of pages, for a driver's CPU. */
#include <linux/highmem.h>

#include "log/report.h"
#include "mm/core.h"
#include "mm/dma.h"
#include "mm/page.h"

/* What the CPU can address: pages of RAM that somebody has. */
static bool is_addressable(struct page *page, const char *call, bool writes, const struct kapi_place *place)
{
	struct hmmu_page_info info;

	if (!page || !pfn_valid(page_to_pfn(page)) || hmmu_page_info(machine, (u32)page_to_pfn(page), &info))
		report(KAPI_CHECK_BAD_PAGE, place, "the CPU touches the contents of something that is no page");
	else if (is_device_private_page(page))
		report(KAPI_CHECK_BAD_PAGE, place, "the CPU touches the contents of device-private page %s",
		       page_text(info.pfn));
	else if (page_check_put(page, call, place))
		return false;
	else if (info.free)
		report(KAPI_CHECK_BAD_PAGE, place, "the CPU touches the contents of page %s, which is free",
		       page_text(info.pfn));
	else {
		dma_check_cpu(info.pfn, writes, place);
		return true;
	}
	return false;
}

void kapi_copy_highpage(struct page *to, struct page *from, const struct kapi_place *place)
{
	if (!is_addressable(to, "copy_highpage", true, place) || !is_addressable(from, "copy_highpage", false, place))
		return;
	if (hmmu_page_copy(machine, (u32)page_to_pfn(to), (u32)page_to_pfn(from)))
		core_refused(place, "copy_highpage");
}

void kapi_clear_highpage(struct page *page, const struct kapi_place *place)
{
	if (is_addressable(page, "clear_highpage", true, place) && hmmu_page_zero(machine, (u32)page_to_pfn(page)))
		core_refused(place, "clear_highpage");
}

void kapi_memcpy_from_page(void *to, struct page *page, size_t offset, size_t size, const struct kapi_place *place)
{
	if (!is_addressable(page, "memcpy_from_page", false, place))
		memset(to, 0, size);
	else if (hmmu_page_read(machine, (u32)page_to_pfn(page), (u32)offset, to, size))
		core_refused(place, "memcpy_from_page");
}

void kapi_memcpy_to_page(struct page *page, size_t offset, const void *from, size_t size,
			 const struct kapi_place *place)
{
	if (is_addressable(page, "memcpy_to_page", true, place) &&
	    hmmu_page_write(machine, (u32)page_to_pfn(page), (u32)offset, from, size))
		core_refused(place, "memcpy_to_page");
}

void *kapi_kmap(struct page *page, const struct kapi_place *place)
{
	return is_addressable(page, "kmap_local_page", false, place) ? hmmu_page_data(machine, (u32)page_to_pfn(page))
								     : NULL;
}
