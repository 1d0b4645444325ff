/* SPDX-License-Identifier: GPL-2.0-only */
/* Collect meets a huge pmd: it is split, or the rest of its range is passed over. */
#include "support.h"

#define TAKEN (HMMU_PFN_VALID | HMMU_PFN_MIGRATE | HMMU_PFN_LOCKED | HMMU_PFN_WRITE)

static uint64_t huge_page(struct rig *r)
{
	uint64_t buf = map_huge(r, 512);

	assert_ok(store(r, r->tid, buf + PAGES(7), 7));
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	return buf;
}

static struct hmmu_migration *collect(struct rig *r, uint64_t address, uint64_t pages)
{
	struct hmmu_migration *mig = begin_to(r, address, pages, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);

	assert_clean(r->m);
	return mig;
}

static void assert_all(struct rig *r, uint64_t pages, uint32_t flags, uint32_t why)
{
	for (uint64_t i = 0; i < pages; i++) {
		assert_int_equal(src_flags(r, i), flags);
		assert_int_equal(r->why[i], why);
	}
}

static void test_whole_huge_page(void **state)
{
	struct rig *r = open_rig(.device_pages = 512);
	uint64_t buf = huge_page(r);
	struct hmmu_migration *mig = collect(r, buf, 512);

	(void)state;
	assert_all(r, 512, TAKEN, HMMU_WHY_NONE);
	assert_kind(r, buf, 512, HMMU_ENTRY_MIG);
	for (uint64_t i = 0; i < 512; i++)
		assert_false(entry_of(r, r->pid, buf + PAGES(i)).flags & (HMMU_PG_HEAD | HMMU_PG_TAIL));
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 512);
	assert_kind(r, buf, 512, HMMU_ENTRY_DEV);
	assert_bytes(r, r->tid, buf + PAGES(7), 1, 7);
	assert_int_equal(mm_counters(r, r->pid).anon, 512);
	rig_close(r);
}

/* Few pages of a huge page are asked for: all of it is split, the others stay mapped. */
static void test_part_of_a_huge_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);
	struct hmmu_migration *mig = collect(r, buf + PAGES(6), 3);

	(void)state;
	assert_all(r, 3, TAKEN, HMMU_WHY_NONE);
	assert_kind(r, buf + PAGES(6), 3, HMMU_ENTRY_MIG);
	assert_kind(r, buf, 6, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(9), 503, HMMU_ENTRY_SYS);
	assert_false(entry_of(r, r->pid, buf).flags & HMMU_PG_HEAD);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 3);
	assert_bytes(r, r->tid, buf + PAGES(7), 1, 7);
	rig_close(r);
}

/*
 * |--pmd--|--pmd--|--pmd--|
 * |   rrrr|rrrrrrr|rr     |   a range over three huge pages splits each of them
 */
static void test_range_over_huge_pages(void **state)
{
	struct rig *r = open_rig(.device_pages = 1024);
	uint64_t buf = map_huge(r, 1536);

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		assert_ok(store(r, r->tid, buf + MIB(2 * i), 1));
	assert_ok(migrate(r, buf + PAGES(500), 600, HMMU_TO_DEVICE));
	assert_all_moved(r, 600);
	assert_kind(r, buf, 500, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(500), 600, HMMU_ENTRY_DEV);
	assert_kind(r, buf + PAGES(1100), 436, HMMU_ENTRY_SYS);
	rig_close(r);
}

static void test_huge_zero_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	struct hmmu_migration *mig;

	(void)state;
	read_pages(r, buf, 1);
	assert_kind(r, buf, 512, HMMU_ENTRY_HZERO);
	mig = collect(r, buf, 4);
	assert_all(r, 4, HMMU_PFN_MIGRATE, HMMU_WHY_NONE);
	assert_kind(r, buf, 512, HMMU_ENTRY_ZERO);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 4);
	assert_kind(r, buf, 4, HMMU_ENTRY_DEV);
	assert_kind(r, buf + PAGES(4), 508, HMMU_ENTRY_ZERO);
	rig_close(r);
}

static void test_locked(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_4_14_FIXED);
	uint64_t buf = huge_page(r);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(migrate(r, buf, 512, HMMU_TO_DEVICE));
	assert_all(r, 512, 0, HMMU_WHY_HUGE_LOCKED);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_int_equal(entry_of(r, r->pid, buf).ref, 2);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(migrate(r, buf, 8, HMMU_TO_DEVICE));
	assert_all_moved(r, 8);
	rig_close(r);
}

