/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: the frame allocator, and the struct page of each frame. */
#include <string.h>

#include "host/arena.h"
#include "machine/restore.h"
#include "page/devmem.h"

#define X(name, bit, ...) | 1u << (bit)
static const u32 all_page_flags = (PAGE_USERS HMMU_PAGE_FLAGS(X)) & ~(KERNEL < V6_12 ? (u32)HMMU_PG_EXCLUSIVE : 0);
#undef X

/** Most references of a page: far above the possible mappings and pins. The sum of 512 pages still fits in an int. */
#define MAX_COUNT (1 << 30)
#define MAX_MAPCOUNT (1 << 21)
/** An index that leaves room for the pages of a mapping behind it. */
#define MAX_INDEX (1ull << 62)

static u32 block_frames(const struct hmmu *m, u32 index)
{
	u32 left = m->st->ram_pages - index * HPAGE_PMD_NR;

	return left < HPAGE_PMD_NR ? left : HPAGE_PMD_NR;
}

static bool has_pins(const struct hmmu *m, u32 pfn)
{
	return m->pins[pfn].get || m->pins[pfn].dma || m->pins[pfn].exclusive;
}

static bool is_never_used(const struct hmmu *m, u32 pfn)
{
	static const struct page zero;

	return !memcmp(page_of(m, pfn), &zero, sizeof(zero)) && !has_pins(m, pfn) && (!m->tags || !m->tags[pfn]);
}

/* A free frame is as __free_frame() left it. */
static bool is_free_frame(const struct hmmu *m, u32 pfn)
{
	struct page free = { .flags = HMMU_PG_BUDDY, .next = page_of(m, pfn)->next };

	return !memcmp(page_of(m, pfn), &free, sizeof(free)) && !has_pins(m, pfn);
}

/* The frames of a block: those that are free are listed once each, and nobody has used the fresh ones. */
static bool check_block(struct check *c, u32 index)
{
	const struct hmmu *m = c->m;
	const struct block *block = &m->block[index];
	u32 size = block_frames(m, index), first = index * HPAGE_PMD_NR, free = 0, listed = 0;

	if (block->fresh > size)
		return refuse_snapshot(c, "block %u has %u frames, and %u were used", index, size, block->fresh);
	for (u32 i = 0; i < block->fresh; i++)
		free += page_test(m, first + i, HMMU_PG_BUDDY);
	for (u32 i = block->fresh; i < size; i++)
		if (!is_never_used(m, first + i))
			return refuse_snapshot(c, "frame %u was never used and is not empty", first + i);
	for (u32 pfn = block->free_head; pfn; pfn = page_of(m, pfn)->next)
		if (pfn / HPAGE_PMD_NR != index || pfn - first >= block->fresh || !is_free_frame(m, pfn) ||
		    ++listed > free)
			return refuse_snapshot(c, "the list of free frames of block %u is broken at frame %u", index,
					       pfn);
	if (listed != free || block->free_count != listed + size - block->fresh)
		return refuse_snapshot(c, "block %u has %u free frames, of which %u are listed; its counter says %u",
				       index, free + size - block->fresh, listed, block->free_count);
	return true;
}

/* Whole blocks were used before and are free again. */
static bool is_whole(const struct block *block)
{
	return block->free_count == HPAGE_PMD_NR && block->free_head;
}

/* A list of blocks; returns how many are on it, or UINT32_MAX. */
static u32 count_listed_blocks(struct check *c, u32 head, bool whole)
{
	const struct hmmu *m = c->m;
	u32 prev = 0, count = 0;

	for (u32 next = head; next; prev = next, next = m->block[next - 1].next, count++) {
		const struct block *block = &m->block[next <= m->st->next_block ? next - 1 : 0];

		if (next > m->st->next_block || block->prev != prev || !block->free_count || is_whole(block) != whole) {
			refuse_snapshot(c, "the list of %s blocks is broken at block %u",
					whole ? "free" : "partly free", next - 1);
			return UINT32_MAX;
		}
	}
	return count;
}

/* Unused frames must be zero: a page table would take their contents for entries. */
static bool check_fresh_contents(struct check *c)
{
	const struct hmmu *m = c->m;

	for (u64 i = first_piece(c, m->frames); i < c->pieces; i++) {
		u64 pfn = (c->piece[i].number * PAGE_SIZE - arena_offset(m, m->frames)) / PAGE_SIZE;

		if (pfn >= ram_used(m))
			break;
		if (pfn % HPAGE_PMD_NR >= m->block[pfn / HPAGE_PMD_NR].fresh)
			return refuse_snapshot(c, "frame %llu was never used and is not empty",
					       (unsigned long long)pfn);
	}
	return true;
}

