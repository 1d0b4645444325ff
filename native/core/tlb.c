/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TLB: each CPU caches translations in a direct-mapped table. A flush of a few pages looks at their slots; a large
 * one gives the address space a new generation, a number that is never used again, which voids all its translations at
 * once. A hit is compared with the
 * page tables, since the model is there to catch flushes that are missing.
 */
#include "tlb.h"

#include "probe.h"

/* Above this many pages x86 flushes the whole address space. */
#define TLB_SINGLE_PAGE_FLUSH_CEILING 33

static struct tlb_entry *slot_of(struct hmmu *m, u32 cpu, u64 vpn)
{
	return &m->tlb[cpu * TLB_ENTRIES + (vpn & (TLB_ENTRIES - 1))];
}

static void flush_one(struct hmmu *m, u32 mm, u64 vpn)
{
	for (u32 cpu = 0; cpu < m->st->cpus; cpu++) {
		struct tlb_entry *entry = slot_of(m, cpu, vpn);

		if (entry->mm == mm && entry->vpn == vpn)
			entry->gen = 0;
	}
}

static void note_flush(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	m->st->counters[HMMU_COUNT_TLB_FLUSHES]++;
	event(m, HMMU_EVENT_TLB_FLUSH, mm, start, end);
	probe(tlb_flush, mm, start, end);
}

void flush_tlb_mm(struct hmmu *m, u32 mm)
{
	m->mms[mm].tlb_gen = ++m->st->tlb_gen;
	note_flush(m, mm, 0, HMMU_TASK_SIZE);
}

void flush_tlb_range(struct hmmu *m, u32 mm, u64 start, u64 end)
{
	if (end - start > TLB_SINGLE_PAGE_FLUSH_CEILING * PAGE_SIZE) {
		m->mms[mm].tlb_gen = ++m->st->tlb_gen;
	} else {
		for (u64 address = start; address < end; address += PAGE_SIZE)
			flush_one(m, mm, address >> PAGE_SHIFT);
	}
	note_flush(m, mm, start, end);
}

void flush_tlb_page(struct hmmu *m, u32 mm, u64 address)
{
	flush_tlb_range(m, mm, address & PAGE_MASK, (address & PAGE_MASK) + PAGE_SIZE);
}

u64 ptep_clear_flush(struct hmmu *m, u32 mm, u64 address, u64 *pte)
{
	u64 old = *pte;

	*pte = 0;
	if (pte_present(old))
		flush_tlb_page(m, mm, address);
	return old;
}

u64 ptep_clear_flush_notify(struct hmmu *m, u32 mm, u64 address, u64 *pte)
{
	u64 old = ptep_clear_flush(m, mm, address, pte);

	mmu_notifier_invalidate_range(m, mm, address & PAGE_MASK, (address & PAGE_MASK) + PAGE_SIZE);
	return old;
}

/* The entry that translates an address: a pte, or a huge pmd; NULL if there is no table. */
static u64 *leaf_entry(struct hmmu *m, u32 mm, u64 address, u32 *offset)
{
	u64 *pmd = mm_find_pmd(m, mm, address);

	*offset = 0;
	if (!pmd || pmd_none(*pmd))
		return NULL;
	if (pmd_trans_huge(*pmd)) {
		*offset = table_index(address, PAGE_SHIFT);
		return pmd;
	}
	return pte_offset(m, *pmd, address);
}

bool tlb_entry_stale(struct hmmu *m, const struct tlb_entry *entry)
{
	u32 offset;
	u64 *leaf = leaf_entry(m, entry->mm, entry->vpn << PAGE_SHIFT, &offset);

	if (!leaf || !(*leaf & _PAGE_PRESENT) || pte_pfn(*leaf) + offset != entry->pfn)
		return true;
	if ((entry->flags & TLB_WRITE) && !pte_write(*leaf))
		return true;
	return (entry->flags & TLB_DIRTY) && !pte_dirty(*leaf);
}

static bool hit(const struct tlb_entry *entry, const struct mm *mm, u32 mm_slot, u64 vpn, bool write)
{
	if (entry->mm != mm_slot || entry->vpn != vpn || entry->gen != mm->tlb_gen)
		return false;
	return !write || (entry->flags & (TLB_WRITE | TLB_DIRTY)) == (TLB_WRITE | TLB_DIRTY);
}

u32 tlb_access(struct hmmu *m, u32 cpu, u32 mm, u64 address, bool write)
{
	u64 vpn = address >> PAGE_SHIFT;
	struct tlb_entry *entry = slot_of(m, cpu, vpn);
	u32 offset;
	u64 *leaf;

	if (hit(entry, &m->mms[mm], mm, vpn, write)) {
		if (!tlb_entry_stale(m, entry))
			return entry->pfn;
		m->st->counters[HMMU_COUNT_TLB_STALE]++;
		event(m, HMMU_EVENT_STALE_TLB, mm, address, entry->pfn);
	}
	leaf = leaf_entry(m, mm, address, &offset);
	if (!leaf || !(*leaf & _PAGE_PRESENT) || (write && !pte_write(*leaf)))
		return 0;
	*leaf |= _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);
	*entry = (struct tlb_entry){
		.vpn = vpn,
		.gen = m->mms[mm].tlb_gen,
		.mm = mm,
		.pfn = pte_pfn(*leaf) + offset,
		.flags = (pte_write(*leaf) ? TLB_WRITE : 0) | (pte_dirty(*leaf) ? TLB_DIRTY : 0),
	};
	return entry->pfn;
}
