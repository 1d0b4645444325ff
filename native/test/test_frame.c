/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame allocator: single frames, huge pages, what is known to be zero, and the end of memory. */
#include "support.h"

#include "page/page.h"

static bool is_zeroed(const struct hmmu *m, u32 pfn)
{
	const u8 *bytes = frame_of(m, pfn);

	for (u32 i = 0; i < PAGE_SIZE; i++)
		if (bytes[i])
			return false;
	return true;
}

static void test_fresh_frame(void **state)
{
	struct rig *r = open_rig();
	uint64_t before = counter(r, HMMU_COUNT_RAM_FREE);
	bool zeroed = false;
	u32 pfn = alloc_frame(r->m, &zeroed);

	(void)state;
	assert_int_not_equal(pfn, 0);
	assert_true(zeroed);
	assert_true(is_zeroed(r->m, pfn));
	assert_int_equal(page_of(r->m, pfn)->count, 1);
	assert_int_equal(page_of(r->m, pfn)->flags, 0);
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), before - 1);
	put_page(r->m, pfn);
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), before);
	assert_true(page_test(r->m, pfn, HMMU_PG_BUDDY));
	rig_close(r);
}

/* The frame freed last is handed out first, is not known to be zero, and gets a new alloc_id. */
static void test_used_frame(void **state)
{
	struct rig *r = open_rig();
	u32 first = alloc_page(r->m), id = page_of(r->m, first)->alloc_id, again;
	bool zeroed = true;

	(void)state;
	memset(frame_of(r->m, first), 0xaa, PAGE_SIZE);
	put_page(r->m, first);
	again = alloc_frame(r->m, &zeroed);
	assert_int_equal(again, first);
	assert_false(zeroed);
	assert_int_not_equal(page_of(r->m, again)->alloc_id, id);
	put_page(r->m, again);
	again = alloc_zeroed_page(r->m);
	assert_int_equal(again, first);
	assert_true(is_zeroed(r->m, again));
	put_page(r->m, again);
	rig_close(r);
}

static void test_free_event(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_event last;
	u32 pfn = alloc_page(r->m), id = page_of(r->m, pfn)->alloc_id;

	(void)state;
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_FRAME_FREE));
	put_page(r->m, pfn);
	assert_int_equal(drain_events(r, HMMU_EVENT_FRAME_FREE, &last), 1);
	assert_int_equal(last.a, pfn);
	assert_int_equal(last.b, id);
	rig_close(r);
}

/* All of RAM except frame 0 can be allocated frame by frame, each frame once. After freeing in any order it can be
 * allocated again. */
static void test_all_of_memory(void **state)
{
	enum { RAM = 1000 }; /* The last block is smaller than the others. */
	struct rig *r = open_rig(.ram_pages = RAM);
	static u32 taken[RAM];
	static u8 seen[RAM];
	u32 n;

	(void)state;
	for (int round = 0; round < 3; round++) {
		memset(seen, 0, sizeof(seen));
		for (n = 0; (taken[n] = alloc_frame(r->m, NULL)); n++) {
			assert_in_range(taken[n], 1, RAM - 1);
			assert_int_equal(seen[taken[n]]++, 0);
		}
		/* Frame 0, the zero page and the page directory of the rig's process. */
		assert_int_equal(n, RAM - 3);
		assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), 0);
		assert_int_equal(alloc_page(r->m), 0);
		assert_int_equal(alloc_huge_page(r->m), 0);
		for (u32 i = 0; i < n; i++)
			put_page(r->m, taken[(i * 7 + (u32)round) % n]);
		assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), n);
		assert_clean(r->m);
	}
	rig_close(r);
}

static void assert_huge(struct rig *r, u32 head)
{
	assert_int_equal(head % HPAGE_PMD_NR, 0);
	assert_true(page_test(r->m, head, HMMU_PG_HEAD));
	assert_int_equal(page_of(r->m, head)->count, 1);
	for (u32 i = 1; i < HPAGE_PMD_NR; i++) {
		assert_true(page_test(r->m, head + i, HMMU_PG_TAIL));
		assert_int_equal(compound_head(r->m, head + i), head);
		assert_int_equal(page_count(r->m, head + i), 1);
	}
}

