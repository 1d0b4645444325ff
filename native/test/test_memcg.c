/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory cgroup: who is charged, when charges end, and what happens at the limit. */
#include "support.h"

#include "page/memcg.h"

static uint64_t charged(struct rig *r)
{
	return hmmu_memcg_charged(r->m);
}

static void test_charge_life(void **state)
{
	struct rig *r = open_rig();
	struct ctx ctx = { .m = r->m };
	u32 pfn;

	(void)state;
	assert_ok(hmmu_page_alloc(r->m, &pfn));
	assert_true(mem_cgroup_try_charge(&ctx, 1));
	assert_int_equal(charged(r), 1);
	mem_cgroup_cancel_charge(r->m, 1);
	assert_int_equal(charged(r), 0);
	assert_true(mem_cgroup_try_charge(&ctx, 1));
	mem_cgroup_commit_charge(r->m, pfn);
	assert_clean(r->m);
	assert_ok(hmmu_page_put(r->m, pfn));
	assert_int_equal(charged(r), 0);
	/* A page without a charge gives none back. */
	pfn = alloc_page(r->m);
	mem_cgroup_uncharge(r->m, pfn);
	put_page(r->m, pfn);
	assert_int_equal(charged(r), 0);
	rig_close(r);
}

static void test_limit(void **state)
{
	struct rig *r = open_rig(.memcg_limit = 513);
	struct ctx ctx = { .m = r->m };

	(void)state;
	assert_true(mem_cgroup_try_charge(&ctx, 512));
	assert_false(mem_cgroup_try_charge(&ctx, 2));
	assert_true(mem_cgroup_try_charge(&ctx, 1));
	assert_false(mem_cgroup_try_charge(&ctx, 1));
	assert_ok(hmmu_memcg_set_limit(r->m, 0));
	assert_true(mem_cgroup_try_charge(&ctx, 1));
	mem_cgroup_cancel_charge(r->m, 514);
	rig_close(r);
}

/* What is charged: anonymous, shmem and huge pages. What is not: tables, the zero page, a driver's pages. */
static void test_what_is_charged(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4), shared = map_at(r, 0, 4, HMMU_MAP_SHMEM, HMMU_PROT_WRITE);
	uint64_t file = map_at(r, 0, 4, HMMU_MAP_FILE, HMMU_PROT_WRITE), huge = map_huge(r, 512);
	uint32_t pfn;

	(void)state;
	read_pages(r, buf, 4);
	assert_int_equal(charged(r), 0);
	write_pages(r, buf, 2, 1);
	assert_int_equal(charged(r), 2);
	write_pages(r, shared, 1, 1);
	assert_int_equal(charged(r), 3);
	/* The cache page, then the private copy of it. */
	read_pages(r, file, 1);
	assert_int_equal(charged(r), 4);
	write_pages(r, file, 1, 1);
	assert_int_equal(charged(r), 5);
	read_pages(r, huge, 1);
	assert_int_equal(charged(r), 5);
	write_pages(r, huge, 1, 1);
	assert_int_equal(charged(r), 517);
	assert_ok(hmmu_page_alloc(r->m, &pfn));
	assert_ok(hmmu_page_put(r->m, pfn));
	assert_int_equal(charged(r), 517);
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_int_equal(charged(r), 0);
	rig_close(r);
}

/* A fault at the limit fails and leaves nothing behind. */
static void test_faults_at_the_limit(void **state)
{
	struct rig *r = open_rig(.memcg_limit = 1);
	uint64_t buf = map_anon(r, 2), shared = map_at(r, 0, 1, HMMU_MAP_SHMEM, HMMU_PROT_WRITE);
	uint64_t file = map_at(r, 0, 1, HMMU_MAP_FILE, HMMU_PROT_WRITE), before;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	before = counter(r, HMMU_COUNT_RAM_FREE);
	assert_failed(r->m, store(r, r->tid, buf + PAGES(1), 1), -ENOMEM, HMMU_ERR_MEMCG_LIMIT);
	assert_true(hmmu_error(r->m)->address == buf + PAGES(1));
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), before);
	assert_failed(r->m, store(r, r->tid, shared, 1), -ENOMEM, HMMU_ERR_MEMCG_LIMIT);
	assert_failed(r->m, load(r, r->tid, file, NULL), -ENOMEM, HMMU_ERR_MEMCG_LIMIT);
	assert_int_equal(hmmu_pin(r->m, r->tid, buf + PAGES(1), HMMU_PIN_WRITE, &pfn), -ENOMEM);
	assert_clean(r->m);
	/* Loads of anonymous memory need no charge. */
	assert_ok(load(r, r->tid, buf + PAGES(1), NULL));
	assert_failed(r->m, store(r, r->tid, buf + PAGES(1), 1), -ENOMEM, HMMU_ERR_MEMCG_LIMIT);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_ZERO);
	rig_close(r);
}

/* A copy that can't be charged: the child keeps the shared page. */
static void test_copy_at_the_limit(void **state)
{
	struct rig *r = open_rig(.memcg_limit = 1);
	uint64_t buf = map_anon(r, 1);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_failed(r->m, store(r, hmmu_process_task(r->m, child), buf, 2), -ENOMEM, HMMU_ERR_MEMCG_LIMIT);
	assert_int_equal(entry_of(r, child, buf).map, 2);
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_ok(store(r, hmmu_process_task(r->m, child), buf, 2));
	rig_close(r);
}

/* No room for a huge page: a small one does. */
static void test_huge_page_at_the_limit(void **state)
{
	struct rig *r = open_rig(.memcg_limit = 100);
	uint64_t buf = map_huge(r, 512);

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	assert_int_equal(charged(r), 2);
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	rig_close(r);
}

/* Over the limit: a migration's charge can't fail, as the kernel forces it; the old page gives its own back. */
static void test_migration_at_the_limit(void **state)
{
	struct rig *r = open_rig(.memcg_limit = 2);
	uint64_t buf = map_anon(r, 2);

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_all_moved(r, 2);
	assert_in_range(charged(r), 2, 4);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(charged(r), 2);
	/* A device page is charged like any other, and gives its charge back when it is free. */
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(charged(r), 1);
	rig_close(r);
}

static void test_injected_failure(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_MEMCG, 2, false));
	assert_ok(store(r, r->tid, buf, 1));
	/* The group is not at its limit, so the error is about memory. */
	assert_failed(r->m, store(r, r->tid, buf + PAGES(1), 1), -ENOMEM, HMMU_ERR_OUT_OF_FRAMES);
	assert_ok(store(r, r->tid, buf + PAGES(1), 1));
	assert_int_equal(hmmu_inject_passes(r->m, HMMU_INJECT_MEMCG), 3);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_charge_life),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_what_is_charged),
		cmocka_unit_test(test_faults_at_the_limit),
		cmocka_unit_test(test_copy_at_the_limit),
		cmocka_unit_test(test_huge_page_at_the_limit),
		cmocka_unit_test(test_migration_at_the_limit),
		cmocka_unit_test(test_injected_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
