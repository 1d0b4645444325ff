/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(): who holds references to pages, and their locks, besides entries of page tables. */
#include "machine/verify.h"
#include "migrate/migrate.h"
#include "page/lru.h"
#include "mm/stop.h"

/* Pins for DMA; one of the zero page is not counted. */
static void dma_pins_of_page(struct verify *v, u32 pfn)
{
	const struct hmmu *m = v->m;

	if (!is_zero_pfn(m, pfn))
		tally_refs(v, pfn, HMMU_HOLDER_DMA_PIN, m->pins[pfn].dma,
			   PageCompound(m, pfn) ? 1 : GUP_PIN_COUNTING_BIAS);
}

/* Drivers, who may have the lock of a page without a reference of the kind, and the other way round. */
static void drivers_of_page(struct verify *v, u32 pfn)
{
	u32 flags = page_of(v->m, pfn)->flags;
	bool placed = flags & PAGE_USER_DESTINATION;

	if (flags & (PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK | PAGE_USER_DESTINATION))
		tally_holder(v, (struct hmmu_holder){
					.pfn = pfn,
					.kind = placed ? HMMU_HOLDER_DESTINATION : HMMU_HOLDER_DRIVER,
					.refs = (flags & (PAGE_USER_DRIVER | PAGE_USER_DESTINATION)) != 0,
					.count = 1,
					.lock = flags & (PAGE_USER_DRIVER_LOCK | PAGE_USER_DESTINATION),
				});
}

static void holders_of_page(struct verify *v, u32 pfn)
{
	const struct page *page = page_of(v->m, pfn);

	if (page->count)
		tally_refs(v, pfn, HMMU_HOLDER_PAGEMAP, (u32)page_own_refs(v->m, pfn), 1);
	tally_refs(v, pfn, HMMU_HOLDER_PIN, v->m->pins[pfn].get, 1);
	tally_refs(v, pfn, HMMU_HOLDER_EXCLUSIVE, v->m->pins[pfn].exclusive, 1);
	tally_refs(v, pfn, HMMU_HOLDER_LEAK, v->m->pins[pfn].leaked, 1);
	dma_pins_of_page(v, pfn);
	if (page->flags & HMMU_PG_HEAD)
		tally_refs(v, pfn, HMMU_HOLDER_LEAK, (u32)page_of(v->m, pfn + LEAK_TAIL)->leaked, 1);
	v->swap_cached += (page->flags & HMMU_PG_SWAPCACHE) != 0;
	if (page->flags & PAGE_USER_HELD)
		tally_holder(v, (struct hmmu_holder){
					.pfn = pfn, .kind = HMMU_HOLDER_HOLD, .refs = 1, .count = 1, .lock = true });
	if (page->flags & PAGE_USER_ISOLATED)
		tally_ref(v, pfn, HMMU_HOLDER_ISOLATION, 0, 0);
	drivers_of_page(v, pfn);
	if (page->mapping && !(page->mapping & MAPPING_ANON) && !(page->flags & (HMMU_PG_TABLE | HMMU_PG_BUDDY)))
		tally_ref(v, pfn, HMMU_HOLDER_PAGE_CACHE, 0, page->index);
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
		/* In 6.12 all pages in src are locked, and no bit says so. */
		tally_holder(v, (struct hmmu_holder){
					.pfn = page,
					.kind = HMMU_HOLDER_MIGRATION,
					.refs = 1,
					.count = 1,
					.at = i,
					.id = mig->ctx.task,
					.lock = KERNEL >= V6_12 || mig->src[i] & HMMU_PFN_LOCKED,
				});
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

/* What a call has at hand that has stopped in its middle. */
static void holders_of_stop(struct verify *v, u32 task)
{
	for (const struct at_hand *hand = &stop_of(v->m, task)->hand; hand; hand = hand->outer)
		for (u32 i = 0; i < hand->nr_pages; i++)
			tally_holder(v, (struct hmmu_holder){
						.pfn = hand->pages[i],
						.kind = HMMU_HOLDER_WAIT,
						.refs = 1,
						.count = 1,
						.id = task,
						.lock = hand->locked,
					});
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
			tally_ref(v, task_of(m, task)->wait_pfn, HMMU_HOLDER_WAIT, task, 0);
	for (u32 task = 1; m->stops && task < m->stops->end; task++)
		if (stop_of(m, task))
			holders_of_stop(v, task);
	/* A page that a fault has replaced is munlocked when the fault gets the page's lock. */
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (task_of(m, task)->mm && task_of(m, task)->resume == RESUME_MUNLOCK)
			tally(v, task_of(m, task)->wait_pfn)->mlock_explained = true;
	for (const struct device_fault *fault = m->faults; fault; fault = fault->outer)
		tally_holder(v, (struct hmmu_holder){
					.pfn = fault->pfn,
					.kind = HMMU_HOLDER_FAULT,
					.refs = 1,
					.count = 1,
					.id = fault->task,
					.lock = fault_has_lock(m, fault),
				});
	if (m->st->huge_zero_pfn)
		tally_ref(v, m->st->huge_zero_pfn, HMMU_HOLDER_HUGE_ZERO, 0, 0);
}
