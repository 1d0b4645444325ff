// SPDX-License-Identifier: GPL-2.0-only
/*
 * hmm_range_fault(), as a driver that mirrors page tables calls it.
 */
#include <linux/hmm.h>
#include <linux/mmu_notifier.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "module.h"

/* one call's mirror: registered for its range as long as it lasts */
struct mirror {
	struct mmu_interval_notifier notifier;
	struct mutex lock; /* of the device's own page table */
	void *owner;
};

static bool mirror_invalidate(struct mmu_interval_notifier *mni, const struct mmu_notifier_range *range,
			      unsigned long seq)
{
	struct mirror *mirror = container_of(mni, struct mirror, notifier);

	/* the device's own migrations do not make its page table stale */
	if (range->event == MMU_NOTIFY_MIGRATE && range->owner == mirror->owner)
		return true;
	if (mmu_notifier_range_blockable(range))
		mutex_lock(&mirror->lock);
	else if (!mutex_trylock(&mirror->lock))
		return false;
	mmu_interval_set_seq(mni, seq);
	mutex_unlock(&mirror->lock);
	return true;
}

static const struct mmu_interval_notifier_ops mirror_ops = {
	.invalidate = mirror_invalidate,
};

/* As drivers do when a process opens their device. The mm's first interval
 * notifier needs mmap_lock for writing, later ones do not: have it now. */
long or_attach(void)
{
	struct mirror mirror = { .owner = &or_owner };
	long err;

	mutex_init(&mirror.lock);
	err = mmu_interval_notifier_insert(&mirror.notifier, current->mm, 0, PAGE_SIZE, &mirror_ops);
	if (!err)
		mmu_interval_notifier_remove(&mirror.notifier);
	return err;
}

static u32 mirror_word(unsigned long pfn)
{
	u32 word = 0;

	if (pfn & HMM_PFN_VALID)
		word |= OR_MIR_V;
	if (pfn & HMM_PFN_WRITE)
		word |= OR_MIR_W;
	if (pfn & HMM_PFN_ERROR)
		word |= OR_MIR_E;
	if ((pfn & HMM_PFN_VALID) && is_device_private_page(hmm_pfn_to_page(pfn)))
		word |= OR_MIR_DEV;
	if ((pfn & HMM_PFN_VALID) && is_device_coherent_page(hmm_pfn_to_page(pfn)))
		word |= OR_MIR_COH;
	return word | hmm_pfn_to_map_order(pfn) << OR_MIR_ORDER;
}

long or_mirror_range(struct or_mirror *m)
{
	unsigned long timeout = jiffies + msecs_to_jiffies(HMM_RANGE_DEFAULT_TIMEOUT);
	struct mm_struct *mm = current->mm;
	struct mirror mirror = {
		.owner = m->stranger ? &or_stranger : &or_owner,
	};
	struct hmm_range range = {
		.notifier = &mirror.notifier,
		.start = m->addr,
		.end = m->addr + (m->npages << PAGE_SHIFT),
		.default_flags = (m->fault ? HMM_PFN_REQ_FAULT : 0) | (m->write ? HMM_PFN_REQ_WRITE : 0),
		.dev_private_owner = mirror.owner,
	};
	unsigned long i;
	u32 *out;
	long err;

	mutex_init(&mirror.lock);
	range.hmm_pfns = vzalloc(m->npages * sizeof(*range.hmm_pfns));
	out = vzalloc(m->npages * sizeof(*out));
	err = -ENOMEM;
	if (!range.hmm_pfns || !out)
		goto out;
	err = mmu_interval_notifier_insert(&mirror.notifier, mm, m->addr, m->npages << PAGE_SHIFT, &mirror_ops);
	if (err)
		goto out;

	for (;;) {
		range.notifier_seq = mmu_interval_read_begin(&mirror.notifier);
		mmap_read_lock(mm);
		m->ret = hmm_range_fault(&range);
		mmap_read_unlock(mm);
		if (m->ret && m->ret != -EBUSY)
			break;
		if (time_after(jiffies, timeout)) {
			m->ret = -EBUSY;
			break;
		}
		if (m->ret)
			continue;

		mutex_lock(&mirror.lock);
		if (!mmu_interval_read_retry(&mirror.notifier, range.notifier_seq)) {
			/* a driver would fill its page table here */
			for (i = 0; i < m->npages; i++)
				out[i] = mirror_word(range.hmm_pfns[i]);
			mutex_unlock(&mirror.lock);
			break;
		}
		mutex_unlock(&mirror.lock);
	}
	mmu_interval_notifier_remove(&mirror.notifier);

	err = 0;
	if (copy_to_user((void __user *)m->out, out, m->npages * sizeof(*out)))
		err = -EFAULT;
out:
	vfree(range.hmm_pfns);
	vfree(out);
	return err;
}
