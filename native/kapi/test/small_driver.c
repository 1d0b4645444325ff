/* SPDX-License-Identifier: GPL-2.0-only */
#include "small_driver.h"

#include <linux/uaccess.h>

/* --- running it --- */

struct rig rig;
unsigned long memory;

void run_driver(kernel_function function)
{
	rig = rig_open(1);
	memory = rig_map(&rig, SMALL_PAGES);
	rig_fill(&rig, memory, SMALL_PAGES, 100);
	assert_int_equal(kapi_call(rig.tid, call_kernel_function, &function), 0);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_int_equal(hmmu_verify(rig.m, NULL, NULL), 0);
	kapi_shutdown();
}

void expect_report(kernel_function function, enum kapi_check check)
{
	run_driver(function);
	assert_report_in("native/kapi/test/", check);
}

void expect_number(unsigned long address, unsigned int number)
{
	unsigned int found = 0;

	assert_int_equal(copy_from_user(&found, (void *)address, sizeof(found)), 0);
	assert_int_equal(found, number);
}

/* --- the device --- */

struct small_device device;

static unsigned int device_index(const struct page *page)
{
	return (unsigned int)(page_to_pfn(page) - (device.pagemap.range.start >> PAGE_SHIFT));
}

struct page *device_get_page(void)
{
	for (unsigned int i = 0; i < SMALL_PAGES; i++) {
		struct page *page = pfn_to_page((device.pagemap.range.start >> PAGE_SHIFT) + i);

		if (device.used[i])
			continue;
		device.used[i] = true;
		zone_device_page_init(page);
		return page;
	}
	return NULL;
}

void device_page_free(struct page *page)
{
	device.used[device_index(page)] = false;
}

/* A page of system memory with the contents of a device page, for dst. */
unsigned long device_to_ram_word(struct page *from)
{
	struct page *to = alloc_page(GFP_HIGHUSER);

	if (!to)
		return 0;
	lock_page(to);
	memcpy_to_page(to, 0, device.memory[device_index(from)], PAGE_SIZE);
	return migrate_pfn(page_to_pfn(to));
}

vm_fault_t device_migrate_to_ram(struct vm_fault *fault)
{
	unsigned long src = 0, dst = 0;
	struct migrate_vma args = { .vma = fault->vma,
				    .start = fault->address & PAGE_MASK,
				    .end = (fault->address & PAGE_MASK) + PAGE_SIZE,
				    .src = &src,
				    .dst = &dst,
				    .pgmap_owner = &device,
				    .fault_page = fault->page,
				    .flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE };

	if (migrate_vma_setup(&args))
		return VM_FAULT_SIGBUS;
	if (src & MIGRATE_PFN_MIGRATE)
		dst = device_to_ram_word(migrate_pfn_to_page(src));
	migrate_vma_pages(&args);
	migrate_vma_finalize(&args);
	return 0;
}

const struct dev_pagemap_ops device_ops = { .page_free = device_page_free, .migrate_to_ram = device_migrate_to_ram };

void device_add(const struct dev_pagemap_ops *ops)
{
	struct resource *resource = request_free_mem_region(&iomem_resource, SMALL_PAGES * PAGE_SIZE, "small");

	device = (struct small_device){ .pagemap = { .type = MEMORY_DEVICE_PRIVATE,
						     .owner = &device,
						     .nr_range = 1,
						     .range = { resource->start, resource->end },
						     .ops = ops } };
	memremap_pages(&device.pagemap, numa_node_id());
}

void device_remove(void)
{
	memunmap_pages(&device.pagemap);
	release_mem_region(device.pagemap.range.start, range_len(&device.pagemap.range));
}

void to_device_setup(struct to_device *t, unsigned long start, unsigned int pages)
{
	*t = (struct to_device){ .args = { .vma = vma_lookup(current->mm, start),
					   .start = start,
					   .end = start + pages * PAGE_SIZE,
					   .pgmap_owner = &device,
					   .flags = MIGRATE_VMA_SELECT_SYSTEM } };
	t->args.src = t->src;
	t->args.dst = t->dst;
	assert_int_equal(migrate_vma_setup(&t->args), 0);
}

