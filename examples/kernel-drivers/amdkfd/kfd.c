/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kfd_migrate.c needs of the rest of its driver: a process, its range, and memory of the GPU for that. One process at a
 * time opens the device; it has one range, that of its first GPU_MIGRATE.
 */
#include "kfd.h"

#include <kapi/device.h>
#include <linux/bitmap.h>
#include <linux/dma-mapping.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "../gpu.h"

/** Memory is given in slots; two of them are the blocks of a range. The first slot belongs to the firmware. */
#define SLOT_SIZE (2ul << 20)
#define SLOTS (GPU_MEMORY / SLOT_SIZE)
#define GPU_ID 1

static DECLARE_BITMAP(slots, SLOTS);
static struct kfd_node node = { .id = GPU_ID, .adev = &gpu };

/** A process, and its range. */
struct opened {
	struct kfd_process process;
	struct svm_range range;
};

static struct opened *opened; /**< NULL: the device is not open */

/* --- the process --- */

struct kfd_process *kfd_lookup_process_by_mm(const struct mm_struct *mm)
{
	if (!opened || opened->process.mm != mm)
		return NULL;
	kref_get(&opened->process.ref);
	return &opened->process;
}

static void free_process(struct kref *ref)
{
	kfree(container_of(ref, struct opened, process.ref));
}

void kapi_unref_process(struct kfd_process *process, const struct kapi_place *place)
{
	kapi_kref_put(&process->ref, free_process, place);
}

/* --- ranges --- */

struct svm_range *svm_range_from_addr(struct svm_range_list *svms, unsigned long page, struct svm_range **parent)
{
	struct interval_tree_node *found = interval_tree_iter_first(&svms->objects, page, page);

	return found ? container_of(found, struct svm_range, it_node) : NULL;
}

struct kfd_node *svm_range_get_node_by_id(struct svm_range *range, u32 id)
{
	return id == GPU_ID ? &node : NULL;
}

struct kfd_process_device *svm_range_get_pdd_by_node(struct svm_range *range, struct kfd_node *of)
{
	return &container_of(range->svms, struct kfd_process, svms)->device;
}

void kapi_range_dma_unmap(struct device *device, dma_addr_t *addresses, unsigned long first, unsigned long pages,
			  const struct kapi_place *place)
{
	for (unsigned long i = first; i < first + pages; i++) {
		if (addresses[i] && addresses[i] != DMA_MAPPING_ERROR)
			kapi_dma_unmap(device, addresses[i], PAGE_SIZE, DMA_BIDIRECTIONAL, true, place);
		addresses[i] = 0;
	}
}

/* --- memory of a range --- */

static void release_bo(struct work_struct *work)
{
	struct svm_range_bo *bo = container_of(work, struct svm_range_bo, release_work);

	bitmap_clear(slots, bo->slot, 2);
	kfree(bo);
}

static void last_page_is_gone(struct kref *kref)
{
	struct svm_range_bo *bo = container_of(kref, struct svm_range_bo, kref);

	INIT_WORK(&bo->release_work, release_bo);
	schedule_work(&bo->release_work);
}

struct svm_range_bo *kapi_bo_ref(struct svm_range_bo *bo, const struct kapi_place *place)
{
	if (bo)
		kapi_kref_get(&bo->kref, place);
	return bo;
}

void svm_range_bo_unref_async(struct svm_range_bo *bo)
{
	kref_put(&bo->kref, last_page_is_gone);
}

/* The blocks are in the wrong order, so that no copy goes past the end of one unnoticed. */
int svm_range_vram_node_new(struct kfd_node *of, struct svm_range *range, bool clear)
{
	u64 half = (range->npages + 1) / 2 * PAGE_SIZE;
	struct svm_range_bo *bo;
	unsigned long slot;

	if (range->ttm_res)
		return 0;
	slot = bitmap_find_next_zero_area(slots, SLOTS, 0, 2, 0);
	if (slot >= SLOTS || half > SLOT_SIZE)
		return -ENOMEM;
	bo = kzalloc(sizeof(*bo), GFP_KERNEL);
	if (!bo)
		return -ENOMEM;
	bitmap_set(slots, slot, 2);
	kref_init(&bo->kref);
	bo->slot = slot;
	bo->eviction_fence = &bo->fence;
	bo->fence.mm = container_of(range->svms, struct kfd_process, svms)->mm;
	bo->resource = (struct ttm_resource){ .start = { (slot + 1) * SLOT_SIZE, slot * SLOT_SIZE },
					      .size = { half, range->npages * PAGE_SIZE - half } };
	range->svm_bo = bo;
	range->ttm_res = &bo->resource;
	range->offset = 0;
	return 0;
}

