// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks at entries of page tables, from outside of their process.
 */
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/hugetlb.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include "../internal.h"
#include "../swap.h"
#include "module.h"

struct mm_struct *or_mm_of(u32 pid)
{
	struct task_struct *task;
	struct mm_struct *mm = NULL;

	rcu_read_lock();
	task = find_task_by_vpid(pid);
	if (task)
		mm = get_task_mm(task);
	rcu_read_unlock();
	return mm;
}

pmd_t *or_find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

static void look_pte(struct vm_area_struct *vma, unsigned long addr, pte_t pte, struct entry *e)
{
	swp_entry_t swp;

	if (pte_none(pte)) {
		e->kind = OR_NONE;
		return;
	}
	if (pte_present(pte)) {
		e->bits = (pte_write(pte) ? OR_W : 0) | (pte_dirty(pte) ? OR_D : 0) | (pte_young(pte) ? OR_A : 0) |
			  (pte_soft_dirty(pte) ? OR_S : 0) | (pte_uffd_wp(pte) ? OR_P : 0);
		if (is_zero_pfn(pte_pfn(pte))) {
			e->kind = OR_ZERO;
			return;
		}
		e->page = vm_normal_page(vma, addr, pte);
		e->kind = !e->page ? OR_KIND_SPECIAL : is_device_coherent_page(e->page) ? OR_COH : OR_SYS;
		return;
	}

	swp = pte_to_swp_entry(pte);
	e->bits = (pte_swp_soft_dirty(pte) ? OR_S : 0) | (pte_swp_uffd_wp(pte) ? OR_P : 0);
	if (is_migration_entry(swp)) {
		e->kind = OR_MIG;
		if (is_writable_migration_entry(swp))
			e->bits |= OR_W;
		if (is_readable_exclusive_migration_entry(swp))
			e->bits |= OR_X;
		if (is_migration_entry_young(swp))
			e->bits |= OR_A;
		if (is_migration_entry_dirty(swp))
			e->bits |= OR_D;
	} else if (is_device_private_entry(swp)) {
		e->kind = OR_DEV;
		if (is_writable_device_private_entry(swp))
			e->bits |= OR_W;
	} else if (is_device_exclusive_entry(swp)) {
		e->kind = OR_EXCL;
		if (is_writable_device_exclusive_entry(swp))
			e->bits |= OR_W;
	} else if (!non_swap_entry(swp)) {
		struct folio *folio;

		e->kind = OR_SWAP;
		if (pte_swp_exclusive(pte))
			e->bits |= OR_X;
		e->users = swp_swapcount(swp);
		/* nothing else runs while we look: no reference is needed */
		folio = filemap_get_folio(swap_address_space(swp), swap_cache_index(swp));
		if (!IS_ERR(folio)) {
			e->page = folio_file_page(folio, swp_offset(swp));
			folio_put(folio);
		}
		return;
	} else {
		e->kind = is_pte_marker_entry(swp) ? OR_MARKER : OR_SWAP;
		return;
	}
	e->page = pfn_swap_entry_to_page(swp);
}

/* Fill *e for addr. The lock of the entry is held while fn (may be NULL)
 * looks at it. */
void or_look(struct mm_struct *mm, unsigned long addr, struct entry *e, bool special_too,
	     void (*fn)(struct entry *e, void *arg), void *arg)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	spinlock_t *ptl;
	pmd_t *pmd;
	pte_t *pte;

	memset(e, 0, sizeof(*e));
	if (!vma || addr < vma->vm_start) {
		e->kind = OR_NOMAP;
		goto unlocked;
	}
	if (is_vm_hugetlb_page(vma) || (!special_too && (vma->vm_flags & VM_SPECIAL))) {
		e->kind = OR_KIND_SPECIAL;
		goto unlocked;
	}
	pmd = or_find_pmd(mm, addr);
	if (!pmd || pmd_none(*pmd)) {
		e->kind = OR_NONE;
		goto unlocked;
	}

	ptl = pmd_lock(mm, pmd);
	if (pmd_trans_huge(*pmd)) {
		e->bits = (pmd_write(*pmd) ? OR_W : 0) | (pmd_dirty(*pmd) ? OR_D : 0) | (pmd_young(*pmd) ? OR_A : 0) |
			  (pmd_soft_dirty(*pmd) ? OR_S : 0) | (pmd_uffd_wp(*pmd) ? OR_P : 0);
		if (is_huge_zero_pmd(*pmd)) {
			e->kind = OR_HZERO;
		} else {
			e->kind = OR_HUGE;
			e->page = pmd_page(*pmd) + ((addr & ~HPAGE_PMD_MASK) >> PAGE_SHIFT);
		}
		if (fn)
			fn(e, arg);
		spin_unlock(ptl);
		return;
	}
	spin_unlock(ptl);
	if (!pmd_present(*pmd)) {
		e->kind = OR_SWAP;
		goto unlocked;
	}

	pte = pte_offset_map_lock(mm, pmd, addr, &ptl);
	if (!pte) {
		e->kind = OR_NONE;
		goto unlocked;
	}
	look_pte(vma, addr, ptep_get(pte), e);
	if (fn)
		fn(e, arg);
	pte_unmap_unlock(pte, ptl);
	return;
unlocked:
	if (fn)
		fn(e, arg);
}

/* For or_look(): take a reference to the page of an entry. */
void or_take_ref(struct entry *e, void *arg)
{
	struct page **page = arg;

	if (e->page && e->kind != OR_MIG) {
		*page = compound_head(e->page);
		get_page(*page);
	}
}

/* A task that waits to write-lock mmap_lock must not stop us: the only tasks
 * that run while we look are ones that wait. */
bool or_lock_to_look(struct mm_struct *mm)
{
	return mmap_read_trylock(mm);
}

/* Pages on the LRU that are in batches of it; and the work that frees swap
 * slots of pages in memory when the area was full. */
void or_settle(void)
{
	lru_add_drain_all();
	if (total_swap_pages)
		flush_work(&swp_swap_info(swp_entry(0, 0))->reclaim_work);
}
