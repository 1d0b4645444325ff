/* SPDX-License-Identifier: GPL-2.0-only */
/* page_vma_mapped_walk(): finds the entries of one mapping that map a page. */
#include "rmap/rmap.h"
#include "rmap/rmap_walk.h"

void rmap_walk_stop(struct ctx *ctx, const struct rmap_walk *walk, enum hmmu_switch_point point, u32 pfn, u32 vma)
{
	const struct vma *v = vma_of(ctx->m, vma);

	stop_here(ctx, &(struct stop){
			       .point = point,
			       .hand = { .page = pfn,
					 .rmap = walk->anon_vma ? rmap_of_anon_vma(walk->anon_vma) : v->file,
					 .place = v->start | v->mm },
		       });
}

static void lock_entry(struct hmmu *m, struct page_vma_mapped_walk *pvmw, const u64 *entry)
{
	if (!pvmw->locked)
		table_lock(m, entry);
	pvmw->locked = true;
}

void page_vma_mapped_walk_done(struct hmmu *m, struct page_vma_mapped_walk *pvmw)
{
	if (pvmw->locked)
		table_unlock(m, pvmw->pte ? pvmw->pte : pvmw->pmd);
	pvmw->locked = false;
}

static bool within(const struct hmmu *m, u32 pfn, u32 page)
{
	return pfn >= page && pfn - page < hpage_nr_pages(m, page);
}

static bool check_pte(const struct hmmu *m, const struct page_vma_mapped_walk *pvmw)
{
	u64 pte = *pvmw->pte;

	if (pvmw->flags & PVMW_MIGRATION)
		return (is_migration_entry(pte) || is_device_exclusive_entry(pte)) &&
		       within(m, swp_offset(pte), pvmw->page);
	if (is_device_private_entry(pte))
		return swp_offset(pte) == pvmw->page;
	if (is_device_exclusive_entry(pte))
		return within(m, swp_offset(pte), pvmw->page);
	return pte_present(pte) && within(m, pte_pfn(pte), pvmw->page);
}

/*
 * Whether to look at an entry under the lock. 4.14 skips device-private entries here, though they map pages, too, and
 * so never finds one. "mm/rmap: map_pte() was not handling private ZONE_DEVICE page properly" fixed it.
 */
static bool map_pte(const struct hmmu *m, const struct page_vma_mapped_walk *pvmw)
{
	u64 pte = *pvmw->pte;

	if (pvmw->flags & PVMW_SYNC)
		return true;
	if (pvmw->flags & PVMW_MIGRATION)
		return is_swap_pte(pte);
	if (is_device_private_entry(pte))
		return !quirk(m, HMMU_QUIRK_MAP_PTE_SKIPS_DEVICE);
	return pte_present(pte) || is_device_exclusive_entry(pte);
}

/* Go on to the next non-empty entry in a compound page's range; false at its end. */
static bool next_pte(struct hmmu *m, struct page_vma_mapped_walk *pvmw, u64 end)
{
	do {
		pvmw->address += PAGE_SIZE;
		if (pvmw->address >= end)
			return false;
		if (!(pvmw->address & ~PMD_MASK)) {
			page_vma_mapped_walk_done(m, pvmw);
			pvmw->pte = NULL;
			pvmw->pmd = mm_find_pmd(m, vma_of(m, pvmw->vma)->mm, pvmw->address);
			if (!pvmw->pmd || pmd_trans_unstable(*pvmw->pmd))
				return false;
			pvmw->pte = pte_offset(m, *pvmw->pmd, pvmw->address);
		} else {
			pvmw->pte++;
		}
	} while (pte_none(*pvmw->pte));
	return true;
}

u64 page_vma_end(const struct hmmu *m, const struct page_vma_mapped_walk *pvmw)
{
	const struct vma *v = vma_of(m, pvmw->vma);
	u64 end = v->start + ((page_to_pgoff(m, pvmw->page) - v->pgoff + hpage_nr_pages(m, pvmw->page)) << PAGE_SHIFT);

	return end < v->end ? end : v->end;
}

/* Whether the huge pmd maps the page. */
static bool check_pmd_mapped(struct hmmu *m, struct page_vma_mapped_walk *pvmw)
{
	if (pvmw->flags & PVMW_MIGRATION || pte_pfn(*pvmw->pmd) != pvmw->page)
		return false;
	lock_entry(m, pvmw, pvmw->pmd);
	return true;
}

bool page_vma_mapped_walk(struct hmmu *m, struct page_vma_mapped_walk *pvmw)
{
	u64 end = page_vma_end(m, pvmw);

	if (pvmw->pmd && !pvmw->pte)
		goto not_found;
	if (!pvmw->pte) {
		pvmw->pmd = mm_find_pmd(m, vma_of(m, pvmw->vma)->mm, pvmw->address);
		if (!pvmw->pmd || pmd_none(*pvmw->pmd))
			return false;
		if (pmd_trans_huge(*pvmw->pmd))
			return check_pmd_mapped(m, pvmw);
		pvmw->pte = pte_offset(m, *pvmw->pmd, pvmw->address);
	} else if (!next_pte(m, pvmw, end)) {
		goto not_found;
	}
	do {
		if (!map_pte(m, pvmw))
			continue;
		lock_entry(m, pvmw, pvmw->pte);
		if (check_pte(m, pvmw))
			return true;
	} while (next_pte(m, pvmw, end));
not_found:
	page_vma_mapped_walk_done(m, pvmw);
	return false;
}
