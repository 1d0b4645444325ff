/* SPDX-License-Identifier: GPL-2.0-only */
/* shmem_fault(): find or make the cache page of a fault. */
#include "fault/vm_fault.h"
#include "mm/file.h"
#include "mm/swapped_file.h"
#include "page/frame.h"
#include "page/lru.h"
#include "page/memcg.h"

/* A page from swap is active, as one of swapin(). */
static u32 shmem_add_page(struct fault *vmf, u32 file, u64 index, int *result)
{
	struct hmmu *m = vmf->ctx->m;
	u32 page, slot = find_swapped(m, file, index);

	/* A page that is swapped out is not missing. */
	if (!slot && userfaultfd_missing(m, vmf->vma)) {
		*result = FAULT_SIGBUS;
		return 0;
	}
	*result = FAULT_OOM;
	page = alloc_zeroed_page(m);
	if (page && !mem_cgroup_try_charge(vmf->ctx, 1)) {
		put_page(m, page);
		return 0;
	}
	if (!page)
		return 0;
	page_set(m, page, HMMU_PG_LOCKED | HMMU_PG_SWAPBACKED | HMMU_PG_UPTODATE | (slot ? HMMU_PG_ACTIVE : 0));
	if (slot)
		swap_in_file_page(m, page, slot);
	add_to_page_cache(m, file, index, page);
	get_page(m, page);
	mem_cgroup_commit_charge(m, page);
	lru_cache_add(m, vmf->ctx->cpu, page);
	return page;
}

u32 shmem_fault(struct fault *vmf, int *result)
{
	struct hmmu *m = vmf->ctx->m;
	u32 file = vma_of(m, vmf->vma)->file;
	u64 index = linear_page_index(m, vmf->vma, vmf->address);
	u32 page = find_page(m, file, index);

	/* A fault that has waited for its page finds it also beyond the end; the truncation waits behind it. */
	if (!(page && vmf->goes_on) && index >= file_of(m, file)->pages) {
		*result = FAULT_SIGBUS;
		return 0;
	}
	if (!page)
		return shmem_add_page(vmf, file, index, result);
	get_page(m, page);
	if (trylock_page(m, page))
		return page;
	*result = wait_on_page(vmf->ctx, page, true, RESUME_LOCKED);
	return 0;
}
