/* SPDX-License-Identifier: GPL-2.0-only */
/* Marks: a rollback brings the whole machine back, also in the middle of migrations and of blocked calls. */
#include "support.h"

#include <stdlib.h>

/* A rollback after @do_it must leave the machine as it was, byte for byte; what is done again has the same effect. */
static void assert_rolls_back(struct rig *r, void (*do_it)(struct rig *r, uint64_t buf), uint64_t buf)
{
	uint64_t before = hmmu_hash(r->m), after;

	assert_ok(hmmu_mark(r->m));
	do_it(r, buf);
	after = hmmu_hash(r->m);
	assert_ok(hmmu_rollback(r->m));
	assert_true(hmmu_hash(r->m) == before);
	assert_clean(r->m);
	do_it(r, buf);
	assert_true(hmmu_hash(r->m) == after);
	assert_ok(hmmu_mark_drop(r->m));
	assert_true(hmmu_hash(r->m) == after);
}

static void do_stores(struct rig *r, uint64_t buf)
{
	write_pages(r, buf, 8, 7);
}

static void do_new_mapping(struct rig *r, uint64_t buf)
{
	uint64_t other = map_anon(r, 3);

	(void)buf;
	write_pages(r, other, 3, 1);
	assert_ok(hmmu_munmap(r->m, r->tid, other, PAGES(3)));
}

static void do_unmap(struct rig *r, uint64_t buf)
{
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(2), PAGES(2)));
}

static void do_fork_and_exit(struct rig *r, uint64_t buf)
{
	uint32_t child = do_fork_of(r, r->tid);

	assert_ok(store(r, hmmu_process_task(r->m, child), buf, 3));
	assert_ok(hmmu_exit(r->m, child));
}

static void do_huge(struct rig *r, uint64_t buf)
{
	(void)buf;
	write_pages(r, map_huge(r, 512), 2, 1);
}

static void do_file(struct rig *r, uint64_t buf)
{
	(void)buf;
	write_pages(r, map_at(r, 0, 3, HMMU_MAP_SHMEM, HMMU_PROT_WRITE), 3, 1);
}

static void do_swap(struct rig *r, uint64_t buf)
{
	hmmu_lru_add_drain_all(r->m);
	reclaim_range(r, buf, 2);
}

static void do_migrate(struct rig *r, uint64_t buf)
{
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
}

static void do_second_device(struct rig *r, uint64_t buf)
{
	uint32_t device;

	(void)buf;
	assert_ok(hmmu_device_create(r->m, 4, 9, &device));
}

static void do_events(struct rig *r, uint64_t buf)
{
	assert_ok(hmmu_events_record(r->m, UINT32_MAX));
	write_pages(r, buf, 3, 1);
}

static void (*const deeds[])(struct rig *r, uint64_t buf) = {
	do_stores, do_new_mapping, do_fork_and_exit, do_huge,   do_file,
	do_swap,   do_migrate,     do_second_device, do_events, do_unmap,
};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

static void test_each_kind_of_change(void **state)
{
	(void)state;
	for (int no_contents = 0; no_contents < 2; no_contents++)
		for (size_t i = 0; i < DEEDS; i++) {
			struct rig *r = open_rig(.no_contents = no_contents, .cpus = 2, .swap_pages = 16);
			uint64_t buf = map_anon(r, 8);

			write_pages(r, buf, 6, 1);
			assert_rolls_back(r, deeds[i], buf);
			rig_close(r);
		}
}

