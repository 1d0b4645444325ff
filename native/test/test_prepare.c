/* SPDX-License-Identifier: GPL-2.0-only */
/* The stages prepare and unmap: what keeps a page from being offered to the driver, and how it is put back. */
#include "support.h"

/* Nothing of the entry is left in the migration, and its pte is what it was, but old and clean. */
static void assert_put_back(struct rig *r, uint64_t buf, uint64_t i, uint32_t why)
{
	assert_true(r->src[i] == 0);
	assert_int_equal(r->why[i], why);
	assert_kind(r, buf + PAGES(i), 1, HMMU_ENTRY_SYS);
	assert_false(entry_of(r, r->pid, buf + PAGES(i)).flags & HMMU_PG_LOCKED);
}

static void test_locked_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 3, 1);
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(1), &pfn));
	mig = begin_to(r, buf, 3, HMMU_TO_DEVICE, HMMU_STAGE_PREPARE);
	assert_true(r->src[1] == 0);
	assert_int_equal(r->why[1], HMMU_WHY_PAGE_LOCKED);
	/* The pte was never taken away. */
	assert_bits(r, buf + PAGES(1), HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(2), 1, HMMU_ENTRY_DEV);
	assert_ok(hmmu_release(r->m, pfn));
	rig_close(r);
}

/* A pagevec's reference to a page that is on its list looks like a pin; so prepare drains them first. */
static void test_page_in_pagevec(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_FREE));
	assert_page(r, buf, 2, 1, ANON_FLAGS);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_all_moved(r, 1);
	rig_close(r);
}

/* Locked while collect went by, free when prepare comes: it takes the lock, and unmap finds the pte. */
static void test_lock_that_is_given_back(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PREPARE));
	assert_int_equal(src_flags(r, 0), HMMU_PFN_VALID | HMMU_PFN_MIGRATE | HMMU_PFN_LOCKED | HMMU_PFN_WRITE);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_UNMAP));
	assert_kind(r, buf, 1, HMMU_ENTRY_MIG);
	/* try_to_unmap() keeps the dirty bit, in the page. */
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_DIRTY);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 1);
	rig_close(r);
}

/* Off the LRU, and collect has taken its pte: the pte is restored. */
static void test_isolated_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_isolate(r->m, r->pid, buf, &pfn));
	mig = begin_to(r, buf, 2, HMMU_TO_DEVICE, HMMU_STAGE_PREPARE);
	assert_put_back(r, buf, 0, HMMU_WHY_ISOLATION);
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(entry_of(r, r->pid, buf).ref, 2);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_DEV);
	assert_ok(hmmu_putback(r->m, pfn));
	rig_close(r);
}

/* The same with a pte that collect had to leave: it never changed. */
static void test_isolated_page_that_was_locked(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t held, isolated;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &held));
	assert_ok(hmmu_isolate(r->m, r->pid, buf, &isolated));
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	assert_ok(hmmu_release(r->m, held));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PREPARE));
	assert_put_back(r, buf, 0, HMMU_WHY_ISOLATION);
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_putback(r->m, isolated));
	rig_close(r);
}

/* Pages in this CPU's pagevec, and in another's, are on the LRU after the drains of prepare. */
static void test_pages_in_pagevecs(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = map_anon(r, 2);

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(hmmu_task_set_cpu(r->m, r->tid, 1));
	assert_ok(store(r, r->tid, buf + PAGES(1), 1));
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_all_moved(r, 2);
	rig_close(r);
}

