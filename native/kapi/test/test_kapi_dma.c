/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings for devices: their addresses, and each of the checks. */
#include "thread_rig.h"

#include <kapi/dma.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

static struct device device, other_device;
static struct page *page;
static unsigned char bytes[PAGE_SIZE];

/** A machine, two devices, and a page. */
static struct rig open_devices(void)
{
	struct rig r = rig_open(1);

	device = other_device = (struct device){ 0 };
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	assert_non_null(page);
	return r;
}

static void close_devices(const struct rig *r)
{
	__free_page(page);
	rig_close(r);
}

static dma_addr_t map_as(enum dma_data_direction direction)
{
	dma_addr_t address = dma_map_page(&device, page, 0, PAGE_SIZE, direction);

	assert_int_equal(dma_mapping_error(&device, address), 0);
	return address;
}

static dma_addr_t map(void)
{
	return map_as(DMA_BIDIRECTIONAL);
}

static void unmap(dma_addr_t address)
{
	dma_unmap_page(&device, address, PAGE_SIZE, DMA_BIDIRECTIONAL);
}

static void test_device_reaches_page(void **state)
{
	struct rig r = open_devices();
	dma_addr_t address;

	(void)state;
	memcpy_to_page(page, 100, "cpu", 4);
	address = map();
	assert_int_equal(kapi_dma_read(&device, address + 100, bytes, 4), 0);
	assert_string_equal((char *)bytes, "cpu");
	assert_int_equal(kapi_dma_write(&device, address + PAGE_SIZE - 4, "gpu", 4), 0);
	unmap(address);
	memcpy_from_page(bytes, page, PAGE_SIZE - 4, 4);
	assert_string_equal((char *)bytes, "gpu");
	close_devices(&r);
}

static void test_addresses(void **state)
{
	struct rig r = open_devices();
	dma_addr_t first, second;

	(void)state;
	assert_int_equal(dma_set_mask(&device, DMA_BIT_MASK(40)), 0);
	assert_int_equal(dma_set_mask(&other_device, DMA_BIT_MASK(20)), -EIO);
	first = map();
	unmap(first);
	second = map();
	/* Nobody confuses them with each other, or with a frame. */
	assert_true(first != second && first <= DMA_BIT_MASK(40) && second <= DMA_BIT_MASK(40));
	assert_true(first >> PAGE_SHIFT >= 1u << 19 && second >> PAGE_SHIFT >= 1u << 19);
	unmap(second);
	first = dma_map_page(&other_device, page, 24, 8, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(&other_device, first), 0);
	assert_true(first <= U32_MAX && (first & ~PAGE_MASK) == 24);
	dma_unmap_page(&other_device, first, 8, DMA_TO_DEVICE);
	close_devices(&r);
}

static void test_other_memory(void **state)
{
	struct rig r = open_devices();
	char *memory = kmalloc(16, GFP_KERNEL), *coherent;
	dma_addr_t address = dma_map_single(&device, memory, 16, DMA_FROM_DEVICE);

	(void)state;
	assert_int_equal(dma_mapping_error(&device, address), 0);
	assert_int_equal(kapi_dma_write(&device, address + 8, "device", 7), 0);
	dma_unmap_single(&device, address, 16, DMA_FROM_DEVICE);
	assert_string_equal(memory + 8, "device");
	kfree(memory);
	coherent = dma_alloc_coherent(&device, 3 * PAGE_SIZE, &address, GFP_KERNEL);
	assert_non_null(coherent);
	assert_int_equal(coherent[PAGE_SIZE], 0);
	assert_int_equal(kapi_dma_write(&device, address + PAGE_SIZE, "both", 5), 0);
	assert_string_equal(coherent + PAGE_SIZE, "both");
	dma_free_coherent(&device, 3 * PAGE_SIZE, coherent, address);
	close_devices(&r);
}

static void test_failures(void **state)
{
	struct rig r = open_devices();
	uint64_t before = kapi_fault_passes(KAPI_FAULT_DMA_MAPPING);
	dma_addr_t address;

	(void)state;
	kapi_fault(KAPI_FAULT_DMA_MAPPING, 2, false);
	unmap(map());
	address = dma_map_page(&device, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL);
	assert_true(address == DMA_MAPPING_ERROR);
	assert_int_equal(dma_mapping_error(&device, address), -ENOMEM);
	unmap(map());
	assert_int_equal(kapi_fault_passes(KAPI_FAULT_DMA_MAPPING) - before, 3);
	kapi_fault(KAPI_FAULT_DMA_MAPPING, 1, true);
	for (int i = 0; i < 3; i++)
		assert_null(dma_alloc_coherent(&device, 8, &address, GFP_KERNEL));
	close_devices(&r);
}

