/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(), one process: its mappings, its tables entry by entry, its RSS, and whether rmap finds its pages. */
#include "fault/hugetlb.h"
#include "machine/verify.h"
#include "mm/swap.h"
#include "rmap/huge.h"

struct mm_tally {
	struct verify *v;
	u32 mm;
	u64 rss[NR_MM_COUNTERS];
	u64 hugetlb_usage;
	u64 tables;
	u32 munlocks;    /**< tasks in a munlock() that waits */
	u64 entries;     /**< that the mappings have */
	u64 all_entries; /**< in the tables */
};

/* Why a reverse map walk from the page does not meet the entry; NULL: it does. */
static const char *missed_by_rmap(const struct mm_tally *t, u32 vma, u32 pfn, u64 address)
{
	const struct hmmu *m = t->v->m;
	u32 anon_vma = page_anon_vma(m, pfn);

	/* A page that a driver has inserted has no reverse map. */
	if (vma_of(m, vma)->flags & VM_MIXEDMAP && !page_of(m, pfn)->mapping)
		return NULL;
	if (page_to_pgoff(m, pfn) != linear_page_index(m, vma, address))
		return "the index of the page leads elsewhere";
	if (!anon_vma)
		return page_mapping(m, pfn) == vma_of(m, vma)->file ? NULL
								    : "the page is not of the file that is mapped";
	if (anon_vma < m->st->slabs[SLAB_ANON_VMA].high && t->v->chain_of[anon_vma] == vma)
		return NULL;
	return "its anon_vma has no link to the mapping";
}

static void verify_rmap(struct mm_tally *t, u32 vma, u32 pfn, u64 address)
{
	const char *cause = missed_by_rmap(t, vma, pfn, address);

	if (cause)
		complain(t->v, "the reverse map of page %u misses the entry at %#llx of process %u: %s", pfn,
			 (unsigned long long)address, t->mm, cause);
}

/*
 * Who marks a page as mlocked: a mapping that is VM_LOCKED, also by a migration entry, as the mark goes with the last
 * mapping only; and a mapping that a munlock() under way has still to walk from its place on.
 */
static void explain_mlock(struct mm_tally *t, u32 vma, u64 address, u32 pfn)
{
	struct hmmu *m = t->v->m;
	const struct vma *v = vma_of(m, vma);
	u32 head = compound_head(m, pfn);
	bool explained = v->flags & VM_LOCKED;

	if (!page_test(m, head, HMMU_PG_MLOCKED))
		return;
	for (u32 task = mm_of(m, t->mm)->main_task, left = t->munlocks ? mm_of(m, t->mm)->tasks : 0; left && !explained;
	     task = task_of(m, task)->thread_next, left--) {
		u64 from = task_of(m, task)->progress.munlock_at;

		explained = from >= v->start && from < v->end && address >= from;
	}
	if (explained)
		tally(t->v, head)->mlock_explained = true;
}

/* An entry maps a page: it has a reference, and the reverse map finds it. */
static void verify_mapping_of(struct mm_tally *t, u32 vma, u32 pfn, u64 address)
{
	tally_ref(t->v, pfn, HMMU_HOLDER_MAPPING, t->mm, address);
	verify_rmap(t, vma, pfn, address);
	explain_mlock(t, vma, address, pfn);
}

static void verify_migration_entry(struct mm_tally *t, u32 vma, u64 address, u64 pte)
{
	struct hmmu *m = t->v->m;
	u32 pfn = swp_offset(pte);

	t->rss[mm_counter(m, pfn)]++;
	tally(t->v, pfn)->absent++;
	if (!page_test(m, compound_head(m, pfn), HMMU_PG_LOCKED))
		complain(t->v, "process %u, %#llx: the page %u of a migration entry is not locked", t->mm,
			 (unsigned long long)address, pfn);
	/* A page that has handed its place in a file to a new page is in no file until that page is mapped. */
	if (page_of(m, pfn)->mapping)
		verify_rmap(t, vma, pfn, address);
	explain_mlock(t, vma, address, pfn);
	verify_write(t->v, vma, address, pfn, pte);
}

