/* SPDX-License-Identifier: GPL-2.0-only */
/* The first stage: walk the tables, note what there is, lock and unmap what can be had at once. */
#include "huge.h"
#include "migrate.h"
#include "probe.h"
#include "rmap.h"
#include "tlb.h"

/* Note the next entry's word; 0: it is left out. */
static inline void collect(struct hmmu_migration *mig, u64 src)
{
	mig->dst[mig->npages] = 0;
	mig->src[mig->npages++] = src;
	mig->cpages += (src & HMMU_PFN_MIGRATE) != 0;
}

/* An empty entry, or one of the zero page. */
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

/* Fixed kernels do not offer holes that could only be refused ("mm/migrate: optimize migrate_vma_setup() for holes"). */
static bool hole_is_offered(struct hmmu_migration *mig)
{
	return quirk(mig->ctx.m, HMMU_QUIRK_FILE_HOLES_COLLECTED) || vma_is_anonymous(mig->ctx.m, mig->vma);
}

/*
 * The HMM v25 series zeroed dst after it had counted the page, that is one word late: "mm/migrate: fix indexing bug
 * (off by one) and avoid out of bound access". The word behind the array is reported, not written.
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

/*
 * The migration entry for an entry that is to be replaced. 4.14 reads the write and soft-dirty bits of a
 * device-private entry as if it were present ("mm/migrate: properly preserve write attribute in special migrate
 * entry", "mm/rmap: fixup copying of soft dirty and uffd ptes").
 */
static inline u64 migration_entry_for(struct hmmu *m, u32 page, u64 pte)
{
	bool present = pte_present(pte);
	bool as_present = present || quirk(m, HMMU_QUIRK_DEVICE_WRITE_LOST);
	bool write = as_present ? pte_write(pte) : is_write_device_private_entry(pte);
	bool soft_dirty = present || quirk(m, HMMU_QUIRK_DEVICE_SOFT_DIRTY) ? pte_soft_dirty(pte)
									    : pte_swp_soft_dirty(pte);
	u64 entry = make_migration_entry(page, write);

	return soft_dirty ? pte_swp_mksoft_dirty(entry) : entry;
}

/* Take a page: a reference, and its entry too if the page lock can be had. Returns its word. */
static inline u64 collect_page(struct hmmu_migration *mig, u64 i, u64 *pte, u32 page, u64 word)
{
	struct hmmu *m = mig->ctx.m;
	struct page *p = page_of(m, page);
	u64 old = *pte;

	(void)i;
	word |= HMMU_PFN_VALID | HMMU_PFN_MIGRATE | (u64)page << HMMU_PFN_SHIFT;
	p->count++;
	if (p->flags & HMMU_PG_LOCKED) {
		probe(collect, mig->ctx.mm, mig->start, i, word);
		return word;
	}
	p->flags |= HMMU_PG_LOCKED;
	/* "mm/migrate_device.c: copy pte dirty bit to page": 4.14 forgets it. */
	if (pte_present(old) && pte_dirty(old) && !quirk(m, HMMU_QUIRK_COLLECT_DROPS_DIRTY))
		p->flags |= HMMU_PG_DIRTY;
	*pte = migration_entry_for(m, page, old);
	page_remove_rmap(m, mig->ctx.cpu, page, false);
	p->count--;
	word |= HMMU_PFN_LOCKED;
	probe(collect, mig->ctx.mm, mig->start, i, word);
	return word;
}

static u64 leave_out(struct hmmu_migration *mig, u64 i, enum hmmu_why why)
{
	set_why(mig, i, why);
	return 0;
}

/* Entries that map no page: empty, swap-format but for device pages. */
static u64 collect_no_page(struct hmmu_migration *mig, u64 i, u64 pte)
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
	return leave_out(mig, i, why);
}

/* The word of entry i, whose pte this is. */
static inline u64 collect_entry(struct hmmu_migration *mig, u64 i, u64 *pte)
{
	struct hmmu *m = mig->ctx.m;
	u64 old = *pte, word;
	u32 page;

	if (pte_present(old)) {
		if (is_zero_pfn(m, pte_pfn(old)))
			return collect_empty(mig, i);
		page = vm_normal_page(m, mig->vma, old);
		word = pte_write(old) ? HMMU_PFN_WRITE : 0;
	} else if (is_device_private_entry(old)) {
		page = swp_offset(old);
		word = HMMU_PFN_DEVICE | (is_write_device_private_entry(old) ? HMMU_PFN_WRITE : 0);
	} else {
		return collect_no_page(mig, i, old);
	}
	if (!page || PageCompound(m, page) || !page_of(m, page)->mapping)
		return leave_out(mig, i, page && PageCompound(m, page) ? HMMU_WHY_COMPOUND : HMMU_WHY_NO_STRUCT_PAGE);
	return collect_page(mig, i, pte, page, word);
}

