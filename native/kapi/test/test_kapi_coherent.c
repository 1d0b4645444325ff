/* SPDX-License-Identifier: GPL-2.0-only */
/* Device-coherent memory: a driver maps a range of the platform's, and the CPU goes on using its pages. */
#include "small_driver.h"

#include <linux/highmem.h>

#define FIRST_PFN ((unsigned long)hmmu_coherent_base(rig.m))

static struct page *freed[SMALL_PAGES];
static unsigned int freed_count;

static void note_free(struct page *page)
{
	freed[freed_count++] = page;
}

static const struct dev_pagemap_ops coherent_ops = { .page_free = note_free };

static struct dev_pagemap coherent_pagemap(unsigned long first, unsigned long pages)
{
	freed_count = 0;
	return (struct dev_pagemap){ .type = MEMORY_DEVICE_COHERENT,
				     .owner = &device,
				     .nr_range = 1,
				     .range = { first << PAGE_SHIFT, ((first + pages) << PAGE_SHIFT) - 1 },
				     .ops = &coherent_ops };
}

/** A migration of one page of `memory`, by address. */
struct one_page {
	struct migrate_vma args;
	unsigned long src, dst;
};

static void set_up(struct one_page *one, unsigned long flags)
{
	*one = (struct one_page){ .args = { .vma = vma_lookup(current->mm, memory),
					    .start = memory,
					    .end = memory + PAGE_SIZE,
					    .pgmap_owner = &device,
					    .flags = flags } };
	one->args.src = &one->src;
	one->args.dst = &one->dst;
	assert_int_equal(migrate_vma_setup(&one->args), 0);
}

static void move(struct one_page *one, struct page *to)
{
	if (to) {
		copy_highpage(to, migrate_pfn_to_page(one->src));
		one->dst = migrate_pfn(page_to_pfn(to));
	}
	migrate_vma_pages(&one->args);
	migrate_vma_finalize(&one->args);
}

/* The first page goes to a page of the device. */
static void to_coherent(unsigned long pfn)
{
	struct one_page one;

	mmap_read_lock(current->mm);
	set_up(&one, MIGRATE_VMA_SELECT_SYSTEM);
	assert_true(one.src & MIGRATE_PFN_MIGRATE);
	zone_device_page_init(pfn_to_page(pfn));
	move(&one, pfn_to_page(pfn));
	mmap_read_unlock(current->mm);
	assert_int_equal(rig_kind(&rig, memory), HMMU_ENTRY_COH);
}

static void to_ram(unsigned long flags)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	struct one_page one;

	mmap_read_lock(current->mm);
	set_up(&one, flags);
	lock_page(page);
	if (!(one.src & MIGRATE_PFN_MIGRATE)) {
		unlock_page(page);
		put_page(page);
		page = NULL;
	}
	move(&one, page);
	mmap_read_unlock(current->mm);
}

static void move_both_ways(void)
{
	struct dev_pagemap pgmap = coherent_pagemap(FIRST_PFN + 2, 4);
	struct page *page = pfn_to_page(FIRST_PFN + 3);

	assert_false(IS_ERR(memremap_pages(&pgmap, numa_node_id())));
	to_coherent(FIRST_PFN + 3);
	assert_true(is_device_coherent_page(page) && !is_device_private_page(page) && is_zone_device_page(page));
	expect_number(memory, 100);
	/* Both the program and the driver have the bytes. */
	memcpy_to_page(page, 0, &(unsigned int){ 7 }, sizeof(unsigned int));
	expect_number(memory, 7);
	to_ram(MIGRATE_VMA_SELECT_DEVICE_PRIVATE);
	assert_int_equal(rig_kind(&rig, memory), HMMU_ENTRY_COH);
	to_ram(MIGRATE_VMA_SELECT_DEVICE_COHERENT);
	assert_int_equal(rig_kind(&rig, memory), HMMU_ENTRY_SYS);
	expect_number(memory, 7);
	assert_int_equal(freed_count, 1);
	assert_ptr_equal(freed[0], page);
	memunmap_pages(&pgmap);
}