void to_device_copy(struct to_device *t)
{
	for (unsigned int i = 0; i < t->args.npages; i++) {
		struct page *from = migrate_pfn_to_page(t->src[i]), *to;

		to = t->src[i] & MIGRATE_PFN_MIGRATE ? device_get_page() : NULL;
		if (!to)
			continue;
		if (from)
			memcpy_from_page(device.memory[device_index(to)], from, 0, PAGE_SIZE);
		t->dst[i] = migrate_pfn(page_to_pfn(to));
	}
}

void to_device(unsigned long start, unsigned int pages)
{
	struct to_device t;

	mmap_read_lock(current->mm);
	to_device_setup(&t, start, pages);
	to_device_copy(&t);
	migrate_vma_pages(&t.args);
	migrate_vma_finalize(&t.args);
	mmap_read_unlock(current->mm);
}

/* The device goes: its pages come to system memory. */
void device_evict(unsigned long *src, unsigned long *dst, unsigned int pages)
{
	migrate_device_range(src, device.pagemap.range.start >> PAGE_SHIFT, pages);
	for (unsigned int i = 0; i < pages; i++)
		if (src[i] & MIGRATE_PFN_MIGRATE)
			dst[i] = device_to_ram_word(migrate_pfn_to_page(src[i]));
	migrate_device_pages(src, dst, pages);
	migrate_device_finalize(src, dst, pages);
}

/* --- the mirror --- */

struct small_mirror mirror;

bool mirror_invalidate(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range,
		       unsigned long sequence)
{
	if (mmu_notifier_range_blockable(range))
		mutex_lock(&mirror.mutex);
	else if (!mutex_trylock(&mirror.mutex))
		return false;
	mmu_interval_set_seq(notifier, sequence);
	memset(mirror.pages, 0, sizeof(mirror.pages));
	mutex_unlock(&mirror.mutex);
	return true;
}

const struct mmu_interval_notifier_ops mirror_ops = { .invalidate = mirror_invalidate };

void mirror_add(unsigned long start, const struct mmu_interval_notifier_ops *ops)
{
	mutex_init(&mirror.mutex);
	memset(mirror.pages, 0, sizeof(mirror.pages));
	assert_int_equal(
		mmu_interval_notifier_insert(&mirror.notifier, current->mm, start, SMALL_PAGES * PAGE_SIZE, ops), 0);
}

void mirror_remove(void)
{
	mmu_interval_notifier_remove(&mirror.notifier);
}

struct mirror_read mirror_range(unsigned long start)
{
	return (struct mirror_read){ .range = { .notifier = &mirror.notifier,
						.start = start,
						.end = start + SMALL_PAGES * PAGE_SIZE,
						.default_flags = HMM_PFN_REQ_FAULT } };
}

int mirror_fault(struct mirror_read *read)
{
	int err;

	read->range.hmm_pfns = read->words;
	mmap_read_lock(current->mm);
	err = hmm_range_fault(&read->range);
	mmap_read_unlock(current->mm);
	return err;
}

void mirror_store(const struct mirror_read *read)
{
	for (unsigned int i = 0; i < SMALL_PAGES; i++)
		mirror.pages[i] = hmm_pfn_to_page(read->words[i]);
}

/* All as it should be. Returns how often it went round. */
unsigned int mirror_fill(unsigned long start)
{
	struct mirror_read read = mirror_range(start);

	for (unsigned int rounds = 1;; rounds++) {
		read.range.notifier_seq = mmu_interval_read_begin(&mirror.notifier);
		if (mirror_fault(&read))
			continue;
		mutex_lock(&mirror.mutex);
		if (!mmu_interval_read_retry(&mirror.notifier, read.range.notifier_seq)) {
			mirror_store(&read);
			mutex_unlock(&mirror.mutex);
			return rounds;
		}
		mutex_unlock(&mirror.mutex);
	}
}
