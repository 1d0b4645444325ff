// SPDX-License-Identifier: GPL-2.0-only
/*
 * tinymem: a driver of a device with a little memory of its own. A program moves pages there; a touch of the CPU moves them back.
 * It is the least that a driver with device-private memory has, and it is here to be copied.
 *
 * The device reaches pages by a table of its own, as a GPU does: an XArray by address for each open file. An interval notifier
 * keeps the table true.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "tinymem.h"

/** So many pages migrate at once. */
#define TINYMEM_BATCH 16ul

static unsigned long pages = 64;
module_param(pages, ulong, 0444);
MODULE_PARM_DESC(pages, "how many pages the device has");

/** The device. */
static struct {
	dev_t number;
	struct cdev cdev;
	struct device device;
	struct dev_pagemap pagemap;
	char *memory;      /**< what its pages contain */
	spinlock_t lock;   /**< of the list */
	struct page *free; /**< pages without a user, by zone_device_data */
} tinymem;

/** An open file: one address space. */
struct tinymem_file {
	struct mmu_interval_notifier notifier;
	struct mutex lock;   /**< of the table */
	struct xarray table; /**< device pages by address, in pages */
};

static void *memory_of(struct page *page)
{
	return tinymem.memory + ((page_to_pfn(page) << PAGE_SHIFT) - tinymem.pagemap.range.start);
}

static struct page *take_page(void)
{
	struct page *page;

	spin_lock(&tinymem.lock);
	page = tinymem.free;
	if (page)
		tinymem.free = page->zone_device_data;
	spin_unlock(&tinymem.lock);
	if (page)
		zone_device_page_init(page);
	return page;
}

static void tinymem_page_free(struct page *page)
{
	spin_lock(&tinymem.lock);
	page->zone_device_data = tinymem.free;
	tinymem.free = page;
	spin_unlock(&tinymem.lock);
}

/* --- to the device --- */

