/* SPDX-License-Identifier: GPL-2.0-only */
/* try_to_migrate() of Linux 6.12 ("mm/rmap: split migration into its own function"). In 4.14 try_to_unmap() does this. */
#include "rmap/try_to_migrate.h"

#include "mm/mmu_notifier.h"
#include "mm/tlb.h"
#include "page/lru.h"
#include "rmap/huge.h"
#include "rmap/migration_entry.h"
#include "rmap/rmap.h"
#include "rmap/rmap_walk.h"

/* False: the page may be pinned, and the pte is as it was. */
static bool freeze_present(struct hmmu *m, u32 mm, const struct page_vma_mapped_walk *pvmw, u32 subpage)
{
	u64 old = ptep_clear_flush(m, mm, pvmw->address, pvmw->pte);
	bool exclusive = PageAnonExclusive(m, subpage);

	if (pte_dirty(old))
		page_set(m, compound_head(m, subpage), HMMU_PG_DIRTY);
	if (exclusive && !page_try_share_anon_rmap(m, subpage)) {
		*pvmw->pte = old;
		return false;
	}
	*pvmw->pte = migration_entry_of_present(subpage, old, exclusive);
	return true;
}

static bool freeze_entry(struct ctx *ctx, const struct page_vma_mapped_walk *pvmw)
{
	struct hmmu *m = ctx->m;
	u32 subpage = pvmw->page;

	if (is_device_private_page(m, subpage)) {
		/* The kernel asks pte_dirty() of an entry that is not present; the bit is set in each device-private entry. */
		if (quirk(m, HMMU_QUIRK_DEVICE_UNMAP_DIRTIES))
			page_set(m, subpage, HMMU_PG_DIRTY);
		*pvmw->pte = migration_entry_of_device_page(m, subpage, *pvmw->pte);
	} else {
		subpage = pte_pfn(*pvmw->pte);
		if (!freeze_present(m, vma_of(m, pvmw->vma)->mm, pvmw, subpage))
			return false;
	}
	page_remove_rmap(m, ctx->cpu, subpage, pvmw->vma, false);
	if (vma_of(m, pvmw->vma)->flags & VM_LOCKED)
		mlock_drain_local(m, ctx->cpu);
	put_page(m, subpage);
	return true;
}

/* False: the walk of the reverse map ends. */
static bool try_to_migrate_one(struct ctx *ctx, u32 pfn, u32 vma, bool split_pmds)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);
	u64 address = vma_address(m, pfn, vma);
	struct page_vma_mapped_walk pvmw = { .page = pfn, .vma = vma, .address = address };
	u64 end = page_vma_end(m, &pvmw);
	bool go_on = true;

	if (split_pmds)
		split_huge_pmd_address(ctx, vma, address, true, pfn);
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_CLEAR, v->mm, address, end);
	while (go_on && page_vma_mapped_walk(m, &pvmw)) {
		go_on = freeze_entry(ctx, &pvmw);
		if (!go_on)
			page_vma_mapped_walk_done(m, &pvmw);
	}
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_CLEAR, v->mm, address, end);
	return go_on;
}

void try_to_migrate(struct ctx *ctx, u32 pfn, bool split_pmds)
{
	struct hmmu *m = ctx->m;
	struct rmap_walk walk;

	for (u32 vma = rmap_first(ctx, pfn, &walk); vma; vma = rmap_next_stop(ctx, &walk, HMMU_SWITCH_UNMAP, pfn))
		if (!try_to_migrate_one(ctx, pfn, vma, split_pmds) || !total_mapcount(m, pfn))
			break;
	rmap_end(ctx, &walk);
}
