/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Restoring: page tables. Each is used once, as a table of one process or as one that is deposited, and each entry
 * leads to a page that may be mapped in its mapping.
 */
#include "fault/hugetlb.h"
#include "machine/restore.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "rmap/huge.h"

static const u32 shifts[] = { PGD_SHIFT, PUD_SHIFT, PMD_SHIFT, PAGE_SHIFT };
enum { PMD_LEVEL = 2, PTE_LEVEL = 3 };

#define PRESENT_BITS \
	(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_PROTNONE | _PAGE_SPECIAL | \
	 _PAGE_SOFT_DIRTY | _PAGE_NX | (KERNEL >= V6_12 ? _PAGE_UFFD_WP : 0))

/** Entries are met in the order of their addresses, and so are the mappings that they belong to. */
struct table_check {
	struct check *c;
	u32 mm;
	u32 vma;
};

static bool refuse_entry(struct table_check *t, u64 address, u64 entry, const char *what)
{
	return refuse_snapshot(t->c, "process %u, %#llx: the entry %#llx %s", t->mm, (unsigned long long)address,
			       (unsigned long long)entry, what);
}

/* Take a frame as a page table. */
static bool take_table(struct check *c, u64 pfn)
{
	return pfn && pfn < ram_used(c->m) && page_test(c->m, (u32)pfn, HMMU_PG_TABLE) &&
	       set_bit_once(c->met, (u32)pfn);
}

/* Go on to the first mapping that ends above an address. */
static void advance(struct table_check *t, u64 address)
{
	const struct hmmu *m = t->c->m;

	while (t->vma && vma_of(m, t->vma)->end <= address)
		t->vma = vma_of(m, t->vma)->next;
}

/* A hugetlb mapping takes each of its pmds for an entry. */
static bool is_hugetlb_range(struct table_check *t, u64 address)
{
	advance(t, address);
	return t->vma && vma_of(t->c->m, t->vma)->start <= address && vma_of(t->c->m, t->vma)->kind == HMMU_MAP_HUGETLB;
}

/* Write protection by userfaultfd leaves them, also where the mapping is registered otherwise since, and reservations that were used
 * for pages which are gone. */
static bool is_hugetlb_marker(const struct table_check *t, u64 entry)
{
	bool owner = vma_of(t->c->m, t->vma)->resv & HPAGE_RESV_OWNER;
	u64 bits = (userfaultfd_armed(t->c->m, t->vma) ? PTE_MARKER_UFFD_WP : 0) |
		   (owner ? HUGE_MARKER_RESERVE_USED : 0);

	return is_pte_marker(entry) && swp_offset(entry) && entry == make_pte_marker(swp_offset(entry) & bits);
}

/* The mapping of [address, address + size), or NULL. */
static const struct vma *mapping_at(struct table_check *t, u64 address, u64 size)
{
	const struct hmmu *m = t->c->m;

	advance(t, address);
	if (!t->vma || vma_of(m, t->vma)->start > address || vma_of(m, t->vma)->end < address + size)
		return NULL;
	return vma_of(m, t->vma);
}

static u64 full_pfn(u64 entry)
{
	return (entry & PTE_PFN_MASK) >> PAGE_SHIFT;
}

/*
 * A page without struct page, as the kernel sees it. The entry has no reference. So nobody but the file of the mapping may
 * have the frame, or it could be freed and become a page table while the entry still leads to it.
 */
static bool is_special_pte(const struct hmmu *m, const struct vma *v, u64 address, u32 pfn)
{
	const struct page *page = page_of(m, pfn);

	return is_used_ram(m, pfn) && !PageCompound(m, pfn) && page->mapping == v->file &&
	       page->index == ((address - v->start) >> PAGE_SHIFT) + v->pgoff && page->count == 1 && !page->mapcount &&
	       !(page->flags & HMMU_PG_LRU);
}

/* Anonymous memory has an anon_vma from the first page on, and its pages lead to a live one. */
static bool may_have_anon_vma(const struct check *c, const struct vma *v, u32 pfn)
{
	return v->anon_vma && is_record(c, SLAB_ANON_VMA, page_anon_vma(c->m, pfn));
}

