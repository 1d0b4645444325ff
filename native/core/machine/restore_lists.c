/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: lists of pages (LRU, pagevecs, page cache), and the swap area. */
#include "host/platform.h"
#include "machine/restore.h"
#include "mm/file.h"
#include "mm/swap.h"
#include "mm/swapped_file.h"
#include "page/lru.h"

/** Longest chain. With a table for all pages and a hash like hash_chain()'s, no chain is longer. */
#define MAX_CHAIN 256u

/* Whether a page may be on a list: it is no tail page, and has references. */
static bool is_whole_page(const struct hmmu *m, u32 pfn)
{
	return is_used_ram(m, pfn) && !page_test(m, pfn, HMMU_PG_TAIL);
}

/* Walk a ring. Each link back is checked, so no page is met twice. Returns the number of pages, or UINT32_MAX. */
static u32 count_lru_list(struct check *c, enum lru_list which)
{
	const struct hmmu *m = c->m;
	u32 head = lru_head(m, which), prev = head, count = 0;

	for (u32 pfn = page_of(m, head)->next; pfn != head; prev = pfn, pfn = page_of(m, pfn)->next, count++)
		if (!is_whole_page(m, pfn) || !page_test(m, pfn, HMMU_PG_LRU) || page_of(m, pfn)->prev != prev) {
			refuse_snapshot(c, "LRU list %d is broken at page %u", which, pfn);
			return UINT32_MAX;
		}
	if (page_of(m, head)->prev == prev)
		return count;
	refuse_snapshot(c, "LRU list %d is broken at its end", which);
	return UINT32_MAX;
}

/* Unevictable pages of 6.12: on no list. */
static u32 count_unevictable(struct check *c)
{
	const struct hmmu *m = c->m;
	const u32 flags = HMMU_PG_LRU | HMMU_PG_UNEVICTABLE;
	u32 head = lru_head(m, LRU_UNEVICTABLE), count = 0;

	if (page_of(m, head)->next != head || page_of(m, head)->prev != head) {
		refuse_snapshot(c, "the list of unevictable pages is not empty");
		return UINT32_MAX;
	}
	for (u32 pfn = 1; pfn < ram_used(m); pfn++)
		count += (page_of(m, pfn)->flags & flags) == flags;
	return count;
}

/* Whether a page that is to be put on a list may be: it is on none, is not isolated, and waits for that only once. */
static bool may_be_added(const struct check *c, u32 pfn)
{
	return !page_test(c->m, pfn, HMMU_PG_LRU | PAGE_USER_ISOLATED) && set_bit_once(c->met, pfn);
}

/* One entry of a pagevec. Device pages are mlocked and munlocked, too. */
static bool may_be_in_pagevec(const struct check *c, enum pagevec_kind kind, u32 entry)
{
	const struct hmmu *m = c->m;
	u32 pfn = kind == PVEC_MLOCK ? mlock_work_page(entry) : entry;

	if (kind == PVEC_MLOCK && !(entry & MLOCK_NEW_WORK) && is_device_page(m, pfn))
		return page_of(m, pfn)->count > FREE_DEVICE_REFS;
	if (!is_whole_page(m, pfn))
		return false;
	return !(kind == PVEC_LRU_ADD || (kind == PVEC_MLOCK && (entry & MLOCK_NEW_WORK))) || may_be_added(c, pfn);
}

static bool check_pagevec(struct check *c, u32 cpu, enum pagevec_kind kind)
{
	const struct pagevec *pvec = &c->m->st->cpu[cpu].pvecs[kind];

	if (pvec->nr >= (kind < NR_PAGEVECS_4_14 || KERNEL >= V6_12 ? PAGEVEC_SIZE : 1))
		return refuse_snapshot(c, "pagevec %d of CPU %u has %u pages", kind, cpu, pvec->nr);
	for (u32 i = 0; i < pvec->nr; i++)
		if (!may_be_in_pagevec(c, kind, pvec->pages[i]))
			return refuse_snapshot(c, "page %u does not belong into pagevec %d of CPU %u", pvec->pages[i],
					       kind, cpu);
	return true;
}

bool check_lru(struct check *c)
{
	const struct hmmu *m = c->m;
	u32 listed = 0, marked = 0;

	for (int which = 0; which < NR_LRU_LISTS; which++) {
		u32 count = lru_is_linked(which) ? count_lru_list(c, which) : count_unevictable(c);

		if (count == UINT32_MAX)
			return false;
		listed += count;
	}
	for (u32 pfn = 1; pfn < ram_used(m); pfn++)
		marked += page_test(m, pfn, HMMU_PG_LRU);
	if (listed != marked)
		return refuse_snapshot(c, "%u pages are marked as on an LRU list, %u are on one", marked, listed);
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		for (int kind = 0; kind < NR_PAGEVECS; kind++)
			if (!check_pagevec(c, cpu, kind))
				return false;
	return true;
}

