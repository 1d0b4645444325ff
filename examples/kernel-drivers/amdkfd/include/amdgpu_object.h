/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_AMDGPU_OBJECT_H
#define FAKE_AMDGPU_OBJECT_H

#include <kapi/engine.h>
#include <linux/kernel.h>
#include <linux/memremap.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#define TTM_PL_VRAM 2
#define AMDGPU_GPU_PAGES_IN_CPU_PAGE 1
#define AMDGPU_GTT_MAX_TRANSFER_SIZE 512
#define AMDGPU_FENCE_OWNER_UNDEFINED NULL
#define AMDGPU_PTE_VALID (1ull << 0)
#define AMDGPU_PTE_SYSTEM (1ull << 1)
#define AMDGPU_PTE_SNOOPED (1ull << 2)
#define AMDGPU_PTE_READABLE (1ull << 5)
#define AMDGPU_PTE_WRITEABLE (1ull << 6)
#define AMD_IS_APU (1u << 17)
#define IP_VERSION(major, minor, revision) ((major) << 16 | (minor) << 8 | (revision))

enum { AMDGPU_IB_POOL_DELAYED, AMDGPU_KERNEL_JOB_ID_KFD_GART_MAP, GC_HWIP };

struct amdgpu_bo {
	u64 gpu_address;
};

struct amdgpu_xcp {
	int id;
};

/** A ring of commands for the copy engine. */
struct amdgpu_ring {
	struct amdgpu_device *adev;
	struct kapi_engine engine;
};

/** A GPU. */
struct amdgpu_device {
	struct device *dev;
	void *hive;
	unsigned long flags;
	struct {
		u64 gart_start, aper_base, aper_size, real_vram_size;
		struct {
			bool connected_to_cpu;
		} xgmi;
	} gmc;
	struct {
		const struct {
			unsigned int copy_num_dw;
		} * buffer_funcs;
		struct amdgpu_ring *buffer_funcs_ring;
		struct mutex gtt_window_lock;
		int high_pr;
	} mman;
	struct {
		struct amdgpu_bo *bo;
		u64 gart_pte_flags;
	} gart;
	struct amdgpu_kfd_dev {
		struct dev_pagemap pgmap;
	} kfd;
};

/** Commands, and the data that goes with them. */
struct amdgpu_ib {
	u64 gpu_addr;
	u32 length_dw;
	u32 *ptr;
};

struct amdgpu_job {
	struct amdgpu_device *gpu;
	struct amdgpu_ib ibs[1];
	u32 words[];
};

u64 amdgpu_ttm_domain_start(struct amdgpu_device *gpu, u32 type);
u64 amdgpu_bo_gpu_offset(struct amdgpu_bo *bo);
int amdgpu_job_alloc_with_ib(struct amdgpu_device *gpu, int *entity, void *owner, size_t size, int pool,
			     struct amdgpu_job **job, u64 id);
struct dma_fence *amdgpu_job_submit(struct amdgpu_job *job);
void amdgpu_emit_copy_buffer(struct amdgpu_device *gpu, struct amdgpu_ib *ib, u64 from, u64 to, u32 size, u32 flags);
void amdgpu_gart_map(struct amdgpu_device *gpu, u64 offset, int pages, dma_addr_t *addresses, u64 flags, void *entries);
int amdgpu_copy_buffer(struct amdgpu_ring *ring, u64 from, u64 to, u32 size, void *reservation,
		       struct dma_fence **fence, bool direct, bool needs_flush, u32 flags);
#define amdgpu_ring_pad_ib(ring, ib) ((void)(ring), (void)(ib))
#define amdgpu_ip_version(gpu, block, instance) IP_VERSION(9, 4, 2)

#endif
