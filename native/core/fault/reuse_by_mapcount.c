/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 4.14: a page that is mapped once, with its swap entries, needs no copy. */
#include "fault/reuse.h"
#include "mm/swap.h"
#include "rmap/rmap.h"

bool reuse_swap_page(struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);
	int32_t most = 0;

	if (PageSwapCache(m, pfn))
		return reuse_swap_cache_page(m, pfn);
	if (!PageCompound(m, pfn))
		return page_mapcount(m, pfn) <= 1;
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		if (page_of(m, head + i)->mapcount > most)
			most = page_of(m, head + i)->mapcount;
	if (page_test(m, head, HMMU_PG_DOUBLE_MAP))
		most--;
	return most + compound_mapcount(m, head) <= 1;
}

int reuse_mapped_once(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;
	int err = lock_page(vmf->ctx, page);
	bool reuse;

	if (err)
		return err;
	reuse = reuse_swap_page(m, page);
	if (reuse && total_mapcount(m, page) == 1)
		page_move_anon_rmap(m, page, vmf->vma);
	unlock_page(m, page);
	return reuse ? REUSE_PAGE : COPY_PAGE;
}

int reuse_huge_mapped_once(struct fault *vmf, u32 page)
{
	int err = lock_page(vmf->ctx, page);
	bool reuse;

	if (err)
		return err;
	reuse = reuse_swap_page(vmf->ctx->m, page);
	unlock_page(vmf->ctx->m, page);
	return reuse ? REUSE_PAGE : COPY_PAGE;
}
