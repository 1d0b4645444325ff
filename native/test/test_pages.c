/* SPDX-License-Identifier: GPL-2.0-only */
/* The stages pages and finalize: what a page takes along when it moves, what keeps it, and where its mappings lead. */
#include "support.h"

/* A driver that moves every page to a new page of one kind, for any kind of source. */
static int move_all(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state at;

	hmmu_migrate_state(mig, &at);
	for (uint64_t i = 0; i < at.npages; i++) {
		if (!(at.src[i] & HMMU_PFN_MIGRATE))
			continue;
		at.dst[i] = *(bool *)data ? device_word(at.machine) : system_word(at.machine);
		if (at.src[i] & HMMU_PFN_VALID)
			assert_ok(hmmu_page_copy(at.machine, hmmu_word_pfn(at.dst[i]), hmmu_word_pfn(at.src[i])));
	}
	return 0;
}

/* The pages have moved, and migration entries still lead to their old places. */
static int verify_moved(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state at;

	(void)data;
	hmmu_migrate_state(mig, &at);
	assert_clean(at.machine);
	return 0;
}

static const struct hmmu_migrate_ops move_all_ops = { .alloc_and_copy = move_all, .finalize_and_map = verify_moved };
static bool to_device = true, to_system = false;

static void test_to_device_and_back(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);

	(void)state;
	write_pages(r, buf, 4, 0x40);
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_all_moved(r, 4);
	assert_kind(r, buf, 4, HMMU_ENTRY_DEV);
	assert_bits(r, buf, HMMU_BIT_WRITE);
	assert_int_equal(mm_counters(r, r->pid).anon, 4);
	assert_ok(migrate(r, buf, 4, HMMU_TO_SYSTEM));
	assert_all_moved(r, 4);
	assert_kind(r, buf, 4, HMMU_ENTRY_SYS);
	assert_bytes(r, r->tid, buf, 4, 0x40);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), counter(r, HMMU_COUNT_DEVICE_PAGES));
	assert_int_equal(counter(r, HMMU_COUNT_MIGRATED), 8);
	assert_int_equal(counter(r, HMMU_COUNT_INSERTED), 0);
	assert_int_equal(mm_counters(r, r->pid).anon, 4);
	rig_close(r);
}

/* The restored pte: present with the mapping's rights, not accessed, not dirty, soft-dirty as before. */
static void test_system_to_system(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t old[2];

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_ok(store(r, r->tid, buf, 1));
	old[0] = pfn_at(r, buf);
	old[1] = pfn_at(r, buf + PAGES(1));
	assert_ok(migrate_with(r, buf, 2, &move_all_ops, &to_system));
	assert_all_moved(r, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(pfn_at(r, buf + PAGES(i)), old[i]);
		assert_false(page_info(r, old[i]).ref > 1);
	}
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	/* Write-protected by the clearing. */
	assert_bits(r, buf + PAGES(1), 0);
	assert_bytes(r, r->tid, buf, 2, 1);
	rig_close(r);
}

static void test_device_to_device(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t first;

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	first = pfn_at(r, buf);
	assert_ok(migrate_with(r, buf, 1, &move_all_ops, &to_device));
	assert_all_moved(r, 1);
	assert_int_not_equal(pfn_at(r, buf), first);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), counter(r, HMMU_COUNT_DEVICE_PAGES) - 1);
	assert_bytes(r, r->tid, buf, 1, 5);
	rig_close(r);
}

static void test_flags_move(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t set = HMMU_PG_ERROR | HMMU_PG_REFERENCED | HMMU_PG_CHECKED | HMMU_PG_MAPPEDTODISK | HMMU_PG_DIRTY |
		       HMMU_PG_YOUNG | HMMU_PG_IDLE;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_page_set_flags(r->m, pfn_at(r, buf), set));
	assert_ok(migrate_with(r, buf, 1, &move_all_ops, &to_system));
	hmmu_lru_add_drain_all(r->m);
	assert_page(r, buf, 1, 1, ANON_FLAGS | set);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_page(r, buf, 2, 1, (ANON_FLAGS & ~HMMU_PG_LRU) | set | HMMU_PG_DEVICE);
	rig_close(r);
}

/* A page of a locked mapping: unevictable moves, and the new page gets its mlock mark from the mapping. */
static void test_unevictable_moves(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	assert_ok(migrate_with(r, buf, 1, &move_all_ops, &to_system));
	assert_all_moved(r, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(entry_of(r, r->pid, buf).flags & (HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE),
			 HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 1);
	rig_close(r);
}

/* A page that is unevictable still when it moves: its pte was there when it was isolated. */
static void test_unevictable_flag_moves(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PAGES));
	assert_true(page_info(r, hmmu_word_pfn(r->dst[0])).flags & HMMU_PG_UNEVICTABLE);
	assert_false(page_info(r, pfn).flags & HMMU_PG_UNEVICTABLE);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 1);
	rig_close(r);
}

