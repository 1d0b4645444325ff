/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks that have no page, address or process to begin with: translations of CPUs, page tables, all pages in use, the LRU. */
#include <errno.h>

#include "machine/raw_entry.h"
#include "machine/verify.h"
#include "mm/mm.h"
#include "mm/tlb.h"
#include "page/lru.h"

int hmmu_tlb(struct hmmu *m, uint32_t cpu, struct hmmu_tlb_entry *out, uint32_t capacity)
{
	u32 count = 0;

	if (cpu >= m->st->cpus)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "CPU %u: there are 0 to %u", cpu,
				 m->st->cpus - 1);
	for (u32 slot = 0; slot < TLB_ENTRIES; slot++) {
		const struct tlb_entry *entry = &m->tlb[cpu * TLB_ENTRIES + slot];

		if (!tlb_entry_counts(m, entry))
			continue;
		if (count < capacity)
			out[count] = (struct hmmu_tlb_entry){
				.address = entry->vpn << PAGE_SHIFT,
				.pid = entry->mm,
				.pfn = entry->pfn,
				.write = entry->flags & TLB_WRITE,
				.dirty = entry->flags & TLB_DIRTY,
				.stale = tlb_entry_stale(m, entry),
				.reused = frame_is_reused(m, entry),
			};
		count++;
	}
	return (int)count;
}

/* The levels of a walk below the pgd: the p4d is folded. */
static const struct {
	u32 level;
	u32 shift; /* of what one entry translates */
} levels[] = { { 0, PGD_SHIFT }, { 2, PUD_SHIFT }, { 3, PMD_SHIFT }, { 4, PAGE_SHIFT } };
#define NR_LEVELS (sizeof(levels) / sizeof(levels[0]))

struct table_list {
	const struct hmmu *m;
	struct hmmu_table *out;
	u32 capacity, count;
};

/* Describe a table, then those below it. */
static void describe_tables(struct table_list *list, u32 depth, struct hmmu_table table)
{
	const u64 *entries = table_of(list->m, table.pfn);
	u32 place = list->count++;

	for (u32 i = 0; i < PTRS_PER_TABLE; i++) {
		if (!entries[i])
			continue;
		table.used++;
		if (depth + 1 < NR_LEVELS && pte_present(entries[i]) && !pmd_trans_huge(entries[i]))
			describe_tables(list, depth + 1,
					(struct hmmu_table){ .base = table.base + ((u64)i << levels[depth].shift),
							     .entry = raw_entry(entries[i]),
							     .pfn = pte_pfn(entries[i]),
							     .level = levels[depth + 1].level,
							     .parent = table.pfn });
	}
	if (place < list->capacity)
		list->out[place] = table;
}

int hmmu_tables(const struct hmmu *m, uint32_t pid, struct hmmu_table *out, uint32_t capacity)
{
	struct table_list list = { .m = m, .out = out, .capacity = capacity };
	int err = check_process(m, pid);

	if (err)
		return err;
	describe_tables(&list, 0, (struct hmmu_table){ .pfn = mm_of(m, pid)->pgd, .level = levels[0].level });
	return (int)list.count;
}

int hmmu_pages(const struct hmmu *m, struct hmmu_page_info *out, uint32_t capacity)
{
	u32 count = 0;

	for (u32 pfn = 1; pfn < m->pfn_end; pfn = next_used(m, pfn)) {
		if (page_is_free(m, pfn))
			continue;
		if (count < capacity)
			hmmu_page_info(m, pfn, &out[count]);
		count++;
	}
	return (int)count;
}

struct lru_look {
	struct hmmu_lru_page *out;
	u32 capacity, count;
};

static void look_at_lru(struct lru_look *look, struct hmmu_lru_page place)
{
	if (look->count < look->capacity)
		look->out[look->count] = place;
	look->count++;
}

static void look_at_pagevec(const struct hmmu *m, struct lru_look *look, u32 cpu, u32 kind)
{
	const struct pagevec *pvec = &m->st->cpu[cpu].pvecs[kind];

	for (u32 i = 0; i < pvec->nr; i++)
		look_at_lru(look, (struct hmmu_lru_page){ .pfn = mlock_work_page(pvec->pages[i]),
							  .list = HMMU_LRU_LIST_PAGEVEC,
							  .cpu = cpu,
							  .vec = kind });
}

int hmmu_lru(const struct hmmu *m, struct hmmu_lru_page *out, uint32_t capacity)
{
	struct lru_look look = { .out = out, .capacity = capacity };

	for (u32 which = 0; which < NR_LRU_LISTS; which++) {
		u32 head = lru_head(m, which);

		for (u32 pfn = page_of(m, head)->next; pfn != head; pfn = page_of(m, pfn)->next)
			look_at_lru(&look, (struct hmmu_lru_page){ .pfn = pfn, .list = which });
	}
	for (u32 cpu = 0; cpu < m->st->cpus; cpu++)
		for (u32 kind = 0; kind < NR_PAGEVECS; kind++)
			look_at_pagevec(m, &look, cpu, kind);
	return (int)look.count;
}