/* The entry keeps the reference of the pte in whose place it stands; the map count has gone. */
static void verify_exclusive_entry(struct mm_tally *t, u32 vma, u64 address, u64 pte)
{
	u32 pfn = swp_offset(pte);

	t->rss[mm_counter(t->v->m, pfn)]++;
	tally(t->v, pfn)->absent++;
	tally_ref(t->v, pfn, HMMU_HOLDER_EXCLUSIVE_ENTRY, t->mm, address);
	verify_rmap(t, vma, pfn, address);
	verify_write(t->v, vma, address, pfn, pte);
}

static void verify_pte(struct mm_tally *t, u32 vma, u64 address, u64 pte)
{
	struct hmmu *m = t->v->m;
	u32 pfn;

	if (is_pte_marker(pte))
		return;
	if (is_device_exclusive_entry(pte)) {
		verify_exclusive_entry(t, vma, address, pte);
		return;
	}
	if (is_migration_entry(pte)) {
		verify_migration_entry(t, vma, address, pte);
		return;
	}
	if (is_swap_entry(pte)) {
		t->rss[MM_SWAPENTS]++;
		verify_swap_entry(t->v, t->mm, address, swp_offset(pte));
		return;
	}
	if (pte_present(pte))
		pfn = vm_normal_page(m, pte);
	else
		pfn = is_device_private_entry(pte) ? swp_offset(pte) : 0;
	if (pfn && is_device_private_page(m, pfn) == (pte_present(pte) != 0))
		complain(t->v, "process %u, %#llx: page %u is mapped as pages of its kind can't be", t->mm,
			 (unsigned long long)address, pfn);
	if (pfn) {
		t->rss[mm_counter(m, pfn)]++;
		tally(t->v, pfn)->maps++;
		tally(t->v, pfn)->dirty |= pte_present(pte) && pte_dirty(pte);
		verify_mapping_of(t, vma, pfn, address);
	}
	verify_write(t->v, vma, address, pfn, pte);
}

static void verify_huge_pmd(struct mm_tally *t, u32 vma, u64 address, u64 pmd)
{
	struct hmmu *m = t->v->m;
	u32 page = is_huge_zero_pmd(m, pmd) ? 0 : pte_pfn(pmd);

	t->tables++; /* the deposited one */
	if (page) {
		t->rss[MM_ANONPAGES] += HPAGE_PMD_NR;
		tally(t->v, page)->huge++;
		verify_mapping_of(t, vma, page, address);
	}
	verify_write(t->v, vma, address, page, pmd);
}

/* An entry of a hugetlb mapping has no deposited table and is in no RSS; its page is the pool's. */
static void verify_hugetlb_entry(struct mm_tally *t, u32 vma, u64 address, u64 pmd)
{
	struct hmmu *m = t->v->m;
	u32 page = pte_pfn(pmd);

	if (huge_pte_none_mostly(pmd))
		return;
	if (!pmd_trans_huge(pmd) || !PageHuge(m, page) || page % HPAGE_PMD_NR) {
		complain(t->v, "process %u, %#llx: the entry of a hugetlb mapping maps no page of the pool", t->mm,
			 (unsigned long long)address);
		return;
	}
	t->hugetlb_usage += HPAGE_PMD_NR;
	tally(t->v, page)->huge++;
	tally_ref(t->v, page, HMMU_HOLDER_MAPPING, t->mm, address);
	verify_rmap(t, vma, page, address);
	verify_write(t->v, vma, address, page, pmd);
}

static int verify_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	struct mm_tally *t = walk->data;
	u64 *pte;

	if (is_vm_hugetlb_page(walk->m, walk->vma)) {
		verify_hugetlb_entry(t, walk->vma, address, *pmd);
		return 0;
	}
	if (pmd_trans_huge(*pmd)) {
		verify_huge_pmd(t, walk->vma, address, *pmd);
		return 0;
	}
	if (page_of(walk->m, pte_pfn(*pmd))->locked)
		complain(t->v, "process %u: the table of %#llx is locked", t->mm, (unsigned long long)address);
	pte = pte_offset(walk->m, *pmd, address);
	for (; address < end; address += PAGE_SIZE, pte++)
		if (!pte_none(*pte)) {
			t->entries++;
			verify_pte(t, walk->vma, address, *pte);
		}
	return 0;
}

