/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(): who holds references to pages, and their locks, besides entries of page tables. */
#include "machine/verify.h"
#include "migrate/migrate.h"
#include "page/lru.h"

/* The references that pins for DMA are. */
static int32_t dma_references(const struct hmmu *m, u32 pfn)
{
	if (is_zero_pfn(m, pfn))
		return 0;
	return m->pins[pfn].dma * (PageCompound(m, pfn) ? 1 : GUP_PIN_COUNTING_BIAS);
}

static void holders_of_page(struct verify *v, u32 pfn)
{
	const struct page *page = page_of(v->m, pfn);

	tally_ref(v, pfn, v->m->pins[pfn].get + v->m->pins[pfn].exclusive);
	if (v->m->pins[pfn].dma)
		tally_ref(v, pfn, dma_references(v->m, pfn));
	if (page->flags & HMMU_PG_HEAD)
		tally_ref(v, pfn, page_of(v->m, pfn + LEAK_TAIL)->leaked);
	v->swap_cached += (page->flags & HMMU_PG_SWAPCACHE) != 0;
	if (page->flags & PAGE_USER_HELD) {
		tally_ref(v, pfn, 1);
		tally(v, compound_head(v->m, pfn))->locks++;
	}
	if (page->flags & PAGE_USER_ISOLATED)
		tally_ref(v, pfn, 1);
	if (page->flags & (PAGE_USER_DRIVER | PAGE_USER_DESTINATION))
		tally_ref(v, pfn, 1);
	if (page->flags & (PAGE_USER_DRIVER_LOCK | PAGE_USER_DESTINATION))
		tally(v, pfn)->locks++;
	if (page->mapping && !(page->mapping & MAPPING_ANON) && !(page->flags & (HMMU_PG_TABLE | HMMU_PG_BUDDY)))
		tally_ref(v, pfn, 1);
}

/* An entry that is not finalized yet has one reference, and the page lock if its word says so. */
static void holders_of_migration(struct verify *v, const struct hmmu_migration *mig)
{
	u64 first = mig->stage == HMMU_STAGE_FINALIZE ? mig->pos : 0;

	if (mig->stage == HMMU_STAGE_DONE)
		return;
	for (u64 i = first; i < mig->npages; i++) {
		u32 page = migrate_pfn_to_page(mig->src[i]);

		if (!page)
			continue;
		tally_ref(v, page, 1);
		/* In 6.12 all pages in src are locked, and no bit says so. */
		if (KERNEL >= V6_12 || mig->src[i] & HMMU_PFN_LOCKED)
			tally(v, page)->locks++;
	}
}

/* A migration that the fault's handler makes counts the lock among its own. */
static bool fault_has_lock(const struct hmmu *m, const struct device_fault *fault)
{
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->fault_lock == fault->pfn && migration_has_source(mig, fault->pfn))
			return false;
	return fault->locked;
}

void verify_holders(struct verify *v)
{
	struct hmmu *m = v->m;

	for (u32 pfn = 1; pfn < m->pfn_end; pfn = next_used(m, pfn))
		holders_of_page(v, pfn);
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		holders_of_migration(v, mig);
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (task_of(m, task)->mm && task_of(m, task)->wait_ref)
			tally_ref(v, task_of(m, task)->wait_pfn, 1);
	/* A page that a fault has replaced is munlocked when the fault gets the page's lock. */
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (task_of(m, task)->mm && task_of(m, task)->resume == RESUME_MUNLOCK)
			tally(v, task_of(m, task)->wait_pfn)->mlock_explained = true;
	for (const struct device_fault *fault = m->faults; fault; fault = fault->outer) {
		tally_ref(v, fault->pfn, 1);
		tally(v, fault->pfn)->locks += fault_has_lock(m, fault);
	}
	if (m->st->huge_zero_pfn)
		tally_ref(v, m->st->huge_zero_pfn, 1);
}