/* --- mistakes --- */

static void test_wrong_end(void **state)
{
	struct rig r = open_devices();
	dma_addr_t address;

	(void)state;
	dma_unmap_page(&device, map(), PAGE_SIZE / 2, DMA_BIDIRECTIONAL);
	assert_report(KAPI_CHECK_BAD_DMA);
	dma_unmap_page(&device, map(), PAGE_SIZE, DMA_TO_DEVICE);
	assert_report(KAPI_CHECK_BAD_DMA);
	dma_unmap_single(&device, map(), PAGE_SIZE, DMA_BIDIRECTIONAL);
	assert_report(KAPI_CHECK_BAD_DMA);
	address = map();
	unmap(address);
	unmap(address);
	assert_report(KAPI_CHECK_BAD_DMA);
	unmap(0);
	assert_report(KAPI_CHECK_BAD_DMA);
	address = map();
	dma_unmap_page(&other_device, address, PAGE_SIZE, DMA_BIDIRECTIONAL);
	assert_report(KAPI_CHECK_BAD_DMA);
	unmap(address);
	close_devices(&r);
}

static void test_unmapped_in_a_loop(void **state)
{
	struct rig r = open_devices();

	(void)state;
	for (dma_addr_t address = 0; address < 10 * PAGE_SIZE; address += PAGE_SIZE)
		unmap(address);
	assert_report(KAPI_CHECK_BAD_DMA);
	close_devices(&r);
}

static void test_address_never_written(void **state)
{
	struct rig r = open_devices();
	dma_addr_t *addresses = kmalloc(sizeof(*addresses), GFP_KERNEL);

	(void)state;
	unmap(addresses[0]);
	assert_report(KAPI_CHECK_UNINITIALISED);
	kfree(addresses);
	close_devices(&r);
}

static void test_wrong_begin(void **state)
{
	struct rig r = open_devices();
	struct page *freed = alloc_page(GFP_KERNEL);

	(void)state;
	__free_page(freed);
	assert_true(dma_map_page(&device, freed, 0, PAGE_SIZE, DMA_TO_DEVICE) == DMA_MAPPING_ERROR);
	assert_report(KAPI_CHECK_BAD_DMA);
	assert_true(dma_map_page(&device, NULL, 0, PAGE_SIZE, DMA_TO_DEVICE) == DMA_MAPPING_ERROR);
	assert_report(KAPI_CHECK_BAD_DMA);
	assert_true(dma_map_page(&device, page, 0, 0, DMA_TO_DEVICE) == DMA_MAPPING_ERROR);
	assert_report(KAPI_CHECK_BAD_DMA);
	assert_true(dma_map_page(&device, pfn_to_page(hmmu_device_base(r.m)), 0, PAGE_SIZE, DMA_TO_DEVICE) ==
		    DMA_MAPPING_ERROR);
	assert_report(KAPI_CHECK_BAD_DMA);
	unmap(dma_map_page(&device, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL));
	assert_report(KAPI_CHECK_BAD_DMA); /* Nobody has asked for an error. */
	close_devices(&r);
}

static void test_freed_page(void **state)
{
	struct rig r = open_devices();
	dma_addr_t address = map();

	(void)state;
	put_page(page);
	assert_report(KAPI_CHECK_BAD_DMA);
	assert_int_equal(kapi_dma_read(&device, address, bytes, 8), -EFAULT);
	assert_report(KAPI_CHECK_BAD_DMA);
	unmap(address);
	assert_report(KAPI_CHECK_BAD_DMA);
	page = alloc_page(GFP_KERNEL);
	close_devices(&r);
}

