/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nothing takes time that grows faster than its input. Sizes are such that a cost that grows with the square would take
 * minutes, and the test would be stopped.
 */
#include "support.h"

#define MAPPINGS 300000u
#define WAITERS 200000u

/* A task faults on a page that somebody has locked, and waits. In 4.14 it has mmap_sem for reading, in 6.12 the lock of its
 * mapping alone, so that another task writes many mappings meanwhile. */
static void test_writers_beside_a_reader(void **state)
{
	struct rig *r = open_rig();
	uint64_t file = map_at(r, BASE, 1, HMMU_MAP_SHMEM, HMMU_PROT_WRITE), many = BASE + MIB(2);
	uint32_t reader = new_task(r, r->pid), pfn;
	int err = 0;

	(void)state;
	write_pages(r, file, 1, 1);
	for (uint64_t i = 0; i < MAPPINGS; i++)
		map_at(r, many + PAGES(2 * i), 1, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	assert_ok(hmmu_hold(r->m, r->pid, file, &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, file, PAGES(1), HMMU_MADV_DONTNEED));
	assert_blocked(r->m, load(r, reader, file, NULL), reader, HMMU_WAIT_PAGE_LOCK);
	for (uint64_t i = 0; i < MAPPINGS && !err; i++)
		err = hmmu_mprotect(r->m, r->tid, many + PAGES(2 * i), PAGES(1), HMMU_PROT_READ);
	if (err)
		assert_blocked(r->m, err, r->tid, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(load(r, reader, file, NULL));
	if (err)
		assert_ok(hmmu_task_cancel(r->m, r->tid));
	rig_close(r);
}

static int drop_page(struct rig *r, uint32_t task, uint64_t address)
{
	return hmmu_madvise(r->m, task, address, PAGES(1), HMMU_MADV_DONTNEED);
}

/* Tasks wait for mmap_sem for reading, behind a writer that waits for a migration's end. The last one leaves first. */
static void leave_queue(bool cancel)
{
	static uint32_t tasks[WAITERS];
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t writer = new_task(r, r->pid);
	struct hmmu_migration *mig = begin_migration(r, buf, 1, HMMU_TO_DEVICE);

	assert_blocked(r->m, hmmu_munmap(r->m, writer, buf + PAGES(1), PAGES(1)), writer, HMMU_WAIT_MMAP_SEM_WRITE);
	for (uint32_t i = 0; i < WAITERS; i++) {
		tasks[i] = new_task(r, r->pid);
		assert_blocked(r->m, drop_page(r, tasks[i], buf), tasks[i], HMMU_WAIT_MMAP_SEM_READ);
	}
	if (!cancel)
		assert_ok(hmmu_task_cancel(r->m, writer));
	for (uint32_t i = WAITERS; i > 0; i--)
		if (cancel)
			assert_ok(hmmu_task_cancel(r->m, tasks[i - 1]));
		else
			assert_ok(drop_page(r, tasks[i - 1], buf));
	if (cancel)
		assert_ok(hmmu_task_cancel(r->m, writer));
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

static void test_waiters_that_give_up(void **state)
{
	(void)state;
	leave_queue(true);
}

static void test_waiters_that_go_on(void **state)
{
	(void)state;
	leave_queue(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writers_beside_a_reader),
		cmocka_unit_test(test_waiters_that_give_up),
		cmocka_unit_test(test_waiters_that_go_on),
	};

	return run_on_each_kernel(tests);
}
