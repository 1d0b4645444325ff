/* SPDX-License-Identifier: GPL-2.0-only */
/* Which calls flush TLBs, when, and which range: what was gathered, once, at the end; and nothing if nothing was. */
#include "support.h"

#include "mm/mmu_gather.h"

#define TABLE PAGES(512)

struct range {
	uint64_t start, end;
};

static void record(struct rig *r, uint32_t mask)
{
	struct hmmu_event event;

	assert_ok(hmmu_events_record(r->m, mask));
	while (hmmu_events_read(r->m, &event, 1))
		;
}

static void record_flushes(struct rig *r)
{
	record(r, 1u << HMMU_EVENT_TLB_FLUSH);
}

/* The events since the last look, all of one type, are these. */
static void assert_events(struct rig *r, uint32_t type, const struct range *ranges, int n)
{
	struct hmmu_event events[16];

	assert_int_equal(hmmu_events_read(r->m, events, 16), n);
	for (int i = 0; i < n; i++) {
		assert_int_equal(events[i].type, type);
		assert_true(events[i].a == ranges[i].start && events[i].b == ranges[i].end);
	}
}

#define assert_flushes(r, ...) \
	do { \
		const struct range expected[] = { __VA_ARGS__ }; \
		assert_events(r, HMMU_EVENT_TLB_FLUSH, expected, sizeof(expected) / sizeof(expected[0])); \
	} while (0)
#define assert_no_flush(r) assert_events(r, HMMU_EVENT_TLB_FLUSH, NULL, 0)

static int advise(struct rig *r, uint64_t address, uint64_t pages, uint32_t advice)
{
	return hmmu_madvise(r->m, r->tid, address, PAGES(pages), advice);
}

static void dontneed(struct rig *r, uint64_t address, uint64_t pages)
{
	assert_ok(advise(r, address, pages, HMMU_MADV_DONTNEED));
}

static void test_nothing_gathered(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 8);

	(void)state;
	/* Page 0: a device page. Page 7 keeps the table. */
	write_pages(r, buf, 1, 1);
	write_pages(r, buf + PAGES(7), 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	record_flushes(r);
	dontneed(r, buf, 7);
	assert_kind(r, buf, 7, HMMU_ENTRY_NONE);
	assert_ok(advise(r, buf, 7, HMMU_MADV_FREE));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(7), HMMU_PROT_READ));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(7)));
	assert_no_flush(r);
	rig_close(r);
}

static void test_lazily_freed(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);

	(void)state;
	write_pages(r, buf, 2, 1);
	record_flushes(r);
	assert_ok(advise(r, buf, 3, HMMU_MADV_FREE));
	assert_flushes(r, { buf, buf + PAGES(2) });
	/* Clean and old by now. */
	assert_ok(advise(r, buf, 3, HMMU_MADV_FREE));
	assert_no_flush(r);
	read_pages(r, buf + PAGES(1), 1);
	assert_ok(advise(r, buf, 3, HMMU_MADV_FREE));
	assert_flushes(r, { buf + PAGES(1), buf + PAGES(2) });
	rig_close(r);
}

/* From the first translation to the last one, holes or not; tables that go widen the range to where they begin. */
static void test_one_range_for_a_call(void **state)
{
	struct rig *r = open_rig();
	uint64_t below = map_at(r, BASE, 1, HMMU_MAP_ANON, 3), buf = map_at(r, BASE + PAGES(2), 1534, HMMU_MAP_ANON, 3);

	(void)state;
	write_pages(r, below, 1, 1);
	write_pages(r, buf + PAGES(5), 1, 1);
	write_pages(r, buf + TABLE, 1, 1);
	read_pages(r, buf + 2 * TABLE, 1);
	record_flushes(r);
	dontneed(r, buf, 1534);
	assert_flushes(r, { buf + PAGES(5), buf + 2 * TABLE + PAGES(1) });
	/* The neighbour keeps the first table; of the others nothing was left but the tables. */
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1534)));
	assert_flushes(r, { BASE + TABLE, BASE + 2 * TABLE + PAGES(1) });
	/* The last page takes the tables of all levels with it, and a pud table begins with its 512 GiB. */
	assert_ok(hmmu_munmap(r->m, r->tid, below, PAGES(1)));
	assert_flushes(r, { 0, BASE + PAGES(1) });
	rig_close(r);
}

