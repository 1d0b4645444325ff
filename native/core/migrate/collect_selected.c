/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux 6.12: collect takes a page if the migration selects it and its lock is free. 4.14 takes a locked page, too, and
 * tries again in prepare, which 6.12 does not have.
 */
#include "migrate/collect_selected.h"

#include "host/probe.h"
#include "mm/tlb.h"
#include "rmap/migration_entry.h"
#include "rmap/rmap.h"

/* Take a present pte away. False: the page may be pinned for DMA, and the pte is as it was. An exclusive page may be
 * pinned until its translations are flushed, so that is done before the page is looked at. */
static inline bool take_pte(struct hmmu_migration *mig, u64 i, u64 *pte, u32 page, bool exclusive)
{
	struct hmmu *m = mig->ctx.m;
	u64 old = *pte;

	if (!exclusive)
		return true;
	ptep_clear_flush(m, mig->ctx.mm, mig->start + (i << PAGE_SHIFT), pte);
	if (page_try_share_anon_rmap(m, page))
		return true;
	*pte = old;
	return false;
}

/* Unmap a page that is locked now. The entry's reference becomes the migration's. */
static inline void unmap_collected(struct hmmu_migration *mig, u32 page)
{
	struct hmmu *m = mig->ctx.m;

	page_of(m, page)->flags |= HMMU_PG_LOCKED;
	page_remove_rmap(m, mig->ctx.cpu, page, mig->vma, false);
}

/* Why a page that is selected can't be taken; 0: it can. */
static inline enum hmmu_why reason_to_leave(const struct hmmu *m, u32 page)
{
	const struct page *p = page_of(m, page);

	if (!p->mapping)
		return HMMU_WHY_NO_STRUCT_PAGE;
	if (p->flags & (HMMU_PG_HEAD | HMMU_PG_TAIL))
		return HMMU_WHY_COMPOUND;
	return p->flags & HMMU_PG_LOCKED ? HMMU_WHY_PAGE_LOCKED : HMMU_WHY_NONE;
}

static inline u64 word_of_page(u32 page, bool write)
{
	return (u64)page << HMMU_PFN_SHIFT | HMMU_PFN_VALID | HMMU_PFN_MIGRATE | (write ? HMMU_PFN_WRITE : 0);
}

u64 collect_selected_device_entry(struct hmmu_migration *mig, u64 i, u64 *pte)
{
	struct hmmu *m = mig->ctx.m;
	u64 old = *pte, word = word_of_page(swp_offset(old), is_write_device_private_entry(old));
	u32 page = swp_offset(old);
	enum hmmu_why why = reason_to_leave(m, page);

	if (!selects(mig, HMMU_SELECT_DEVICE_PRIVATE))
		return skip_entry(mig, i, HMMU_WHY_NOT_SELECTED);
	if (device_owner(m, page) != mig->request.owner)
		return skip_entry(mig, i, HMMU_WHY_OTHER_OWNER);
	if (why)
		return skip_entry(mig, i, why);
	*pte = migration_entry_of_device_page(m, page, old);
	unmap_collected(mig, page);
	probe(collect, mig->ctx.mm, mig->start, i, word);
	return word;
}

static inline u64 collect_selected_page(struct hmmu_migration *mig, u64 i, u64 *pte, u32 page)
{
	struct hmmu *m = mig->ctx.m;
	u64 old = *pte, word = word_of_page(page, pte_write(old));
	bool exclusive = PageAnonExclusive(m, page);
	enum hmmu_why why = reason_to_leave(m, page);

	if (why)
		return skip_entry(mig, i, why);
	if (!take_pte(mig, i, pte, page, exclusive))
		return skip_entry(mig, i, HMMU_WHY_MAYBE_PINNED);
	if (pte_dirty(old))
		page_set(m, page, HMMU_PG_DIRTY);
	*pte = migration_entry_of_present(page, old, exclusive);
	unmap_collected(mig, page);
	probe(collect, mig->ctx.mm, mig->start, i, word);
	return word;
}

u64 collect_selected_present(struct hmmu_migration *mig, u64 i, u64 *pte)
{
	bool special = *pte & _PAGE_SPECIAL;

	if (special && !is_zero_pfn(mig->ctx.m, pte_pfn(*pte)))
		return skip_entry(mig, i, HMMU_WHY_NO_STRUCT_PAGE);
	if (!selects(mig, HMMU_SELECT_SYSTEM))
		return skip_entry(mig, i, HMMU_WHY_NOT_SELECTED);
	if (!special)
		return collect_selected_page(mig, i, pte, pte_pfn(*pte));
	probe(collect_hole, mig->ctx.mm, mig->start, i);
	return HMMU_PFN_MIGRATE;
}
