// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices' memory: which pages there are, which are taken, where the
 * contents of private pages lie.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include "module.h"

struct device_memory or_devices[2];
char or_owner, or_stranger;

static DEFINE_SPINLOCK(dev_lock);
static DECLARE_BITMAP(private_taken, OR_MAX_DEV);
static DECLARE_BITMAP(coherent_taken, OR_MAX_COH);
static struct page *private_store[OR_MAX_DEV];

struct device_memory *or_device_of(const struct page *page)
{
	if (is_device_private_page(page))
		return &or_devices[PRIVATE];
	if (is_device_coherent_page(page))
		return &or_devices[COHERENT];
	return NULL;
}

unsigned long or_dev_index(const struct page *page)
{
	return page_to_pfn(page) - or_device_of(page)->pfn_first;
}

/* contents of a page, be it a device page or one of system memory */
struct page *or_contents(struct page *page)
{
	return is_device_private_page(page) ? private_store[or_dev_index(page)] : page;
}

/* the lowest free device page, locked and with its first reference; or NULL */
struct page *or_dev_alloc(struct device_memory *dev)
{
	struct page *page;
	unsigned long i;

	spin_lock(&dev_lock);
	i = find_next_zero_bit(dev->taken, dev->pages, dev->low);
	if (i < dev->pages) {
		__set_bit(i, dev->taken);
		dev->low = i + 1;
		dev->high = max(dev->high, i + 1);
	}
	spin_unlock(&dev_lock);
	if (i >= dev->pages)
		return NULL;

	if (dev == &or_devices[PRIVATE] && !private_store[i])
		private_store[i] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	page = pfn_to_page(dev->pfn_first + i);
	zone_device_page_init(page);
	return page;
}

static void dev_free(struct page *page)
{
	struct device_memory *dev = or_device_of(page);
	unsigned long i = or_dev_index(page);

	spin_lock(&dev_lock);
	__clear_bit(i, dev->taken);
	dev->low = min(dev->low, i);
	spin_unlock(&dev_lock);
}

static const struct dev_pagemap_ops dev_ops = {
	.page_free = dev_free,
	.migrate_to_ram = or_dev_fault,
};

s64 or_free_pages_of(struct device_memory *dev)
{
	s64 n;

	spin_lock(&dev_lock);
	n = dev->pages - bitmap_weight(dev->taken, dev->pages);
	spin_unlock(&dev_lock);
	return n;
}

/* what a page's former life may have left */
#define FLAG_BITS \
	(1UL << PG_locked | 1UL << PG_uptodate | 1UL << PG_dirty | 1UL << PG_lru | 1UL << PG_active | \
	 1UL << PG_referenced | 1UL << PG_swapbacked | 1UL << PG_unevictable | 1UL << PG_mlocked | \
	 1UL << PG_anon_exclusive | 1UL << PG_workingset)

static void reset_device(struct device_memory *dev, u64 pages, struct or_reset *r)
{
	unsigned long i, leaked;

	spin_lock(&dev_lock);
	leaked = bitmap_weight(dev->taken, dev->most);
	dev->pages = min_t(u64, pages, dev->most);
	spin_unlock(&dev_lock);

	/* free device pages keep flags of their former life: wipe them so
	 * that a drill does not see those of the one before */
	for (i = 0; i < dev->high; i++) {
		struct page *page = pfn_to_page(dev->pfn_first + i);

		if (!test_bit(i, dev->taken))
			page->flags &= ~FLAG_BITS;
	}
	if (!leaked)
		dev->high = 0;
	r->leaked += leaked;
}

void or_reset_devices(struct or_reset *r)
{
	r->leaked = 0;
	reset_device(&or_devices[PRIVATE], r->ndev, r);
	reset_device(&or_devices[COHERENT], r->ncoh, r);
}

static int make_device(struct device_memory *dev, enum memory_type type, resource_size_t start, unsigned long pages)
{
	void *mapped;

	dev->pagemap.type = type;
	dev->pagemap.range.start = start;
	dev->pagemap.range.end = start + ((u64)pages << PAGE_SHIFT) - 1;
	dev->pagemap.nr_range = 1;
	dev->pagemap.ops = &dev_ops;
	dev->pagemap.owner = &or_owner;
	mapped = memremap_pages(&dev->pagemap, numa_node_id());
	if (IS_ERR(mapped)) {
		pr_err("oracle: no device memory of type %d: %ld\n", type, PTR_ERR(mapped));
		return PTR_ERR(mapped);
	}
	dev->pfn_first = PHYS_PFN(start);
	dev->most = pages;
	return 0;
}

/* coherent: a physical address that memmap= has reserved, or 0 */
int or_make_devices(unsigned long coherent)
{
	struct resource *res;
	int err;

	or_labels_end = max_pfn; /* device memory may raise max_pfn */
	or_devices[PRIVATE].taken = private_taken;
	or_devices[COHERENT].taken = coherent_taken;
	res = request_free_mem_region(&iomem_resource, (unsigned long)OR_MAX_DEV << PAGE_SHIFT, "oracle");
	if (IS_ERR(res))
		return PTR_ERR(res);
	err = make_device(&or_devices[PRIVATE], MEMORY_DEVICE_PRIVATE, res->start, OR_MAX_DEV);
	if (err)
		return err;
	if (coherent)
		return make_device(&or_devices[COHERENT], MEMORY_DEVICE_COHERENT, coherent, OR_MAX_COH);
	return 0;
}
