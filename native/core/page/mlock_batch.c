/* SPDX-License-Identifier: GPL-2.0-only */
/* mlock in Linux 6.12: pages wait in a pagevec until the LRU lists see their mark. */
#include "page/mlock_batch.h"

#include "page/lru.h"
#include "page/quirk.h"

static bool is_mlocked(const struct hmmu *m, u32 pfn)
{
	return page_test(m, pfn, HMMU_PG_MLOCKED);
}

static void make_evictable(struct hmmu *m, u32 pfn)
{
	lru_relist(m, pfn, HMMU_PG_UNEVICTABLE, 0);
}

/* The mark may have gone since. A page on no list gets to its list later, by its mark. */
static void do_mlock_page(struct hmmu *m, u32 pfn)
{
	bool unevictable = page_test(m, pfn, HMMU_PG_UNEVICTABLE);

	if (!page_test(m, pfn, HMMU_PG_LRU))
		return;
	if (!is_mlocked(m, pfn)) {
		if (unevictable)
			make_evictable(m, pfn);
	} else if (unevictable) {
		page_of(m, pfn)->mlock_count++;
	} else {
		lru_relist(m, pfn, HMMU_PG_ACTIVE, HMMU_PG_UNEVICTABLE);
		page_of(m, pfn)->mlock_count = 1;
	}
}

static void do_mlock_new_page(struct hmmu *m, u32 pfn)
{
	bool mlocked = is_mlocked(m, pfn);

	page_set(m, pfn, HMMU_PG_LRU | (mlocked ? HMMU_PG_UNEVICTABLE : 0));
	add_page_to_lru_list(m, pfn, page_lru(page_of(m, pfn)), hpage_nr_pages(m, pfn));
	if (mlocked)
		page_of(m, pfn)->mlock_count = 1;
}

/* The count may be too low, and is not there off the list: then one munlock takes the mark, which reclaim would renew. */
static void do_munlock_page(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);
	const u32 listed = HMMU_PG_LRU | HMMU_PG_UNEVICTABLE;
	bool counted = (page->flags & listed) == listed;

	if (counted && page->mlock_count)
		page->mlock_count--;
	if (counted && page->mlock_count)
		return;
	page_clear(m, pfn, HMMU_PG_MLOCKED);
	if (counted)
		make_evictable(m, pfn);
}

/* The pagevec's references are dropped when all is done. */
static void mlock_batch_drain(struct hmmu *m, const u32 *works, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		u32 pfn = mlock_work_page(works[i]);

		if (works[i] & MLOCK_WORK)
			do_mlock_page(m, pfn);
		else if (works[i] & MLOCK_NEW_WORK)
			do_mlock_new_page(m, pfn);
		else
			do_munlock_page(m, pfn);
	}
	for (u32 i = 0; i < nr; i++)
		put_page(m, mlock_work_page(works[i]));
}

void mlock_drain_local(struct hmmu *m, u32 cpu)
{
	struct pagevec *pvec = &m->st->cpu[cpu].pvecs[PVEC_MLOCK];

	mlock_batch_drain(m, pvec->pages, pagevec_take(m, cpu, pvec));
}

static void queue_work(struct hmmu *m, u32 cpu, u32 pfn, enum mlock_work work)
{
	struct pagevec *pvec = &m->st->cpu[cpu].pvecs[PVEC_MLOCK];

	get_page(m, pfn);
	pvec->pages[pvec->nr++] = pfn | work;
	if (pvec->nr == PAGEVEC_SIZE || PageCompound(m, pfn))
		mlock_drain_local(m, cpu);
}

void mlock_folio(struct hmmu *m, u32 cpu, u32 pfn)
{
	page_set(m, pfn, HMMU_PG_MLOCKED);
	queue_work(m, cpu, pfn, MLOCK_WORK);
}

void mlock_new_folio(struct hmmu *m, u32 cpu, u32 pfn)
{
	page_set(m, pfn, HMMU_PG_MLOCKED);
	queue_work(m, cpu, pfn, MLOCK_NEW_WORK);
}

/* A device page waits with a reference, too. A migration on another CPU finds one reference too many: it drains the batches of all CPUs
 * only for pages that should be on an LRU list. */
void munlock_folio(struct hmmu *m, u32 cpu, u32 pfn)
{
	if (is_zone_device_page(m, pfn) && !quirk(m, HMMU_QUIRK_MUNLOCK_BATCH_HOLDS_DEVICE))
		do_munlock_page(m, pfn);
	else
		queue_work(m, cpu, pfn, MUNLOCK_WORK);
}
