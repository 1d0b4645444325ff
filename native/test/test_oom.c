/* SPDX-License-Identifier: GPL-2.0-only */
/* The OOM reaper, and the two faults of 4.14 that only another CPU, or the reaper, can show. */
#include "support.h"

/* |--priv--|  |--shared--|  |--locked--|   the reaper takes the private pages that are not locked */
static void test_reap(void **state)
{
	struct rig *r = open_rig();
	uint64_t private = map_anon(r, 4), locked = map_anon(r, 2);
	struct hmmu_map shared_map = { .pages = 2, .kind = HMMU_MAP_SHMEM, .prot = 3 };
	uint64_t shared;
	char byte;

	(void)state;
	assert_ok(hmmu_mmap(r->m, r->tid, &shared_map, &shared));
	write_pages(r, private, 3, 1);
	assert_ok(store(r, r->tid, shared, 1));
	assert_ok(hmmu_mlock(r->m, r->tid, locked, PAGES(2)));
	assert_ok(hmmu_oom_reap(r->m, r->pid));
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	assert_int_equal(mm_counters(r, r->pid).shmem, 1);
	assert_failed(r->m, hmmu_load(r->m, r->tid, private, &byte, 1, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_failed(r->m, store(r, r->tid, private, 1), -EFAULT, HMMU_ERR_SIGBUS);
	assert_ok(store(r, r->tid, shared + PAGES(1), 1));
	assert_ok(store(r, r->tid, locked, 1));
	rig_close(r);
}

static void test_reap_is_refused(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	assert_failed(r->m, hmmu_oom_reap(r->m, 99), -ESRCH, HMMU_ERR_NO_PROCESS);
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_failed(r->m, hmmu_oom_reap(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	rig_close(r);
}

/* insert-ignores-reaped-mm: 4.14 puts a page into the hole of a reaped process. */
static void test_insertion_into_reaped_mm(void **state)
{
	(void)state;
	for (int fixed = 0; fixed < 2; fixed++) {
		struct hmmu_options options = { .ram_pages = 1024,
						.device_pages = 16,
						.quirks_off = fixed ? HMMU_QUIRK_INSERT_IGNORES_REAPED_MM : 0 };
		struct rig *r = rig_open(&options);
		uint64_t buf = map_anon(r, 1);

		assert_ok(hmmu_oom_reap(r->m, r->pid));
		assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
		assert_int_equal(r->why[0], fixed ? HMMU_WHY_INSERT_MM_UNSTABLE : HMMU_WHY_NONE);
		assert_int_equal(entry_of(r, r->pid, buf).kind, fixed ? HMMU_ENTRY_NONE : HMMU_ENTRY_DEV);
		rig_close(r);
	}
}

/* collect-flush-late: between the end of the table's lock and the flush another thread still has the translation. */
static void test_stale_translation_during_collect(void **state)
{
	(void)state;
	for (int fixed = 0; fixed < 2; fixed++) {
		struct hmmu_options options = { .ram_pages = 1024,
						.device_pages = 16,
						.quirks_off = fixed ? HMMU_QUIRK_COLLECT_FLUSH_LATE : 0 };
		struct rig *r = rig_open(&options);
		uint64_t buf = map_anon(r, 1);
		struct hmmu_migration *mig;
		uint32_t thread;

		assert_ok(hmmu_task_create(r->m, r->pid, &thread));
		assert_ok(store(r, thread, buf, 1));
		mig = begin_migration(r, buf, 1, HMMU_TO_DEVICE);
		assert_int_equal(hmmu_migrate_step(mig), 1);
		assert_clean(r->m);
		assert_int_equal(store(r, thread, buf, 2), -EAGAIN);
		assert_int_equal(counter(r, HMMU_COUNT_TLB_STALE), !fixed);
		assert_ok(hmmu_migrate_end(mig));
		assert_ok(store(r, thread, buf, 2));
		rig_close(r);
	}
}

static void test_waiting_writer_keeps_the_reaper_off(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t writer = new_task(r, r->pid);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 2, 1);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_blocked(r->m, hmmu_munmap(r->m, writer, buf, PAGES(1)), writer, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_failed(r->m, hmmu_oom_reap(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_task_cancel(r->m, writer));
	assert_ok(hmmu_oom_reap(r->m, r->pid));
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting_writer_keeps_the_reaper_off),
		cmocka_unit_test(test_reap),
		cmocka_unit_test(test_reap_is_refused),
		cmocka_unit_test(test_insertion_into_reaped_mm),
		cmocka_unit_test(test_stale_translation_during_collect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
