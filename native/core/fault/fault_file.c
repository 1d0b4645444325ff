/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults of file mappings: loads (with fault-around), private stores, shared stores. */
#include <string.h>

#include "fault/vm_fault.h"
#include "mm/file.h"
#include "mm/mm.h"
#include "page/contents.h"
#include "page/lru.h"
#include "page/memcg.h"
#include "rmap/rmap.h"

/* fault_around_bytes is 64 KiB. */
#define FAULT_AROUND_PAGES 16

/* Get a page table and the entry to write; 0 or FAULT_OOM. */
static int pte_alloc_one_map(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;

	if (pmd_none(*vmf->pmd) && vmf->prealloc_pte) {
		pmd_populate(m, vmf->pmd, vmf->prealloc_pte);
		vmf->prealloc_pte = 0;
	} else if (!pte_alloc(m, vmf->ctx->mm, vmf->pmd)) {
		return FAULT_OOM;
	}
	vmf->pte = pte_offset(m, *vmf->pmd, vmf->address);
	return 0;
}

/* vmf_pte_changed(). What the fault has found is nothing, or a marker. */
static bool pte_changed(const struct fault *vmf)
{
	return KERNEL >= V6_12 ? *vmf->pte != vmf->orig_pte : !pte_none(*vmf->pte);
}

/* Map a page at the fault's address; FAULT_NOPAGE if something is mapped there already. */
static int alloc_set_pte(struct fault *vmf, u32 page)
{
	struct hmmu *m = vmf->ctx->m;
	u64 entry = mk_pte(page, vma_of(m, vmf->vma)->page_prot);

	if (!vmf->pte) {
		int err = pte_alloc_one_map(vmf);

		if (err)
			return err;
	}
	if (pte_changed(vmf))
		return FAULT_NOPAGE;
	table_lock(m, vmf->pte);
	if (vmf->write && !(vma_of(m, vmf->vma)->flags & VM_SHARED)) {
		add_mm_counter(m, vmf->ctx->mm, MM_ANONPAGES, 1);
		set_anon_pte(vmf->ctx, vmf->vma, vmf->address, vmf->pte, page);
	} else {
		add_mm_counter(m, vmf->ctx->mm, mm_counter_file(m, page), 1);
		page_add_file_rmap(m, vmf->ctx->cpu, page, vmf->vma);
		*vmf->pte = vmf->write ? maybe_mkwrite(m, vmf->vma, pte_mkdirty(entry)) : entry;
	}
	/* "mm/shmem: handle uffd-wp special pte in page fault handler": the page that the marker stood for is protected. */
	if (pte_marker_uffd_wp(vmf->orig_pte))
		*vmf->pte = pte_mkuffd_wp(*vmf->pte);
	table_unlock(m, vmf->pte);
	return 0;
}

/* alloc_set_pte() at the end of a fault. Unlike fault-around, it maps no private page in a reaped process. */
static int finish_fault(struct fault *vmf, u32 page)
{
	if (mm_is_reaped(vmf->ctx) && !(vma_of(vmf->ctx->m, vmf->vma)->flags & VM_SHARED))
		return FAULT_SIGBUS;
	return alloc_set_pte(vmf, page);
}

/* filemap_map_pages(): map the pages that are in the cache, up to date and not locked. */
static void map_pages(struct fault *vmf, u64 first, u64 last)
{
	struct hmmu *m = vmf->ctx->m;
	u32 file = vma_of(m, vmf->vma)->file;
	u64 base = vmf->address;

	for (u64 index = first; index <= last && index < file_of(m, file)->pages; index++) {
		u32 page = find_page(m, file, index);

		if (!page || !page_test(m, page, HMMU_PG_UPTODATE) || page_test(m, page, HMMU_PG_LOCKED))
			continue;
		vmf->address = base + ((index - first) << PAGE_SHIFT);
		if (vmf->pte)
			vmf->pte = pte_offset(m, *vmf->pmd, vmf->address);
		get_page(m, page);
		if (alloc_set_pte(vmf, page))
			put_page(m, page);
		if (!vmf->pte)
			break;
	}
}

/* The window around the fault: 16 pages, within the mapping and within one table. FAULT_NOPAGE if that was enough. */
static int do_fault_around(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	const struct vma *v = vma_of(m, vmf->vma);
	u64 address = vmf->address, window = FAULT_AROUND_PAGES * PAGE_SIZE;
	u64 start = address & ~(window - 1), end;
	int result = 0;

	if (start < v->start)
		start = v->start;
	end = start + window;
	if (end > pmd_addr_end(start, v->end))
		end = pmd_addr_end(start, v->end);
	if (pmd_none(*vmf->pmd)) {
		vmf->prealloc_pte = pte_alloc_one(m, vmf->ctx->mm);
		if (!vmf->prealloc_pte)
			return FAULT_OOM;
	}
	vmf->address = start;
	map_pages(vmf, linear_page_index(m, vmf->vma, start), linear_page_index(m, vmf->vma, end - PAGE_SIZE));
	vmf->address = address;
	if (vmf->pte && !pte_none(*pte_offset(m, *vmf->pmd, address)))
		result = FAULT_NOPAGE;
	vmf->pte = NULL;
	return result;
}

static int do_read_fault(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	/* uffd_disable_fault_around() */
	bool around = !vmf->goes_on && !userfaultfd_wp(m, vmf->vma);
	int result = around ? do_fault_around(vmf) : 0;

	if (result)
		return result == FAULT_NOPAGE ? 0 : result;
	vmf->page = shmem_fault(vmf, &result);
	if (!vmf->page)
		return result;
	result = finish_fault(vmf, vmf->page);
	unlock_page(m, vmf->page);
	if (result)
		put_page(m, vmf->page);
	return fault_is_error(result) ? result : 0;
}

static int do_cow_fault(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	int result;
	/* finish_fault() looks at the entry. */
	u32 copy = alloc_anon_page(vmf->ctx, vmf->vma, &vmf->orig_pte, false, &result);

	if (!copy)
		return result;
	vmf->page = shmem_fault(vmf, &result);
	if (vmf->page) {
		copy_contents(m, copy, vmf->page);
		result = finish_fault(vmf, copy);
		unlock_page(m, vmf->page);
		put_page(m, vmf->page);
		if (!result)
			return 0;
	}
	mem_cgroup_cancel_charge(m, 1);
	put_page(m, copy);
	return result == FAULT_NOPAGE ? 0 : result;
}

static int do_shared_fault(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	int result;

	vmf->page = shmem_fault(vmf, &result);
	if (!vmf->page)
		return result;
	result = finish_fault(vmf, vmf->page);
	if (!result)
		page_set(m, vmf->page, HMMU_PG_DIRTY);
	unlock_page(m, vmf->page);
	if (result)
		put_page(m, vmf->page);
	return fault_is_error(result) ? result : 0;
}

int do_file_fault(struct fault *vmf)
{
	const struct vma *v = vma_of(vmf->ctx->m, vmf->vma);

	if (!v->file)
		return FAULT_SIGBUS;
	if (!vmf->write)
		return do_read_fault(vmf);
	return v->flags & VM_SHARED ? do_shared_fault(vmf) : do_cow_fault(vmf);
}
