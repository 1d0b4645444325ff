/* SPDX-License-Identifier: GPL-2.0-only */
/* The first stage: walk the tables, write src, and lock and unmap each page whose lock is free. */
#include "host/events.h"
#include "host/probe.h"
#include "migrate/collect_selected.h"
#include "migrate/migrate.h"
#include "mm/mmu_notifier.h"
#include "mm/tlb.h"
#include "page/mlock.h"
#include "rmap/huge.h"
#include "rmap/migration_entry.h"
#include "rmap/rmap.h"

/* Append one src word; 0 means not migratable. */
static inline void collect(struct hmmu_migration *mig, u64 src)
{
	mig->dst[mig->npages] = 0;
	mig->src[mig->npages++] = src;
	mig->cpages += (src & HMMU_PFN_MIGRATE) != 0;
}

/* The word of an empty entry, or of one that maps the zero page. */
static inline u64 collect_empty(const struct hmmu_migration *mig, u64 i)
{
	(void)mig, (void)i; /* without probes */
	probe(collect_hole, mig->ctx.mm, mig->start, i);
	return HMMU_PFN_MIGRATE;
}

static void collect_skip(struct hmmu_migration *mig, u64 start, u64 end, enum hmmu_why why)
{
	for (u64 address = start; address < end; address += PAGE_SIZE) {
		set_why(mig, mig->npages, why);
		collect(mig, 0);
	}
}

/* Fixed kernels offer no hole whose page could only be refused ("mm/migrate: optimize migrate_vma_setup() for
 * holes"). */
static bool hole_is_offered(struct hmmu_migration *mig)
{
	return quirk(mig->ctx.m, HMMU_QUIRK_FILE_HOLES_COLLECTED) || vma_is_anonymous(mig->ctx.m, mig->vma);
}

/*
 * The HMM v25 series counted the page first and then zeroed dst, one word late: "mm/migrate: fix indexing bug (off by
 * one) and avoid out of bound access". A write past the array is reported, not done.
 */
static void collect_hole_page(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	u64 total = (mig->end - mig->start) >> PAGE_SHIFT;

	probe(collect_hole, mig->ctx.mm, mig->start, mig->npages);
	if (!quirk(m, HMMU_QUIRK_HOLE_DST_INDEX)) {
		collect(mig, HMMU_PFN_MIGRATE);
		return;
	}
	mig->src[mig->npages++] = HMMU_PFN_MIGRATE;
	mig->cpages++;
	if (mig->npages < total) {
		mig->dst[mig->npages] = 0;
		return;
	}
	mig->out_of_bounds = true;
	event(m, HMMU_EVENT_OUT_OF_BOUNDS, mig->ctx.mm, mig->npages, total);
}

static void collect_hole(struct hmmu_migration *mig, u64 start, u64 end)
{
	if (!hole_is_offered(mig)) {
		collect_skip(mig, start, end, HMMU_WHY_NOT_OFFERED);
		return;
	}
	for (u64 address = start; address < end; address += PAGE_SIZE)
		collect_hole_page(mig);
}

static NOINLINE u64 skip_entry(struct hmmu_migration *mig, u64 i, enum hmmu_why why)
{
	set_why(mig, i, why);
	return 0;
}

static ALWAYS_INLINE u32 page_of_entry(u64 pte, bool present)
{
	return present ? pte_pfn(pte) : swp_offset(pte);
}

/* Linux 4.14: the src word of a present pte or a device-private entry. */
static ALWAYS_INLINE u64 word_of_entry(u64 pte, bool present)
{
	u64 page = (u64)page_of_entry(pte, present) << HMMU_PFN_SHIFT | HMMU_PFN_VALID | HMMU_PFN_MIGRATE;

	if (present)
		return page | move_bit(pte, _PAGE_RW, HMMU_PFN_WRITE);
	return page | HMMU_PFN_DEVICE | move_bit(~pte, SWP_DEVICE_READ_BIT, HMMU_PFN_WRITE);
}

/* The page has other mappings; unmap will remove them. @entry is its migration entry. */
static NOINLINE void mapped_elsewhere(struct hmmu_migration *mig, u32 page, u64 entry)
{
	struct hmmu *m = mig->ctx.m;

	mig->prepared = false;
	/* The bit that 4.14 takes for the write bit is the soft-dirty bit of a device entry, which mremap() sets. */
	if (is_write_migration_entry(entry) && is_device_private_page(m, page))
		m->st->write_gained = 1;
	if (page_of(m, page)->mapcount < 0)
		page_remove_rmap_slow(m, mig->ctx.cpu, page, false);
}