bool check_blocks(struct check *c)
{
	const struct hmmu *m = c->m;
	u32 listed[2], counted[2] = { 0, 0 };
	u64 free = (u64)m->st->ram_pages - ram_used(m);

	/* Frame 0 is none. */
	if (!m->block[0].fresh || !is_never_used(m, 0))
		return refuse_snapshot(c, "frame 0 is in use");
	for (u32 index = 0; index < m->st->next_block; index++) {
		const struct block *block = &m->block[index];

		if (!check_block(c, index))
			return false;
		free += block->free_count;
		counted[is_whole(block)] += block->free_count != 0;
	}
	for (int whole = 0; whole < 2; whole++) {
		listed[whole] = count_listed_blocks(c, whole ? m->st->whole_head : m->st->partial_head, whole);
		if (listed[whole] == UINT32_MAX)
			return false;
	}
	if (listed[0] != counted[0] || listed[1] != counted[1])
		return refuse_snapshot(c, "%u blocks have free frames and %u are free; the lists have %u and %u",
				       counted[0], counted[1], listed[0], listed[1]);
	if (free != m->st->free_frames)
		return refuse_snapshot(c, "%llu frames are free, the counter says %u", (unsigned long long)free,
				       m->st->free_frames);
	return check_fresh_contents(c);
}

bool counts_in_range(const struct page *page)
{
	return page->count >= 0 && page->count <= MAX_COUNT && page->mapcount >= 0 && page->mapcount <= MAX_MAPCOUNT &&
	       page->index <= MAX_INDEX;
}

/* Check a frame that is a page table. restore_tables.c checks which process uses it. */
static bool is_table_frame(const struct page *page)
{
	return page->flags == HMMU_PG_TABLE && page->count == 1 && !page->mapcount && !page->mapping && !page->locked;
}

/* All pins of a compound page are hmmu_pin()'s. */
static bool pincount_is_right(const struct hmmu *m, u32 head)
{
	int32_t pins = 0;

	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		pins += m->pins[head + i].dma;
	return page_of(m, head + PIN_TAIL)->pincount == pins;
}

bool is_compound(const struct hmmu *m, u32 head)
{
	const struct page *page = page_of(m, head);

	if (head % HPAGE_PMD_NR || (page->flags & HMMU_PG_TAIL))
		return false;
	for (u32 i = 1; i < HPAGE_PMD_NR; i++)
		if ((page[i].flags & (HMMU_PG_TAIL | HMMU_PG_BUDDY)) != HMMU_PG_TAIL || page[i].head != head)
			return false;
	return page[1].mapcount_of_compound >= 0 && page[1].mapcount_of_compound <= MAX_MAPCOUNT &&
	       page[LEAK_TAIL].leaked >= 0 && page[LEAK_TAIL].leaked <= page->count && pincount_is_right(m, head) &&
	       page[MAPCOUNT_TAIL].large_mapcount >= 0;
}

/* A tail page has only a map count of its own, and users that hold it. */
static bool is_tail(const struct hmmu *m, u32 pfn)
{
	const struct page *page = page_of(m, pfn);

	return !page->count && !(page->flags & ~(u32)(HMMU_PG_TAIL | PAGE_USER_HELD | HMMU_PG_EXCLUSIVE)) &&
	       page->head == pfn / HPAGE_PMD_NR * HPAGE_PMD_NR && page_test(m, page->head, HMMU_PG_HEAD);
}

/* The anon_vma may be gone: a page keeps it when its last mapping goes. */
bool is_anon_mapping(const struct check *c, u32 mapping)
{
	return (mapping & MAPPING_ANON) && (mapping & ~MAPPING_ANON) < c->m->st->slabs[SLAB_ANON_VMA].high &&
	       mapping != MAPPING_ANON;
}

/* The pages of the page cache are checked with its lists. */
static bool mapping_exists(struct check *c, u32 mapping)
{
	return is_anon_mapping(c, mapping) || is_record_or_none(c, SLAB_FILE, mapping);
}

static bool is_swap_cache_page(const struct hmmu *m, u32 pfn)
{
	u32 slot = page_of(m, pfn)->private;

	return !page_mapping(m, pfn) && slot && slot <= m->st->swap_high && m->swap_slots[slot].page == pfn;
}

static bool is_page(struct check *c, u32 pfn)
{
	const struct page *page = page_of(c->m, pfn);
	const u32 never = HMMU_PG_BUDDY | HMMU_PG_RESERVED | HMMU_PG_DEVICE;

	if ((page->flags & never) || !mapping_exists(c, page->mapping))
		return false;
	/* Some fields have several meanings; a page must have only one of them. */
	if ((page->flags & HMMU_PG_SWAPCACHE) && ((page->flags & HMMU_PG_HEAD) || !is_swap_cache_page(c->m, pfn)))
		return false;
	if ((page->flags & HMMU_PG_HEAD) &&
	    (page_mapping(c->m, pfn) || c->m->st->ram_pages - pfn < HPAGE_PMD_NR || !is_compound(c->m, pfn)))
		return false;
	return !(page->flags & PAGE_USER_ISOLATED) || !(page->flags & HMMU_PG_LRU);
}

