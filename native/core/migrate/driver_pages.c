/* SPDX-License-Identifier: GPL-2.0-only */
/* The functions by which drivers allocate, lock, fill and free pages. */
#include "migrate/driver_pages.h"

#include <errno.h>

#include "page/contents.h"
#include "page/frame.h"

int no_page(struct hmmu *m, u32 pfn)
{
	return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "there is no page %u in use (pfns are 2 to %u)", pfn,
			 m->pfn_end - 1);
}

int hmmu_page_alloc(struct hmmu *m, uint32_t *pfn)
{
	u32 page = alloc_page(m);

	if (!page)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_FRAMES, "all %u frames are in use", m->st->ram_pages);
	page_of(m, page)->flags |= PAGE_USER_DRIVER | unwritten_mark(m);
	*pfn = page;
	return 0;
}

int hmmu_page_trylock(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (!is_drivers(m, pfn))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not a driver's", pfn);
	if (!trylock_page(m, pfn))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "page %u is locked", pfn);
	page_of(m, pfn)->flags |= PAGE_USER_DRIVER_LOCK;
	return 0;
}

int hmmu_page_unlock(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (!(page_of(m, pfn)->flags & PAGE_USER_DRIVER_LOCK))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not locked by a driver", pfn);
	page_of(m, pfn)->flags &= ~(u32)PAGE_USER_DRIVER_LOCK;
	unlock_page(m, pfn);
	return 0;
}

int hmmu_page_get(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (m->pins[pfn].get == UINT16_MAX)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_SLOTS, "page %u has %u references more, and no room", pfn,
				 UINT16_MAX);
	m->pins[pfn].get++;
	get_page(m, pfn);
	return 0;
}

int hmmu_page_put(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (!is_drivers(m, pfn))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not a driver's", pfn);
	if ((page_of(m, pfn)->flags & PAGE_USER_DRIVER_LOCK) && m->pins[pfn].exclusive <= 1)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "page %u is still locked by its driver", pfn);
	if (m->pins[pfn].exclusive)
		m->pins[pfn].exclusive--;
	else
		page_of(m, pfn)->flags &= ~(u32)PAGE_USER_DRIVER;
	put_page(m, pfn);
	return 0;
}

int hmmu_page_copy(struct hmmu *m, uint32_t to, uint32_t from)
{
	if (!in_use(m, to))
		return no_page(m, to);
	if (!in_use(m, from))
		return no_page(m, from);
	copy_contents(m, to, from);
	contents_written(m, to);
	return 0;
}

int hmmu_page_zero(struct hmmu *m, uint32_t pfn)
{
	if (!in_use(m, pfn))
		return no_page(m, pfn);
	clear_contents(m, pfn);
	contents_written(m, pfn);
	return 0;
}

int hmmu_page_set_flags(struct hmmu *m, uint32_t pfn, uint32_t flags)
{
	const u32 allowed = HMMU_PG_REFERENCED | HMMU_PG_CHECKED | HMMU_PG_MAPPEDTODISK | HMMU_PG_ERROR |
			    HMMU_PG_YOUNG | HMMU_PG_IDLE | HMMU_PG_DIRTY;

	if (!in_use(m, pfn))
		return no_page(m, pfn);
	if (flags & ~allowed)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "flags %#x: %#x may be set", flags, allowed);
	page_set(m, compound_head(m, pfn), flags);
	return 0;
}