static void pin_for_long(void)
{
	struct dev_pagemap pgmap = coherent_pagemap(FIRST_PFN, 1);
	struct page *page;

	assert_false(IS_ERR(memremap_pages(&pgmap, numa_node_id())));
	to_coherent(FIRST_PFN);
	assert_int_equal(pin_user_pages_fast(memory, 1, FOLL_WRITE, &page), 1);
	assert_ptr_equal(page, pfn_to_page(FIRST_PFN));
	unpin_user_page(page);
	assert_int_equal(pin_user_pages_fast(memory, 1, FOLL_WRITE | FOLL_LONGTERM, &page), 1);
	assert_false(is_zone_device_page(page));
	unpin_user_page(page);
	assert_int_equal(freed_count, 1);
	memunmap_pages(&pgmap);
}

/* Ranges in the order that the platform likes, beside private memory. */
static void map_several(void)
{
	struct dev_pagemap first = coherent_pagemap(FIRST_PFN, 2), last = coherent_pagemap(FIRST_PFN + 4, 2);

	device_add(&device_ops);
	assert_false(IS_ERR(memremap_pages(&last, numa_node_id())));
	assert_false(IS_ERR(memremap_pages(&first, numa_node_id())));
	memunmap_pages(&last);
	assert_false(IS_ERR(memremap_pages(&last, numa_node_id())));
	memunmap_pages(&first);
	memunmap_pages(&last);
	device_remove();
}

static void test_right_use(void **state)
{
	static const kernel_function functions[] = { move_both_ways, pin_for_long, map_several };

	(void)state;
	for (unsigned int i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		run_driver(functions[i]);
		assert_no_reports();
	}
}

/* --- mistakes --- */

static struct dev_pagemap wrong;

static void map_wrong(void)
{
	assert_int_equal(PTR_ERR(memremap_pages(&wrong, numa_node_id())), -EINVAL);
}

static void map_behind_the_end(void)
{
	wrong = coherent_pagemap(FIRST_PFN + RIG_COHERENT_PAGES - 1, 2);
	map_wrong();
}

static void map_ram(void)
{
	wrong = coherent_pagemap(3, 1);
	map_wrong();
}

static void map_private_memory(void)
{
	wrong = coherent_pagemap(FIRST_PFN - 1, 1);
	map_wrong();
}

static void map_part_of_a_page(void)
{
	wrong = coherent_pagemap(FIRST_PFN, 1);
	wrong.range.end--;
	map_wrong();
}

static void map_without_page_free(void)
{
	static const struct dev_pagemap_ops none;

	wrong = coherent_pagemap(FIRST_PFN, 1);
	wrong.ops = &none;
	map_wrong();
}

static void map_another_type(void)
{
	wrong = coherent_pagemap(FIRST_PFN, 1);
	wrong.type = MEMORY_DEVICE_GENERIC;
	map_wrong();
}

static void map_twice(void)
{
	struct dev_pagemap pgmap = coherent_pagemap(FIRST_PFN, 2);

	assert_false(IS_ERR(memremap_pages(&pgmap, numa_node_id())));
	wrong = coherent_pagemap(FIRST_PFN + 1, 1);
	map_wrong();
	memunmap_pages(&pgmap);
}

static void release_the_platforms(void)
{
	struct dev_pagemap pgmap = coherent_pagemap(FIRST_PFN, 1);

	assert_false(IS_ERR(memremap_pages(&pgmap, numa_node_id())));
	release_mem_region(pgmap.range.start, PAGE_SIZE);
	memunmap_pages(&pgmap);
}

static void leave_it_mapped(void)
{
	wrong = coherent_pagemap(FIRST_PFN, 1);
	memremap_pages(&wrong, numa_node_id());
}

static void test_mistakes(void **state)
{
	(void)state;
	expect_report(map_behind_the_end, KAPI_CHECK_BAD_CALL);
	assert_text("which is not device-coherent memory: that is 0x");
	expect_report(map_ram, KAPI_CHECK_BAD_CALL);
	expect_report(map_private_memory, KAPI_CHECK_BAD_CALL);
	expect_report(map_part_of_a_page, KAPI_CHECK_BAD_CALL);
	expect_report(map_without_page_free, KAPI_CHECK_BAD_CALL);
	expect_report(map_another_type, KAPI_CHECK_LIMIT);
	expect_report(map_twice, KAPI_CHECK_BAD_CALL);
	assert_text("another device's");
	expect_report(release_the_platforms, KAPI_CHECK_BAD_CALL);
	expect_report(leave_it_mapped, KAPI_CHECK_DEVICE_LEFT);
	assert_text("never unmapped by memunmap_pages()");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_right_use), cmocka_unit_test(test_mistakes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
