/* SPDX-License-Identifier: GPL-2.0-only */
/* The mlock mark of pages. */
#include "page/lru.h"
#include "rmap/mlock.h"
#include "rmap/rmap.h"
#include "rmap/try_to_unmap.h"

void mlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn)
{
	if (page_test_and_set(m, pfn, HMMU_PG_MLOCKED))
		return;
	if (isolate_lru_page(m, pfn))
		putback_lru_page(m, cpu, pfn);
}

/* For a page that has lost its last mapping, or is to be split. An isolated page stays unevictable until it is put
 * back. */
void clear_page_mlock(struct hmmu *m, u32 cpu, u32 pfn)
{
	if (!page_test_and_clear(m, pfn, HMMU_PG_MLOCKED))
		return;
	if (isolate_lru_page(m, pfn))
		putback_lru_page(m, cpu, pfn);
}

/* The page is isolated and unmarked. Mark it again if another locked mapping maps it. Drops the isolation's
 * reference. */
void munlock_isolated_page(struct ctx *ctx, u32 pfn)
{
	if (page_mapcount(ctx->m, pfn) > 1)
		try_to_munlock(ctx, pfn);
	putback_lru_page(ctx->m, ctx->cpu, pfn);
}

static void munlock_huge_page(struct ctx *ctx, u32 head)
{
	if (!page_test_and_clear(ctx->m, head, HMMU_PG_MLOCKED))
		return;
	if (isolate_lru_page(ctx->m, head))
		munlock_isolated_page(ctx, head);
}

void munlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn)
{
	struct ctx ctx = { .m = m, .cpu = cpu };

	munlock_huge_page(&ctx, pfn);
}