static void collect_ptes(struct hmmu_migration *mig, u64 *pmd, u64 address, u64 end)
{
	struct hmmu *m = mig->ctx.m;
	u64 *pte = pte_offset_map_lock(m, *pmd, address), *first = pte;
	u64 pages = (end - address) >> PAGE_SHIFT;
	u64 *src = mig->src, *dst = mig->dst, moving = 0;
	bool unmapped = false;

	for (u64 i = mig->npages, last = i + pages; i < last; i++, pte++) {
		u64 word = collect_entry(mig, i, pte);

		src[i] = word;
		dst[i] = 0;
		moving += (word & HMMU_PFN_MIGRATE) != 0;
		unmapped |= (word & (HMMU_PFN_LOCKED | HMMU_PFN_DEVICE)) == HMMU_PFN_LOCKED;
	}
	mig->cpages += moving;
	mig->npages += pages;
	/* "mm/migrate_device.c: flush TLB while holding PTL": 4.14 flushes when the lock is gone, and a CPU that comes in
	 * between finds what the TLB has kept. So that is a step of its own. */
	if (unmapped && !quirk(m, HMMU_QUIRK_COLLECT_FLUSH_LATE)) {
		flush_tlb_range(m, mig->ctx.mm, address, end);
	} else if (unmapped) {
		mig->flush_start = address;
		mig->flush_end = end;
	}
	table_unlock(m, first);
}

/* Split a huge page, which takes its lock; a reason if it can't be. */
static enum hmmu_why split_for_collect(struct hmmu_migration *mig, u64 *pmd, u64 address)
{
	struct ctx *ctx = &mig->ctx;
	struct hmmu *m = ctx->m;
	u32 page = pte_pfn(*pmd);
	int err;

	if (is_huge_zero_pmd(m, *pmd)) {
		__split_huge_pmd(ctx, mig->vma, pmd, address, false, 0);
		return pmd_trans_unstable(*pmd) ? HMMU_WHY_HUGE_ZERO_UNSTABLE : HMMU_WHY_NONE;
	}
	get_page(m, page);
	if (!trylock_page(m, page)) {
		/* 4.14 forgets the reference it has just taken. */
		if (!quirk(m, HMMU_QUIRK_THP_BUSY_LEAKS_REF))
			put_page(m, page);
		else
			page_of(m, page + LEAK_TAIL)->private ++;
		return HMMU_WHY_HUGE_LOCKED;
	}
	err = split_huge_page(ctx, page);
	unlock_page(m, page);
	put_page(m, page);
	return err ? HMMU_WHY_HUGE_NOT_SPLIT : HMMU_WHY_NONE;
}

/* The part of the range that one pmd covers. */
static void collect_pmd(struct hmmu_migration *mig, u64 *pmd, u64 address, u64 end)
{
	if (pmd && pmd_trans_huge(*pmd)) {
		enum hmmu_why why = split_for_collect(mig, pmd, address);

		if (why) {
			collect_skip(mig, address, end, why);
			return;
		}
	}
	if (!pmd || pmd_none(*pmd))
		collect_hole(mig, address, end);
	else if (pmd_bad(*pmd))
		collect_skip(mig, address, end, HMMU_WHY_BAD_PMD);
	else
		collect_ptes(mig, pmd, address, end);
}

bool migrate_vma_collect_one(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;
	u64 address = mig->start + (mig->npages << PAGE_SHIFT);

	if (!mig->npages)
		mmu_notifier_invalidate_range_start(m, mig->ctx.mm, mig->start, mig->end);
	if (mig->flush_end) {
		flush_tlb_range(m, mig->ctx.mm, mig->flush_start, mig->flush_end);
		mig->flush_end = 0;
	} else {
		collect_pmd(mig, mm_find_pmd(m, mig->ctx.mm, address), address, pmd_addr_end(address, mig->end));
		address = mig->start + (mig->npages << PAGE_SHIFT);
	}
	if (address != mig->end || mig->flush_end)
		return false;
	mmu_notifier_invalidate_range_end(m, mig->ctx.mm, mig->start, mig->end);
	return true;
}
