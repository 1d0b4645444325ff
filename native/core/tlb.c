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

static inline struct tlb_entry *slot_of(struct hmmu *m, u32 cpu, u64 vpn)
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

/* The entry that translates an address, below its pmd: a pte, or the huge pmd; NULL if there is no table. */
static inline u64 *leaf_entry(struct hmmu *m, u64 *pmd, u64 address, u32 *offset)
{
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
	u64 address = entry->vpn << PAGE_SHIFT;
	u32 offset;
	u64 *leaf = leaf_entry(m, mm_find_pmd(m, entry->mm, address), address, &offset);

	if (!leaf || !(*leaf & _PAGE_PRESENT) || pte_pfn(*leaf) + offset != entry->pfn)
		return true;
	if ((entry->flags & TLB_WRITE) && !pte_write(*leaf))
		return true;
	return (entry->flags & TLB_DIRTY) && !pte_dirty(*leaf);
}

static inline bool hit(const struct tlb_entry *entry, const struct mm *mm, u32 mm_slot, u64 vpn, bool write)
{
	if (entry->mm != mm_slot || entry->vpn != vpn || entry->gen != mm->tlb_gen)
		return false;
	return !write || (entry->flags & (TLB_WRITE | TLB_DIRTY)) == (TLB_WRITE | TLB_DIRTY);
}

/* What the walk of the tables finds below a pmd becomes the new translation; 0: a fault. */
static inline u32 tlb_fill(struct hmmu *m, struct tlb_entry *entry, u64 *pmd, u32 mm, u64 address, bool write)
{
	u32 offset;
	u64 *leaf = leaf_entry(m, pmd, address, &offset), pte;

	if (!leaf)
		return 0;
	pte = *leaf;
	if (!(pte & _PAGE_PRESENT) || (write && !pte_write(pte)))
		return 0;
	pte |= _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);
	*leaf = pte;
	entry->vpn = address >> PAGE_SHIFT;
	entry->gen = m->mms[mm].tlb_gen;
	entry->mm = mm;
	entry->pfn = pte_pfn(pte) + offset;
	entry->flags = (pte_write(pte) ? TLB_WRITE : 0) | (pte_dirty(pte) ? TLB_DIRTY : 0);
	return entry->pfn;
}

static NOINLINE u32 tlb_miss(struct hmmu *m, struct tlb_entry *entry, u32 mm, u64 address, bool write)
{
	return tlb_fill(m, entry, mm_find_pmd(m, mm, address), mm, address, write);
}

/* A hit that contradicts the tables is counted and does not count. */
static NOINLINE u32 tlb_hit(struct hmmu *m, struct tlb_entry *entry, u64 address, bool write)
{
	if (!tlb_entry_stale(m, entry))
		return entry->pfn;
	m->st->counters[HMMU_COUNT_TLB_STALE]++;
	event(m, HMMU_EVENT_STALE_TLB, entry->mm, address, entry->pfn);
	return tlb_miss(m, entry, entry->mm, address, write);
}

u32 tlb_access(struct hmmu *m, u32 cpu, u32 mm, u64 address, bool write)
{
	u64 vpn = address >> PAGE_SHIFT, *pmd;
	struct tlb_entry *entry = slot_of(m, cpu, vpn);

	if (hit(entry, &m->mms[mm], mm, vpn, write))
		return tlb_hit(m, entry, address, write);
	pmd = known_pmd(m, mm, address);
	return pmd ? tlb_fill(m, entry, pmd, mm, address, write) : tlb_miss(m, entry, mm, address, write);
}
