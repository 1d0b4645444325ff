/* SPDX-License-Identifier: GPL-2.0-only */
/* Stores without a copy in Linux 6.12: what the reuse of a page looks at, and what it changes. */
#include "support.h"

#include "mm/vma.h"
#include "page/page.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)

/* The page of a fork, of which the child has made its own copy, on another CPU: only a batch still has a reference. */
static void test_page_in_a_batch(void **state)
{
	struct rig *r = open_6_12(.cpus = 2);
	uint64_t buf = map_anon(r, 1);
	uint32_t child, task, pfn;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	pfn = pfn_at(r, buf);
	assert_int_equal(page_count(r->m, pfn), 2);
	child = do_fork_of(r, r->tid);
	task = hmmu_process_task(r->m, child);
	assert_ok(hmmu_task_set_cpu(r->m, task, 1));
	assert_ok(store(r, task, buf, 2));
	assert_int_equal(page_count(r->m, pfn), 2);
	assert_false(page_test(r->m, pfn, HMMU_PG_EXCLUSIVE));
	assert_ok(store(r, r->tid, buf, 3));
	assert_int_equal(pfn_at(r, buf), pfn);
	assert_page(r, buf, 1, 1, HMMU_PG_UPTODATE | HMMU_PG_LRU | HMMU_PG_SWAPBACKED | HMMU_PG_EXCLUSIVE);
	rig_close(r);
}

/* Who reuses a page owns it: new children of the parent need not be searched for it. */
static void test_owner_changes(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_anon(r, 1);
	uint32_t child, vma, pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_ok(store(r, hmmu_process_task(r->m, child), buf, 2));
	vma = vma_at(r->m, child, buf);
	assert_int_equal(entry_of(r, child, buf).pfn, pfn);
	assert_int_equal(page_anon_vma(r->m, pfn), vma_of(r->m, vma)->anon_vma);
	rig_close(r);
}

/* Somebody has the lock of the page: it is copied. */
static void test_locked_page(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_anon(r, 1);
	uint32_t child, pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_exit(r->m, child));
	hmmu_lru_add_drain_all(r->m);
	page_set(r->m, pfn, HMMU_PG_LOCKED);
	assert_ok(store(r, r->tid, buf, 2));
	assert_int_not_equal(pfn_at(r, buf), pfn);
	rig_discard(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_in_a_batch),
		cmocka_unit_test(test_owner_changes),
		cmocka_unit_test(test_locked_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
