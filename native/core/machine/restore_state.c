/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: the state of the machine itself, and the slabs of records. */
#include "host/arena.h"
#include "host/events.h"
#include "machine/create.h"
#include "machine/restore.h"
#include "page/contents.h"

static bool check_counts(struct check *c)
{
	const struct state *st = c->m->st;

	if (st->profile >= HMMU_PROFILE_COUNT || st->quirks & ~KERNEL_QUIRKS)
		return refuse_snapshot(c, "profile %u does not exist, or not with the quirks %#x", st->profile,
				       st->quirks);
	if (st->write_gained > 1)
		return refuse_snapshot(c, "write_gained is %u; 0 and 1 are allowed", st->write_gained);
	if (!st->next_block || st->next_block > st->blocks || st->zero_pfn != 1)
		return refuse_snapshot(c, "%u of %u blocks are in use, and page %u is the zero page", st->next_block,
				       st->blocks, st->zero_pfn);
	if (!check_devices(c))
		return false;
	if (private_high(st) > st->device_pages || coherent_high(st) > st->coherent_pages)
		return refuse_snapshot(c, "devices have %u private and %u coherent pages, fewer than were used",
				       st->device_pages, st->coherent_pages);
	if (st->hugetlb_high > st->hugetlb_pages || st->hugetlb_free > st->hugetlb_pages ||
	    (int32_t)st->hugetlb_reserved > (int32_t)st->hugetlb_free ||
	    (KERNEL < V6_12 && st->hugetlb_reserved > st->hugetlb_pages))
		return refuse_snapshot(c, "the hugetlb pool has %u pages: %u were used, %u are free, %u reserved",
				       st->hugetlb_pages, st->hugetlb_high, st->hugetlb_free, st->hugetlb_reserved);
	if (st->swap_last > st->swap_high || st->swap_reclaim_work > 1 ||
	    (KERNEL < V6_12 && (st->swap_last || st->swap_reclaim_work)))
		return refuse_snapshot(c, "the swap area: slot %u was given last, work %u is queued", st->swap_last,
				       st->swap_reclaim_work);
	if (st->swap_high > st->swap_pages || st->swap_used > st->swap_high || st->swap_free_head > st->swap_high)
		return refuse_snapshot(c, "the swap area has %u slots, fewer than are in use or listed",
				       st->swap_pages);
	return true;
}

static bool check_injections(struct check *c)
{
	for (u32 i = 0; i < HMMU_INJECTION_COUNT; i++)
		if (c->m->st->injections[i].forever > 1)
			return refuse_snapshot(c, "injection %u has a flag that is neither 0 nor 1", i);
	return true;
}

/* Kinds came with "mm/mmu_notifier: contextual information for event triggering invalidation" (5.2). */
static bool has_kind(u32 type)
{
	return KERNEL >= V6_12 && (type == HMMU_EVENT_INVALIDATE_START || type == HMMU_EVENT_INVALIDATE_END);
}

static bool check_events(struct check *c)
{
	const struct state *st = c->m->st;

	if (st->event_mask & ~all_events())
		return refuse_snapshot(c, "event types %#x do not exist", st->event_mask);
	/* Half of the numbers remain for later events. */
	if (st->event_tail > st->event_head || st->event_head - st->event_tail > EVENT_RING || st->event_head >> 63)
		return refuse_snapshot(c, "the ring of events holds from %llu to %llu",
				       (unsigned long long)st->event_tail, (unsigned long long)st->event_head);
	for (u64 i = st->event_tail; i < st->event_head; i++) {
		u32 type = c->m->events[i % EVENT_RING].type, kind = c->m->events[i % EVENT_RING].kind;

		if (type >= 32 || !(all_events() & 1u << type))
			return refuse_snapshot(c, "event %llu has type %u, which does not exist", (unsigned long long)i,
					       type);
		if (kind && (kind >= HMMU_NOTIFY_COUNT || !has_kind(type)))
			return refuse_snapshot(c, "event %llu has type %u and kind %u, which do not go together",
					       (unsigned long long)i, type, kind);
	}
	return true;
}

static bool check_tlb_entries(struct check *c)
{
	const struct hmmu *m = c->m;

	for (u32 i = 0; i < m->st->cpus * TLB_ENTRIES; i++) {
		const struct tlb_entry *entry = &m->tlb[i];

		if (entry->mm >= m->st->slabs[SLAB_MM].high || entry->pfn >= m->pfn_end ||
		    entry->vpn > HMMU_TASK_SIZE >> PAGE_SHIFT || entry->gen > m->st->tlb_gen)
			return refuse_snapshot(c, "the TLB of CPU %u translates %#llx of process %u to page %u",
					       i / TLB_ENTRIES, (unsigned long long)entry->vpn << PAGE_SHIFT, entry->mm,
					       entry->pfn);
	}
	return true;
}