/* A reference that no mapping explains keeps a huge page whole; the pmd stays as it is. */
static void test_pinned(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(100), 0, &pfn));
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_all(r, 4, 0, HMMU_WHY_HUGE_NOT_SPLIT);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_all_moved(r, 4);
	rig_close(r);
}

/* Two processes map the huge page: the split reaches the other one's pmd, too. */
static void test_shared_by_fork(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);
	uint32_t child = do_fork_of(r, r->tid);

	(void)state;
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_HUGE);
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_all_moved(r, 2);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_DEV);
	assert_int_equal(entry_of(r, child, buf + PAGES(2)).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, child, buf + PAGES(2)).map, 2);
	rig_close(r);
}

/* The other process has split its pmd already; this one's is still huge, so the page is mapped both ways. */
static void test_mapped_both_ways(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);
	uint32_t child = do_fork_of(r, r->tid);

	(void)state;
	assert_ok(hmmu_munmap(r->m, hmmu_process_task(r->m, child), buf, PAGES(1)));
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_int_equal(entry_of(r, child, buf + PAGES(1)).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, r->pid, buf).map, 1);
	assert_int_equal(entry_of(r, r->pid, buf + PAGES(1)).map, 2);
	assert_clean(r->m);
	assert_ok(migrate(r, buf, 3, HMMU_TO_DEVICE));
	assert_all_moved(r, 3);
	assert_int_equal(entry_of(r, child, buf + PAGES(1)).kind, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* A compound page that is mapped by ptes only is passed over page by page: nobody splits it here. */
static void test_compound_page_behind_ptes(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);

	(void)state;
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_kind(r, buf + PAGES(1), 511, HMMU_ENTRY_SYS);
	assert_true(entry_of(r, r->pid, buf + PAGES(1)).flags & HMMU_PG_TAIL);
	assert_ok(migrate(r, buf + PAGES(1), 4, HMMU_TO_DEVICE));
	assert_all(r, 4, 0, HMMU_WHY_COMPOUND);
	assert_kind(r, buf + PAGES(1), 511, HMMU_ENTRY_SYS);
	/* Neither is its head taken. */
	buf = huge_page(r);
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(511), PAGES(1)));
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_all(r, 4, 0, HMMU_WHY_COMPOUND);
	rig_close(r);
}

/* A locked mapping's huge page: the mark is on each page afterwards. */
static void test_mlocked(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_clean(r->m);
	hmmu_lru_add_drain_all(r->m);
	assert_clean(r->m);
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(512)));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	rig_close(r);
}

/* The split and the charge: 512 pages are charged before and after. */
static void test_charges(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);

	(void)state;
	assert_int_equal(hmmu_memcg_charged(r->m), 512);
	assert_ok(migrate(r, buf, 16, HMMU_TO_DEVICE));
	assert_all_moved(r, 16);
	/* The last of the old pages are freed, and uncharged, when the pagevecs let go of them. */
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(hmmu_memcg_charged(r->m), 512);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(512)));
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
	rig_close(r);
}

/* A step of collect is what one table covers: a huge page in the middle is split in a step of its own. The flush for
 * its pages is a step, too. */
static void test_steps(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 1536);
	struct hmmu_migration_state at;
	struct hmmu_migration *mig;

	(void)state;
	assert_ok(store(r, r->tid, buf + MIB(2), 1));
	mig = begin_migration(r, buf + PAGES(510), 516, HMMU_TO_SYSTEM);
	for (uint64_t i = 0; i < 4; i++) {
		static const uint64_t collected[] = { 2, 514, 514, 516 };

		assert_int_equal(hmmu_migrate_step(mig), 1);
		hmmu_migrate_state(mig, &at);
		assert_int_equal(at.npages, collected[i]);
		assert_int_equal(at.stage, i < 3 ? HMMU_STAGE_COLLECT : HMMU_STAGE_PREPARE);
		assert_int_equal(entry_of(r, r->pid, buf + MIB(2)).kind, i ? HMMU_ENTRY_MIG : HMMU_ENTRY_HUGE);
		assert_clean(r->m);
	}
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huge_zero_page),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_mlocked),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_whole_huge_page),
		cmocka_unit_test(test_part_of_a_huge_page),
		cmocka_unit_test(test_range_over_huge_pages),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_shared_by_fork),
		cmocka_unit_test(test_mapped_both_ways),
		cmocka_unit_test(test_compound_page_behind_ptes),
		cmocka_unit_test(test_charges),
		cmocka_unit_test(test_steps),
	};

	return run_on_each_kernel(tests) + cmocka_run_group_tests(tests_of_4_14, NULL, NULL);
}
