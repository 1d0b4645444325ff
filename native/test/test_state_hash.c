/* SPDX-License-Identifier: GPL-2.0-only */
/* The state hash: what can make a difference later changes it, and nothing else does. */
#include "support.h"

#include <pthread.h>

static uint64_t state_hash(struct rig *r)
{
	uint64_t hash;

	assert_ok(hmmu_state_hash(r->m, &hash));
	return hash;
}

/* Which frames are taken, counters and events make no difference. */
static void test_what_does_not_count(void **state)
{
	struct rig *r = open_rig(.no_contents = true, .cpus = 2, .swap_pages = 8);
	uint64_t buf = map_anon(r, 4), hash, raw;

	(void)state;
	/* Two pages, in one order and then in the other. */
	write_pages(r, buf + PAGES(2), 2, 0);
	assert_ok(hmmu_mark(r->m));
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(store(r, r->tid, buf + PAGES(1), 1));
	hmmu_lru_add_drain_all(r->m);
	hash = state_hash(r);
	raw = hmmu_hash(r->m);
	assert_ok(hmmu_rollback(r->m));
	assert_ok(store(r, r->tid, buf + PAGES(1), 1));
	assert_ok(store(r, r->tid, buf, 1));
	hmmu_lru_add_drain_all(r->m);
	assert_true(hmmu_hash(r->m) != raw);
	assert_true(state_hash(r) == hash);
	/* A page of the device and back: other frames, more alloc_ids, more flushes, and a free device page with flags. */
	assert_ok(hmmu_events_record(r->m, UINT32_MAX));
	read_pages(r, buf, 2);
	assert_true(state_hash(r) == hash);
	rig_close(r);
}

static void test_device_and_back(void **state)
{
	struct rig *r = open_rig(.no_contents = true);
	uint64_t buf = map_anon(r, 1), hashes[3];

	(void)state;
	write_pages(r, buf, 1, 1);
	for (int i = 0; i < 3; i++) {
		assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
		assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
		write_pages(r, buf, 1, 1);
		hmmu_lru_add_drain_all(r->m);
		hashes[i] = state_hash(r);
	}
	assert_true(hashes[1] == hashes[2]);
	rig_close(r);
}

static void do_nothing(struct rig *r, uint64_t buf)
{
	(void)r;
	(void)buf;
}
static void do_store(struct rig *r, uint64_t buf)
{
	assert_ok(store(r, r->tid, buf, 77));
}
static void do_read_hole(struct rig *r, uint64_t buf)
{
	read_pages(r, buf + PAGES(3), 1);
}
static void do_store_new(struct rig *r, uint64_t buf)
{
	assert_ok(store(r, r->tid, buf + PAGES(2), 1));
}
static void do_drain(struct rig *r, uint64_t buf)
{
	do_store_new(r, buf);
	hmmu_lru_add_drain_all(r->m);
}
static void do_protect(struct rig *r, uint64_t buf)
{
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
}
static void do_flush(struct rig *r, uint64_t buf)
{
	/* The accessed bit is in the entry and in the TLB; clear_refs flushes and leaves entries soft-clean. */
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	(void)buf;
}
static void do_other_cpu(struct rig *r, uint64_t buf)
{
	assert_ok(hmmu_task_set_cpu(r->m, r->tid, 1));
	read_pages(r, buf, 1);
	assert_ok(hmmu_task_set_cpu(r->m, r->tid, 0));
}
static void do_fork(struct rig *r, uint64_t buf)
{
	(void)buf;
	do_fork_of(r, r->tid);
}
static void do_map(struct rig *r, uint64_t buf)
{
	(void)buf;
	map_anon(r, 1);
}
static void do_inject(struct rig *r, uint64_t buf)
{
	(void)buf;
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 100, false));
}
static void do_alloc(struct rig *r, uint64_t buf)
{
	uint32_t pfn;

	(void)buf;
	assert_ok(hmmu_page_alloc(r->m, &pfn));
}
static void do_swap_out(struct rig *r, uint64_t buf)
{
	hmmu_lru_add_drain_all(r->m);
	reclaim_range(r, buf, 1);
}
static void do_to_device(struct rig *r, uint64_t buf)
{
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
}