/* Lock an unlocked page and replace its entry. The entry's reference becomes the migration's. */
static ALWAYS_INLINE u64 replace_entry(struct hmmu_migration *mig, u64 *pte, bool present)
{
	struct hmmu *m = mig->ctx.m;
	u64 old = *pte;
	u32 page = page_of_entry(old, present);
	struct page *p = page_of(m, page);

	p->flags |= HMMU_PG_LOCKED;
	/* "mm/migrate_device.c: copy pte dirty bit to page": 4.14 loses the bit. */
	if (present && pte_dirty(old) && !quirk(m, HMMU_QUIRK_COLLECT_DROPS_DIRTY))
		p->flags |= HMMU_PG_DIRTY;
	*pte = present ? migration_entry_of_present(page, old, false)
		       : migration_entry_of_device(m, page, old, _PAGE_RW);
	if (--p->mapcount)
		mapped_elsewhere(mig, page, *pte);
	return word_of_entry(old, present) | HMMU_PFN_LOCKED;
}

#define UNUSUAL (HMMU_PG_HEAD | HMMU_PG_TAIL | HMMU_PG_LOCKED | HMMU_PG_MLOCKED)

/* Huge pages have been split before. A page without a mapping cannot move. A locked page is not unmapped yet: collect
 * only takes a reference. A mlocked page loses its mark with its last mapping. */
static NOINLINE u64 collect_unusual(struct hmmu_migration *mig, u64 i, u64 *pte, bool present)
{
	struct hmmu *m = mig->ctx.m;
	u32 page = page_of_entry(*pte, present);
	struct page *p = page_of(m, page);
	u64 word;

	if (PageCompound(m, page))
		return skip_entry(mig, i, HMMU_WHY_COMPOUND);
	if (!p->mapping)
		return skip_entry(mig, i, HMMU_WHY_NO_STRUCT_PAGE);
	if (p->flags & HMMU_PG_LOCKED) {
		p->count++;
		mig->prepared = false;
		return word_of_entry(*pte, present);
	}
	word = replace_entry(mig, pte, present);
	if (!p->mapcount)
		clear_page_mlock(m, mig->ctx.cpu, page);
	return word;
}

/* Take a reference to a page, and replace its entry if the page lock is free. Returns the src word. */
static ALWAYS_INLINE u64 collect_page(struct hmmu_migration *mig, u64 i, u64 *pte, bool present)
{
	const struct page *p = page_of(mig->ctx.m, page_of_entry(*pte, present));
	u64 word;

	if ((p->flags & UNUSUAL) || !p->mapping)
		word = collect_unusual(mig, i, pte, present);
	else
		word = replace_entry(mig, pte, present);
	probe(collect, mig->ctx.mm, mig->start, i, word);
	return word;
}

/* Empty, or swap-format other than device-private. */
static NOINLINE u64 collect_no_page(struct hmmu_migration *mig, u64 i, u64 pte)
{
	enum hmmu_why why = HMMU_WHY_SWAP_ENTRY;

	if (pte_none(pte) && hole_is_offered(mig))
		return collect_empty(mig, i);
	if (pte_none(pte))
		why = HMMU_WHY_NOT_OFFERED;
	else if (is_migration_entry(pte))
		why = HMMU_WHY_MIGRATION_ENTRY;
	else if (non_swap_entry(pte))
		why = HMMU_WHY_OTHER_ENTRY;
	return skip_entry(mig, i, why);
}

static ALWAYS_INLINE u64 collect_present(struct hmmu_migration *mig, u64 i, u64 *pte, u64 silent)
{
	if (KERNEL >= V6_12)
		return collect_selected_present(mig, i, pte, silent);
	if (!(*pte & _PAGE_SPECIAL))
		return collect_page(mig, i, pte, true);
	if (is_zero_pfn(mig->ctx.m, pte_pfn(*pte)))
		return collect_empty(mig, i);
	return skip_entry(mig, i, HMMU_WHY_NO_STRUCT_PAGE);
}

/* Entries that are not present. */
static ALWAYS_INLINE u64 collect_absent(struct hmmu_migration *mig, u64 i, u64 *pte)
{
	if (!is_device_private_entry(*pte))
		return collect_no_page(mig, i, *pte);
	return KERNEL >= V6_12 ? collect_selected_device_entry(mig, i, pte) : collect_page(mig, i, pte, false);
}