static void test_huge_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t before = counter(r, HMMU_COUNT_RAM_FREE);
	u32 head = alloc_huge_page(r->m);

	(void)state;
	assert_huge(r, head);
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), before - 512);
	/* A reference to a tail is one to the whole page. */
	get_page(r->m, head + 5);
	assert_int_equal(page_of(r->m, head)->count, 2);
	put_page(r->m, head);
	put_page(r->m, head + 100);
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), before);
	rig_close(r);
}

/* A huge page is made of frames that were used before, and is zero nevertheless. */
static void test_huge_page_is_zero(void **state)
{
	struct rig *r = open_rig(.ram_pages = 1024);
	u32 singles[512], head, n = 0;

	(void)state;
	/* Block 0 is used up, so that singles come out of block 1. */
	while (counter(r, HMMU_COUNT_RAM_FREE) > 512)
		alloc_frame(r->m, NULL);
	for (; n < 512; n++) {
		singles[n] = alloc_frame(r->m, NULL);
		memset(frame_of(r->m, singles[n]), 0xbb, PAGE_SIZE);
	}
	assert_int_equal(alloc_huge_page(r->m), 0);
	while (n > 1)
		put_page(r->m, singles[--n]);
	/* One frame of the block is still in use. */
	assert_int_equal(alloc_huge_page(r->m), 0);
	put_page(r->m, singles[0]);
	head = alloc_huge_page(r->m);
	assert_huge(r, head);
	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		assert_true(is_zeroed(r->m, head + i));
	put_page(r->m, head);
	/* Its frames can be allocated one by one, too. */
	assert_int_not_equal(alloc_frame(r->m, NULL), 0);
	rig_discard(r);
}

/* The smaller block at the end of RAM gives no huge page. */
static void test_huge_pages_use_whole_blocks(void **state)
{
	struct rig *r = open_rig(.ram_pages = 512 * 3 + 511);
	u32 first = alloc_huge_page(r->m), second = alloc_huge_page(r->m);

	(void)state;
	assert_huge(r, first);
	assert_huge(r, second);
	assert_int_not_equal(first, second);
	assert_int_equal(alloc_huge_page(r->m), 0);
	put_page(r->m, first);
	put_page(r->m, second);
	rig_close(r);
}

static void test_single_frames_leave_whole_blocks_alone(void **state)
{
	struct rig *r = open_rig(.ram_pages = 2048);
	u32 head = alloc_huge_page(r->m), single;

	(void)state;
	put_page(r->m, head);
	single = alloc_frame(r->m, NULL);
	/* Block 0 has free frames; the whole block waits for the next huge page. */
	assert_int_equal(single / 512, 0);
	assert_int_equal(alloc_huge_page(r->m), head);
	put_page(r->m, head);
	put_page(r->m, single);
	rig_close(r);
}

static void test_put_without_get_is_reported(void **state)
{
	struct rig *r = open_rig();
	u32 pfn = alloc_page(r->m);

	(void)state;
	put_page(r->m, pfn);
	put_page(r->m, pfn);
	assert_true(complaints(r->m) > 0);
	assert_non_null(strstr(first_complaint(), "contradiction"));
	rig_discard(r);
}

static void test_freeing_what_is_in_use_is_reported(void **state)
{
	struct rig *r = open_rig();
	u32 mapped = alloc_page(r->m), locked = alloc_page(r->m);

	(void)state;
	page_of(r->m, mapped)->mapcount = 1;
	put_page(r->m, mapped);
	assert_int_equal(r->m->st->bugs, 1);
	assert_true(trylock_page(r->m, locked));
	assert_false(trylock_page(r->m, locked));
	put_page(r->m, locked);
	assert_int_equal(r->m->st->bugs, 2);
	unlock_page(r->m, locked);
	assert_int_equal(r->m->st->bugs, 3);
	assert_non_null(strstr(r->m->first_bug, "mapped"));
	rig_discard(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fresh_frame),
		cmocka_unit_test(test_used_frame),
		cmocka_unit_test(test_free_event),
		cmocka_unit_test(test_all_of_memory),
		cmocka_unit_test(test_huge_page),
		cmocka_unit_test(test_huge_page_is_zero),
		cmocka_unit_test(test_huge_pages_use_whole_blocks),
		cmocka_unit_test(test_single_frames_leave_whole_blocks_alone),
		cmocka_unit_test(test_put_without_get_is_reported),
		cmocka_unit_test(test_freeing_what_is_in_use_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
