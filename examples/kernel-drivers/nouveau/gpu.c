/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A GPU, and what nouveau_dmem.c needs of the rest of its driver. The GPU has memory and a copy engine, which understands the
 * commands of class NVA0B5 that the driver pushes. Its page table is a table of words.
 */
#include "../gpu.h"

#include <kapi/dma.h>
#include <linux/cdev.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "nouveau_bo.h"
#include "nouveau_chan.h"
#include "nouveau_dmem.h"
#include "nouveau_drv.h"
#include "nouveau_svm.h"

#include <nvhw/class/cl906f.h>
#include <nvhw/class/cla0b5.h>
#include <nvif/class.h>
#include <nvif/if000c.h>

#define PIECE_SIZE (2ul << 20)
#define PIECES 8
#define PUSH_WORDS 4096

static unsigned char memory[PIECES * PIECE_SIZE];
static struct nouveau_bo *pieces[PIECES];
static u32 push_buffer[PUSH_WORDS];
static bool hangs;

static struct device gpu;
static struct drm_device drm_device = { .dev = &gpu };
static struct nouveau_channel channel;
static struct nouveau_drm drm = {
	.client.device.info.family = NV_DEVICE_INFO_V0_PASCAL,
	.dev = &drm_device,
	.ttm = { .copy.oclass = PASCAL_DMA_COPY_A, .chan = &channel },
};

/* --- memory of the GPU --- */

int nouveau_bo_new(struct nouveau_cli *client, u64 size, int align, u32 domain, u32 tile_mode, u32 tile_flags,
		   struct sg_table *table, struct dma_resv *reservation, struct nouveau_bo **bo)
{
	unsigned int i = 0;

	while (i < PIECES && pieces[i])
		i++;
	if (i == PIECES || size > PIECE_SIZE)
		return -ENOMEM;
	*bo = kzalloc(sizeof(**bo), GFP_KERNEL);
	if (!*bo)
		return -ENOMEM;
	(*bo)->offset = i * PIECE_SIZE;
	memset(memory + (*bo)->offset, 0xa5, size);
	pieces[i] = *bo;
	return 0;
}

int nouveau_bo_pin(struct nouveau_bo *bo, u32 domain, bool contiguous)
{
	bo->pins++;
	return 0;
}

int nouveau_bo_unpin(struct nouveau_bo *bo)
{
	WARN_ON(!bo->pins);
	bo->pins--;
	return 0;
}

void nouveau_bo_fini(struct nouveau_bo *bo)
{
	WARN_ON(bo->pins);
	pieces[bo->offset / PIECE_SIZE] = NULL;
	kfree(bo);
}

/* --- the copy engine --- */

/** Commands that the engine is to do. */
struct commands {
	struct nouveau_channel *channel;
	u32 count;
	u32 words[];
};

/** The engine's registers, by the numbers of the methods that set them. */
struct registers {
	u32 word[0x1000 / 4];
};

#define REGISTER(registers, name) ((registers)->word[NVA0B5_##name / 4])
#define FIELD(value, high_low) ((value) >> (0 ? high_low) & (~0u >> (31 - ((1 ? high_low) - (0 ? high_low)))))

/* One page from or to a place that is named by a mode and an address. */
static int access(struct nouveau_channel *from, bool in_vram, u64 address, void *page, bool write)
{
	if (!in_vram)
		return kapi_device_dma(from->device, address, page, PAGE_SIZE, write, KAPI_HERE);
	if (address > sizeof(memory) - PAGE_SIZE)
		return -EFAULT;
	memcpy(write ? memory + address : page, write ? page : memory + address, PAGE_SIZE);
	return 0;
}

static int launch(struct nouveau_channel *from, const struct registers *r)
{
	unsigned char page[PAGE_SIZE];
	u32 command = REGISTER(r, LAUNCH_DMA);
	int err = 0;

	if (FIELD(command, NVA0B5_LAUNCH_DMA_REMAP_ENABLE))
		memset(page, 0, sizeof(page));
	else
		err = access(from, !FIELD(REGISTER(r, SET_SRC_PHYS_MODE), NVA0B5_SET_SRC_PHYS_MODE_TARGET),
			     (u64)REGISTER(r, OFFSET_IN_UPPER) << 32 | REGISTER(r, OFFSET_IN_LOWER), page, false);
	if (!err)
		err = access(from, !FIELD(REGISTER(r, SET_DST_PHYS_MODE), NVA0B5_SET_DST_PHYS_MODE_TARGET),
			     (u64)REGISTER(r, OFFSET_OUT_UPPER) << 32 | REGISTER(r, OFFSET_OUT_LOWER), page, true);
	return err;
}