/* Marks within marks: each rollback leads to the newest one that is left. */
static void test_nested_marks(void **state)
{
	struct rig *r = open_rig(.no_contents = true, .cpus = 2, .swap_pages = 16);
	uint64_t buf = map_anon(r, 8), hashes[DEEDS];

	(void)state;
	for (size_t i = 0; i < DEEDS; i++) {
		hashes[i] = hmmu_hash(r->m);
		assert_ok(hmmu_mark(r->m));
		deeds[i](r, buf + (deeds[i] == do_swap ? PAGES(4) : 0));
	}
	assert_int_equal(hmmu_marks(r->m), DEEDS);
	for (size_t i = DEEDS; i-- > 0;) {
		/* Every other one is left out. */
		if (i % 2) {
			assert_ok(hmmu_mark_drop(r->m));
			continue;
		}
		assert_ok(hmmu_rollback(r->m));
		assert_true(hmmu_hash(r->m) == hashes[i]);
		assert_clean(r->m);
		assert_ok(hmmu_mark_drop(r->m));
	}
	assert_int_equal(hmmu_marks(r->m), 0);
	rig_close(r);
}

/* From each step of a migration back to each other one, and on to the end. */
static void test_amid_a_migration(void **state)
{
	static const uint64_t sizes[] = { 4, 40 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *r = open_rig(.no_contents = i);
		uint64_t buf = map_anon(r, sizes[i]), src[40], last = 0;
		struct hmmu_migration *mig, *other;
		bool more = true;

		write_pages(r, buf, sizes[i], 1);
		mig = begin_migration(r, buf, sizes[i], HMMU_TO_DEVICE);
		for (int steps = 0; more; steps++) {
			uint64_t hash = hmmu_hash(r->m);

			memcpy(src, r->src, sizes[i] * sizeof(*src));
			assert_ok(hmmu_mark(r->m));
			assert_ok(hmmu_migrate_end(mig));
			if (last)
				assert_true(hmmu_hash(r->m) == last);
			last = hmmu_hash(r->m);
			assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
			assert_ok(hmmu_rollback(r->m));
			assert_true(hmmu_hash(r->m) == hash);
			assert_memory_equal(src, r->src, sizes[i] * sizeof(*src));
			assert_clean(r->m);
			more = hmmu_migrate_step(mig);
			assert_ok(hmmu_mark_drop(r->m));
		}
		/* A migration that the rollback undoes leaves its memory to the next one. */
		assert_ok(hmmu_migrate_end(mig));
		assert_ok(hmmu_mark(r->m));
		mig = begin_migration(r, buf, sizes[i], HMMU_TO_SYSTEM);
		assert_ok(hmmu_rollback(r->m));
		other = begin_migration(r, buf, sizes[i], HMMU_TO_SYSTEM);
		assert_ptr_equal(mig, other);
		assert_ok(hmmu_migrate_end(other));
		rig_close(r);
	}
}

/* A store waits for a page that migrates, and munmap() for mmap_sem. Each comes back to its wait. */
static void test_amid_blocked_calls(void **state)
{
	struct rig *r = open_rig(.no_contents = true);
	uint64_t buf = map_anon(r, 2), hash;
	uint32_t storer, unmapper;
	struct hmmu_migration *mig;

	(void)state;
	storer = new_task(r, r->pid);
	unmapper = new_task(r, r->pid);
	write_pages(r, buf, 2, 1);
	mig = begin_to(r, buf, 2, HMMU_TO_DEVICE, HMMU_STAGE_UNMAP);
	assert_blocked(r->m, store(r, storer, buf, 9), storer, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_munmap(r->m, unmapper, buf + PAGES(1), PAGES(1)), unmapper, HMMU_WAIT_MMAP_SEM_WRITE);
	hash = hmmu_hash(r->m);
	assert_ok(hmmu_mark(r->m));
	for (int i = 0; i < 2; i++) {
		assert_ok(hmmu_migrate_end(mig));
		/* In Linux 6.12 the store now waits for mmap_lock behind munmap(). */
		if (store(r, storer, buf, 9)) {
			assert_ok(hmmu_munmap(r->m, unmapper, buf + PAGES(1), PAGES(1)));
			assert_ok(store(r, storer, buf, 9));
		}
		assert_bytes(r, storer, buf, 1, 9);
		if (i)
			break;
		assert_ok(hmmu_rollback(r->m));
		assert_true(hmmu_hash(r->m) == hash);
		assert_false(is_ready(r, storer));
		assert_clean(r->m);
	}
	assert_ok(hmmu_task_cancel(r->m, unmapper));
	rig_close(r);
}

