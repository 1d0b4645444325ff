/* SPDX-License-Identifier: GPL-2.0-only */
/* A page by its number: what it is, and its contents. */
#include <errno.h>

#include "mm/mm.h"
#include "page/contents.h"
#include "page/devmem.h"

/* A page of the hugetlb pool is compound from the start; here it is from its first use on. */
static u32 pool_flags(const struct hmmu *m, u32 pfn)
{
	if (!PageHuge(m, pfn))
		return 0;
	return pfn % HPAGE_PMD_NR ? HMMU_PG_TAIL : HMMU_PG_HEAD;
}

/* A free page looks the same before its first use and after its last one. A kernel writes this into each struct page when
 * it starts; here it is shown, so that a machine is made without touching its pages. */
static void describe_free_page(const struct hmmu *m, u32 pfn, struct hmmu_page_info *out)
{
	if (is_zone_device_page(m, pfn)) {
		out->flags |= HMMU_PG_DEVICE;
		out->ref = FREE_DEVICE_REFS;
	} else if (!PageHuge(m, pfn)) {
		out->flags |= HMMU_PG_BUDDY;
	}
}

int hmmu_page_info(const struct hmmu *m, uint32_t pfn, struct hmmu_page_info *out)
{
	const struct page *page = page_of(m, pfn_valid(m, pfn) ? pfn : 0);

	if (!pfn_valid(m, pfn))
		return hmmu_fail((struct hmmu *)m, -EINVAL, HMMU_ERR_NO_PAGE, "page %u: there are 1 to %u", pfn,
				 m->pfn_end - 1);
	*out = (struct hmmu_page_info){
		.pfn = pfn,
		.alloc_id = is_device_page(m, pfn) ? device_page_number(m, pfn) : page->alloc_id,
		.flags = (page->flags & ~PAGE_USERS) | pool_flags(m, pfn),
		.ref = page_count(m, pfn),
		.map = page_mapcount(m, pfn),
		.dma_pins = m->pins[pfn].dma,
		.index = page->index,
		.device = is_device_page(m, pfn),
		.coherent = is_device_coherent_page(m, pfn),
		.anon = PageAnon(m, pfn),
		.has_mapping = page->mapping != 0,
		.mapping = page->mapping & ~MAPPING_ANON,
		.free = page_is_free(m, pfn),
	};
	if (!out->free && !page_test(m, pfn, HMMU_PG_TABLE))
		out->byte = *(const u8 *)contents_of(m, pfn);
	if (out->free)
		describe_free_page(m, pfn, out);
	return 0;
}

/* Users write neither to page tables, nor to the zero page, nor to free pages: a frame that was never used is zero. */
static int check_writable(struct hmmu *m, u32 pfn)
{
	if (!pfn_valid(m, pfn))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "page %u: there are 1 to %u", pfn, m->pfn_end - 1);
	if (page_test(m, pfn, HMMU_PG_TABLE) || is_zero_pfn(m, pfn))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "page %u is a page table, or the zero page",
				 pfn);
	if (page_is_free(m, pfn))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "page %u is free", pfn);
	return 0;
}

void *hmmu_page_data(struct hmmu *m, uint32_t pfn)
{
	if (m->tags) {
		hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the machine keeps no contents of pages");
		return NULL;
	}
	if (check_writable(m, pfn))
		return NULL;
	/* The caller's use of the pointer is not seen. */
	page_of(m, pfn)->flags &= ~PAGE_USER_UNWRITTEN;
	return frame_of(m, pfn);
}

static int check_bytes(struct hmmu *m, u32 pfn, u32 offset, size_t length)
{
	if (!pfn_valid(m, pfn))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "page %u: there are 1 to %u", pfn, m->pfn_end - 1);
	if (offset > PAGE_SIZE || length > PAGE_SIZE - offset)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "a page has 4096 bytes");
	return 0;
}

int hmmu_page_read(struct hmmu *m, uint32_t pfn, uint32_t offset, void *buffer, size_t length)
{
	int err = check_bytes(m, pfn, offset, length);

	if (err || !length)
		return err;
	if (page_test(m, pfn, HMMU_PG_TABLE))
		memcpy(buffer, (const u8 *)frame_of(m, pfn) + offset, length);
	else
		load_contents(m, pfn, offset, buffer, length);
	return 0;
}

int hmmu_page_write(struct hmmu *m, uint32_t pfn, uint32_t offset, const void *buffer, size_t length)
{
	int err = check_bytes(m, pfn, offset, length);

	if (err || !length)
		return err;
	err = check_writable(m, pfn);
	if (err)
		return err;
	store_contents(m, pfn, offset, buffer, length);
	contents_written(m, pfn);
	return 0;
}