/* A word is the head of a method: what it does in bits 29 to 31, count or data in 16 to 28, the method's number from 0 on. */
static int do_commands(void *data)
{
	struct commands *commands = data;
	struct registers r = { { 0 } };
	int err = 0;

	for (u32 i = 0; i < commands->count;) {
		u32 head = commands->words[i++], method = head & 0xfff, count = head >> 16 & 0x1fff;

		if (head >> 29 == NV906F_DMA_SEC_OP_IMMD_DATA_METHOD) {
			r.word[method % ARRAY_SIZE(r.word)] = count;
			continue;
		}
		for (; count-- && i < commands->count; method++) {
			r.word[method % ARRAY_SIZE(r.word)] = commands->words[i++];
			if (method == NVA0B5_LAUNCH_DMA / 4)
				err = launch(commands->channel, &r) ?: err;
		}
	}
	return err;
}

/* Give everything that was pushed to the engine. */
static struct dma_fence *submit(struct nouveau_channel *from)
{
	struct nvif_push *push = &from->chan.push;
	u32 count = (u32)(push->cur - push->bgn);
	struct commands *commands = kmalloc(sizeof(*commands) + count * sizeof(u32), GFP_KERNEL);
	struct dma_fence *end;

	if (!commands)
		return NULL;
	commands->channel = from;
	commands->count = count;
	memcpy(commands->words, push->bgn, count * sizeof(u32));
	end = kapi_engine_submit(&from->engine, do_commands, commands, GFP_KERNEL);
	if (end)
		push->cur = push->bgn;
	else
		kfree(commands);
	return end;
}

static int wait_for_room(struct nvif_push *push, u32 size)
{
	struct dma_fence *end = hangs ? NULL : submit(container_of(push, struct nouveau_channel, chan.push));

	dma_fence_put(end);
	return end ? 0 : -EBUSY;
}

/* --- fences --- */

/* A kernel leaves the pointer as it is if there is no memory. Here it says so, for the check below. */
int nouveau_fence_new(struct nouveau_fence **made, struct nouveau_channel *from)
{
	struct nouveau_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);

	*made = NULL;
	if (!fence)
		return -ENOMEM;
	*made = fence;
	fence->end = submit(from);
	if (fence->end)
		return 0;
	nouveau_fence_unref(made);
	return -ENOMEM;
}

/* A fence that comes with an error ends the wait as any other one does. */
int fence_wait(struct nouveau_fence *fence, bool interruptible, const struct kapi_place *place)
{
	if (kapi_warn(!fence, place, "a wait for a fence that could not be made"))
		return -EINVAL;
	return dma_fence_wait_timeout(fence->end, interruptible, 15 * HZ) ? 0 : -EBUSY;
}

void nouveau_fence_unref(struct nouveau_fence **fence)
{
	if (*fence)
		dma_fence_put((*fence)->end);
	kfree(*fence);
	*fence = NULL;
}

/* --- the GPU's page table --- */

void nouveau_svmm_invalidate(struct nouveau_svmm *svmm, u64 start, u64 limit)
{
	WARN_ON(!mutex_is_locked(&svmm->mutex));
	for (u64 address = start; address < limit; address += PAGE_SIZE)
		xa_erase(&svmm->entries, address >> PAGE_SHIFT);
}

u64 *nouveau_pfns_alloc(unsigned long pages)
{
	return kcalloc(pages, sizeof(u64), GFP_KERNEL);
}

void nouveau_pfns_free(u64 *pfns)
{
	kfree(pfns);
}

/* An entry is kept as a tagged pointer: its low bits say V and W, and the address is that of a page. */
void nouveau_pfns_map(struct nouveau_svmm *svmm, struct mm_struct *mm, unsigned long address, u64 *pfns,
		      unsigned long pages)
{
	mutex_lock(&svmm->mutex);
	for (unsigned long i = 0; i < pages; i++)
		if (pfns[i] & NVIF_VMM_PFNMAP_V0_V)
			xa_store(&svmm->entries, (address >> PAGE_SHIFT) + i,
				 memory + (pfns[i] >> NVIF_VMM_PFNMAP_V0_ADDR_SHIFT << PAGE_SHIFT), GFP_KERNEL);
	mutex_unlock(&svmm->mutex);
}

