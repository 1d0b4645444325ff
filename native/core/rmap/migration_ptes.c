/* SPDX-License-Identifier: GPL-2.0-only */
/* remove_migration_ptes() undoes what try_to_unmap() has done, with the old page or the new one. */
#include "rmap/migration_ptes.h"

#include "mm/mm.h"
#include "page/contents.h"
#include "rmap/rmap_walk.h"

/* Out of line, as nearly all pages of devices are private. */
u64 restored_coherent_entry(const struct hmmu *m, u64 prot, u32 page, u64 old)
{
	return restored_ram_entry_6_12(prot, page, old, page_test(m, page, HMMU_PG_DIRTY));
}

/* The part of a compound page that belongs at an address. */
static u32 subpage_at(const struct hmmu *m, u32 head, u32 vma, u64 address)
{
	return head + (u32)(linear_page_index(m, vma, address) - page_of(m, head)->index);
}

static void remove_compound_migration_ptes(struct ctx *ctx, u32 new_pfn, u32 vma, u64 address, u32 old_pfn)
{
	struct hmmu *m = ctx->m;
	struct page_vma_mapped_walk pvmw = {
		.page = old_pfn,
		.vma = vma,
		.address = address,
		.flags = PVMW_SYNC | PVMW_MIGRATION,
	};

	while (page_vma_mapped_walk(m, &pvmw)) {
		restore_entry(ctx, vma, pvmw.pte, subpage_at(m, new_pfn, vma, pvmw.address));
		if (KERNEL < V6_12 && page_test(m, old_pfn, HMMU_PG_MLOCKED))
			clear_page_mlock(m, ctx->cpu, old_pfn);
	}
}

void remove_migration_pte(struct ctx *ctx, u32 new_pfn, u32 vma, u64 address, u32 old_pfn)
{
	struct hmmu *m = ctx->m;
	u64 *pmd, *pte;

	if (page_test(m, old_pfn, HMMU_PG_HEAD)) {
		remove_compound_migration_ptes(ctx, new_pfn, vma, address, old_pfn);
		return;
	}
	pmd = mm_find_pmd(m, vma_of(m, vma)->mm, address);
	if (!pmd || pmd_trans_unstable(*pmd))
		return;
	pte = pte_offset_map_lock(m, *pmd, address);
	if (is_migration_entry_of(m, *pte, old_pfn))
		restore_entry(ctx, vma, pte, new_pfn);
	table_unlock(m, pte);
}

void remove_migration_ptes(struct ctx *ctx, u32 old_pfn, u32 new_pfn)
{
	const struct hmmu *m = ctx->m;
	struct rmap_walk walk;

	for (u32 vma = rmap_first(ctx, new_pfn, &walk); vma;
	     vma = rmap_next_stop(ctx, &walk, HMMU_SWITCH_RESTORE, new_pfn))
		remove_migration_pte(ctx, new_pfn, vma, vma_address(m, new_pfn, vma), old_pfn);
	rmap_end(ctx, &walk);
}

/* "mm: remap unused subpages to shared zeropage when splitting isolated thp". False: the page is needed. */
static bool try_to_map_unused_to_zeropage(struct hmmu *m, u32 vma, u64 *pte, u32 page)
{
	const struct vma *v = vma_of(m, vma);
	u64 entry = pte_mkspecial(mk_pte(m->zero_pfn, v->page_prot));

	if (page_test(m, page, HMMU_PG_MLOCKED) || (v->flags & VM_LOCKED) || !contents_are_zero(m, page))
		return false;
	if (pte_swp_soft_dirty(*pte))
		entry = pte_mksoft_dirty(entry);
	*pte = pte_swp_uffd_wp(*pte) ? pte_mkuffd_wp(entry) : entry;
	add_mm_counter(m, v->mm, MM_ANONPAGES, -1);
	return true;
}

static void remap_split_pte(struct ctx *ctx, u32 page, u32 vma, u64 address)
{
	struct hmmu *m = ctx->m;
	u64 *pmd = mm_find_pmd(m, vma_of(m, vma)->mm, address), *pte;

	if (!pmd || pmd_trans_unstable(*pmd))
		return;
	pte = pte_offset_map_lock(m, *pmd, address);
	if (is_migration_entry_of(m, *pte, page) && !try_to_map_unused_to_zeropage(m, vma, pte, page))
		restore_entry(ctx, vma, pte, page);
	table_unlock(m, pte);
}

void remap_split_page(struct ctx *ctx, u32 pfn)
{
	struct hmmu *m = ctx->m;
	struct rmap_walk walk;

	if (KERNEL < V6_12) {
		remove_migration_ptes(ctx, pfn, pfn);
		return;
	}
	for (u32 vma = rmap_first(ctx, pfn, &walk); vma; vma = rmap_next_stop(ctx, &walk, HMMU_SWITCH_RESTORE, pfn))
		remap_split_pte(ctx, pfn, vma, vma_address(m, pfn, vma));
	rmap_end(ctx, &walk);
}
