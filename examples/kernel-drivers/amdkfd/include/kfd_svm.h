/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_KFD_SVM_H
#define FAKE_KFD_SVM_H

#include <linux/interval_tree.h>

#include "amdgpu_res_cursor.h"
#include "kfd_priv.h"

#define SVM_ADEV_PGMAP_OWNER(gpu) ((gpu)->hive ? (gpu)->hive : (void *)(gpu))

struct amdgpu_amdkfd_fence {
	struct mm_struct *mm;
};

/** Memory of the GPU for a range. Each page in it has a reference. */
struct svm_range_bo {
	struct kref kref;
	struct amdgpu_amdkfd_fence *eviction_fence;
	struct amdgpu_amdkfd_fence fence;
	struct ttm_resource resource;
	struct work_struct release_work;
	unsigned int slot;
};

/** A range of a process; numbers of pages. */
struct svm_range {
	struct svm_range_list *svms;
	struct mutex migrate_mutex;
	unsigned long start;
	unsigned long last;
	struct interval_tree_node it_node;
	u64 npages;
	u64 vram_pages;
	struct ttm_resource *ttm_res;
	u64 offset;
	struct svm_range_bo *svm_bo;
	u32 preferred_loc;
	u32 prefetch_loc;
	u32 actual_loc;
	u8 granularity;
};

struct svm_range_bo *kapi_bo_ref(struct svm_range_bo *bo, const struct kapi_place *place);
#define svm_range_bo_ref(bo) kapi_bo_ref(bo, KAPI_HERE)
void svm_range_bo_unref_async(struct svm_range_bo *bo);
int svm_range_vram_node_new(struct kfd_node *node, struct svm_range *range, bool clear);
void svm_range_vram_node_free(struct svm_range *range);
struct svm_range *svm_range_from_addr(struct svm_range_list *svms, unsigned long page, struct svm_range **parent);
struct kfd_node *svm_range_get_node_by_id(struct svm_range *range, u32 id);
struct kfd_process_device *svm_range_get_pdd_by_node(struct svm_range *range, struct kfd_node *node);
void kapi_range_dma_unmap(struct device *device, dma_addr_t *addresses, unsigned long first, unsigned long pages,
			  const struct kapi_place *place);
#define svm_range_dma_unmap_dev(device, addresses, first, pages) \
	kapi_range_dma_unmap(device, addresses, first, pages, KAPI_HERE)

#endif