static bool is_mappable(const struct check *c, const struct vma *v, u32 pfn)
{
	const struct hmmu *m = c->m;

	if (is_zone_device_page(m, pfn) ? pfn < m->coherent_base || page_of(m, pfn)->count <= FREE_DEVICE_REFS
					: !is_used_ram(m, pfn))
		return false;
	return !PageAnon(m, pfn) || may_have_anon_vma(c, v, pfn);
}

static bool check_present(struct table_check *t, const struct vma *v, u64 address, u64 pte)
{
	const struct hmmu *m = t->c->m;
	u64 pfn = full_pfn(pte);
	bool special = v->flags & VM_PFNMAP;

	if (pte & ~(PRESENT_BITS | PTE_PFN_MASK))
		return refuse_entry(t, address, pte, "has bits that no entry has");
	if (pfn == m->zero_pfn)
		return (!special && !pte_write(pte)) || refuse_entry(t, address, pte, "can write to the zero page");
	if (pfn >= m->pfn_end || !(pte & _PAGE_SPECIAL) != !special)
		return refuse_entry(t, address, pte, "leads to no page of its mapping");
	if (special ? !is_special_pte(m, v, address, (u32)pfn) : !is_mappable(t->c, v, (u32)pfn))
		return refuse_entry(t, address, pte, "leads to a page that can't be mapped there");
	return true;
}

/* The low bits that an entry of this type may have, besides its type. */
static u64 flags_of_type(u64 pte)
{
	if (is_pte_marker(pte))
		return 0;
	return _PAGE_SWP_SOFT_DIRTY |
	       (KERNEL >= V6_12 ? _PAGE_SWP_UFFD_WP | (is_swap_entry(pte) ? _PAGE_SWP_EXCLUSIVE : 0) : 0);
}

/* The low bits of a migration entry. */
static bool check_migration_entry(struct table_check *t, u64 address, u64 pte)
{
	const u64 flags = _PAGE_SWP_SOFT_DIRTY | (KERNEL >= V6_12 ? _PAGE_SWP_UFFD_WP : 0);
	const u64 kept = KERNEL >= V6_12 ? SWP_MIGRATION_YOUNG | SWP_MIGRATION_DIRTY : 0;

	if (pte & ((1u << SWP_TYPE_SHIFT) - 1) & ~flags)
		return refuse_entry(t, address, pte, "has bits that no entry has");
	return will_be_replaced(t->c, t->vma, address, (pte & ~kept) >> SWP_OFFSET_SHIFT) ||
	       refuse_entry(t, address, pte, "leads to a page that no migration will replace there");
}

static bool check_swap_format(struct table_check *t, const struct vma *v, u64 address, u64 pte)
{
	const struct hmmu *m = t->c->m;
	u64 offset = pte >> SWP_OFFSET_SHIFT;
	bool good = false;

	if (is_migration_entry(pte))
		return check_migration_entry(t, address, pte);
	if ((!v->anon_vma && !is_pte_marker(pte)) || (pte & ((1u << SWP_TYPE_SHIFT) - 1) & ~flags_of_type(pte)))
		return refuse_entry(t, address, pte,
				    "has bits that no entry has, or is of another kind than its mapping");
	if (is_pte_marker(pte))
		good = offset && !(offset & ~(PTE_MARKER_UFFD_WP | PTE_MARKER_POISONED));
	else if (is_device_exclusive_entry(pte))
		good = offset < m->other_device_base && is_mappable(t->c, v, (u32)offset) && PageAnon(m, (u32)offset);
	else if (swp_type(pte) >= SWP_DEVICE_WRITE)
		good = offset >= m->device_base && offset < m->coherent_base &&
		       page_of(m, offset)->count > FREE_DEVICE_REFS && may_have_anon_vma(t->c, v, (u32)offset);
	else if (!swp_type(pte))
		good = offset && offset <= m->st->swap_high && m->swap_slots[offset].count;
	return good || refuse_entry(t, address, pte, "leads to no device page and no swap slot");
}

static bool check_page_entry(struct table_check *t, u64 address, u64 pte)
{
	const struct vma *v = mapping_at(t, address, PAGE_SIZE);

	if (!v || (v->flags & VM_HUGETLB))
		return refuse_entry(t, address, pte, "is in no mapping that has ptes");
	return pte_present(pte) ? check_present(t, v, address, pte) : check_swap_format(t, v, address, pte);
}