/* No CPU writes to a file's page any more when the table's lock is dropped; so each table is flushed, in the range. */
static void test_dirty_file_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BASE, 1024, HMMU_MAP_SHMEM, 3);
	struct hmmu_event events[8];

	(void)state;
	write_pages(r, buf + PAGES(1), 1, 1);
	write_pages(r, buf + TABLE, 1, 1);
	read_pages(r, buf + TABLE + PAGES(3), 1);
	assert_ok(hmmu_watch(r->m, r->pid));
	record(r, 1u << HMMU_EVENT_TLB_FLUSH | 1u << HMMU_EVENT_INVALIDATE_END);
	dontneed(r, buf, 1024);
	assert_int_equal(hmmu_events_read(r->m, events, 8), 4);
	assert_int_equal(events[0].type, HMMU_EVENT_INVALIDATE_START);
	assert_int_equal(events[1].type, HMMU_EVENT_TLB_FLUSH);
	assert_true(events[1].a == buf + PAGES(1) && events[1].b == buf + PAGES(2));
	assert_int_equal(events[2].type, HMMU_EVENT_TLB_FLUSH);
	assert_true(events[2].a == buf + TABLE && events[2].b == buf + TABLE + PAGES(4));
	assert_int_equal(events[3].type, HMMU_EVENT_INVALIDATE_END);
	/* Clean pages wait for the end of the call. */
	read_pages(r, buf, 1024);
	record(r, 1u << HMMU_EVENT_TLB_FLUSH | 1u << HMMU_EVENT_INVALIDATE_END);
	dontneed(r, buf, 1024);
	assert_int_equal(hmmu_events_read(r->m, events, 8), 3);
	assert_int_equal(events[1].type, HMMU_EVENT_INVALIDATE_END);
	assert_int_equal(events[2].type, HMMU_EVENT_TLB_FLUSH);
	assert_true(events[2].a == buf && events[2].b == buf + PAGES(1024));
	rig_close(r);
}

/* The kernel's batch has room for 9,698 pages. */
static void test_full_batch(void **state)
{
	struct rig *r = open_rig(.ram_pages = 16384);
	uint64_t buf, pages = MAX_GATHER_PAGES + 6;

	(void)state;
	assert_int_equal(MAX_GATHER_PAGES, 9698);
	buf = map_anon(r, pages);
	write_pages(r, buf, pages, 1);
	record_flushes(r);
	dontneed(r, buf, pages);
	assert_flushes(r, { buf, buf + PAGES(MAX_GATHER_PAGES) },
		       { buf + PAGES(MAX_GATHER_PAGES), buf + PAGES(pages) });
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	/* One that is just full was flushed when the call ends. */
	write_pages(r, buf, MAX_GATHER_PAGES, 1);
	record_flushes(r);
	dontneed(r, buf, pages);
	assert_flushes(r, { buf, buf + PAGES(MAX_GATHER_PAGES) });
	rig_close(r);
}

/* Whatever makes a huge pmd invalid for a moment flushes it there and then; the call's own flush comes at its end. */
static void test_gather_huge_pmd(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	struct range all = { buf, buf + TABLE };

	(void)state;
	write_pages(r, buf, 1, 1);
	record_flushes(r);
	assert_ok(advise(r, buf, 512, HMMU_MADV_FREE));
	assert_flushes(r, all, all);
	assert_ok(advise(r, buf, 512, HMMU_MADV_FREE));
	assert_no_flush(r);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, TABLE, HMMU_PROT_READ));
	assert_flushes(r, all, all);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_flushes(r, all, { 0, HMMU_TASK_SIZE });
	dontneed(r, buf, 512);
	assert_flushes(r, all);
	read_pages(r, buf, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_HZERO);
	record_flushes(r);
	dontneed(r, buf, 512);
	assert_flushes(r, all);
	rig_close(r);
}

/* Other tasks' translations of a page without any rights can't exist. */
static void test_unmapped_without_rights(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_mprotect(r->m, hmmu_process_task(r->m, child), buf, PAGES(1), 0));
	record_flushes(r);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_all_moved(r, 1);
	assert_flushes(r, { buf, buf + PAGES(1) }); /* of collect, in the parent */
	rig_close(r);
}

