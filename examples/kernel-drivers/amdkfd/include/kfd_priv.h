/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_KFD_PRIV_H
#define FAKE_KFD_PRIV_H

#include <linux/rbtree.h>
#include <linux/sched/mm.h>

#include "amdgpu_object.h"

#define KFD_IOC_ALLOC_MEM_FLAGS_VRAM (1u << 0)
#define KFD_IOCTL_SVM_FLAG_GPU_RO 0x8u
enum { KFD_MIGRATE_TRIGGER_PREFETCH, KFD_MIGRATE_TRIGGER_PAGEFAULT_GPU, KFD_MIGRATE_TRIGGER_PAGEFAULT_CPU };

struct kfd_node {
	u32 id;
	struct amdgpu_device *adev;
	struct amdgpu_xcp *xcp;
};

/** What a process has of a GPU. */
struct kfd_process_device {
	u64 page_in;
	u64 page_out;
};

/** Ranges of a process that the GPU shares. */
struct svm_range_list {
	struct mutex lock;
	struct rb_root_cached objects;
	struct task_struct *faulting_task;
};

struct kfd_process {
	struct kref ref;
	struct mm_struct *mm;
	struct task_struct *lead_thread;
	struct svm_range_list svms;
	struct kfd_process_device device;
};

struct kfd_process *kfd_lookup_process_by_mm(const struct mm_struct *mm);
void kapi_unref_process(struct kfd_process *process, const struct kapi_place *place);
#define kfd_unref_process(process) kapi_unref_process(process, KAPI_HERE)

int kgd2kfd_init_zone_device(struct amdgpu_device *gpu);
/* There is room for everything. */
#define amdgpu_amdkfd_reserve_mem_limit(gpu, size, flags, xcp) ((void)(gpu), (void)(size), (void)(xcp), 0)
#define amdgpu_amdkfd_unreserve_mem_limit(gpu, size, flags, xcp) ((void)(gpu), (void)(size), (void)(xcp))
#define amdgpu_amdkfd_reserve_system_mem(size) ((void)(size))

#endif
