/* SPDX-License-Identifier: GPL-2.0-only */
/* Mirroring, and pages for a device alone. Words are those of the machine. */
#include <linux/hmm.h>

#include <linux/kernel.h>
#include <linux/rmap.h>

#include "lib/heap.h"
#include "log/report.h"
#include "mm/compact.h"
#include "mm/core.h"
#include "mm/mm.h"
#include "mm/owner.h"
#include "mm/page.h"
#include "mm/read_section.h"
#include "task/faults.h"

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

/* What is asked of single pages stands in their words. */
static void check_words(const struct hmm_range *range, const struct kapi_place *place)
{
	u64 pages = range->pfn_flags_mask ? (range->end - range->start) / PAGE_SIZE : 0;

	for (u64 i = 0; i < pages; i++)
		if (is_uninitialised(range->hmm_pfns[i])) {
			report(KAPI_CHECK_UNINITIALISED, place,
			       "hmm_pfns[%llu] is asked for its flags and was never written", (unsigned long long)i);
			return;
		}
}

static void note_pages(const struct hmm_range *range, const struct kapi_place *place)
{
	for (u64 i = 0; i < (range->end - range->start) / PAGE_SIZE; i++)
		if (range->hmm_pfns[i] & HMM_PFN_VALID)
			page_note_given(pfn_to_page(range->hmm_pfns[i] & ~(unsigned long)HMM_PFN_FLAGS));
	read_section_found(range->notifier, place);
	if (fault_happens(KAPI_FAULT_INVALIDATION, place))
		compact(range->notifier->mm, range->start, range->end, place);
}

struct page *kapi_hmm_pfn_to_page(unsigned long word, const struct kapi_place *place)
{
	read_section_use(place);
	return pfn_to_page(word & ~(unsigned long)HMM_PFN_FLAGS);
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
		.owner = owner_number(range->dev_private_owner),
	};
	struct mm_struct *mm = range->notifier->mm;
	u32 tid;
	int err;

	kapi_might_sleep(place);
	may_invalidate(place);
	mm_need_lock(mm, "hmm_range_fault", place);
	tid = mm_task(mm, place);
	if (!tid)
		return -EFAULT;
	check_words(range, place);
	err = CORE_CALL(tid, place, hmmu_range_fault(machine, tid, &asked));
	if (err == -EBUSY && read_section_is_stuck(range->notifier, place))
		return -EFAULT;
	if (!err)
		note_pages(range, place);
	return result_of(err, "hmm_range_fault", place);
}

int kapi_make_device_exclusive_range(struct mm_struct *mm, unsigned long start, unsigned long end, struct page **pages,
				     void *owner, const struct kapi_place *place)
{
	u32 tid, pfn, count = 0;
	int err = 0;

	kapi_might_sleep(place);
	may_invalidate(place);
	mm_need_lock(mm, "make_device_exclusive_range", place);
	tid = mm_task(mm, place);
	for (unsigned long address = start; tid && address < end; address += PAGE_SIZE) {
		err = CORE_CALL(tid, place,
				hmmu_make_device_exclusive(machine, tid, address, owner_number(owner), &pfn));
		if (err)
			break;
		pages[count++] = pfn ? pfn_to_page(pfn) : NULL;
		if (!pfn)
			continue;
		page_note_given(pfn_to_page(pfn));
		page_note_locked(pfn_to_page(pfn), place);
	}
	return count || !err ? (int)count : result_of(err, "make_device_exclusive_range", place);
}