/* clear_refs flushes all, in any case. The range that it tells secondary TLBs of is empty, at the top. */
static void test_clear_refs(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_event events[8];

	(void)state;
	assert_ok(hmmu_watch(r->m, r->pid));
	for (int i = 0; i < 2; i++) {
		record(r, 1u << HMMU_EVENT_TLB_FLUSH | 1u << HMMU_EVENT_INVALIDATE_RANGE);
		assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
		assert_int_equal(hmmu_events_read(r->m, events, 8), 4);
		assert_int_equal(events[0].type, HMMU_EVENT_INVALIDATE_START);
		assert_int_equal(events[1].type, HMMU_EVENT_INVALIDATE_RANGE);
		assert_true(events[1].a == 0 && events[1].b == HMMU_TASK_SIZE);
		assert_int_equal(events[2].type, HMMU_EVENT_TLB_FLUSH);
		assert_true(events[2].a == 0 && events[2].b == HMMU_TASK_SIZE);
		assert_int_equal(events[3].type, HMMU_EVENT_INVALIDATE_RANGE);
		assert_true(events[3].a == UINT64_MAX && events[3].b == UINT64_MAX);
	}
	rig_close(r);
}

/* The end of a process flushes all of it, once; a process without mappings has nothing to flush. */
static void test_exit(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 600);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 600, 1);
	child = do_fork_of(r, r->tid);
	record_flushes(r);
	assert_ok(hmmu_exit(r->m, child));
	assert_flushes(r, { 0, HMMU_TASK_SIZE });
	assert_ok(hmmu_process_create(r->m, &child));
	assert_ok(hmmu_exit(r->m, child));
	assert_no_flush(r);
	rig_close(r);
}

/* The OOM reaper gathers each mapping for itself. */
static void test_oom_reap(void **state)
{
	struct rig *r = open_rig();
	uint64_t a = map_anon(r, 3), b = map_anon(r, 3), empty = map_anon(r, 3);

	(void)state;
	write_pages(r, a, 2, 1);
	write_pages(r, b, 3, 1);
	record_flushes(r);
	assert_ok(hmmu_oom_reap(r->m, r->pid));
	assert_flushes(r, { a, a + PAGES(2) }, { b, b + PAGES(3) });
	assert_kind(r, empty, 3, HMMU_ENTRY_NONE);
	rig_close(r);
}

struct observer {
	struct rig *r;
	uint32_t ram_page;
	int ref, map;
};

static void look_at_ram_page(struct hmmu *m, uint32_t pfn, void *data)
{
	struct observer *observer = data;
	struct hmmu_page_info info = page_info(observer->r, observer->ram_page);

	(void)m;
	(void)pfn;
	observer->ref = info.ref;
	observer->map = info.map;
}

/* When a device page is freed, within the call, a page of memory before it is not mapped any more, and not freed yet. */
static void test_pages_outlive_the_flush(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct observer observer = { .r = r };
	struct hmmu_pagemap_ops ops = { .page_free = look_at_ram_page };

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf + PAGES(1), 1, HMMU_TO_DEVICE));
	hmmu_lru_add_drain_all(r->m);
	observer.ram_page = pfn_at(r, buf);
	hmmu_device_set_ops(r->m, &ops, &observer);
	dontneed(r, buf, 2);
	assert_int_equal(observer.ref, 1);
	assert_int_equal(observer.map, 0);
	assert_int_equal(page_info(r, observer.ram_page).ref, 0);
	hmmu_device_set_ops(r->m, NULL, NULL);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_gathered),
		cmocka_unit_test(test_lazily_freed),
		cmocka_unit_test(test_one_range_for_a_call),
		cmocka_unit_test(test_dirty_file_pages),
		cmocka_unit_test(test_full_batch),
		cmocka_unit_test(test_gather_huge_pmd),
		cmocka_unit_test(test_unmapped_without_rights),
		cmocka_unit_test(test_clear_refs),
		cmocka_unit_test(test_exit),
		cmocka_unit_test(test_oom_reap),
		cmocka_unit_test(test_pages_outlive_the_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