static void collect_ptes(struct hmmu_migration *mig, u64 *pmd, u64 address, u64 end)
{
	struct hmmu *m = mig->ctx.m;
	struct page *table = page_of(m, pte_pfn(*pmd));
	u64 *pte = pte_offset(m, *pmd, address), pages = (end - address) >> PAGE_SHIFT;
	u64 *src = mig->src, *dst = mig->dst, moving = 0, present = 0;
	/* Only present entries are in a TLB. */
	bool flushes = KERNEL >= V6_12 && selects(mig, HMMU_SELECT_SYSTEM | HMMU_SELECT_DEVICE_COHERENT);
	u64 silent = flushes && flushes_are_silent(m, mig->ctx.mm) ? _PAGE_PRESENT : 0;
	bool unmapped;

	spin_lock(m, table);
	for (u64 i = mig->npages, last = i + pages; i < last; i++, pte++) {
		u64 word;

		if (pte_present(*pte)) {
			word = collect_present(mig, i, pte, silent);
			present |= word;
		} else {
			word = collect_absent(mig, i, pte);
		}
		src[i] = word;
		dst[i] = 0;
		moving += (word & HMMU_PFN_MIGRATE) != 0;
	}
	mig->collected = (struct entries_of_table){ mig->npages, pages, pte - pages, table };
	mig->cpages += moving;
	mig->npages += pages;
	/* A word of 6.12 tells nothing of the lock: a page that is locked by somebody has none. */
	unmapped = present & (KERNEL >= V6_12 ? HMMU_PFN_VALID : HMMU_PFN_LOCKED);
	mig->prepared &= !unmapped;
	/* "mm/migrate_device.c: flush TLB while holding PTL": 4.14 flushes after the unlock. A CPU that runs in between
	 * uses a stale translation. So the late flush is a step of its own. */
	if (unmapped && !quirk(m, HMMU_QUIRK_COLLECT_FLUSH_LATE)) {
		flush_tlb_range(m, mig->ctx.mm, address, end);
	} else if (unmapped) {
		mig->flush_start = address;
		mig->flush_end = end;
	}
	spin_unlock(m, table);
}

/* Split a huge page, under its page lock. Returns the reason if that fails. */
static enum hmmu_why split_for_collect(struct hmmu_migration *mig, u64 *pmd, u64 address)
{
	struct ctx *ctx = &mig->ctx;
	struct hmmu *m = ctx->m;
	u32 page = pte_pfn(*pmd);

	/* 6.12 splits what it then leaves alone. */
	if (KERNEL >= V6_12 && !selects(mig, HMMU_SELECT_SYSTEM) && !quirk(m, HMMU_QUIRK_SELECT_SPLITS_HUGE))
		return HMMU_WHY_NOT_SELECTED;
	if (is_huge_zero_pmd(m, *pmd)) {
		__split_huge_pmd(ctx, mig->vma, pmd, address, false, 0);
		return pmd_trans_unstable(*pmd) ? HMMU_WHY_HUGE_ZERO_UNSTABLE : HMMU_WHY_NONE;
	}
	if (get_and_trylock_huge_page(m, page))
		return split_and_put_huge_page(ctx, page) ? HMMU_WHY_HUGE_NOT_SPLIT : HMMU_WHY_NONE;
	/* 4.14 takes the reference before it tries the lock, and leaks it here. */
	if (quirk(m, HMMU_QUIRK_THP_BUSY_LEAKS_REF)) {
		get_page(m, page);
		page_of(m, page + LEAK_TAIL)->leaked++;
	}
	return HMMU_WHY_HUGE_LOCKED;
}

/* Collect the part of the range under one pmd. */
static void collect_pmd(struct hmmu_migration *mig, u64 *pmd, u64 address, u64 end)
{
	/* A fault may have made the place huge again. 4.14 takes that for a bad pmd. */
	for (bool split = false; pmd && pmd_trans_huge(*pmd) && !(KERNEL < V6_12 && split); split = true) {
		enum hmmu_why why = split_for_collect(mig, pmd, address);

		if (why) {
			collect_skip(mig, address, end, why);
			return;
		}
	}
	if (!pmd || pmd_none(*pmd))
		collect_hole(mig, address, end);
	else if (KERNEL < V6_12 && pmd_bad(*pmd))
		collect_skip(mig, address, end, HMMU_WHY_BAD_PMD);
	else
		collect_ptes(mig, pmd, address, end);
}

bool migrate_vma_collect_one(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	u64 address = mig->start + (mig->npages << PAGE_SHIFT);

	if (!mig->npages)
		mmu_notifier_invalidate_range_start_owner(m, HMMU_NOTIFY_MIGRATE, mig->ctx.mm, mig->start, mig->end,
							  mig->request.owner);
	if (mig->flush_end) {
		flush_tlb_range(m, mig->ctx.mm, mig->flush_start, mig->flush_end);
		mig->flush_end = 0;
	} else {
		collect_pmd(mig, mm_find_pmd(m, mig->ctx.mm, address), address, pmd_addr_end(address, mig->end));
		address = mig->start + (mig->npages << PAGE_SHIFT);
	}
	if (address != mig->end || mig->flush_end)
		return false;
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_MIGRATE, mig->ctx.mm, mig->start, mig->end);
	return true;
}