static void (*const deeds[])(struct rig *r, uint64_t buf) = {
	do_nothing,   do_store, do_read_hole, do_store_new, do_drain, do_protect,  do_flush,
	do_other_cpu, do_fork,  do_map,       do_inject,    do_alloc, do_swap_out, do_to_device,
};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

/* All of these lead to states that differ from each other, also with a mark, by which translations are found. */
static void test_what_counts(void **state)
{
	uint64_t hashes[DEEDS];

	(void)state;
	for (int marked = 0; marked < 2; marked++)
		for (size_t i = 0; i < DEEDS; i++) {
			struct rig *r = open_rig(.no_contents = true, .cpus = 2, .swap_pages = 8);
			uint64_t buf = map_anon(r, 4), unmarked = hashes[i];

			write_pages(r, buf, 2, 1);
			if (marked)
				assert_ok(hmmu_mark(r->m));
			deeds[i](r, buf);
			hashes[i] = state_hash(r);
			for (size_t before = 0; before < i; before++)
				assert_true(hashes[before] != hashes[i]);
			if (marked)
				assert_true(hashes[i] == unmarked);
			rig_discard(r);
		}
}

/* Each step of a migration leads to a state of its own, and equal ways lead to equal ones. */
static void test_migrations(void **state)
{
	uint64_t hashes[64];
	int steps = 0;

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct rig *r = open_rig(.no_contents = true);
		uint64_t buf = map_anon(r, 3);
		struct hmmu_migration *mig;
		int step = 0;

		/* In the second round other frames are taken. */
		if (round) {
			assert_ok(hmmu_mark(r->m));
			write_pages(r, map_anon(r, 5), 5, 1);
			assert_ok(hmmu_rollback(r->m));
			assert_ok(store(r, r->tid, buf + PAGES(2), 3));
		}
		write_pages(r, buf, 3, 1);
		hmmu_lru_add_drain_all(r->m);
		mig = begin_migration(r, buf, 3, HMMU_TO_DEVICE);
		do {
			uint64_t hash = state_hash(r);

			for (int before = 0; before < step; before++)
				assert_true(hashes[before] != hash);
			if (round)
				assert_true(hashes[step] == hash);
			hashes[step++] = hash;
		} while (hmmu_migrate_step(mig));
		if (round)
			assert_int_equal(step, steps);
		steps = step;
		assert_ok(hmmu_migrate_end(mig));
		rig_close(r);
	}
}

static void test_known_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2), first, second;
	uint32_t pfns[2], none = UINT32_MAX;

	(void)state;
	write_pages(r, buf, 2, 0);
	for (int i = 0; i < 2; i++)
		pfns[i] = pfn_at(r, buf + PAGES(i));
	assert_ok(hmmu_state_hash_with(r->m, &pfns[0], 1, &first));
	assert_ok(hmmu_state_hash_with(r->m, &pfns[1], 1, &second));
	assert_true(first != second && first != state_hash(r));
	assert_failed(r->m, hmmu_state_hash_with(r->m, &none, 1, &first), -EINVAL, HMMU_ERR_NO_PAGE);
	rig_close(r);
}

static int hash_in_callback(struct hmmu_migration *mig, void *data)
{
	struct rig *r = data;
	uint64_t hash;

	(void)mig;
	assert_failed(r->m, hmmu_state_hash(r->m, &hash), -EBUSY, HMMU_ERR_BUSY);
	return 0;
}

static void test_not_in_callbacks(void **state)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = hash_in_callback };
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(migrate_with(r, buf, 1, &ops, r));
	rig_close(r);
}

#define GENERATIONS 1000
#define SMALL_STACK (64u << 10)

static void *hash_on_small_stack(void *data)
{
	struct rig *r = data;
	uint64_t hash;

	return hmmu_state_hash(r->m, &hash) ? NULL : data;
}

