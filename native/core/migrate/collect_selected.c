/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 6.12: the entries that collect leaves alone, and why. */
#include "migrate/collect_selected.h"

static enum hmmu_why why_page_stays(const struct page *p)
{
	if (!p->mapping)
		return HMMU_WHY_NO_STRUCT_PAGE;
	return p->flags & (HMMU_PG_HEAD | HMMU_PG_TAIL) ? HMMU_WHY_COMPOUND : HMMU_WHY_PAGE_LOCKED;
}

u64 leave_present(struct hmmu_migration *mig, u64 i, u64 pte)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = pte_pfn(pte);

	if ((pte & _PAGE_SPECIAL) && !is_zero_pfn(m, page))
		return skip_entry(mig, i, HMMU_WHY_NO_STRUCT_PAGE);
	if (!selects(mig, HMMU_SELECT_SYSTEM))
		return skip_entry(mig, i, HMMU_WHY_NOT_SELECTED);
	if (!(pte & _PAGE_SPECIAL))
		return skip_entry(mig, i, why_page_stays(page_of(m, page)));
	probe(collect_hole, mig->ctx.mm, mig->start, i);
	return HMMU_PFN_MIGRATE;
}

u64 leave_device_entry(struct hmmu_migration *mig, u64 i, u64 pte)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = swp_offset(pte);

	if (!selects(mig, HMMU_SELECT_DEVICE_PRIVATE))
		return skip_entry(mig, i, HMMU_WHY_NOT_SELECTED);
	if (device_owner(m, page) != mig->request.owner)
		return skip_entry(mig, i, HMMU_WHY_OTHER_OWNER);
	return skip_entry(mig, i, why_page_stays(page_of(m, page)));
}

void remove_rmap_of_unusual(struct hmmu_migration *mig, u32 page)
{
	page_remove_rmap(mig->ctx.m, mig->ctx.cpu, page, mig->vma, false);
}