static bool is_in_page_cache(const struct hmmu *m, u32 pfn)
{
	const struct page *page = page_of(m, pfn);

	return page->mapping && !(page->mapping & MAPPING_ANON) &&
	       !(page->flags & (HMMU_PG_TABLE | HMMU_PG_BUDDY | HMMU_PG_TAIL));
}

/* Whether a page of a chain is found, and found first, where it is looked for. */
static bool is_found(const struct hmmu *m, u32 pfn, const u32 *chain)
{
	const struct page *page = page_of(m, pfn);

	return hash_chain(m, page->mapping, page->index) == chain && find_page(m, page->mapping, page->index) == pfn &&
	       page->index < file_of(m, page->mapping)->end;
}

/* Returns the number of pages in a chain, or UINT32_MAX; counts the pages of each file. */
static u32 count_chain(struct check *c, u32 *chain, u64 *nrpages)
{
	const struct hmmu *m = c->m;
	u32 length = 0, last = 0;

	/* The whole chain is checked to end before any of it is searched. */
	for (u32 pfn = *chain; pfn; last = pfn, pfn = page_of(m, pfn)->cache_next, length++)
		if (length == MAX_CHAIN || !is_whole_page(m, pfn) || !is_in_page_cache(m, pfn)) {
			refuse_snapshot(c, "a chain of the page cache is broken at page %u, behind page %u", pfn, last);
			return UINT32_MAX;
		}
	for (u32 pfn = *chain; pfn; pfn = page_of(m, pfn)->cache_next) {
		if (!is_found(m, pfn, chain)) {
			refuse_snapshot(c, "page %u is not where its file looks for it", pfn);
			return UINT32_MAX;
		}
		nrpages[page_of(m, pfn)->mapping]++;
	}
	return length;
}

/* All chains. Of the table, which is large, only what was restored can begin one. */
static u32 count_chained(struct check *c, u64 *nrpages)
{
	const struct hmmu *m = c->m;
	u32 chained = 0;

	for (u64 i = first_piece(c, m->cache_hash); i < c->pieces; i++) {
		u32 *chains = (u32 *)((u8 *)m->st + c->piece[i].number * PAGE_SIZE);

		for (u32 *chain = chains; chain < chains + PAGE_SIZE / sizeof(u32); chain++) {
			u32 length = 0;

			if (chain > m->cache_hash + m->cache_mask)
				return chained;
			if (*chain)
				length = count_chain(c, chain, nrpages);
			if (length == UINT32_MAX)
				return length;
			chained += length;
		}
	}
	return chained;
}

static bool check_chains(struct check *c, u64 *nrpages)
{
	const struct hmmu *m = c->m;
	u32 chained = count_chained(c, nrpages), cached = 0;

	if (chained == UINT32_MAX)
		return false;
	for (u32 pfn = 1; pfn < ram_used(m); pfn++)
		cached += is_in_page_cache(m, pfn);
	if (chained != cached)
		return refuse_snapshot(c, "%u pages are in the page cache, %u are found there", cached, chained);
	for (u32 file = 1; file < m->st->slabs[SLAB_FILE].high; file++)
		if (file_of(m, file)->nrpages != nrpages[file] && is_record(c, SLAB_FILE, file))
			return refuse_snapshot(c, "file %u has %llu pages, its counter says %llu", file,
					       (unsigned long long)nrpages[file],
					       (unsigned long long)file_of(m, file)->nrpages);
	return true;
}

bool check_page_cache(struct check *c)
{
	u64 *nrpages = check_alloc(c, c->m->st->slabs[SLAB_FILE].high * sizeof(u64));
	bool good = nrpages && check_chains(c, nrpages);

	platform_free(nrpages);
	return good;
}

