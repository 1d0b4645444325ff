/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_HMM_H
#define _LINUX_HMM_H

#include <kapi/place.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>

/** A word is a page frame number with flags above it. Bits 56 and up have the order of the CPU's mapping. */
enum hmm_pfn_flags {
	HMM_PFN_VALID = 1ul << 63,
	HMM_PFN_WRITE = 1ul << 62,
	HMM_PFN_ERROR = 1ul << 61,
	HMM_PFN_ORDER_SHIFT = 56,
	HMM_PFN_REQ_FAULT = HMM_PFN_VALID,
	HMM_PFN_REQ_WRITE = HMM_PFN_WRITE,
	HMM_PFN_FLAGS = 0xfful << 56,
};

struct hmm_range {
	struct mmu_interval_notifier *notifier;
	unsigned long notifier_seq;
	unsigned long start;
	unsigned long end;
	unsigned long *hmm_pfns;
	unsigned long default_flags;
	unsigned long pfn_flags_mask;
	void *dev_private_owner;
};

/** For how many milliseconds a driver should try. */
#define HMM_RANGE_DEFAULT_TIMEOUT 1000

/** The page is used from here on. */
struct page *kapi_hmm_pfn_to_page(unsigned long word, const struct kapi_place *place);
#define hmm_pfn_to_page(word) kapi_hmm_pfn_to_page(word, KAPI_HERE)

static inline unsigned int hmm_pfn_to_map_order(unsigned long word)
{
	return (word >> HMM_PFN_ORDER_SHIFT) & 0x1f;
}

int kapi_hmm_range_fault(struct hmm_range *range, const struct kapi_place *place);
#define hmm_range_fault(range) kapi_hmm_range_fault(range, KAPI_HERE)

#endif
