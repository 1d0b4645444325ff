/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes with the driver of a device, caches of objects, and properties of pages. */
#include "thread_rig.h"

#include <kapi/device.h>
#include <linux/dma-mapping.h>
#include <linux/ioport.h>
#include <linux/memremap.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

static struct device device;
static char order[8], first = '1', second = '2', failing = 'x';

static void note(void *data)
{
	order[strlen(order)] = *(char *)data;
}

static void free_device_page(struct page *page)
{
	(void)page;
}

static vm_fault_t no_fault(struct vm_fault *fault)
{
	(void)fault;
	return VM_FAULT_SIGBUS;
}

static void test_actions(void **state)
{
	struct rig r = rig_open(1);
	char *memory;

	(void)state;
	device = (struct device){ .name = "device" };
	memset(order, 0, sizeof(order));
	assert_int_equal(devm_add_action(&device, note, &first), 0);
	memory = devm_kzalloc(&device, 100, GFP_KERNEL);
	assert_int_equal(memory[99], 0);
	assert_int_equal(devm_add_action_or_reset(&device, note, &second), 0);
	devm_kfree(&device, devm_kmalloc(&device, 10, GFP_KERNEL));
	devm_kfree(&device, &memory[1]);
	assert_report(KAPI_CHECK_BAD_FREE);
	kapi_fault(KAPI_FAULT_ALLOCATION, 1, false);
	assert_int_equal(devm_add_action_or_reset(&device, note, &failing), -ENOMEM);
	kapi_device_unbind(&device);
	assert_string_equal(order, "x21");
	rig_close(&r);
}

static void test_memory_of_devices(void **state)
{
	static const struct dev_pagemap_ops ops = { .page_free = free_device_page, .migrate_to_ram = no_fault };
	struct rig r = rig_open(1);
	struct dev_pagemap pgmap = { .type = MEMORY_DEVICE_PRIVATE, .nr_range = 1, .ops = &ops, .owner = &device };
	struct resource *region;
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	device = (struct device){ .name = "device" };
	region = devm_request_free_mem_region(&device, &iomem_resource, 2ul << 20);
	assert_false(IS_ERR(region));
	pgmap.range = (struct range){ region->start, region->end };
	assert_false(IS_ERR(devm_memremap_pages(&device, &pgmap)));
	devm_memunmap_pages(&device, &pgmap);
	devm_memunmap_pages(&device, &pgmap);
	assert_report(KAPI_CHECK_BAD_CALL);
	assert_false(IS_ERR(devm_memremap_pages(&device, &pgmap)));
	dma_map_page(&device, page, 0, PAGE_SIZE, DMA_TO_DEVICE);
	kapi_device_unbind(&device);
	assert_report(KAPI_CHECK_DMA_LEFT);
	put_page(page);
	rig_close(&r);
}

/* A page of device-coherent memory has an address of the bus, as one of RAM has. */
static void test_dma_of_coherent_memory(void **state)
{
	static const struct dev_pagemap_ops ops = { .page_free = free_device_page };
	struct rig r = rig_open(1);
	u64 start = (u64)hmmu_coherent_base(r.m) << PAGE_SHIFT;
	struct dev_pagemap pgmap = { .type = MEMORY_DEVICE_COHERENT,
				     .nr_range = 1,
				     .range = { start, start + PAGE_SIZE - 1 },
				     .ops = &ops,
				     .owner = &device };
	struct page *page = pfn_to_page(start >> PAGE_SHIFT);
	dma_addr_t address;

	(void)state;
	device = (struct device){ .name = "device" };
	assert_false(IS_ERR(memremap_pages(&pgmap, numa_node_id())));
	zone_device_page_init(page);
	address = dma_map_page(&device, page, 0, PAGE_SIZE, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(&device, address), 0);
	dma_unmap_page(&device, address, PAGE_SIZE, DMA_TO_DEVICE);
	unlock_page(page);
	put_page(page);
	memunmap_pages(&pgmap);
	rig_close(&r);
}

static unsigned int constructed;

static void construct(void *object)
{
	(void)object;
	constructed++;
}

static void test_caches(void **state)
{
	struct rig r = rig_open(1);
	struct kmem_cache *cache = kmem_cache_create("objects", 40, 8, 0, construct);
	void *object = kmem_cache_zalloc(cache, GFP_KERNEL);

	(void)state;
	assert_int_equal(constructed, 1);
	kmem_cache_free(cache, object);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_destroy(cache);
	assert_report(KAPI_CHECK_MEMORY_LEFT);
	kfree(object);
	object = kstrdup("text", GFP_KERNEL);
	assert_string_equal(object, "text");
	kfree(object);
	rig_close(&r);
}

static void test_folios(void **state)
{
	struct rig r = rig_open(1);
	struct page *page = alloc_page(GFP_KERNEL);
	struct folio *folio = page_folio(page);

	(void)state;
	assert_true(folio_size(folio) == PAGE_SIZE && folio_nr_pages(folio) == 1 && folio_order(folio) == 0);
	assert_true(folio_pfn(folio) == page_to_pfn(page) && folio_page(folio, 0) == page);
	folio_lock(folio);
	assert_true(folio_test_locked(folio));
	assert_false(folio_trylock(folio));
	folio_unlock(folio);
	assert_false(folio_test_dirty(folio));
	set_page_dirty_lock(page);
	assert_true(folio_test_dirty(folio));
	assert_false(folio_test_anon(folio));
	assert_int_equal(folio_ref_count(folio), 1);
	folio_put(folio);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_memory_of_devices),
		cmocka_unit_test(test_dma_of_coherent_memory),
		cmocka_unit_test(test_caches),
		cmocka_unit_test(test_folios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
