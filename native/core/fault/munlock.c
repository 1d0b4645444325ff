/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 4.14: taking the mlock marks off a page, or a range of pages. */
#include "fault/fault.h"
#include "fault/gup.h"
#include "fault/munlock.h"
#include "page/lru.h"
#include "rmap/rmap.h"
#include "rmap/try_to_unmap.h"

/* The page is isolated and unmarked. Mark it again if another locked mapping maps it. Drops the isolation's
 * reference. */
static void munlock_isolated_page(struct ctx *ctx, u32 pfn)
{
	if (page_mapcount(ctx->m, pfn) > 1)
		try_to_munlock(ctx, pfn);
	putback_lru_page(ctx->m, ctx->cpu, pfn);
}

void munlock_vma_page(struct hmmu *m, u32 cpu, u32 pfn)
{
	struct ctx ctx = { .m = m, .cpu = cpu };

	if (page_test_and_clear(m, pfn, HMMU_PG_MLOCKED) && isolate_lru_page(m, pfn))
		munlock_isolated_page(&ctx, pfn);
}

struct munlock_batch {
	u32 nr;
	u32 pages[PAGEVEC_SIZE];
};

/* Add the pages of the ptes after start, up to the first pte that maps no single page. Returns the end address. */
static u64 fill_batch(struct ctx *ctx, struct munlock_batch *batch, u64 start, u64 end)
{
	struct hmmu *m = ctx->m;
	u64 *pmd = mm_find_pmd(m, ctx->mm, start);
	u64 *pte = pte_offset(m, *pmd, start);

	end = pmd_addr_end(start, end);
	for (start += PAGE_SIZE; start < end && batch->nr < PAGEVEC_SIZE; start += PAGE_SIZE) {
		u32 page = pte_present(*++pte) ? vm_normal_page(m, *pte) : 0;

		if (!page || PageCompound(m, page))
			break;
		get_page(m, page);
		batch->pages[batch->nr++] = page;
	}
	return start;
}

/* The first phase of __munlock_pagevec(): clear marks and isolate pages. Pages without a mark are dropped here. */
static void isolate_batch(struct ctx *ctx, struct munlock_batch *batch)
{
	struct hmmu *m = ctx->m;
	u32 kept = 0;

	for (u32 i = 0; i < batch->nr; i++) {
		u32 page = batch->pages[i];

		if (page_test_and_clear(m, page, HMMU_PG_MLOCKED) && isolate_lru_page(m, page)) {
			/* One of the two references is enough. */
			put_page(m, page);
			batch->pages[kept++] = page;
		} else {
			put_page(m, page);
		}
	}
	batch->nr = kept;
}

/* The second phase, under each page's lock: put pages back on the LRU, directly if this was the only mapping. */
static void putback_batch(struct ctx *ctx, const struct munlock_batch *batch)
{
	struct hmmu *m = ctx->m;

	for (u32 i = 0; i < batch->nr; i++) {
		u32 page = batch->pages[i];

		if (page_mapcount(m, page) <= 1 && !page_test(m, page, HMMU_PG_MLOCKED)) {
			page_clear(m, page, HMMU_PG_UNEVICTABLE);
			lru_add_now(m, page);
		} else {
			munlock_isolated_page(ctx, page);
		}
	}
}

/* Find a locked page in the batch, for which munlock has to wait. */
static u32 locked_in_batch(struct hmmu *m, const struct munlock_batch *batch)
{
	for (u32 i = 0; i < batch->nr; i++)
		if (page_test(m, batch->pages[i], HMMU_PG_LOCKED) && page_test(m, batch->pages[i], HMMU_PG_MLOCKED) &&
		    page_test(m, batch->pages[i], HMMU_PG_LRU))
			return batch->pages[i];
	return 0;
}

static void release_batch(struct hmmu *m, const struct munlock_batch *batch, u32 but)
{
	for (u32 i = 0; i < batch->nr; i++)
		if (batch->pages[i] != but)
			put_page(m, batch->pages[i]);
}

static int munlock_single_pages(struct ctx *ctx, u32 page, u64 *start, u64 end)
{
	struct munlock_batch batch = { .nr = 1, .pages = { page } };
	u64 next = fill_batch(ctx, &batch, *start, end);
	u32 locked = locked_in_batch(ctx->m, &batch);

	if (locked) {
		release_batch(ctx->m, &batch, locked);
		return wait_on_page(ctx, locked, true, RESUME_LOCKED);
	}
	isolate_batch(ctx, &batch);
	putback_batch(ctx, &batch);
	*start = next;
	return 0;
}

/* munlock a huge page that is mapped as a whole. *pages is the number of pages done. */
static int munlock_head(struct ctx *ctx, u32 head, u64 *pages)
{
	struct hmmu *m = ctx->m;

	if (page_test(m, head, HMMU_PG_LOCKED))
		return wait_on_page(ctx, head, true, RESUME_LOCKED);
	*pages = page_test(m, head, HMMU_PG_MLOCKED) ? HPAGE_PMD_NR : 1;
	munlock_vma_page(m, ctx->cpu, head);
	put_page(m, head);
	return 0;
}

/* munlock the page at *start, and pages after it that can be done in one batch. Advances *start. */
static int munlock_from(struct ctx *ctx, u32 vma, u64 *start, u64 end)
{
	struct hmmu *m = ctx->m;
	u64 page_mask, pages = 1;
	int ignored = 0, err = 0;
	u32 page = follow_page(ctx, vma, *start, FOLL_GET | FOLL_DUMP, &ignored, &page_mask);

	if (page && !PageCompound(m, page))
		return munlock_single_pages(ctx, page, start, end);
	if (page && page_test(m, page, HMMU_PG_HEAD))
		err = munlock_head(ctx, page, &pages);
	else if (page)
		put_page(m, page);
	if (!err)
		*start += pages * PAGE_SIZE;
	return err;
}

int munlock_vma_pages_range(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	int err = 0;

	vma_of(ctx->m, vma)->flags &= ~(u32)VM_LOCKED;
	while (start < end && !err)
		err = munlock_from(ctx, vma, &start, end);
	/* A call that waits will go on here. */
	if (err)
		ctx->progress.munlock_at = start;
	return err;
}

/* A kernel never gives up here. The pages before keep their marks off, as those of a locked mapping that were never
 * brought in; the marks of the others are explained again. */
void munlock_give_up(struct hmmu *m, u32 mm, u64 munlock_at)
{
	u32 vma = munlock_at ? vma_at(m, mm, munlock_at) : 0;

	if (!vma || vma_of(m, vma)->flags & VM_LOCKED)
		return;
	vma_of(m, vma)->flags |= VM_LOCKED;
	mm_of(m, mm)->locked_vm += vma_pages(vma_of(m, vma));
}
