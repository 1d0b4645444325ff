/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(): LRU lists and pagevecs. */
#include "machine/verify.h"
#include "page/lru.h"

static void verify_list(struct verify *v, int which)
{
	struct hmmu *m = v->m;
	const struct lru *lru = &m->st->lru[which];
	u64 nr = 0;
	u32 head = lru_head(m, which), prev = head;

	for (u32 pfn = page_of(m, head)->next; pfn != head; pfn = page_of(m, pfn)->next) {
		if (page_of(m, pfn)->prev != prev || tally(v, pfn)->on_lru) {
			complain(v, "LRU list %d is broken at page %u", which, pfn);
			return;
		}
		tally(v, pfn)->on_lru = true;
		nr += hpage_nr_pages(m, pfn);
		prev = pfn;
	}
	if (nr != lru->nr)
		complain(v, "LRU list %d has %llu pages, its counter says %llu", which, (unsigned long long)nr,
			 (unsigned long long)lru->nr);
}

/* Unevictable pages of 6.12 are on no list, but counted. */
static void verify_unevictable(struct verify *v)
{
	struct hmmu *m = v->m;
	const u32 flags = HMMU_PG_LRU | HMMU_PG_UNEVICTABLE;
	u64 nr = 0;

	for (u32 pfn = 1; pfn < ram_used(m); pfn++) {
		if ((page_of(m, pfn)->flags & flags) != flags)
			continue;
		tally(v, pfn)->on_lru = true;
		nr += hpage_nr_pages(m, pfn);
	}
	if (nr != m->st->lru[LRU_UNEVICTABLE].nr)
		complain(v, "%llu pages are unevictable, the counter says %llu", (unsigned long long)nr,
			 (unsigned long long)m->st->lru[LRU_UNEVICTABLE].nr);
}

/* A page that waits for its munlock may be mapped by no locked mapping any more. */
static void verify_pagevec(struct verify *v, u32 cpu, enum pagevec_kind kind)
{
	const struct pagevec *pvec = &v->m->st->cpu[cpu].pvecs[kind];

	for (u32 i = 0; i < pvec->nr; i++) {
		u32 pfn = kind == PVEC_MLOCK ? mlock_work_page(pvec->pages[i]) : pvec->pages[i];

		tally_ref(v, pfn, HMMU_HOLDER_PAGEVEC, cpu, kind);
		if (kind == PVEC_MLOCK)
			tally(v, compound_head(v->m, pfn))->mlock_explained = true;
	}
}

void verify_lru(struct verify *v)
{
	struct hmmu *m = v->m;

	for (int which = 0; which < NR_LRU_LISTS; which++)
		if (lru_is_linked(which))
			verify_list(v, which);
		else
			verify_unevictable(v);
	for (u32 cpu = 0; cpu < m->st->cpus; cpu++)
		for (int kind = 0; kind < NR_PAGEVECS; kind++)
			verify_pagevec(v, cpu, kind);
}