/* A page under MADV_FREE is not swap-backed, and stays so. */
static void test_lazily_freed_page_moves(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_FREE));
	hmmu_lru_add_drain_all(r->m);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_all_moved(r, 1);
	assert_false(entry_of(r, r->pid, buf).flags & HMMU_PG_SWAPBACKED);
	rig_close(r);
}

/* The driver offers a page for an entry that it was not asked for: it is dropped. */
static int offer_for_every_entry(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state at;

	(void)data;
	hmmu_migrate_state(mig, &at);
	for (uint64_t i = 0; i < at.npages; i++)
		at.dst[i] = device_word(at.machine);
	return 0;
}

static void test_offer_nobody_asked_for(void **state)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = offer_for_every_entry };
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(migrate_with(r, buf, 2, &ops, NULL));
	assert_why(r, 0, HMMU_WHY_PAGE_LOCKED);
	assert_int_equal(r->why[1], HMMU_WHY_NONE);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), 63);
	assert_ok(hmmu_release(r->m, pfn));
	rig_close(r);
}

static void test_no_page_offered(void **state)
{
	struct rig *r = open_rig(.device_pages = 1);
	uint64_t buf = map_anon(r, 4), skip = 0, error = 1;

	(void)state;
	write_pages(r, buf, 4, 1);
	r->builtin = (struct hmmu_builtin){ .skip_count = 1, .error_count = 1, .skip = &skip, .error = &error };
	assert_ok(migrate_with(r, buf, 4, &hmmu_builtin_ops, &r->builtin));
	assert_why(r, 0, HMMU_WHY_NO_PAGE);
	assert_why(r, 1, HMMU_WHY_DRIVER_ERROR);
	assert_true(r->dst[1] == HMMU_PFN_ERROR);
	assert_int_equal(r->why[2], HMMU_WHY_NONE);
	/* The device has one page. */
	assert_why(r, 3, HMMU_WHY_NO_PAGE);
	assert_kind(r, buf + PAGES(2), 1, HMMU_ENTRY_DEV);
	assert_kind(r, buf + PAGES(3), 1, HMMU_ENTRY_SYS);
	/* The same for holes. */
	assert_ok(migrate(r, map_anon(r, 1), 1, HMMU_TO_DEVICE));
	assert_why(r, 0, HMMU_WHY_NO_PAGE);
	rig_close(r);
}

/* The lists are in any order, name entries twice or entries that are not there, and are the caller's. */
static void test_lists_of_entries(void **state)
{
	const uint64_t skip[] = { 4, 9, 1, 4 }, error[] = { UINT64_MAX, 5, 4, 0, 5 };
	struct rig *r = open_rig(.device_pages = 8);
	uint64_t buf = map_anon(r, 6);

	(void)state;
	write_pages(r, buf, 6, 1);
	r->builtin = (struct hmmu_builtin){ .skip_count = 4, .error_count = 5, .skip = skip, .error = error };
	assert_ok(migrate_with(r, buf, 6, &hmmu_builtin_ops, &r->builtin));
	assert_why(r, 0, HMMU_WHY_DRIVER_ERROR);
	assert_why(r, 5, HMMU_WHY_DRIVER_ERROR);
	assert_why(r, 1, HMMU_WHY_NO_PAGE);
	assert_why(r, 4, HMMU_WHY_NO_PAGE);
	assert_kind(r, buf + PAGES(2), 2, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* The source is of the wanted kind already. */
static void test_same_kind(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_why(r, 0, HMMU_WHY_NO_PAGE);
	assert_int_equal(r->why[1], HMMU_WHY_NONE);
	assert_ok(migrate(r, map_anon(r, 1), 1, HMMU_TO_SYSTEM));
	rig_close(r);
}

/* Page-cache pages are collected and copied, and refused here by device-private destinations. */
static void test_page_cache_to_device(void **state)
{
	static const uint32_t kinds[] = { HMMU_MAP_SHMEM, HMMU_MAP_FILE, HMMU_MAP_SHAREDFILE };
	struct rig *r = open_rig();

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint64_t buf = map_at(r, 0, 2, kinds[i], HMMU_PROT_READ);

		read_pages(r, buf, 2);
		assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
		assert_why(r, 0, HMMU_WHY_HAS_MAPPING);
		assert_why(r, 1, HMMU_WHY_HAS_MAPPING);
		assert_true(r->dst[0] & HMMU_PFN_VALID);
		assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	}
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), counter(r, HMMU_COUNT_DEVICE_PAGES));
	rig_close(r);
}

/* A private copy of a file's page is anonymous and moves. */
static void test_private_copy_of_a_file_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_FILE, HMMU_PROT_WRITE);

	(void)state;
	write_pages(r, buf, 1, 3);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_all_moved(r, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	assert_bytes(r, r->tid, buf, 1, 3);
	rig_close(r);
}