/* A word in the GPU's memory, by its page table. NULL: there is no entry. */
static u32 *find_word(struct nouveau_svmm *svmm, u64 address)
{
	unsigned char *page = xa_load(&svmm->entries, address >> PAGE_SHIFT);

	return page ? (u32 *)(page + (address & ~PAGE_MASK & ~3ul)) : NULL;
}

/* --- the device of programs --- */

static int gpu_open(struct inode *inode, struct file *file)
{
	struct nouveau_svmm *svmm = kzalloc(sizeof(*svmm), GFP_KERNEL);

	if (!svmm)
		return -ENOMEM;
	mutex_init(&svmm->mutex);
	xa_init(&svmm->entries);
	file->private_data = svmm;
	return 0;
}

static int gpu_release(struct inode *inode, struct file *file)
{
	struct nouveau_svmm *svmm = file->private_data;

	xa_destroy(&svmm->entries);
	kfree(svmm);
	return 0;
}

static int migrate(struct nouveau_svmm *svmm, const struct gpu_request *request)
{
	unsigned long address = request->address, end = address + request->size;
	struct mm_struct *mm = current->mm;
	int err = 0;

	mmap_read_lock(mm);
	while (address < end && !err) {
		struct vm_area_struct *vma = vma_lookup(mm, address);
		unsigned long next = vma ? min(vma->vm_end, end) : 0;

		err = vma ? nouveau_dmem_migrate_vma(&drm, svmm, vma, address, next) : -EFAULT;
		address = next;
	}
	mmap_read_unlock(mm);
	return err;
}

static void access_word(struct nouveau_svmm *svmm, struct gpu_request *request, bool write)
{
	u32 *word;

	mutex_lock(&svmm->mutex);
	word = find_word(svmm, request->address);
	request->in_memory = word != NULL;
	if (word && write)
		*word = request->value;
	else if (word)
		request->value = *word;
	mutex_unlock(&svmm->mutex);
}

static long gpu_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct nouveau_svmm *svmm = file->private_data;
	struct gpu_request request;

	if (copy_from_user(&request, (void __user *)argument, sizeof(request)))
		return -EFAULT;
	switch (command) {
	case GPU_MIGRATE:
		return migrate(svmm, &request);
	case GPU_HANG:
		hangs = request.value;
		return 0;
	case GPU_READ:
	case GPU_WRITE:
		access_word(svmm, &request, command == GPU_WRITE);
		return copy_to_user((void __user *)argument, &request, sizeof(request)) ? -EFAULT : 0;
	}
	return -ENOTTY;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = gpu_open,
	.release = gpu_release,
	.unlocked_ioctl = gpu_ioctl,
};
static struct cdev cdev;
static dev_t numbers;

static int __init gpu_init(void)
{
	int err = alloc_chrdev_region(&numbers, 0, 1, "nouveau");

	if (err)
		return err;
	hangs = false;
	gpu = (struct device){ .devt = numbers };
	device_initialize(&gpu);
	dev_set_name(&gpu, "nouveau");
	dma_set_mask_and_coherent(&gpu, DMA_BIT_MASK(40));
	channel = (struct nouveau_channel){ .device = &gpu };
	channel.chan.push = (struct nvif_push){
		.wait = wait_for_room, .bgn = push_buffer, .cur = push_buffer, .end = push_buffer + PUSH_WORDS
	};
	kapi_engine_init(&channel.engine);
	nouveau_dmem_init(&drm);
	if (!drm.dmem) {
		unregister_chrdev_region(numbers, 1);
		return -ENOMEM;
	}
	cdev_init(&cdev, &operations);
	return cdev_device_add(&cdev, &gpu);
}

static void __exit gpu_exit(void)
{
	cdev_device_del(&cdev, &gpu);
	nouveau_dmem_fini(&drm);
	kapi_engine_fini(&channel.engine);
	unregister_chrdev_region(numbers, 1);
}

module_init(gpu_init);
module_exit(gpu_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A GPU for nouveau_dmem.c");