/* A chain of anon_vmas, met at its lower end: a process with a low number is the youngest. */
static void test_many_generations(void **state)
{
	struct rig *r = open_rig(.no_contents = true, .ram_pages = 16384);
	const struct hmmu_map map = { .pages = 1, .kind = HMMU_MAP_ANON, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };
	uint32_t pid, first = r->pid;
	pthread_attr_t attributes;
	pthread_t thread;
	uint64_t buf;
	void *done;

	(void)state;
	assert_ok(hmmu_process_create(r->m, &pid));
	assert_ok(hmmu_mmap(r->m, hmmu_process_task(r->m, pid), &map, &buf));
	assert_ok(store(r, hmmu_process_task(r->m, pid), buf, 1));
	for (int i = 0; i < GENERATIONS; i++)
		assert_ok(hmmu_fork(r->m, hmmu_process_task(r->m, pid), &pid));
	assert_ok(hmmu_exit(r->m, first));
	assert_ok(hmmu_fork(r->m, hmmu_process_task(r->m, pid), &pid));
	assert_int_equal(pid, first);
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstacksize(&attributes, SMALL_STACK), 0);
	assert_int_equal(pthread_create(&thread, &attributes, hash_on_small_stack, r), 0);
	assert_int_equal(pthread_join(thread, &done), 0);
	pthread_attr_destroy(&attributes);
	assert_ptr_equal(done, r);
	rig_close(r);
}

static void forget_page(struct hmmu *m, uint32_t pfn, void *data)
{
	(void)m;
	(void)pfn;
	(void)data;
}

/* Which driver a device has is not known to a copy by a snapshot, and makes no difference. */
static void test_drivers_do_not_count(void **state)
{
	static const struct hmmu_pagemap_ops ops = { .page_free = forget_page };
	struct rig *r = open_rig(.no_contents = true);
	uint64_t hash = state_hash(r);
	uint32_t device;

	(void)state;
	assert_ok(hmmu_device_set_ops(r->m, &ops, NULL));
	assert_true(state_hash(r) == hash);
	assert_ok(hmmu_device_create(r->m, 4, 9, &device));
	assert_true(state_hash(r) != hash);
	assert_ok(hmmu_device_remove(r->m, device));
	assert_true(state_hash(r) == hash);
	rig_close(r);
}

static int like_the_builtin(struct hmmu_migration *mig, void *data)
{
	return hmmu_builtin_ops.alloc_and_copy(mig, data);
}

/* The shortcut of the built-in driver leaves nothing behind: its migrations have the hashes of a driver that does the same. */
static void test_builtin_driver(void **state)
{
	static const struct hmmu_migrate_ops own = { .alloc_and_copy = like_the_builtin };
	const struct hmmu_migrate_ops *drivers[] = { &own, &hmmu_builtin_ops };
	uint64_t hashes[2][HMMU_STAGE_DONE + 1][2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *r = open_rig(.no_contents = true);
		uint64_t buf = map_anon(r, 3);
		struct hmmu_migrate_request request = request_for(r, buf, 3);
		struct hmmu_migration *mig;

		r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_DEVICE };
		request.ops = drivers[i];
		write_pages(r, buf, 2, 1);
		assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
		for (uint32_t stage = 0; stage <= HMMU_STAGE_DONE; stage++) {
			assert_ok(hmmu_migrate_run(mig, stage));
			hashes[i][stage][0] = hmmu_hash(r->m);
			hashes[i][stage][1] = state_hash(r);
		}
		assert_ok(hmmu_migrate_end(mig));
		rig_close(r);
	}
	assert_memory_equal(hashes[0], hashes[1], sizeof(hashes[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_generations),     cmocka_unit_test(test_what_does_not_count),
		cmocka_unit_test(test_device_and_back),      cmocka_unit_test(test_what_counts),
		cmocka_unit_test(test_migrations),           cmocka_unit_test(test_known_pages),
		cmocka_unit_test(test_drivers_do_not_count), cmocka_unit_test(test_not_in_callbacks),
		cmocka_unit_test(test_builtin_driver),
	};

	return run_on_each_kernel(tests);
}
