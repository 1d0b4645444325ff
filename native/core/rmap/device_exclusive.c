/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes and ends device-exclusive entries. */
#include "rmap/device_exclusive.h"

#include "mm/mmu_notifier.h"
#include "mm/tlb.h"
#include "rmap/rmap.h"
#include "rmap/rmap_walk.h"

/** What is asked for, and whether it was done. */
struct make_exclusive_args {
	struct ctx *ctx;
	u32 mm;
	u64 address;
	u64 owner;
	bool valid; /**< the entry at the address allowed writing, and is exclusive now */
};

/* The page keeps its mark PageAnonExclusive. */
static void make_pte_exclusive(struct make_exclusive_args *args, u32 vma, u64 address, u64 *pte)
{
	struct hmmu *m = args->ctx->m;
	u32 mm = vma_of(m, vma)->mm, page = pte_pfn(*pte);
	u64 old = ptep_clear_flush(m, mm, address, pte);

	if (pte_dirty(old))
		page_set(m, compound_head(m, page), HMMU_PG_DIRTY);
	if (mm == args->mm && address == args->address && pte_write(old))
		args->valid = true;
	*pte = make_device_exclusive_entry(page, pte_write(old)) |
	       move_bit(old, _PAGE_SOFT_DIRTY, _PAGE_SWP_SOFT_DIRTY) | move_bit(old, _PAGE_UFFD_WP, _PAGE_SWP_UFFD_WP);
	page_remove_rmap(m, args->ctx->cpu, page, vma, false);
}

/* False: an entry is not present, and the walk of the reverse map ends. */
static bool page_make_device_exclusive_one(struct make_exclusive_args *args, u32 page, u32 vma)
{
	struct hmmu *m = args->ctx->m;
	const struct vma *v = vma_of(m, vma);
	u64 address = vma_address(m, page, vma), end = address + ((u64)hpage_nr_pages(m, page) << PAGE_SHIFT);
	struct page_vma_mapped_walk pvmw = { .page = page, .vma = vma, .address = address };
	bool go_on = true;

	if (end > v->end)
		end = v->end;
	mmu_notifier_invalidate_range_start_owner(m, HMMU_NOTIFY_EXCLUSIVE, v->mm, address, end, args->owner);
	while (go_on && page_vma_mapped_walk(m, &pvmw)) {
		go_on = pvmw.pte && pte_present(*pvmw.pte);
		if (go_on)
			make_pte_exclusive(args, vma, pvmw.address, pvmw.pte);
		else
			page_vma_mapped_walk_done(m, &pvmw);
	}
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_EXCLUSIVE, v->mm, address, end);
	return go_on;
}

static void make_all_ptes_exclusive(struct make_exclusive_args *args, u32 page)
{
	struct hmmu *m = args->ctx->m;
	struct at_hand hand = { .pages = &page, .nr_pages = 1, .locked = true };
	struct rmap_walk walk;

	at_hand_begin(args->ctx, &hand);
	for (u32 vma = rmap_first(args->ctx, page, &walk); vma; vma = rmap_next(m, &walk))
		if (!page_make_device_exclusive_one(args, page, vma) || !total_mapcount(m, page))
			break;
	hand.place = args->valid;
	rmap_end(args->ctx, &walk);
	at_hand_end(args->ctx, &hand);
}

/* Only the entry that was asked for, which get_user_pages() has just found. */
static void make_one_pte_exclusive(struct make_exclusive_args *args, u32 vma)
{
	struct hmmu *m = args->ctx->m;
	u64 address = args->address, end = address + PAGE_SIZE, *pte;

	mmu_notifier_invalidate_range_start_owner(m, HMMU_NOTIFY_EXCLUSIVE, args->mm, address, end, args->owner);
	pte = pte_offset_map_lock(m, *mm_find_pmd(m, args->mm, address), address);
	make_pte_exclusive(args, vma, address, pte);
	table_unlock(m, pte);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_EXCLUSIVE, args->mm, address, end);
}

/*
 * All entries of a large page become exclusive with that of its first part. "mm/rmap: implement make_device_exclusive()
 * using folio_walk instead of rmap walk" (6.15) takes the one entry.
 */
bool folio_make_device_exclusive(struct ctx *ctx, u32 page, u32 vma, u64 address, u64 owner)
{
	struct hmmu *m = ctx->m;
	struct make_exclusive_args args = { .ctx = ctx, .mm = ctx->mm, .address = address, .owner = owner };

	if (!PageAnon(m, page))
		return false;
	if (PageCompound(m, page) && !quirk(m, HMMU_QUIRK_EXCLUSIVE_TAKES_FOLIO)) {
		make_one_pte_exclusive(&args, vma);
		return args.valid;
	}
	make_all_ptes_exclusive(&args, page);
	return args.valid && !total_mapcount(m, page);
}

/* An entry that allowed writing comes back dirty: the device may have written. */
void restore_exclusive_pte(struct ctx *ctx, u32 vma, u64 address, u64 *pte)
{
	struct hmmu *m = ctx->m;
	u64 old = *pte, entry = pte_mkold(mk_pte(swp_offset(old), vma_of(m, vma)->page_prot));

	if (pte_swp_soft_dirty(old))
		entry = pte_mksoft_dirty(entry);
	if (pte_swp_uffd_wp(old))
		entry = pte_mkuffd_wp(entry);
	else if (is_writable_device_exclusive_entry(old))
		entry = maybe_mkwrite(m, vma, pte_mkdirty(entry));
	page_add_anon_rmap(m, ctx->cpu, swp_offset(old), vma, address, false, false);
	*pte = entry;
}