/* All pagevecs are drained once a call: a page that gets into another CPU's later is not on the LRU in time. */
static void test_drained_once(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = map_anon(r, 3), other = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_task_set_cpu(r->m, r->tid, 1));
	assert_ok(store(r, r->tid, buf + PAGES(2), 1));
	assert_ok(hmmu_isolate(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_task_set_cpu(r->m, r->tid, 0));
	mig = begin_to(r, buf, 3, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	/* Entry 0 is not on the LRU: this step drains. */
	assert_int_equal(hmmu_migrate_step(mig), 1);
	assert_int_equal(r->why[0], HMMU_WHY_ISOLATION);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_ANON), 2);
	assert_ok(hmmu_putback(r->m, pfn));
	assert_ok(store(r, r->tid, other, 1));
	assert_ok(hmmu_migrate_end(mig));
	assert_false(entry_of(r, r->pid, other).flags & HMMU_PG_LRU);
	assert_kind(r, buf + PAGES(1), 2, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* Several pages that are not on the LRU, in a range with a hole and pages that move. */
static void test_several_isolated_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 6);
	uint32_t pfn[2];

	(void)state;
	write_pages(r, buf + PAGES(1), 5, 1);
	assert_ok(hmmu_isolate(r->m, r->pid, buf + PAGES(2), &pfn[0]));
	assert_ok(hmmu_isolate(r->m, r->pid, buf + PAGES(4), &pfn[1]));
	assert_ok(migrate(r, buf, 6, HMMU_TO_DEVICE));
	assert_put_back(r, buf, 2, HMMU_WHY_ISOLATION);
	assert_put_back(r, buf, 4, HMMU_WHY_ISOLATION);
	for (uint64_t i = 0; i < 6; i++)
		assert_int_equal(entry_of(r, r->pid, buf + PAGES(i)).kind,
				 i == 2 || i == 4 ? HMMU_ENTRY_SYS : HMMU_ENTRY_DEV);
	for (int i = 0; i < 2; i++)
		assert_ok(hmmu_putback(r->m, pfn[i]));
	rig_close(r);
}

static void test_pinned_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
	mig = begin_to(r, buf, 2, HMMU_TO_DEVICE, HMMU_STAGE_PREPARE);
	assert_put_back(r, buf, 0, HMMU_WHY_PINNED);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_DEV);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	hmmu_lru_add_drain_all(r->m);
	assert_page(r, buf, 1, 1, ANON_FLAGS | HMMU_PG_REFERENCED);
	rig_close(r);
}

static void test_pinned_page_that_was_locked(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t held, pinned;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_WRITE, &pinned));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &held));
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	assert_ok(hmmu_release(r->m, held));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PREPARE));
	assert_put_back(r, buf, 0, HMMU_WHY_PINNED);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_unpin(r->m, pinned, 0));
	rig_close(r);
}

/* One that waits for the page between prepare and unmap, which in 4.14 pins it; unmap is done in a step. */
static void test_waited_for_between_steps(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t other = new_task(r, r->pid);
	uint8_t byte;

	(void)state;
	write_pages(r, buf, 1, 1);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_PREPARE);
	assert_int_equal(hmmu_load(r->m, other, buf, &byte, 1, NULL), -EAGAIN);
	assert_int_equal(hmmu_migrate_step(mig), 1);
	while (hmmu_migrate_step(mig) > 0)
		;
	assert_put_back(r, buf, 0, HMMU_WHY_PINNED_LATE);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_load(r->m, other, buf, &byte, 1, NULL));
	rig_close(r);
}

/* A pin that comes between prepare and unmap, by way of a pte that is still there. */
static void test_pinned_late(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child, held, pinned;
	struct hmmu_migration_state at;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &held));
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	assert_ok(hmmu_release(r->m, held));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PREPARE));
	assert_true(r->src[0] & HMMU_PFN_MIGRATE);
	assert_ok(hmmu_pin(r->m, hmmu_process_task(r->m, child), buf, 0, &pinned));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_UNMAP));
	assert_put_back(r, buf, 0, HMMU_WHY_PINNED_LATE);
	/* Both mappings are back. */
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, child, buf).map, 2);
	assert_clean(r->m);
	/* Nothing is left for the driver. */
	hmmu_migrate_state(mig, &at);
	assert_int_equal(at.stage, HMMU_STAGE_DONE);
	assert_false(at.callbacks_ran);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_unpin(r->m, pinned, 0));
	rig_close(r);
}

