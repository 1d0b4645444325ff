/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults on device-exclusive entries: the CPU gets the page back from the device. Linux 6.12. */
#include "fault/vm_fault.h"
#include "mm/mmu_notifier.h"
#include "rmap/device_exclusive.h"

/*
 * The driver has the page's lock while it programs its own tables. After that the notifier makes it give the page up. A
 * fault that waits for the lock begins anew, and looks at the entry again; here nothing can change the entry after that.
 */
int device_exclusive_entry_fault(struct fault *vmf)
{
	struct ctx *ctx = vmf->ctx;
	struct hmmu *m = ctx->m;
	u32 page = swp_offset(vmf->orig_pte);
	u64 address = vmf->address, end = address + PAGE_SIZE;
	int result;

	get_page(m, page);
	result = lock_page_or_retry(vmf, page);
	if (result)
		return result;
	mmu_notifier_invalidate_range_start(m, HMMU_NOTIFY_EXCLUSIVE, ctx->mm, address, end);
	table_lock(m, vmf->pte);
	restore_exclusive_pte(ctx, vmf->vma, address, vmf->pte);
	table_unlock(m, vmf->pte);
	unlock_page(m, page);
	put_page(m, page);
	mmu_notifier_invalidate_range_end(m, HMMU_NOTIFY_EXCLUSIVE, ctx->mm, address, end);
	return 0;
}
