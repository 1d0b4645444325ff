/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_NOUVEAU_SVM_H
#define FAKE_NOUVEAU_SVM_H

#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

/** The address space of a process, as the GPU has it. */
struct nouveau_svmm {
	struct mutex mutex;
	struct xarray entries; /**< of the GPU's page table: NVIF_VMM_PFNMAP_V0 words, by page */
};

void nouveau_svmm_invalidate(struct nouveau_svmm *svmm, u64 start, u64 limit);
u64 *nouveau_pfns_alloc(unsigned long pages);
void nouveau_pfns_free(u64 *pfns);
void nouveau_pfns_map(struct nouveau_svmm *svmm, struct mm_struct *mm, unsigned long address, u64 *pfns,
		      unsigned long pages);

#endif