static void copy_to_device(struct migrate_vma *args)
{
	unsigned long i;

	for (i = 0; i < args->npages; i++) {
		struct page *from = migrate_pfn_to_page(args->src[i]), *to;

		if (!(args->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		to = take_page();
		if (!to)
			return;
		if (from)
			memcpy_from_page(memory_of(to), from, 0, PAGE_SIZE);
		else
			memset(memory_of(to), 0, PAGE_SIZE);
		args->dst[i] = migrate_pfn(page_to_pfn(to));
		if (!from || args->src[i] & MIGRATE_PFN_WRITE)
			args->dst[i] |= MIGRATE_PFN_WRITE;
	}
}

/*
 * A page that the table has no memory for is moved all the same; the device does not reach it. Nothing may reclaim memory under the
 * lock, which invalidations take: so GFP_ATOMIC.
 */
static unsigned long note_moved(struct tinymem_file *file, const struct migrate_vma *args)
{
	unsigned long i, moved = 0;

	mutex_lock(&file->lock);
	for (i = 0; i < args->npages; i++) {
		if (!(args->src[i] & MIGRATE_PFN_MIGRATE) || !args->dst[i])
			continue;
		moved++;
		xa_store(&file->table, (args->start >> PAGE_SHIFT) + i, migrate_pfn_to_page(args->dst[i]), GFP_ATOMIC);
	}
	mutex_unlock(&file->lock);
	return moved;
}

static int migrate_batch(struct tinymem_file *file, struct vm_area_struct *vma, unsigned long start, unsigned long end,
			 unsigned long *moved)
{
	unsigned long src[TINYMEM_BATCH] = { 0 }, dst[TINYMEM_BATCH] = { 0 };
	struct migrate_vma args = {
		.vma = vma,
		.start = start,
		.end = end,
		.src = src,
		.dst = dst,
		.pgmap_owner = &tinymem,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	int err = migrate_vma_setup(&args);

	if (err)
		return err;
	copy_to_device(&args);
	migrate_vma_pages(&args);
	*moved += note_moved(file, &args);
	migrate_vma_finalize(&args);
	return 0;
}

static int migrate_range(struct tinymem_file *file, struct tinymem_request *request)
{
	struct mm_struct *mm = file->notifier.mm;
	unsigned long address = request->address, end = address + (request->pages << PAGE_SHIFT), moved = 0;
	int err = 0;

	if (address & ~PAGE_MASK || request->pages > ULONG_MAX >> PAGE_SHIFT || end < address)
		return -EINVAL;
	if (!mmget_not_zero(mm))
		return -EINVAL;
	mmap_read_lock(mm);
	while (!err && address < end) {
		struct vm_area_struct *vma = vma_lookup(mm, address);
		unsigned long next = min(address + (TINYMEM_BATCH << PAGE_SHIFT), end);

		if (!vma) {
			err = -EINVAL;
			break;
		}
		next = min(next, vma->vm_end);
		err = migrate_batch(file, vma, address, next, &moved);
		address = next;
	}
	mmap_read_unlock(mm);
	mmput(mm);
	request->result = moved;
	return err;
}

/* --- and back --- */

static void copy_to_ram(unsigned long src, unsigned long *dst, gfp_t gfp)
{
	struct page *from = migrate_pfn_to_page(src), *to;

	if (!from || !(src & MIGRATE_PFN_MIGRATE))
		return;
	to = alloc_page(gfp);
	if (!to)
		return;
	lock_page(to);
	memcpy_to_page(to, 0, memory_of(from), PAGE_SIZE);
	*dst = migrate_pfn(page_to_pfn(to));
	if (src & MIGRATE_PFN_WRITE)
		*dst |= MIGRATE_PFN_WRITE;
}

static vm_fault_t tinymem_migrate_to_ram(struct vm_fault *fault)
{
	unsigned long src = 0, dst = 0;
	struct migrate_vma args = {
		.vma = fault->vma,
		.start = fault->address & PAGE_MASK,
		.end = (fault->address & PAGE_MASK) + PAGE_SIZE,
		.src = &src,
		.dst = &dst,
		.pgmap_owner = &tinymem,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
		.fault_page = fault->page,
	};
	vm_fault_t result = 0;

	if (migrate_vma_setup(&args))
		return VM_FAULT_SIGBUS;
	if (args.cpages) {
		copy_to_ram(src, &dst, GFP_HIGHUSER_MOVABLE);
		if (!dst)
			result = VM_FAULT_OOM;
	}
	migrate_vma_pages(&args);
	migrate_vma_finalize(&args);
	return result;
}

/* Before the device goes its pages do, whoever has them. */
static void evict_all(void)
{
	unsigned long *src = kvcalloc(pages, sizeof(*src), GFP_KERNEL | __GFP_NOFAIL);
	unsigned long *dst = kvcalloc(pages, sizeof(*dst), GFP_KERNEL | __GFP_NOFAIL);
	unsigned long i;

	migrate_device_range(src, PHYS_PFN(tinymem.pagemap.range.start), pages);
	for (i = 0; i < pages; i++)
		copy_to_ram(src[i], &dst[i], GFP_HIGHUSER_MOVABLE | __GFP_NOFAIL);
	migrate_device_pages(src, dst, pages);
	migrate_device_finalize(src, dst, pages);
	kvfree(src);
	kvfree(dst);
}

/* --- the device's table --- */

static bool tinymem_invalidate(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range,
			       unsigned long sequence)
{
	struct tinymem_file *file = container_of(notifier, struct tinymem_file, notifier);
	unsigned long index;
	void *entry;

	if (mmu_notifier_range_blockable(range))
		mutex_lock(&file->lock);
	else if (!mutex_trylock(&file->lock))
		return false;
	mmu_interval_set_seq(notifier, sequence);
	xa_for_each_range(&file->table, index, entry, range->start >> PAGE_SHIFT, (range->end - 1) >> PAGE_SHIFT)
		xa_erase(&file->table, index);
	mutex_unlock(&file->lock);
	return true;
}

static const struct mmu_interval_notifier_ops tinymem_notifier_ops = { .invalidate = tinymem_invalidate };

static int read_word(struct tinymem_file *file, struct tinymem_request *request)
{
	struct page *page;

	if (request->address % sizeof(u64))
		return -EINVAL;
	mutex_lock(&file->lock);
	page = xa_load(&file->table, request->address >> PAGE_SHIFT);
	if (page)
		request->result = *(u64 *)(memory_of(page) + (request->address & ~PAGE_MASK));
	mutex_unlock(&file->lock);
	return page ? 0 : -EFAULT;
}

/* --- files --- */

static int tinymem_open(struct inode *inode, struct file *filp)
{
	struct tinymem_file *file = kzalloc(sizeof(*file), GFP_KERNEL);
	int err;

	if (!file)
		return -ENOMEM;
	mutex_init(&file->lock);
	xa_init(&file->table);
	err = mmu_interval_notifier_insert(&file->notifier, current->mm, 0, ULONG_MAX & PAGE_MASK,
					   &tinymem_notifier_ops);
	if (err)
		kfree(file);
	else
		filp->private_data = file;
	return err;
}

static int tinymem_release(struct inode *inode, struct file *filp)
{
	struct tinymem_file *file = filp->private_data;

	mmu_interval_notifier_remove(&file->notifier);
	xa_destroy(&file->table);
	kfree(file);
	return 0;
}

static long tinymem_ioctl(struct file *filp, unsigned int command, unsigned long argument)
{
	struct tinymem_request request;
	int err;

	if (command != TINYMEM_MIGRATE && command != TINYMEM_READ)
		return -ENOTTY;
	if (copy_from_user(&request, (void __user *)argument, sizeof(request)))
		return -EFAULT;
	if (command == TINYMEM_MIGRATE)
		err = migrate_range(filp->private_data, &request);
	else
		err = read_word(filp->private_data, &request);
	if (!err && copy_to_user((void __user *)argument, &request, sizeof(request)))
		err = -EFAULT;
	return err;
}

static const struct file_operations tinymem_file_ops = {
	.owner = THIS_MODULE,
	.open = tinymem_open,
	.release = tinymem_release,
	.unlocked_ioctl = tinymem_ioctl,
};

/* --- the module --- */

static const struct dev_pagemap_ops tinymem_pagemap_ops = {
	.page_free = tinymem_page_free,
	.migrate_to_ram = tinymem_migrate_to_ram,
};

static int map_memory(struct resource *region)
{
	unsigned long pfn = PHYS_PFN(region->start);
	void *mapped;

	tinymem.pagemap.type = MEMORY_DEVICE_PRIVATE;
	tinymem.pagemap.range.start = region->start;
	tinymem.pagemap.range.end = region->end;
	tinymem.pagemap.nr_range = 1;
	tinymem.pagemap.ops = &tinymem_pagemap_ops;
	tinymem.pagemap.owner = &tinymem;
	mapped = memremap_pages(&tinymem.pagemap, numa_node_id());
	if (IS_ERR(mapped))
		return PTR_ERR(mapped);
	while (pfn <= PHYS_PFN(region->end))
		tinymem_page_free(pfn_to_page(pfn++));
	return 0;
}

static int __init tinymem_init(void)
{
	struct resource *region;
	int err = -ENOMEM;

	spin_lock_init(&tinymem.lock);
	tinymem.memory = vzalloc(pages << PAGE_SHIFT);
	if (!tinymem.memory)
		return err;
	region = request_free_mem_region(&iomem_resource, pages << PAGE_SHIFT, "tinymem");
	if (IS_ERR(region)) {
		err = PTR_ERR(region);
		goto free_memory;
	}
	err = map_memory(region);
	if (err)
		goto release_region;
	err = alloc_chrdev_region(&tinymem.number, 0, 1, "tinymem");
	if (err)
		goto unmap_memory;
	cdev_init(&tinymem.cdev, &tinymem_file_ops);
	tinymem.cdev.owner = THIS_MODULE;
	device_initialize(&tinymem.device);
	tinymem.device.devt = tinymem.number;
	dev_set_name(&tinymem.device, "tinymem");
	err = cdev_device_add(&tinymem.cdev, &tinymem.device);
	if (err)
		goto give_back_number;
	pr_info("tinymem: %lu pages\n", pages);
	return 0;

give_back_number:
	unregister_chrdev_region(tinymem.number, 1);
unmap_memory:
	memunmap_pages(&tinymem.pagemap);
release_region:
	release_mem_region(region->start, resource_size(region));
free_memory:
	vfree(tinymem.memory);
	return err;
}

static void __exit tinymem_exit(void)
{
	struct range range = tinymem.pagemap.range;

	cdev_device_del(&tinymem.cdev, &tinymem.device);
	unregister_chrdev_region(tinymem.number, 1);
	evict_all();
	memunmap_pages(&tinymem.pagemap);
	release_mem_region(range.start, range_len(&range));
	vfree(tinymem.memory);
}

module_init(tinymem_init);
module_exit(tinymem_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A device with a little memory of its own");
