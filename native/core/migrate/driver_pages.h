/* SPDX-License-Identifier: GPL-2.0-only */
/** @file driver_pages.h Checks of the pages that drivers name. */
#ifndef HMMU_DRIVER_PAGES_H
#define HMMU_DRIVER_PAGES_H

#include "page/page.h"

/** Whether a driver has a reference: it has allocated the page, or made it exclusive. */
static inline bool is_drivers(const struct hmmu *m, u32 pfn)
{
	return page_of(m, pfn)->flags & PAGE_USER_DRIVER || (KERNEL >= V6_12 && m->pins[pfn].exclusive);
}
/** -EINVAL with an error: the page is not in use. */
static int no_page(struct hmmu *m, u32 pfn);
/** Whether a driver may read a page: it is in use, and neither a page table nor the zero page. */
static inline bool in_use(const struct hmmu *m, u32 pfn)
{
	return pfn > m->zero_pfn && pfn < m->pfn_end && page_of(m, pfn)->count > page_own_refs(m, pfn) &&
	       !page_test(m, pfn, HMMU_PG_TABLE);
}

#endif
