/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A GPU for kfd_migrate.c. It has memory, a table of addresses for DMA (GART), and a copy engine, which does its jobs one after
 * the other: those that fill the table, and copies between the memory and what the table names.
 */
#include <kapi/dma.h>
#include <linux/dma-mapping.h>

#include "kfd.h"

/* Where the GPU sees what. */
#define IB_ADDRESS (1ull << 44)
#define TABLE_ADDRESS (1ull << 43)
#define GART_ADDRESS (1ull << 42)
#define MEMORY_ADDRESS (1ull << 41)

static unsigned char memory[GPU_MEMORY];
static u64 table[AMDGPU_GTT_MAX_TRANSFER_SIZE];

/** A copy between two addresses of the GPU. */
struct copy {
	struct amdgpu_device *gpu;
	u64 from;
	u64 to;
	u32 size;
};

u64 amdgpu_ttm_domain_start(struct amdgpu_device *gpu, u32 type)
{
	return MEMORY_ADDRESS;
}

u64 amdgpu_bo_gpu_offset(struct amdgpu_bo *bo)
{
	return bo->gpu_address;
}

/* --- the engine --- */

/* One page from or to an address of the GPU. */
static int access(struct amdgpu_device *gpu, u64 address, void *page, bool write)
{
	u64 entry;

	if (address >= GART_ADDRESS) {
		entry = table[(address - GART_ADDRESS) >> PAGE_SHIFT];
		if (!(entry & AMDGPU_PTE_VALID) || (write && !(entry & AMDGPU_PTE_WRITEABLE)))
			return -EFAULT;
		return kapi_device_dma(gpu->dev, entry & PAGE_MASK, page, PAGE_SIZE, write, KAPI_HERE);
	}
	address -= MEMORY_ADDRESS;
	if (address > sizeof(memory) - PAGE_SIZE)
		return -EFAULT;
	memcpy(write ? memory + address : page, write ? page : memory + address, PAGE_SIZE);
	return 0;
}

static int do_copy(void *data)
{
	const struct copy *copy = data;
	unsigned char page[PAGE_SIZE];
	int err = 0;

	for (u32 done = 0; done < copy->size && !err; done += PAGE_SIZE) {
		err = access(copy->gpu, copy->from + done, page, false);
		if (!err)
			err = access(copy->gpu, copy->to + done, page, true);
	}
	return err;
}

int amdgpu_copy_buffer(struct amdgpu_ring *ring, u64 from, u64 to, u32 size, void *reservation,
		       struct dma_fence **fence, bool direct, bool needs_flush, u32 flags)
{
	struct copy *copy = kmalloc(sizeof(*copy), GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	*copy = (struct copy){ .gpu = ring->adev, .from = from, .to = to, .size = size };
	*fence = kapi_engine_submit(&ring->engine, do_copy, copy, GFP_KERNEL);
	if (*fence)
		return 0;
	kfree(copy);
	return -ENOMEM;
}

/* --- jobs that fill the table --- */

int amdgpu_job_alloc_with_ib(struct amdgpu_device *gpu, int *entity, void *owner, size_t size, int pool,
			     struct amdgpu_job **made, u64 id)
{
	struct amdgpu_job *job = kzalloc(sizeof(*job) + size, GFP_KERNEL);

	if (!job)
		return -ENOMEM;
	job->gpu = gpu;
	job->ibs[0] = (struct amdgpu_ib){ .gpu_addr = IB_ADDRESS, .ptr = job->words };
	*made = job;
	return 0;
}

/* Six words: from, to, size. */
void amdgpu_emit_copy_buffer(struct amdgpu_device *gpu, struct amdgpu_ib *ib, u64 from, u64 to, u32 size, u32 flags)
{
	const u32 words[] = { lower_32_bits(from), upper_32_bits(from), lower_32_bits(to), upper_32_bits(to), size, 0 };

	memcpy(ib->ptr + ib->length_dw, words, sizeof(words));
	ib->length_dw += ARRAY_SIZE(words);
}

void amdgpu_gart_map(struct amdgpu_device *gpu, u64 offset, int pages, dma_addr_t *addresses, u64 flags, void *entries)
{
	for (int i = 0; i < pages; i++)
		((u64 *)entries)[offset / PAGE_SIZE + i] = (addresses[i] & PAGE_MASK) | flags;
}

static int do_job(void *data)
{
	const struct amdgpu_job *job = data;
	u64 from = (u64)job->words[1] << 32 | job->words[0], to = (u64)job->words[3] << 32 | job->words[2];
	u32 size = job->words[4];

	if (from < IB_ADDRESS || to < TABLE_ADDRESS || to + size > TABLE_ADDRESS + sizeof(table))
		return -EFAULT;
	memcpy((char *)table + (to - TABLE_ADDRESS), (const char *)job->words + (from - IB_ADDRESS), size);
	return 0;
}

/* A kernel has got the fence's memory with the job. */
struct dma_fence *amdgpu_job_submit(struct amdgpu_job *job)
{
	return kapi_engine_submit(&job->gpu->mman.buffer_funcs_ring->engine, do_job, job, GFP_KERNEL | __GFP_NOFAIL);
}

/* --- memory in blocks --- */

void amdgpu_res_first(const struct ttm_resource *resource, u64 start, u64 size, struct amdgpu_res_cursor *cursor)
{
	unsigned int block = start >= resource->size[0];

	start -= block ? resource->size[0] : 0;
	*cursor = (struct amdgpu_res_cursor){ .start = resource->start[block] + start,
					      .size = min(resource->size[block] - start, size),
					      .remaining = size,
					      .resource = resource,
					      .block = block };
}

void amdgpu_res_next(struct amdgpu_res_cursor *cursor, u64 size)
{
	cursor->remaining -= size;
	if (!cursor->remaining)
		return;
	if (size < cursor->size) {
		cursor->start += size;
		cursor->size -= size;
		return;
	}
	cursor->block++;
	cursor->start = cursor->resource->start[1] + size - cursor->size;
	cursor->size = min(cursor->resource->size[1], cursor->remaining);
}

/* --- the device --- */

static struct device device;
static struct amdgpu_bo table_bo = { .gpu_address = TABLE_ADDRESS };
static struct amdgpu_ring ring;
static __typeof__(*((struct amdgpu_device *)NULL)->mman.buffer_funcs) functions = { .copy_num_dw = 6 };
struct amdgpu_device gpu;

int gpu_start(void)
{
	device = (struct device){ .name = "amdgpu" };
	gpu = (struct amdgpu_device){ .dev = &device, .gart.bo = &table_bo };
	gpu.gmc.gart_start = GART_ADDRESS;
	gpu.gmc.real_vram_size = GPU_MEMORY;
	gpu.mman.buffer_funcs = &functions;
	gpu.mman.buffer_funcs_ring = &ring;
	mutex_init(&gpu.mman.gtt_window_lock);
	ring.adev = &gpu;
	kapi_engine_init(&ring.engine);
	memset(memory, 0xa5, sizeof(memory));
	memset(table, 0, sizeof(table));
	dma_set_mask_and_coherent(&device, DMA_BIT_MASK(44));
	return kgd2kfd_init_zone_device(&gpu);
}

void gpu_wait(void)
{
	kapi_engine_fini(&ring.engine);
}