/* Count the tables from one on, and the entries in the lowest ones. */
static u64 count_tables(struct mm_tally *t, u32 table, int level)
{
	const u64 *entries = table_of(t->v->m, table);
	u64 count = 1;

	for (u32 i = 0; i < PTRS_PER_TABLE; i++) {
		if (!entries[i])
			continue;
		if (level == 3)
			t->all_entries++;
		else if (!pmd_trans_huge(entries[i]) && pte_present(entries[i]))
			count += count_tables(t, pte_pfn(entries[i]), level + 1);
	}
	return count;
}

static void verify_vma(struct mm_tally *t, u32 vma, u32 prev)
{
	struct hmmu *m = t->v->m;
	const struct vma *v = vma_of(m, vma);
	struct mm_walk walk = { .m = m, .mm = t->mm, .vma = vma, .pmd_entry = verify_pmd, .data = t };

	if (v->mm != t->mm || v->prev != prev || v->start >= v->end || (prev && vma_of(m, prev)->end > v->start) ||
	    vma_at(m, t->mm, v->start) != vma)
		complain(t->v, "process %u: the mapping at %#llx is out of order", t->mm, (unsigned long long)v->start);
	if (v->anon_vma && !v->avc_head)
		complain(t->v, "process %u: the mapping at %#llx has an anon_vma and no chain", t->mm,
			 (unsigned long long)v->start);
	for (u32 avc = v->avc_head; avc; avc = avc_of(m, avc)->same_vma_next)
		if (avc_of(m, avc)->vma == vma)
			t->v->chain_of[avc_of(m, avc)->anon_vma] = vma;
	walk_page_range(&walk, v->start, v->end);
	if (is_vm_hugetlb_page(m, vma))
		t->v->hugetlb_reserved += hugetlb_unused_reserve(m, vma);
}

void verify_mm(struct verify *v, u32 mm)
{
	struct hmmu *m = v->m;
	struct mm_tally t = { .v = v, .mm = mm };
	u32 prev = 0, count = 0;

	for (u32 task = mm_of(m, mm)->main_task, left = v->munlocks ? mm_of(m, mm)->tasks : 0; left;
	     task = task_of(m, task)->thread_next, left--)
		t.munlocks += task_of(m, task)->progress.munlock_at != 0;
	for (u32 vma = mm_of(m, mm)->mmap; vma; prev = vma, vma = vma_of(m, vma)->next, count++)
		verify_vma(&t, vma, prev);
	if (count != mm_of(m, mm)->map_count)
		complain(v, "process %u: it has %u mappings, the counter says %u", mm, count, mm_of(m, mm)->map_count);
	for (int counter = 0; counter < NR_MM_COUNTERS; counter++)
		if (t.rss[counter] != mm_of(m, mm)->rss[counter])
			complain(v, "process %u: RSS counter %d is %llu, but %llu entries count", mm, counter,
				 (unsigned long long)mm_of(m, mm)->rss[counter], (unsigned long long)t.rss[counter]);
	if (t.hugetlb_usage != mm_of(m, mm)->hugetlb_usage)
		complain(v, "process %u: %u pages of hugetlb mappings are counted, but %llu are mapped", mm,
			 mm_of(m, mm)->hugetlb_usage, (unsigned long long)t.hugetlb_usage);
	t.tables += count_tables(&t, mm_of(m, mm)->pgd, 0);
	if (t.entries != t.all_entries)
		complain(v, "process %u: its tables have %llu entries, its mappings %llu", mm,
			 (unsigned long long)t.all_entries, (unsigned long long)t.entries);
	if (t.tables != mm_of(m, mm)->tables)
		complain(v, "process %u: it has %llu page tables, the counter says %llu", mm,
			 (unsigned long long)t.tables, (unsigned long long)mm_of(m, mm)->tables);
	v->tables += t.tables;
}
