/* SPDX-License-Identifier: GPL-2.0-only */
/* Mirroring, and pages for a device alone. Words are those of the machine. */
#include <linux/hmm.h>

#include <linux/kernel.h>
#include <linux/rmap.h>

#include "log/report.h"
#include "mm/core.h"
#include "mm/mm.h"
#include "mm/page.h"

_Static_assert(HMM_PFN_VALID == HMMU_RANGE_VALID && HMM_PFN_WRITE == HMMU_RANGE_WRITE &&
		       HMM_PFN_ERROR == HMMU_RANGE_ERROR && HMM_PFN_ORDER_SHIFT == HMMU_RANGE_ORDER_SHIFT,
	       "the machine and the kernel have one kind of words");

/* An argument that no driver of a kernel can pass is reported; all other errors are results. */
static int result_of(int err, const char *call, const struct kapi_place *place)
{
	if (err && hmmu_error(machine)->code == HMMU_ERR_INVALID_ARGUMENT)
		core_refused(place, call);
	return err;
}

int kapi_hmm_range_fault(struct hmm_range *range, const struct kapi_place *place)
{
	struct hmmu_range asked = {
		.notifier = range->notifier->kapi_interval,
		.notifier_seq = range->notifier_seq,
		.start = range->start,
		.end = range->end,
		.pfns = range->hmm_pfns,
		.default_flags = range->default_flags,
		.pfn_flags_mask = range->pfn_flags_mask,
		.owner = (u64)range->dev_private_owner,
	};
	struct mm_struct *mm = range->notifier->mm;
	u32 tid;

	kapi_might_sleep(place);
	mm_need_lock(mm, "hmm_range_fault", place);
	tid = mm_task(mm, place);
	if (!tid)
		return -EFAULT;
	return result_of(CORE_CALL(tid, place, hmmu_range_fault(machine, tid, &asked)), "hmm_range_fault", place);
}

int kapi_make_device_exclusive_range(struct mm_struct *mm, unsigned long start, unsigned long end, struct page **pages,
				     void *owner, const struct kapi_place *place)
{
	u32 tid, pfn, count = 0;
	int err = 0;

	kapi_might_sleep(place);
	mm_need_lock(mm, "make_device_exclusive_range", place);
	tid = mm_task(mm, place);
	for (unsigned long address = start; tid && address < end; address += PAGE_SIZE) {
		err = CORE_CALL(tid, place, hmmu_make_device_exclusive(machine, tid, address, (u64)owner, &pfn));
		if (err)
			break;
		pages[count++] = pfn ? pfn_to_page(pfn) : NULL;
		if (pfn)
			page_note_locked(pfn_to_page(pfn), place);
	}
	return count || !err ? (int)count : result_of(err, "make_device_exclusive_range", place);
}