/* To a system page: the cache has the new one, with its dirty bit, and every mapping of the file leads there. */
static void test_page_cache_to_system(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 2, HMMU_MAP_SHMEM, HMMU_PROT_WRITE);
	uint32_t child, old;

	(void)state;
	write_pages(r, buf, 2, 1);
	child = do_fork_of(r, r->tid);
	assert_bytes(r, hmmu_process_task(r->m, child), buf, 1, 1);
	old = pfn_at(r, buf);
	assert_ok(migrate_with(r, buf, 1, &move_all_ops, &to_system));
	assert_all_moved(r, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_int_not_equal(pfn_at(r, buf), old);
	assert_int_equal(entry_of(r, child, buf).pfn, pfn_at(r, buf));
	assert_true(page_info(r, old).flags & HMMU_PG_BUDDY);
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_DIRTY);
	/* Found in the cache by a mapping that has no entry yet. */
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_DONTNEED));
	assert_bytes(r, r->tid, buf, 2, 1);
	assert_int_equal(mm_counters(r, r->pid).shmem, 2);
	rig_close(r);
}

/* A task that waits for the page holds a reference, in 4.14. */
static void test_unexpected_reference(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t waiter = new_task(r, r->pid);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_blocked(r->m, load(r, waiter, buf, NULL), waiter, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_why(r, 0, HMMU_WHY_REFERENCES);
	assert_true(r->dst[0] & HMMU_PFN_VALID);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_clean(r->m);
	assert_ok(load(r, waiter, buf, NULL));
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), counter(r, HMMU_COUNT_DEVICE_PAGES));
	rig_close(r);
}

/* MADV_DONTNEED while the driver copies: the page still moves, to nobody, and is freed in finalize. */
static void test_dropped_meanwhile(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t other = new_task(r, r->pid);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_ok(hmmu_madvise(r->m, other, buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), counter(r, HMMU_COUNT_DEVICE_PAGES));
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
	rig_close(r);
}

/* A child that may not write any more when the pages come back: its entry is a read one. */
static void test_rights_lost_meanwhile(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE);
	struct hmmu_migration *mig;
	uint32_t child;

	(void)state;
	child = do_fork_of(r, r->tid);
	write_pages(r, buf, 1, 1);
	assert_ok(store(r, hmmu_process_task(r->m, child), buf, 2));
	hmmu_lru_add_drain_all(r->m);
	mig = begin_migration(r, buf, 1, HMMU_TO_DEVICE);
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_ALLOC_AND_COPY));
	assert_true(entry_of(r, child, buf).bits & HMMU_BIT_WRITE);
	assert_ok(hmmu_mprotect(r->m, hmmu_process_task(r->m, child), buf, PAGES(1), HMMU_PROT_READ));
	assert_ok(hmmu_migrate_end(mig));
	assert_why(r, 0, HMMU_WHY_HAS_MAPPING);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_SYS);
	assert_false(entry_of(r, child, buf).bits & HMMU_BIT_WRITE);
	assert_true(entry_of(r, r->pid, buf).bits & HMMU_BIT_WRITE);
	rig_close(r);
}

/* A child that exits, and one that is born, while its page is under way. */
static void test_families(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;
	uint32_t gone, stays, grandchild;

	(void)state;
	write_pages(r, buf, 2, 1);
	gone = do_fork_of(r, r->tid);
	stays = do_fork_of(r, r->tid);
	mig = begin_to(r, buf, 2, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_ok(hmmu_exit(r->m, gone));
	grandchild = do_fork_of(r, hmmu_process_task(r->m, stays));
	assert_int_equal(entry_of(r, grandchild, buf).kind, HMMU_ENTRY_MIG);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 2);
	assert_int_equal(entry_of(r, grandchild, buf).kind, HMMU_ENTRY_DEV);
	assert_int_equal(entry_of(r, r->pid, buf).map, 3);
	rig_close(r);
}

/* The charge goes with the page; the old page keeps its own until it is freed. */
static void test_charge_moves(void **state)
{
	struct rig *r = open_rig(.memcg_limit = 1);
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	for (int i = 0; i < 3; i++) {
		assert_ok(migrate(r, buf, 1, i % 2 ? HMMU_TO_SYSTEM : HMMU_TO_DEVICE));
		assert_all_moved(r, 1);
		hmmu_lru_add_drain_all(r->m);
		assert_int_equal(hmmu_memcg_charged(r->m), 1);
	}
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_to_device),
		cmocka_unit_test(test_unevictable_moves),
		cmocka_unit_test(test_lazily_freed_page_moves),
		cmocka_unit_test(test_offer_nobody_asked_for),
		cmocka_unit_test(test_same_kind),
		cmocka_unit_test(test_page_cache_to_device),
		cmocka_unit_test(test_private_copy_of_a_file_page),
		cmocka_unit_test(test_page_cache_to_system),
		cmocka_unit_test(test_dropped_meanwhile),
		cmocka_unit_test(test_rights_lost_meanwhile),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_charge_moves),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_to_device_and_back),   cmocka_unit_test(test_system_to_system),
		cmocka_unit_test(test_flags_move),           cmocka_unit_test(test_unevictable_flag_moves),
		cmocka_unit_test(test_no_page_offered),      cmocka_unit_test(test_lists_of_entries),
		cmocka_unit_test(test_unexpected_reference),
	};

	return run_on_each_kernel(tests) + cmocka_run_group_tests(tests_of_4_14, NULL, NULL);
}