void svm_range_vram_node_free(struct svm_range *range)
{
	struct svm_range_bo *bo = range->ttm_res ? range->svm_bo : NULL;

	range->ttm_res = NULL;
	range->svm_bo = NULL;
	if (bo)
		svm_range_bo_unref_async(bo);
}

/* --- the device of programs --- */

static int kfd_open(struct inode *inode, struct file *file)
{
	if (opened)
		return -EBUSY;
	opened = kzalloc(sizeof(*opened), GFP_KERNEL);
	if (!opened)
		return -ENOMEM;
	kref_init(&opened->process.ref);
	mutex_init(&opened->process.svms.lock);
	mutex_init(&opened->range.migrate_mutex);
	opened->process.mm = current->mm;
	opened->process.lead_thread = current;
	opened->range.svms = &opened->process.svms;
	opened->range.granularity = 4;
	mmgrab(opened->process.mm);
	return 0;
}

static int migrate(const struct gpu_request *request)
{
	struct svm_range *range = &opened->range;
	struct mm_struct *mm = opened->process.mm;
	unsigned long first = request->address >> PAGE_SHIFT, pages = request->size >> PAGE_SHIFT;
	int err;

	mmap_read_lock(mm);
	mutex_lock(&opened->process.svms.lock);
	if (!range->npages) {
		range->npages = pages;
		range->start = range->it_node.start = first;
		range->last = range->it_node.last = first + pages - 1;
		interval_tree_insert(&range->it_node, &opened->process.svms.objects);
	}
	mutex_lock(&range->migrate_mutex);
	err = svm_migrate_to_vram(range, GPU_ID, first, first + pages - 1, mm, KFD_MIGRATE_TRIGGER_PREFETCH);
	mutex_unlock(&range->migrate_mutex);
	mutex_unlock(&opened->process.svms.lock);
	mmap_read_unlock(mm);
	return err;
}

static int evict(void)
{
	struct svm_range *range = &opened->range;
	int err;

	mmap_read_lock(opened->process.mm);
	mutex_lock(&range->migrate_mutex);
	err = svm_migrate_vram_to_ram(range, opened->process.mm, range->start, range->last,
				      KFD_MIGRATE_TRIGGER_PREFETCH, NULL);
	mutex_unlock(&range->migrate_mutex);
	mmap_read_unlock(opened->process.mm);
	return err;
}

static int kfd_release(struct inode *inode, struct file *file)
{
	struct kfd_process *process = &opened->process;

	evict();
	gpu_wait();
	svm_range_vram_node_free(&opened->range);
	mmdrop(process->mm);
	opened = NULL;
	kfd_unref_process(process);
	return 0;
}

static long kfd_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct gpu_request request;

	if (copy_from_user(&request, (void __user *)argument, sizeof(request)))
		return -EFAULT;
	switch (command) {
	case GPU_MIGRATE:
		return migrate(&request);
	case GPU_EVICT:
		return evict();
	}
	return -ENOTTY;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = kfd_open,
	.release = kfd_release,
	.unlocked_ioctl = kfd_ioctl,
};
static struct miscdevice kfd = { .minor = MISC_DYNAMIC_MINOR, .name = "kfd", .fops = &operations };

static int __init kfd_init(void)
{
	int err;

	bitmap_zero(slots, SLOTS);
	set_bit(0, slots);
	opened = NULL;
	err = gpu_start();
	if (!err)
		err = misc_register(&kfd);
	if (err)
		kapi_device_unbind(gpu.dev);
	return err;
}

static void __exit kfd_exit(void)
{
	misc_deregister(&kfd);
	gpu_wait();
	kapi_device_unbind(gpu.dev);
}

module_init(kfd_init);
module_exit(kfd_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Surroundings of kfd_migrate.c");
