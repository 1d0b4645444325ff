/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file collect_selected.h
 * Linux 6.12: collect takes a page if the migration selects it and its lock is free ("mm/migrate: add a flags parameter to
 * migrate_vma"). 4.14 takes a locked page, too, and tries again in prepare, which 6.12 does not have.
 */
#ifndef HMMU_COLLECT_SELECTED_H
#define HMMU_COLLECT_SELECTED_H

#include "host/probe.h"
#include "migrate/migrate.h"
#include "mm/tlb.h"
#include "rmap/migration_entry.h"
#include "rmap/rmap.h"

/** Whether the migration selects a kind of pages; @p kind is an enum hmmu_select. */
static inline bool selects(const struct hmmu_migration *mig, u32 kind)
{
	return mig->request.flags & kind;
}
/** Note why entry i is left out. Returns 0, its word. */
static NOINLINE u64 skip_entry(struct hmmu_migration *mig, u64 i, enum hmmu_why why);
/** The word of a present pte that is left out, or maps the zero page or a device-coherent page. */
static NOINLINE u64 collect_unusual_present(struct hmmu_migration *mig, u64 i, u64 *pte, u64 silent);
/** The word of a device-private entry that is left out. */
static NOINLINE u64 leave_device_entry(struct hmmu_migration *mig, u64 i, u64 pte);
/** page_remove_rmap() of a page that is no plain one, or is mlocked by the mapping. */
static NOINLINE void remove_rmap_of_unusual(struct hmmu_migration *mig, u32 page);

/** Whether a page can be taken: it has a mapping, is no part of a huge page, and its lock is free. */
static inline bool page_can_be_taken(const struct page *p)
{
	return p->mapping && !(p->flags & (HMMU_PG_HEAD | HMMU_PG_TAIL | HMMU_PG_LOCKED));
}
/** The page is locked now, and loses its mapping. The entry's reference becomes the migration's. @p write: HMMU_PFN_WRITE
 * or 0. */
static ALWAYS_INLINE u64 unmap_collected(struct hmmu_migration *mig, u64 i, u32 page, u64 write)
{
	u64 word = (u64)page << HMMU_PFN_SHIFT | HMMU_PFN_VALID | HMMU_PFN_MIGRATE | write;
	struct page *p = page_of(mig->ctx.m, page);

	if (SHORTCUTS && p->mapcount > 0 && !mig->mlocks)
		p->mapcount--;
	else
		remove_rmap_of_unusual(mig, page);
	probe(collect, mig->ctx.mm, mig->start, i, word);
	(void)i; /* without probes */
	return word;
}
/**
 * Take a present pte away. False: the page may be pinned for DMA, and the pte is as it was. An exclusive page can be pinned
 * until its translations are flushed, so that is done before its pins are looked at. Where it is not exclusive, the range is
 * flushed later.
 */
static ALWAYS_INLINE bool take_pte(struct hmmu_migration *mig, u64 i, u64 *pte, struct page *p, u64 silent)
{
	struct hmmu *m = mig->ctx.m;
	u64 old = *pte;

	if (!(p->flags & HMMU_PG_EXCLUSIVE))
		return true;
	*pte = 0;
	/* pte_accessible() */
	if (old & silent)
		flush_tlb_page_silently(m, mig->ctx.mm, mig->start + (i << PAGE_SHIFT));
	else if (old & _PAGE_PRESENT)
		__flush_tlb_page(m, mig->ctx.mm, mig->start + (i << PAGE_SHIFT));
	if (p->count < GUP_PIN_COUNTING_BIAS)
		return true;
	*pte = old;
	return false;
}

/** The src word of a present pte whose page can be taken. @p silent: _PAGE_PRESENT if flushes_are_silent(). */
static ALWAYS_INLINE u64 take_present(struct hmmu_migration *mig, u64 i, u64 *pte, struct page *p, u64 silent)
{
	u64 old = *pte;
	u32 page = pte_pfn(old), flags;

	if (!take_pte(mig, i, pte, p, silent))
		return skip_entry(mig, i, HMMU_WHY_MAYBE_PINNED);
	flags = p->flags;
	p->flags = (flags & ~(u32)HMMU_PG_EXCLUSIVE) | HMMU_PG_LOCKED |
		   (u32)move_bit(old, _PAGE_DIRTY, (u64)HMMU_PG_DIRTY);
	*pte = migration_entry_of_present(page, old, flags & HMMU_PG_EXCLUSIVE);
	return unmap_collected(mig, i, page, move_bit(old, _PAGE_RW, HMMU_PFN_WRITE));
}

/** The src word of a present pte. */
static ALWAYS_INLINE u64 collect_selected_present(struct hmmu_migration *mig, u64 i, u64 *pte, u64 silent)
{
	struct page *p = page_of(mig->ctx.m, pte_pfn(*pte));

	if ((*pte & _PAGE_SPECIAL) || !selects(mig, HMMU_SELECT_SYSTEM) || (p->flags & HMMU_PG_DEVICE) ||
	    !page_can_be_taken(p))
		return collect_unusual_present(mig, i, pte, silent);
	return take_present(mig, i, pte, p, silent);
}

/** The src word of a device-private entry. */
static ALWAYS_INLINE u64 collect_selected_device_entry(struct hmmu_migration *mig, u64 i, u64 *pte)
{
	struct hmmu *m = mig->ctx.m;
	u64 old = *pte;
	u32 page = swp_offset(old);

	if (!selects(mig, HMMU_SELECT_DEVICE_PRIVATE) || device_owner(m, page) != mig->request.owner ||
	    !(page_can_be_taken(page_of(m, page)) || page == page_locked_by_fault(mig)))
		return leave_device_entry(mig, i, old);
	*pte = migration_entry_of_device_page(m, page, old);
	page_of(m, page)->flags |= HMMU_PG_LOCKED;
	return unmap_collected(mig, i, page, move_bit(~old, SWP_DEVICE_READ_BIT, HMMU_PFN_WRITE));
}

#endif