static void test_wrong_access(void **state)
{
	struct rig r = open_devices();
	dma_addr_t address = map_as(DMA_TO_DEVICE);

	(void)state;
	assert_int_equal(kapi_dma_write(&device, address, bytes, 8), -EFAULT);
	assert_report(KAPI_CHECK_BAD_DMA);
	assert_int_equal(kapi_dma_read(&device, address + PAGE_SIZE - 4, bytes, 8), -EFAULT);
	assert_report(KAPI_CHECK_BAD_DMA);
	assert_int_equal(kapi_dma_read(&other_device, address, bytes, 8), -EFAULT);
	assert_report(KAPI_CHECK_BAD_DMA);
	dma_unmap_page(&device, address, PAGE_SIZE, DMA_TO_DEVICE);
	assert_int_equal(kapi_dma_read(&device, address, bytes, 8), -EFAULT);
	assert_report(KAPI_CHECK_BAD_DMA);
	/* The frame's address is none of the device. */
	assert_int_equal(kapi_dma_read(&device, page_to_pfn(page) << PAGE_SHIFT, bytes, 8), -EFAULT);
	assert_report(KAPI_CHECK_BAD_DMA);
	close_devices(&r);
}

static void test_cpu_meanwhile(void **state)
{
	struct rig r = open_devices();
	dma_addr_t address = map();

	(void)state;
	memcpy_from_page(bytes, page, 0, 8);
	assert_report(KAPI_CHECK_BAD_DMA);
	dma_sync_single_for_cpu(&device, address, PAGE_SIZE, DMA_BIDIRECTIONAL);
	memcpy_from_page(bytes, page, 0, 8);
	dma_sync_single_for_device(&device, address, PAGE_SIZE, DMA_BIDIRECTIONAL);
	clear_highpage(page);
	assert_report(KAPI_CHECK_BAD_DMA);
	/* One direction of two may be synchronised. */
	dma_sync_single_for_cpu(&device, address, PAGE_SIZE, DMA_FROM_DEVICE);
	memcpy_from_page(bytes, page, 0, 8);
	dma_sync_single_for_device(&device, address, PAGE_SIZE, DMA_TO_DEVICE);
	assert_no_reports();
	unmap(address);
	/* What the device only reads, the CPU may read. */
	address = map_as(DMA_TO_DEVICE);
	memcpy_from_page(bytes, page, 0, 8);
	dma_unmap_page(&device, address, PAGE_SIZE, DMA_TO_DEVICE);
	close_devices(&r);
}

static void test_left(void **state)
{
	struct rig r = open_devices();

	(void)state;
	map();
	assert_int_equal(kapi_unload_modules(), 0);
	assert_int_equal(kapi_reports(KAPI_CHECK_DMA_LEFT), 1);
	assert_reports(2, KAPI_CHECK_PAGE_LEFT);
	close_devices(&r);
}

/* --- bounce buffers --- */

static void test_bounce_buffer(void **state)
{
	struct rig r = open_devices();
	dma_addr_t address;

	(void)state;
	kapi_bounce_dma(true);
	address = map();
	assert_int_equal(kapi_dma_write(&device, address, "late", 5), 0);
	/* The page has it only when it is synchronised. */
	assert_int_equal(hmmu_page_read(r.m, (u32)page_to_pfn(page), 0, bytes, 8), 0);
	assert_int_equal(bytes[0], 0);
	dma_sync_single_for_cpu(&device, address, PAGE_SIZE, DMA_BIDIRECTIONAL);
	memcpy_from_page(bytes, page, 0, 8);
	assert_string_equal((char *)bytes, "late");
	memcpy_to_page(page, 0, "back", 5);
	dma_sync_single_for_device(&device, address, PAGE_SIZE, DMA_BIDIRECTIONAL);
	assert_int_equal(kapi_dma_read(&device, address, bytes, 8), 0);
	assert_string_equal((char *)bytes, "back");
	assert_int_equal(kapi_dma_write(&device, address, "last", 5), 0);
	unmap(address);
	memcpy_from_page(bytes, page, 0, 8);
	assert_string_equal((char *)bytes, "last");
	close_devices(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_reaches_page),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_other_memory),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_wrong_end),
		cmocka_unit_test(test_unmapped_in_a_loop),
		cmocka_unit_test(test_address_never_written),
		cmocka_unit_test(test_wrong_begin),
		cmocka_unit_test(test_freed_page),
		cmocka_unit_test(test_wrong_access),
		cmocka_unit_test(test_cpu_meanwhile),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_bounce_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
