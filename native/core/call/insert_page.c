/* SPDX-License-Identifier: GPL-2.0-only */
/* vm_insert_page(). */
#include "call/insert_page.h"

#include <errno.h>

#include "call/mmap_lock.h"
#include "mm/pgtable.h"
#include "mm/vma.h"
#include "rmap/rmap.h"

void insert_page_into_pte(struct ctx *ctx, u32 vma, u64 *pte, u32 page)
{
	struct hmmu *m = ctx->m;
	const struct vma *v = vma_of(m, vma);

	add_mm_counter(m, v->mm, mm_counter_file(m, page), 1);
	page_add_file_rmap(m, ctx->cpu, page, vma);
	*pte = mk_pte(page, v->page_prot);
}

/* The place for a page. NULL: there is none, which *err tells. */
static u64 *pte_to_insert(struct hmmu *m, u32 mm, u32 vma, u64 address, int *err)
{
	u64 *pmd, *pte;

	if (!vma || !(vma_of(m, vma)->flags & VM_MIXEDMAP)) {
		*err = hmmu_fail(m, -EFAULT, HMMU_ERR_SYSCALL, "no mapping of kind MIXED is at %#llx",
				 (unsigned long long)address);
		return NULL;
	}
	pmd = pmd_alloc(m, mm, address);
	if (!pmd || !pte_alloc(m, mm, pmd)) {
		*err = hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_FRAMES, "no frame is left for a page table");
		return NULL;
	}
	pte = pte_offset(m, *pmd, address);
	if (!*pte)
		return pte;
	*err = hmmu_fail(m, -EBUSY, HMMU_ERR_SYSCALL, "the entry at %#llx is not empty", (unsigned long long)address);
	return NULL;
}

static bool is_of_driver(const struct hmmu *m, u32 pfn)
{
	return pfn > m->zero_pfn && pfn < m->device_base && page_test(m, pfn, PAGE_USER_DRIVER);
}

int hmmu_vm_insert_page(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn)
{
	struct ctx ctx;
	int err = driver_enter(m, tid, &ctx);
	u32 vma;
	u64 *pte;

	if (err)
		return err;
	if (!is_of_driver(m, pfn))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not a driver's page of the system", pfn);
	address &= PAGE_MASK;
	vma = vma_at(m, ctx.mm, address);
	pte = pte_to_insert(m, ctx.mm, vma, address, &err);
	if (!pte)
		return err;
	get_page(m, pfn);
	insert_page_into_pte(&ctx, vma, pte, pfn);
	return 0;
}