static bool check_page(struct check *c, u32 pfn)
{
	const struct hmmu *m = c->m;
	const struct page *page = page_of(m, pfn);
	bool good;

	c->destinations += page_test(m, pfn, PAGE_USER_DESTINATION);
	if (page->flags & HMMU_PG_BUDDY)
		return true; /* check_blocks() */
	if (page->flags & HMMU_PG_TABLE)
		good = is_table_frame(page) && !has_pins(m, pfn);
	else if (page->flags & HMMU_PG_TAIL)
		good = is_tail(m, pfn);
	else if (pfn == m->zero_pfn)
		good = (page->flags & ~(u32)HMMU_PG_REFERENCED) == HMMU_PG_RESERVED && page->count > 0 &&
		       !page->mapping;
	else
		good = is_page(c, pfn);
	if (KERNEL < V6_12 && (m->pins[pfn].dma || m->pins[pfn].exclusive || m->pins[pfn].leaked))
		return refuse_snapshot(c, "page %u is pinned for DMA or exclusive, which the kernel does not have",
				       pfn);
	if ((page->flags & PAGE_USER_DRIVER_LOCK) && !(page->flags & PAGE_USER_DRIVER) && !m->pins[pfn].exclusive)
		return refuse_snapshot(c, "page %u is locked by a driver that does not have it", pfn);
	if (!good || !counts_in_range(page) || (page->flags & ~all_page_flags))
		return refuse_snapshot(c, "page %u contradicts itself: flags %#x, count %d, mapcount %d, mapping %#x",
				       pfn, page->flags, page->count, page->mapcount, page->mapping);
	return true;
}

bool check_pages(struct check *c)
{
	const struct hmmu *m = c->m;
	u32 huge_zero = m->st->huge_zero_pfn, end = ram_used(m);

	for (u32 pfn = 1; pfn < end; pfn++)
		if (pfn % HPAGE_PMD_NR < m->block[pfn / HPAGE_PMD_NR].fresh && !check_page(c, pfn))
			return false;
	if (huge_zero && (huge_zero >= end || !page_test(m, huge_zero, HMMU_PG_HEAD) || !page_of(m, huge_zero)->count))
		return refuse_snapshot(c, "page %u is no huge page, and can't be the huge zero page", huge_zero);
	return true;
}

/* Flags of RAM frames only. A device page may have other flags from an earlier use. */
static bool check_device_page(struct check *c, u32 pfn)
{
	const u32 never = HMMU_PG_LRU | HMMU_PG_HEAD | HMMU_PG_TAIL | HMMU_PG_SWAPCACHE | HMMU_PG_RESERVED |
			  HMMU_PG_TABLE | HMMU_PG_BUDDY | HMMU_PG_DOUBLE_MAP | PAGE_USER_ISOLATED;
	const struct page *page = page_of(c->m, pfn);

	c->destinations += page_test(c->m, pfn, PAGE_USER_DESTINATION);
	if (counts_in_range(page) && !(page->flags & (never | ~all_page_flags)) && mapping_exists(c, page->mapping) &&
	    (!page->mapping || is_anon_mapping(c, page->mapping)))
		return true;
	return refuse_snapshot(c, "device page %u contradicts itself: flags %#x, count %d, mapcount %d, mapping %#x",
			       pfn - c->m->device_base, page->flags, page->count, page->mapcount, page->mapping);
}

/* Whether no bit of [from, to) is set, which are of pages that were never used. */
static bool bits_are_clear(const struct hmmu *m, u32 from, u32 to)
{
	while (from < to && from % 64)
		if (device_in_use(m, from++))
			return false;
	while (from < to && to % 64)
		if (device_in_use(m, --to))
			return false;
	return gap_is_zero(m, m->device_bitmap + from / 64, m->device_bitmap + to / 64);
}

/* The bitmap of pages in use: of @used indexes from @first on, and of those up to @end, which are of pages that were never used. */
static bool check_device_bitmap(struct check *c, u32 first, u32 used, u32 end)
{
	const struct hmmu *m = c->m;

	for (u32 i = first; i < first + used; i++) {
		bool in_use = page_of(m, m->device_base + i)->count > FREE_DEVICE_REFS;

		if (device_in_use(m, i) != in_use)
			return refuse_snapshot(c, "device page %u is %s, and not marked so", i,
					       in_use ? "in use" : "free");
	}
	return bits_are_clear(m, first + used, end) ||
	       refuse_snapshot(c, "device pages that were never used are marked as in use");
}

bool check_device(struct check *c)
{
	const struct hmmu *m = c->m;
	const struct state *st = m->st;
	u32 all = st->device_pages + st->coherent_pages;

	for (u32 i = 0; i < private_high(st); i++)
		if (!check_device_page(c, m->device_base + i))
			return false;
	for (u32 i = 0; i < coherent_high(st); i++)
		if (!check_device_page(c, m->coherent_base + i))
			return false;
	for (u32 pfn = m->other_device_base; pfn < m->pfn_end; pfn++)
		if (!check_device_page(c, pfn))
			return false;
	/* An allocation reads whole words. */
	return check_device_bitmap(c, 0, private_high(st), st->device_pages) &&
	       check_device_bitmap(c, st->device_pages, coherent_high(st), (all + 63) / 64 * 64) &&
	       check_device_counts(c);
}
