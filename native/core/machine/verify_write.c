/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(): entries that may write to private memory. Only one user may have such an entry: others would read what it
 * writes. fork() takes the write permission of every entry that it copies. */
#include "machine/verify.h"
#include "mm/pgtable.h"

static bool may_write(u64 entry)
{
	if (pte_present(entry))
		return pte_write(entry);
	return is_write_migration_entry(entry) || is_write_device_private_entry(entry) ||
	       is_writable_device_exclusive_entry(entry);
}

void verify_write(struct verify *v, u32 vma, u64 address, u32 pfn, u64 entry)
{
	struct hmmu *m = v->m;
	struct page_tally *t;

	if (!may_write(entry) || (vma_of(m, vma)->flags & VM_SHARED))
		return;
	/* A page without struct page is its driver's affair. */
	if (!pfn && (entry & _PAGE_SPECIAL) && !is_zero_pfn(m, pte_pfn(entry)))
		return;
	if (!pfn || !PageAnon(m, pfn)) {
		complain(v, "process %u, %#llx: the entry is private and writable, and its page %u is %s",
			 vma_of(m, vma)->mm, (unsigned long long)address, pfn ? pfn : pte_pfn(entry),
			 pfn ? "not anonymous" : "the zero page");
		return;
	}
	if (KERNEL >= V6_12 && (pte_present(entry) || is_device_exclusive_entry(entry)) && !PageAnonExclusive(m, pfn))
		complain(v, "process %u, %#llx: the entry may write to page %u, which is not exclusive",
			 vma_of(m, vma)->mm, (unsigned long long)address, pfn);
	t = tally(v, pfn);
	t->writer = vma;
	t->writer_address = address;
	t->huge_writer = pmd_trans_huge(entry);
}

/* Entries of a slot stand for the page, too, while it is in the swap cache. */
static u32 swap_entries_of(const struct verify *v, u32 pfn)
{
	const struct page *page = page_of(v->m, pfn);

	return (page->flags & HMMU_PG_SWAPCACHE) && page->private <= v->m->st->swap_high
		       ? v->swap_entries[page->private]
		       : 0;
}

void verify_writer(struct verify *v, u32 pfn)
{
	const struct hmmu *m = v->m;
	const struct page_tally *t = tally(v, pfn), *head = tally(v, compound_head(m, pfn)), *writer = t;
	u32 own = (u32)(t->maps + t->absent) + swap_entries_of(v, pfn), users = own + (u32)head->huge;

	if (PageAnonExclusive(m, pfn) && users > 1)
		complain(v, "page %u: it is exclusive, but %u entries share it", pfn, users);
	if (!writer->writer && head->huge_writer)
		writer = head;
	/* A tail without entries of its own has the users of its head, which are judged there. */
	if (!writer->writer || users <= 1 || (t != head && !own))
		return;
	/* The write permission that device-write-lost invents goes along with the page, so 4.14 can have such entries. */
	if (m->st->write_gained)
		return;
	complain(v, "page %u: process %u may write to it at %#llx, but %u entries share it", pfn,
		 vma_of(m, writer->writer)->mm, (unsigned long long)writer->writer_address, users);
}
