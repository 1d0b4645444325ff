/* SPDX-License-Identifier: GPL-2.0-only */
/* Dumps of entries, mappings, and raw tables. */
#include <errno.h>

#include "machine/raw_entry.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "page/devmem.h"
#include "rmap/huge.h"

static void describe_page(const struct hmmu *m, u32 pfn, struct hmmu_entry *out)
{
	u32 head = compound_head(m, pfn);
	u32 flags = page_of(m, head)->flags;

	out->pfn = pfn;
	out->device = is_device_page(m, pfn);
	out->coherent = is_device_coherent_page(m, pfn);
	out->alloc_id = out->device ? device_page_number(m, pfn) : page_of(m, pfn)->alloc_id;
	out->ref = page_count(m, pfn);
	out->map = page_mapcount(m, pfn);
	/* Only a huge pmd shows the head's EXCLUSIVE for a tail. */
	if (head != pfn && out->kind != HMMU_ENTRY_HUGE)
		flags = (flags & ~(u32)HMMU_PG_EXCLUSIVE) | (page_of(m, pfn)->flags & HMMU_PG_EXCLUSIVE);
	if (head != pfn)
		flags = (flags & ~(u32)HMMU_PG_HEAD) | HMMU_PG_TAIL;
	out->flags = flags & ~PAGE_USERS;
}

static u32 present_bits(u64 pte)
{
	return (pte_write(pte) ? HMMU_BIT_WRITE : 0) | (pte_dirty(pte) ? HMMU_BIT_DIRTY : 0) |
	       (pte_young(pte) ? HMMU_BIT_ACCESSED : 0) | (pte_soft_dirty(pte) ? HMMU_BIT_SOFT_DIRTY : 0) |
	       (pte_uffd_wp(pte) ? HMMU_BIT_UFFD_WP : 0);
}

static enum hmmu_entry_kind swap_type_kind(u64 pte)
{
	if (is_device_private_entry(pte))
		return HMMU_ENTRY_DEV;
	if (is_migration_entry(pte))
		return HMMU_ENTRY_MIG;
	if (is_device_exclusive_entry(pte))
		return HMMU_ENTRY_EXCL;
	return is_pte_marker(pte) ? HMMU_ENTRY_MARKER : HMMU_ENTRY_SWAP;
}

static u32 swap_type_bits(u64 pte)
{
	bool write = is_write_migration_entry(pte) || is_write_device_private_entry(pte) ||
		     is_writable_device_exclusive_entry(pte);
	u32 bits = (write ? HMMU_BIT_WRITE : 0) | (pte_swp_soft_dirty(pte) ? HMMU_BIT_SOFT_DIRTY : 0) |
		   (pte_swp_uffd_wp(pte) ? HMMU_BIT_UFFD_WP : 0);

	if (KERNEL >= V6_12 && is_swap_entry(pte))
		return bits | (pte_swp_exclusive(pte) ? HMMU_BIT_EXCLUSIVE : 0);
	if (KERNEL < V6_12 || !is_migration_entry(pte))
		return bits;
	return bits | (pte & SWP_MIGRATION_YOUNG ? HMMU_BIT_ACCESSED : 0) |
	       (pte & SWP_MIGRATION_DIRTY ? HMMU_BIT_DIRTY : 0) |
	       (is_readable_exclusive_migration_entry(pte) ? HMMU_BIT_EXCLUSIVE : 0);
}

/* A slot has no other users than entries, as long as one refers to it: a file has its slots alone. */
static void describe_slot(const struct hmmu *m, u32 slot, struct hmmu_entry *out)
{
	out->swap_users = m->swap_slots[slot].count;
	if (m->swap_slots[slot].page)
		describe_page(m, m->swap_slots[slot].page, out);
}

static void describe_swap_type(const struct hmmu *m, u64 pte, struct hmmu_entry *out)
{
	out->kind = swap_type_kind(pte);
	/* A marker stands for no page, so it has no bits to show. */
	if (out->kind != HMMU_ENTRY_MARKER)
		out->bits = swap_type_bits(pte);
	if (is_swap_entry(pte))
		describe_slot(m, swp_offset(pte), out);
	else if (pfn_swap_entry(pte))
		describe_page(m, pfn_swap_entry(pte), out);
}

static void describe_huge(const struct hmmu *m, u64 pmd, struct hmmu_entry *out)
{
	out->raw = raw_entry(pmd);
	out->bits = present_bits(pmd);
	if (is_huge_zero_pmd(m, pmd)) {
		out->kind = HMMU_ENTRY_HZERO;
		return;
	}
	out->kind = HMMU_ENTRY_HUGE;
	describe_page(m, pte_pfn(pmd) + table_index(out->address, PAGE_SHIFT), out);
}

