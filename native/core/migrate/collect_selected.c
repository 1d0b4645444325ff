/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 6.12: the entries that collect leaves alone, and why; and those of device-coherent pages. */
#include "migrate/collect_selected.h"

static enum hmmu_why why_page_stays(const struct page *p)
{
	if (!p->mapping)
		return HMMU_WHY_NO_STRUCT_PAGE;
	return p->flags & (HMMU_PG_HEAD | HMMU_PG_TAIL) ? HMMU_WHY_COMPOUND : HMMU_WHY_PAGE_LOCKED;
}

/* A page of a device is taken if the migration selects its kind and has its owner. */
static enum hmmu_why why_device_page_stays(const struct hmmu_migration *mig, u32 page, enum hmmu_select kind)
{
	if (!selects(mig, kind))
		return HMMU_WHY_NOT_SELECTED;
	if (device_owner(mig->ctx.m, page) != mig->request.owner)
		return HMMU_WHY_OTHER_OWNER;
	return HMMU_WHY_NONE;
}

/* "mm: handling Non-LRU pages returned by vm_normal_pages" */
static u64 collect_coherent(struct hmmu_migration *mig, u64 i, u64 *pte, u64 silent)
{
	u32 page = pte_pfn(*pte);
	struct page *p = page_of(mig->ctx.m, page);
	enum hmmu_why why = why_device_page_stays(mig, page, HMMU_SELECT_DEVICE_COHERENT);

	if (!why && !page_can_be_taken(p))
		why = why_page_stays(p);
	return why ? skip_entry(mig, i, why) : take_present(mig, i, pte, p, silent);
}

u64 collect_unusual_present(struct hmmu_migration *mig, u64 i, u64 *pte, u64 silent)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = pte_pfn(*pte);

	if (!(*pte & _PAGE_SPECIAL) && is_device_coherent_page(m, page))
		return collect_coherent(mig, i, pte, silent);
	if ((*pte & _PAGE_SPECIAL) && !is_zero_pfn(m, page))
		return skip_entry(mig, i, HMMU_WHY_NO_STRUCT_PAGE);
	if (!selects(mig, HMMU_SELECT_SYSTEM))
		return skip_entry(mig, i, HMMU_WHY_NOT_SELECTED);
	if (!(*pte & _PAGE_SPECIAL))
		return skip_entry(mig, i, why_page_stays(page_of(m, page)));
	probe(collect_hole, mig->ctx.mm, mig->start, i);
	return HMMU_PFN_MIGRATE;
}

u64 leave_device_entry(struct hmmu_migration *mig, u64 i, u64 pte)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = swp_offset(pte);
	enum hmmu_why why = why_device_page_stays(mig, page, HMMU_SELECT_DEVICE_PRIVATE);

	if (!why)
		why = why_page_stays(page_of(m, page));
	return skip_entry(mig, i, why);
}

void remove_rmap_of_unusual(struct hmmu_migration *mig, u32 page)
{
	page_remove_rmap(mig->ctx.m, mig->ctx.cpu, page, mig->vma, false);
}