/* A migration entry replaces every mapping of the page, in every process. */
static void test_unmap_everywhere(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t children[3];

	(void)state;
	write_pages(r, buf, 1, 1);
	for (int i = 0; i < 3; i++)
		children[i] = do_fork_of(r, r->tid);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_PREPARE);
	assert_int_equal(entry_of(r, children[0], buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, children[0], buf).map, 3);
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_UNMAP));
	for (int i = 0; i < 3; i++)
		assert_int_equal(entry_of(r, children[i], buf).kind, HMMU_ENTRY_MIG);
	assert_page(r, buf, 1, 0, (ANON_FLAGS & ~HMMU_PG_LRU) | HMMU_PG_DIRTY | HMMU_PG_LOCKED);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	for (int i = 0; i < 3; i++)
		assert_int_equal(entry_of(r, children[i], buf).kind, HMMU_ENTRY_DEV);
	assert_int_equal(entry_of(r, r->pid, buf).map, 4);
	rig_close(r);
}

/* A device page that two processes map can't be unmapped in 4.14: map_pte() does not see the other entry. */
static void test_still_mapped(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	child = do_fork_of(r, r->tid);
	mig = begin_to(r, buf, 1, HMMU_TO_SYSTEM, HMMU_STAGE_UNMAP);
	assert_true(r->src[0] == 0);
	assert_int_equal(r->why[0], HMMU_WHY_STILL_MAPPED);
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_DEV);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* A page-cache page has one reference of the cache, and one more if it has private data. */
static void test_page_cache_references(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, HMMU_PROT_WRITE);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	mig = begin_to(r, buf, 1, HMMU_TO_SYSTEM, HMMU_STAGE_UNMAP);
	assert_true(r->src[0] & HMMU_PFN_MIGRATE);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
	assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
	assert_why(r, 0, HMMU_WHY_PINNED);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

/* A device page is on no LRU list, and always passes the pin check. */
static void test_device_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	mig = begin_to(r, buf, 1, HMMU_TO_SYSTEM, HMMU_STAGE_UNMAP);
	assert_int_equal(entry_of(r, r->pid, buf).ref, 2);
	assert_true(r->src[0] & HMMU_PFN_MIGRATE);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 1);
	rig_close(r);
}

/* When all is put back the migration is over, and no callback runs. */
static void test_nothing_left(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration_state at;
	struct hmmu_migration *mig;
	uint32_t pfn[2];

	(void)state;
	write_pages(r, buf, 2, 1);
	for (int i = 0; i < 2; i++)
		assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(i), 0, &pfn[i]));
	mig = begin_to(r, buf, 2, HMMU_TO_DEVICE, HMMU_STAGE_PREPARE);
	hmmu_migrate_state(mig, &at);
	assert_int_equal(at.stage, HMMU_STAGE_DONE);
	assert_int_equal(at.cpages, 0);
	assert_ok(hmmu_migrate_end(mig));
	for (int i = 0; i < 2; i++)
		assert_ok(hmmu_unpin(r->m, pfn[i], 0));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locked_page),
		cmocka_unit_test(test_pages_in_pagevecs),
		cmocka_unit_test(test_several_isolated_pages),
		cmocka_unit_test(test_page_cache_references),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_page_in_pagevec),
		cmocka_unit_test(test_lock_that_is_given_back),
		cmocka_unit_test(test_isolated_page),
		cmocka_unit_test(test_isolated_page_that_was_locked),
		cmocka_unit_test(test_drained_once),
		cmocka_unit_test(test_pinned_page),
		cmocka_unit_test(test_pinned_page_that_was_locked),
		cmocka_unit_test(test_waited_for_between_steps),
		cmocka_unit_test(test_pinned_late),
		cmocka_unit_test(test_unmap_everywhere),
		cmocka_unit_test(test_still_mapped),
		cmocka_unit_test(test_device_page),
		cmocka_unit_test(test_nothing_left),
	};

	return run_on_each_kernel(tests) + cmocka_run_group_tests(tests_of_4_14, NULL, NULL);
}
