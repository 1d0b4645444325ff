/* SPDX-License-Identifier: GPL-2.0-only */
/* exit() that is refused, or waits: the machine stays as it was, and its snapshot restores. */
#include "support.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static uint64_t state_hash(struct rig *r)
{
	uint64_t hash;

	assert_ok(hmmu_state_hash(r->m, &hash));
	return hash;
}

/* The process can't exit, and nobody can tell afterwards that it has tried. */
static void assert_exit_changes_nothing(struct rig *r)
{
	uint64_t before = state_hash(r);

	assert_failed(r->m, hmmu_exit(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_true(hmmu_process_alive(r->m, r->pid));
	assert_clean(r->m);
	assert_restores(r->m);
	assert_true(state_hash(r) == before);
}

/* Pages that are mlocked; the one of an address is locked. */
static uint32_t hold_mlocked(struct rig *r, uint64_t buf, uint64_t pages, uint64_t address)
{
	uint32_t pfn;

	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(pages)));
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_hold(r->m, r->pid, address, &pfn));
	return pfn;
}

/* It has to wait for the page. */
static void test_mlocked_page_is_locked(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t pfn = hold_mlocked(r, buf, 2, buf);

	(void)state;
	assert_exit_changes_nothing(r);
	assert_exit_changes_nothing(r);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_exit(r->m, r->pid));
	rig_close(r);
}

/* It takes the mark off with the page. */
static void test_mlocked_page_of_6_12_is_locked(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	uint64_t buf = map_anon(r, 2);
	uint32_t pfn = hold_mlocked(r, buf, 2, buf);

	(void)state;
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_restores(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	rig_close(r);
}

/* What the first task waits for next has nothing to do with the page that its exit found locked. */
static void test_calls_after_a_refused_exit(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1), other_buf = map_anon(r, 2);
	uint32_t other = new_task(r, r->pid), pfn = hold_mlocked(r, buf, 1, buf), page;

	(void)state;
	assert_exit_changes_nothing(r);
	/* The other task has mmap_sem for writing and waits for the page. */
	assert_blocked(r->m, hmmu_munmap(r->m, other, buf, PAGES(1)), other, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, store(r, r->tid, other_buf, 7), r->tid, HMMU_WAIT_MMAP_SEM_READ);
	assert_restores(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_munmap(r->m, other, buf, PAGES(1)));
	assert_ok(store(r, r->tid, other_buf, 7));
	/* The child shares the page, and then it is held: the store waits for it and looks again. */
	do_fork_of(r, r->tid);
	assert_ok(hmmu_hold(r->m, r->pid, other_buf, &page));
	assert_blocked(r->m, store(r, r->tid, other_buf, 8), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_restores(r->m);
	assert_ok(hmmu_release(r->m, page));
	assert_ok(store(r, r->tid, other_buf, 8));
	assert_bytes(r, r->tid, other_buf, 1, 8);
	rig_close(r);
}

/* Mappings before the locked page have given their marks up. The one with the page keeps them. */
static void test_a_later_mapping_waits(void **state)
{
	struct rig *r = open_rig();
	uint64_t first = map_at(r, BASE, 3, HMMU_MAP_ANON, RW),
		 second = map_at(r, BASE + PAGES(8), 20, HMMU_MAP_ANON, RW);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, first, PAGES(3)));
	pfn = hold_mlocked(r, second, 20, second + PAGES(17));
	assert_failed(r->m, hmmu_exit(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_int_equal(mm_counters(r, r->pid).locked, 20);
	assert_exit_changes_nothing(r);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_munlock(r->m, r->tid, second, PAGES(20)));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	rig_close(r);
}

/* Another task of the process waits for a page. */
static void test_a_task_is_in_a_call(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW);
	uint32_t other = new_task(r, r->pid), pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_ok(load(r, r->tid, buf, NULL));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_blocked(r->m, load(r, other, buf, NULL), other, HMMU_WAIT_PAGE_LOCK);
	assert_exit_changes_nothing(r);
	assert_ok(hmmu_task_cancel(r->m, other));
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_exit(r->m, r->pid));
	rig_close(r);
}

/* In the middle of a migration, after each of its steps. */
static void test_the_process_migrates(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 3, 1);
	mig = begin_migration(r, buf, 3, HMMU_TO_DEVICE);
	do {
		assert_exit_changes_nothing(r);
	} while (hmmu_migrate_step(mig) > 0);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_exit(r->m, r->pid));
	rig_close(r);
}

/* The mappings have gone, and a page of a file that goes is locked. The exit goes on, or is given up and begins anew. */
static void test_a_page_of_a_file_is_locked(void **state)
{
	for (int cancels = 0; cancels < 2; cancels++) {
		struct rig *r = open_rig();
		uint64_t buf = map_at(r, 0, 2, HMMU_MAP_SHMEM, RW), before;
		uint32_t pfn;

		(void)state;
		write_pages(r, buf, 2, 1);
		assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(1), &pfn));
		assert_blocked(r->m, hmmu_exit(r->m, r->pid), r->tid, HMMU_WAIT_PAGE_LOCK);
		assert_restores(r->m);
		before = state_hash(r);
		assert_blocked(r->m, hmmu_exit(r->m, r->pid), r->tid, HMMU_WAIT_PAGE_LOCK);
		assert_true(state_hash(r) == before);
		if (cancels)
			assert_ok(hmmu_task_cancel(r->m, r->tid));
		assert_clean(r->m);
		assert_restores(r->m);
		assert_ok(hmmu_release(r->m, pfn));
		assert_ok(hmmu_exit(r->m, r->pid));
		rig_close(r);
	}
}

int main(void)
{
	const struct CMUnitTest mlocked[] = {
		cmocka_unit_test(test_mlocked_page_is_locked),
		cmocka_unit_test(test_mlocked_page_of_6_12_is_locked),
		cmocka_unit_test(test_calls_after_a_refused_exit),
		cmocka_unit_test(test_a_later_mapping_waits),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_task_is_in_a_call),
		cmocka_unit_test(test_the_process_migrates),
		cmocka_unit_test(test_a_page_of_a_file_is_locked),
	};

	return cmocka_run_group_tests(mlocked, NULL, NULL) + run_on_each_kernel(tests);
}