/* Counts those that have a deposited table: pages of hugetlb have none. */
static bool check_huge_pmd(struct table_check *t, u64 address, u64 pmd, u32 *huge)
{
	const struct hmmu *m = t->c->m;
	const struct vma *v = mapping_at(t, address, PMD_SIZE);
	u64 pfn = full_pfn(pmd);

	if (!v || !v->anon_vma)
		return refuse_entry(t, address, pmd, "is in no mapping that has huge pages");
	if (pmd & ~(PRESENT_BITS | _PAGE_PSE | PTE_PFN_MASK) || !pte_present(pmd))
		return refuse_entry(t, address, pmd, "has bits that no huge entry has");
	if (v->kind == HMMU_MAP_HUGETLB)
		return take_pool_page(t->c, t->vma, address, pfn) ||
		       refuse_entry(t, address, pmd, "leads to no hugetlb page that it may map");
	*huge += 1;
	if (v->file)
		return refuse_entry(t, address, pmd, "is in no mapping that has huge pages");
	if (pfn >= m->pfn_end || !is_used_ram(m, (u32)pfn) || !page_test(m, (u32)pfn, HMMU_PG_HEAD))
		return refuse_entry(t, address, pmd, "leads to no huge page");
	if (is_huge_zero_pfn(m, (u32)pfn))
		return !pte_write(pmd) || refuse_entry(t, address, pmd, "can write to the huge zero page");
	return may_have_anon_vma(t->c, v, (u32)pfn) || refuse_entry(t, address, pmd, "leads to a page of no anon_vma");
}

static bool is_empty_table(const struct hmmu *m, u32 table)
{
	for (u32 i = 0; i < PTRS_PER_TABLE; i++)
		if (table_of(m, table)[i])
			return false;
	return true;
}

/* A table has as many deposited ones as huge entries. */
static bool check_deposits(struct table_check *t, u32 table, u32 huge)
{
	const struct hmmu *m = t->c->m;
	u32 count = 0;

	for (u32 next = page_of(m, table)->next; next; next = page_of(m, next)->next_deposited, count++)
		if (!take_table(t->c, next) || page_of(m, next)->next || !is_empty_table(m, next))
			return refuse_snapshot(t->c, "process %u: frame %u is not deposited with table %u", t->mm, next,
					       table);
	return count == huge ||
	       refuse_snapshot(t->c, "process %u: table %u has %u huge entries and %u deposited tables", t->mm, table,
			       huge, count);
}

static bool check_table(struct table_check *t, u32 table, u32 level, u64 start)
{
	const u64 *entries = table_of(t->c->m, table);
	u32 huge = 0;

	for (u32 i = 0; i < PTRS_PER_TABLE; i++) {
		u64 entry = entries[i], address = start + ((u64)i << shifts[level]);
		bool good;

		if (!entry)
			continue;
		if (level == PTE_LEVEL) {
			good = check_page_entry(t, address, entry);
		} else if (level == PMD_LEVEL && pmd_trans_huge(entry)) {
			good = check_huge_pmd(t, address, entry, &huge);
		} else if (level == PMD_LEVEL && is_hugetlb_range(t, address)) {
			good = is_hugetlb_marker(t, entry) ||
			       refuse_entry(t, address, entry, "is a table where a hugetlb mapping has entries");
		} else if (address >= HMMU_TASK_SIZE || entry != mk_pte(pte_pfn(entry), _PAGE_TABLE) ||
			   !take_table(t->c, pte_pfn(entry))) {
			good = refuse_entry(t, address, entry, "leads to no page table of its own");
		} else {
			good = check_table(t, pte_pfn(entry), level + 1, address);
		}
		if (!good)
			return false;
	}
	return check_deposits(t, table, huge);
}

bool check_tables(struct check *c)
{
	const struct hmmu *m = c->m;

	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++) {
		struct table_check t = { .c = c, .mm = mm, .vma = mm_of(m, mm)->mmap };

		if (!is_record(c, SLAB_MM, mm))
			continue;
		if (!take_table(c, mm_of(m, mm)->pgd))
			return refuse_snapshot(c, "process %u: frame %u is not its top page table", mm,
					       mm_of(m, mm)->pgd);
		if (!check_table(&t, mm_of(m, mm)->pgd, 0, 0))
			return false;
	}
	return true;
}