/* A slot is in use, or on the list of free ones. 6.12 has no list. */
static bool check_free_slots(struct check *c, u32 used)
{
	const struct state *st = c->m->st;
	u32 free = KERNEL >= V6_12 ? st->swap_high - used : 0;

	if (KERNEL >= V6_12 && st->swap_free_head)
		return refuse_snapshot(c, "there is a list of free swap slots");
	for (u32 slot = st->swap_free_head; slot; slot = c->m->swap_slots[slot].next_free, free++) {
		const struct swap_slot *s = &c->m->swap_slots[slot <= st->swap_high ? slot : 0];

		if (slot > st->swap_high || s->count || s->page || free == st->swap_high)
			return refuse_snapshot(c, "the list of free swap slots is broken at slot %u", slot);
	}
	if (used != st->swap_used || used + free != st->swap_high)
		return refuse_snapshot(c, "swap: of %u slots %u are in use and %u free; the counter says %u",
				       st->swap_high, used, free, st->swap_used);
	return true;
}

/* One chain of pages of files that are swapped out. Counts them by file, and in *steps. */
static bool check_swapped_chain(struct check *c, u32 first, u32 *swapped, u32 *steps)
{
	const struct hmmu *m = c->m;

	for (u32 slot = first; slot; slot = slot_of(m, slot)->next_swapped) {
		const struct swap_slot *s = slot_of(m, slot <= m->st->swap_high ? slot : 0);

		if (slot > m->st->swap_high || ++*steps > m->st->swap_high || s->count != 1 || s->page ||
		    !is_record(c, SLAB_FILE, s->file) || s->index >= file_of(m, s->file)->end ||
		    find_page(m, s->file, s->index) || *swapped_chain(m, s->file, s->index) != first)
			return refuse_snapshot(c, "swap slot %u is not that of a file's page that is swapped out",
					       slot);
		swapped[s->file]++;
	}
	return true;
}

/* All chains. Slots of no file are in none. */
static bool check_swapped_chains(struct check *c, u32 *swapped)
{
	const struct hmmu *m = c->m;
	u32 steps = 0, of_files = 0;

	for (u32 slot = 0; slot <= m->st->swap_high; slot++) {
		const struct swap_slot *s = slot_of(m, slot);

		if (!s->file && (s->index || s->next_swapped))
			return refuse_snapshot(c, "swap slot %u is of no file, but in a list of such", slot);
		of_files += s->file != 0;
		if (!check_swapped_chain(c, s->first_swapped, swapped, &steps))
			return false;
	}
	if (steps != of_files)
		return refuse_snapshot(c, "%u swap slots are of files, %u are found there", of_files, steps);
	for (u32 file = 1; file < m->st->slabs[SLAB_FILE].high; file++)
		if (is_record(c, SLAB_FILE, file) && file_of(m, file)->swapped != swapped[file])
			return refuse_snapshot(c, "file %u has %u pages in the swap area, its counter says %u", file,
					       swapped[file], file_of(m, file)->swapped);
	return true;
}

/* 4.14's files are not swapped out. */
static bool check_no_swapped(struct check *c)
{
	const struct hmmu *m = c->m;

	for (u32 slot = 0; slot <= m->st->swap_high; slot++) {
		const struct swap_slot *s = slot_of(m, slot);

		if (s->index || s->next_swapped || s->first_swapped)
			return refuse_snapshot(c, "swap slot %u is that of a file", slot);
	}
	for (u32 file = 1; file < m->st->slabs[SLAB_FILE].high; file++)
		if (is_record(c, SLAB_FILE, file) && file_of(m, file)->swapped)
			return refuse_snapshot(c, "file %u has pages in the swap area", file);
	return true;
}

static bool check_swapped_files(struct check *c)
{
	u32 *swapped;
	bool good;

	if (KERNEL < V6_12)
		return check_no_swapped(c);
	swapped = check_alloc(c, (c->m->st->slabs[SLAB_FILE].high + 1ull) * sizeof(u32));
	good = swapped && check_swapped_chains(c, swapped);
	platform_free(swapped);
	return good;
}

bool check_swap(struct check *c)
{
	const struct hmmu *m = c->m;
	u32 used = 0, cached = 0;

	for (u32 slot = 1; slot <= m->st->swap_high; slot++) {
		const struct swap_slot *s = &m->swap_slots[slot];

		if (s->page &&
		    (!is_whole_page(m, s->page) || !PageSwapCache(m, s->page) || page_of(m, s->page)->private != slot))
			return refuse_snapshot(c, "swap slot %u: page %u is not its page in the swap cache", slot,
					       s->page);
		used += s->count || s->page;
		cached += s->page != 0;
	}
	if (cached != m->st->swap_cached)
		return refuse_snapshot(c, "%u pages are in the swap cache, the counter says %u", cached,
				       m->st->swap_cached);
	return check_free_slots(c, used) && check_swapped_files(c);
}