static void describe_pte(const struct hmmu *m, u64 pte, struct hmmu_entry *out)
{
	out->raw = raw_entry(pte);
	if (pte_none(pte))
		return;
	if (!pte_present(pte)) {
		describe_swap_type(m, pte, out);
		return;
	}
	out->bits = present_bits(pte);
	out->kind = HMMU_ENTRY_ZERO;
	if (is_zero_pfn(m, pte_pfn(pte)))
		return;
	out->kind = is_device_coherent_page(m, pte_pfn(pte)) ? HMMU_ENTRY_COH : HMMU_ENTRY_SYS;
	describe_page(m, pte_pfn(pte), out);
}

static void describe(const struct hmmu *m, u32 pid, u64 address, struct hmmu_entry *out)
{
	u32 vma = vma_at(m, pid, address);
	u64 *pmd;

	*out = (struct hmmu_entry){ .address = address, .kind = HMMU_ENTRY_NOMAP };
	if (!vma)
		return;
	out->kind = HMMU_ENTRY_SPECIAL;
	if (vma_of(m, vma)->flags & (VM_PFNMAP | VM_HUGETLB))
		return;
	out->kind = HMMU_ENTRY_NONE;
	pmd = mm_find_pmd(m, pid, address);
	if (!pmd || pmd_none(*pmd))
		return;
	if (pmd_trans_huge(*pmd))
		describe_huge(m, *pmd, out);
	else
		describe_pte(m, *pte_offset(m, *pmd, address), out);
}

int hmmu_dump(const struct hmmu *m, uint32_t pid, uint64_t address, uint64_t pages, struct hmmu_entry *out)
{
	int err = check_process(m, pid);

	address &= PAGE_MASK;
	if (!err && (address >= HMMU_TASK_SIZE || pages > (HMMU_TASK_SIZE - address) >> PAGE_SHIFT))
		err = hmmu_fail((struct hmmu *)m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				"%llu pages at %#llx: user addresses end at %#llx", (unsigned long long)pages,
				(unsigned long long)address, (unsigned long long)HMMU_TASK_SIZE);
	for (u64 i = 0; !err && i < pages; i++)
		describe(m, pid, address + (i << PAGE_SHIFT), &out[i]);
	return err;
}

static void describe_vma(const struct vma *v, struct hmmu_vma_info *out)
{
	*out = (struct hmmu_vma_info){
		.start = v->start,
		.end = v->end,
		.kind = v->kind,
		.prot = (v->flags & VM_READ ? HMMU_PROT_READ : 0) | (v->flags & VM_WRITE ? HMMU_PROT_WRITE : 0),
		.locked = v->flags & VM_LOCKED,
		.soft_dirty = v->flags & VM_SOFTDIRTY,
		.huge = v->flags & VM_HUGEPAGE,
		.nohuge = v->flags & VM_NOHUGEPAGE,
		.dontfork = v->flags & VM_DONTCOPY,
		.uffd_missing = v->flags & VM_UFFD_MISSING,
		.has_anon_vma = v->anon_vma,
	};
}

int hmmu_vmas(const struct hmmu *m, uint32_t pid, struct hmmu_vma_info *out, uint32_t capacity)
{
	int err = check_process(m, pid);
	u32 n = 0;

	if (err)
		return err;
	for (u32 vma = mm_of(m, pid)->mmap; vma; vma = vma_of(m, vma)->next, n++)
		if (n < capacity)
			describe_vma(vma_of(m, vma), &out[n]);
	return (int)n;
}

int hmmu_vma_at(const struct hmmu *m, uint32_t pid, uint64_t address, struct hmmu_vma_info *out)
{
	int err = check_process(m, pid);
	u32 vma = err ? 0 : vma_at(m, pid, address);

	if (err)
		return err;
	if (!vma)
		return hmmu_fail((struct hmmu *)m, -ENOENT, HMMU_ERR_SYSCALL, "no mapping contains %#llx",
				 (unsigned long long)address);
	describe_vma(vma_of(m, vma), out);
	return 0;
}

int hmmu_walk(const struct hmmu *m, uint32_t pid, uint64_t address, uint64_t entries[5])
{
	static const u32 shifts[] = { PGD_SHIFT, PGD_SHIFT, PUD_SHIFT, PMD_SHIFT, PAGE_SHIFT };
	int err = check_process(m, pid);
	u32 table;

	if (!err && address >= HMMU_TASK_SIZE)
		err = hmmu_fail((struct hmmu *)m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				"address %#llx: user addresses end at %#llx", (unsigned long long)address,
				(unsigned long long)HMMU_TASK_SIZE);
	if (err)
		return err;
	for (int level = 0; level < 5; level++)
		entries[level] = 0;
	table = mm_of(m, pid)->pgd;
	for (int level = 0; level < 5; level++) {
		u64 entry = table_of(m, table)[table_index(address, shifts[level])];

		entries[level] = entry;
		if (!pte_present(entry) || level == 4 || pmd_trans_huge(entry)) {
			entries[level] = raw_entry(entry);
			return level + 1;
		}
		/* The p4d is folded: repeat the pgd's entry. */
		if (level > 0)
			table = pte_pfn(entry);
	}
	return 5;
}