/* A migration that begins after the rollback finds nothing of one that was taken back. */
static void test_migration_again(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);
	struct hmmu_migrate_request request = request_for(r, buf, 3);
	struct hmmu_migration_state now;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 3, 1);
	assert_ok(hmmu_mark(r->m));
	for (int i = 0; i < 2; i++) {
		assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
		hmmu_migrate_state(mig, &now);
		assert_int_equal(now.npages, 0);
		assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_UNMAP));
		if (!i)
			assert_ok(hmmu_rollback(r->m));
	}
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_mark_drop(r->m));
	rig_close(r);
}

/* A page table comes between two marks, in a frame that was used before, and below tables that are there. */
static void test_page_table_comes(void **state)
{
	const uint32_t prot = HMMU_PROT_READ | HMMU_PROT_WRITE;
	struct rig *r = open_rig(.no_contents = true);
	uint64_t other = map_anon(r, 1), at = other + 4 * PAGES(HMMU_HUGE_PAGES), before;

	(void)state;
	write_pages(r, other, 1, 1);
	write_pages(r, map_at(r, at, 1, HMMU_MAP_ANON, prot), 1, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_munmap(r->m, r->tid, at, PAGES(1)));
	map_at(r, at, 2, HMMU_MAP_ANON, prot);
	assert_ok(hmmu_mark(r->m));
	write_pages(r, at, 1, 1);
	before = hmmu_hash(r->m);
	assert_ok(hmmu_mark(r->m));
	write_pages(r, at + PAGES(1), 1, 2);
	assert_ok(hmmu_rollback(r->m));
	assert_true(hmmu_hash(r->m) == before);
	rig_close(r);
}

static int mark_in_callback(struct hmmu_migration *mig, void *data)
{
	struct rig *r = data;

	(void)mig;
	assert_failed(r->m, hmmu_mark(r->m), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_rollback(r->m), -EBUSY, HMMU_ERR_BUSY);
	return 0;
}

static void test_refusals(void **state)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = mark_in_callback };
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	assert_failed(r->m, hmmu_rollback(r->m), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_mark_drop(r->m), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_int_equal(hmmu_marks(r->m), 0);
	write_pages(r, buf, 1, 1);
	assert_ok(migrate_with(r, buf, 1, &ops, r));
	rig_close(r);
}

static void count_free(struct hmmu *m, uint32_t pfn, void *data)
{
	(void)m;
	(void)pfn;
	++*(int *)data;
}

/* A device that a rollback takes back leaves no driver to a later one. */
static void test_drivers_of_devices(void **state)
{
	static const struct hmmu_pagemap_ops ops = { .page_free = count_free };
	struct rig *r = open_rig();
	uint32_t device, again, pfn;
	int freed = 0;

	(void)state;
	assert_ok(hmmu_mark(r->m));
	assert_ok(hmmu_device_create(r->m, 4, 9, &device));
	assert_ok(hmmu_device_driver(r->m, device, &ops, &freed));
	assert_ok(hmmu_rollback(r->m));
	assert_ok(hmmu_device_create(r->m, 4, 9, &again));
	assert_int_equal(again, device);
	assert_ok(hmmu_device_alloc_of(r->m, again, &pfn));
	put_new_page(r->m, pfn);
	assert_int_equal(freed, 0);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_of_change), cmocka_unit_test(test_nested_marks),
		cmocka_unit_test(test_amid_a_migration),    cmocka_unit_test(test_amid_blocked_calls),
		cmocka_unit_test(test_migration_again),     cmocka_unit_test(test_page_table_comes),
		cmocka_unit_test(test_drivers_of_devices),  cmocka_unit_test(test_refusals),
	};

	return run_on_each_kernel(tests);
}
