/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a mark has to look in the parts of the arena that are mostly empty: page tables, TLBs and the hash of the page cache.
 * An entry of a page table is within a mapping or leads to a table of one, so that nothing has to be searched.
 */
#include <string.h>

#include "host/platform.h"
#include "machine/mark.h"
#include "mm/file.h"
#include "mm/pgtable.h"

static bool add_line(struct marks *marks, const void *place)
{
	u8 *line = (u8 *)place - ((uintptr_t)place & (LINE_BYTES - 1)), **lines;
	u32 room = marks->room_for_lines ? marks->room_for_lines * 2 : 256;

	if (marks->nr_lines && marks->lines[marks->nr_lines - 1] == line)
		return true;
	if (marks->nr_lines == marks->room_for_lines) {
		lines = platform_alloc_raw(room * sizeof(*lines));
		if (!lines)
			return false;
		if (marks->lines)
			memcpy(lines, marks->lines, marks->nr_lines * sizeof(*lines));
		platform_free(marks->lines);
		marks->lines = lines;
		marks->room_for_lines = room;
	}
	marks->lines[marks->nr_lines++] = line;
	return true;
}

static bool add_lines(struct marks *marks, const u64 *from, const u64 *to)
{
	bool added = true;

	for (const u64 *entry = from; added && entry <= to; entry += LINE_BYTES / sizeof(u64))
		added = add_line(marks, entry);
	return added && (from > to || add_line(marks, to));
}

/* The entries of [address, end), which one pte table translates, and those that lead to them. */
static bool add_lines_below(const struct hmmu *m, struct marks *marks, u32 pgd, u64 address, u64 end)
{
	static const u32 shifts[] = { PGD_SHIFT, PUD_SHIFT, PMD_SHIFT };
	u64 *table = table_of(m, pgd);

	for (u32 level = 0; level < 3; level++) {
		u64 *entry = table + table_index(address, shifts[level]);

		if (!*entry)
			return true;
		if (!add_line(marks, entry))
			return false;
		if (*entry & _PAGE_PSE || !pte_present(*entry))
			return true;
		table = table_of(m, pte_pfn(*entry));
	}
	return add_lines(marks, table + table_index(address, PAGE_SHIFT), table + table_index(end - 1, PAGE_SHIFT));
}

static bool add_lines_of_mapping(const struct hmmu *m, struct marks *marks, const struct vma *v)
{
	for (u64 address = v->start, next; address < v->end; address = next) {
		next = pmd_addr_end(address, v->end);
		if (!add_lines_below(m, marks, mm_of(m, v->mm)->pgd, address, next))
			return false;
	}
	return true;
}

static void add_slots(u64 *slots, const struct vma *v)
{
	u64 pages = (v->end - v->start) >> PAGE_SHIFT, first = v->start >> PAGE_SHIFT;

	if (pages >= TLB_ENTRIES)
		memset(slots, 0xff, SLOT_WORDS * sizeof(*slots));
	for (u64 i = 0; i < pages && pages < TLB_ENTRIES; i++)
		slots[(first + i) % TLB_ENTRIES / 64] |= 1ull << (first + i) % 64;
}

static void add_full_slots(const struct hmmu *m, u64 *slots)
{
	const struct tlb_entry *entry = m->tlb;

	for (u32 i = 0; i < m->st->cpus * TLB_ENTRIES; i++, entry++)
		if (entry->vpn | entry->gen | entry->mm | entry->pfn | entry->flags)
			slots[i % TLB_ENTRIES / 64] |= 1ull << i % 64;
}

void find_slots(const struct hmmu *m, u64 *slots)
{
	const struct marks *marks = m->marks;

	if (!marks || !marks->depth || marks->moved_mappings != m->moved_mappings) {
		memset(slots, 0, SLOT_WORDS * sizeof(*slots));
		add_full_slots(m, slots);
	} else {
		/* No mapping has moved since. */
		memcpy(slots, marks->slots, SLOT_WORDS * sizeof(*slots));
	}
}

/* A hash chain that is not empty is one of an index of a file. */
static bool add_cache_lines(const struct hmmu *m, struct marks *marks, u32 file)
{
	u64 pages = file_of(m, file)->nrpages ? file_of(m, file)->pages : 0;
	bool added = true;

	if (pages > m->cache_mask)
		return add_lines(marks, (u64 *)m->cache_hash, (u64 *)(m->cache_hash + m->cache_mask - 1));
	for (u64 index = 0; added && index < pages; index++)
		added = add_line(marks, hash_chain(m, file, index));
	return added;
}

bool marks_find_lines(const struct hmmu *m, struct marks *marks)
{
	bool found = true;

	marks->nr_lines = 0;
	/* Mappings have come or gone: look at each translation. */
	if (marks->moved_mappings != m->moved_mappings)
		add_full_slots(m, marks->slots);
	marks->moved_mappings = m->moved_mappings;
	for (u32 vma = 1; found && vma < m->st->slabs[SLAB_VMA].high; vma++) {
		const struct vma *v = vma_of(m, vma);

		/* Of an unused record only the first word is not 0. */
		if (!v->end)
			continue;
		add_slots(marks->slots, v);
		/* Frames with contents are copied as a whole. */
		if (m->tags)
			found = add_lines_of_mapping(m, marks, v);
	}
	for (u32 file = 1; found && file < m->st->slabs[SLAB_FILE].high; file++)
		found = add_cache_lines(m, marks, file);
	return found;
}