bool check_state(struct check *c)
{
	/* The bounds of slabs come first: all other checks rely on them. */
	for (u32 kind = 0; kind < NR_SLABS; kind++) {
		const struct slab *slab = &c->m->st->slabs[kind];

		if (!slab->high || slab->high > slab->capacity)
			return refuse_snapshot(c, "slab %u has %u of %u records in use", kind, slab->high,
					       slab->capacity);
	}
	return check_counts(c) && check_injections(c) && check_events(c) && check_tlb_entries(c);
}

static bool is_zero(const u8 *bytes, u64 length)
{
	for (u64 i = 0; i < length; i++)
		if (bytes[i])
			return false;
	return true;
}

static const u8 *record_of(const struct hmmu *m, enum slab_kind kind, u32 slot)
{
	const struct slab *slab = &m->st->slabs[kind];

	return (const u8 *)m->st + slab->offset + (u64)slot * slab->record;
}

/* Free records are zero, except the link to the next one. Record 0 stands for "none". */
static bool check_slab(struct check *c, enum slab_kind kind)
{
	const struct slab *slab = &c->m->st->slabs[kind];
	u32 free = 0, slot = slab->free_head;

	c->free[kind] = check_alloc(c, (slab->high + 63) / 64 * sizeof(u64));
	if (!c->free[kind])
		return false;
	for (; slot; free++) {
		const u8 *record = record_of(c->m, kind, slot < slab->high ? slot : 0);

		if (slot >= slab->high || !set_bit_once(c->free[kind], slot) ||
		    !is_zero(record + sizeof(u32), slab->record - sizeof(u32)))
			return refuse_snapshot(c, "the list of free records of slab %u is broken at record %u", kind,
					       slot);
		slot = *(const u32 *)record;
	}
	if (free + slab->used != slab->high - 1)
		return refuse_snapshot(c, "slab %u has %u records: %u are free and %u in use", kind, slab->high - 1,
				       free, slab->used);
	if (!is_zero(record_of(c->m, kind, 0), slab->record))
		return refuse_snapshot(c, "record 0 of slab %u is not empty", kind);
	return true;
}

bool check_slabs(struct check *c)
{
	for (u32 kind = 0; kind < NR_SLABS; kind++)
		if (!check_slab(c, kind))
			return false;
	return true;
}

bool gap_is_zero(const struct hmmu *m, const void *from, const void *to)
{
	const u8 *base = (const u8 *)m->st;
	u64 start = arena_offset(m, from), end = arena_offset(m, to);
	u64 first_end = (start + PAGE_SIZE - 1) & PAGE_MASK, last_start = end & PAGE_MASK;

	if (first_end >= end || last_start <= start)
		return is_zero(base + start, end - start);
	return is_zero(base + start, first_end - start) && is_zero(base + last_start, end - last_start);
}

/* One array with an item for each page: pages that were never used. */
static bool page_gaps_are_zero(const struct hmmu *m, const void *array, u64 size)
{
	const u8 *items = array;

	return gap_is_zero(m, items + ram_used(m) * size, items + m->hugetlb_base * size) &&
	       gap_is_zero(m, items + (m->hugetlb_base + pool_used(m)) * size, items + m->device_base * size) &&
	       gap_is_zero(m, items + (m->device_base + (u64)private_high(m->st)) * size,
			   items + m->coherent_base * size) &&
	       gap_is_zero(m, items + (m->coherent_base + (u64)coherent_high(m->st)) * size,
			   items + m->other_device_base * size);
}

bool check_unused(struct check *c)
{
	const struct hmmu *m = c->m;
	const struct state *st = m->st;
	bool zero = page_gaps_are_zero(m, m->pages, sizeof(struct page)) &&
		    page_gaps_are_zero(m, m->pins, sizeof(struct pins));

	for (u32 kind = 0; kind < NR_SLABS; kind++)
		zero = zero && gap_is_zero(m, record_of(m, kind, st->slabs[kind].high),
					   record_of(m, kind, st->slabs[kind].capacity));
	zero = zero && gap_is_zero(m, m->block + st->next_block, m->block + st->blocks);
	zero = zero && gap_is_zero(m, m->swap_slots + st->swap_high + 1, m->swap_slots + st->swap_pages + 1);
	if (m->tags)
		zero = zero && page_gaps_are_zero(m, m->tags, TAG_SIZE);
	return zero || refuse_snapshot(c, "records or pages that were never used are not zero");
}
