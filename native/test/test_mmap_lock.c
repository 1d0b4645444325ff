/* SPDX-License-Identifier: GPL-2.0-only */
/* mmap_lock that drivers take, and who waits for it. */
#include "support.h"

static uint32_t second_task(struct rig *r)
{
	uint32_t tid;

	assert_ok(hmmu_task_create(r->m, r->pid, &tid));
	return tid;
}

static void test_reader_stops_writers(void **state)
{
	struct rig *r = open_rig();
	uint32_t other = second_task(r);
	uint64_t buf = map_anon(r, 4);

	(void)state;
	write_pages(r, buf, 4, 1);
	assert_ok(hmmu_mmap_lock(r->m, r->tid, false));
	assert_failed(r->m, hmmu_munmap(r->m, other, buf, PAGES(1)), -EAGAIN, HMMU_ERR_BLOCKED);
	assert_int_equal(hmmu_error(r->m)->wait, HMMU_WAIT_MMAP_SEM_WRITE);
	/* The holder's own calls go on under it, and leave it taken. */
	assert_bytes(r, r->tid, buf, 4, 1);
	assert_failed(r->m, hmmu_munmap(r->m, other, buf, PAGES(1)), -EAGAIN, HMMU_ERR_BLOCKED);
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_ok(hmmu_munmap(r->m, other, buf, PAGES(1)));
	assert_clean(r->m);
	rig_close(r);
}

static void test_writer_stops_readers(void **state)
{
	struct rig *r = open_rig();
	uint32_t other = second_task(r);

	(void)state;
	assert_ok(hmmu_mmap_lock(r->m, r->tid, true));
	assert_failed(r->m, hmmu_mmap_lock(r->m, other, false), -EAGAIN, HMMU_ERR_BLOCKED);
	/* Repeated, it still waits; another call is refused. */
	assert_failed(r->m, hmmu_mmap_lock(r->m, other, false), -EAGAIN, HMMU_ERR_BLOCKED);
	assert_failed(r->m, hmmu_mmap_lock(r->m, other, true), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_mmap_unlock(r->m, other), -EINVAL, HMMU_ERR_REFERENCE);
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_ok(hmmu_mmap_lock(r->m, other, false));
	/* Two readers have it together. */
	assert_ok(hmmu_mmap_lock(r->m, r->tid, false));
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_ok(hmmu_mmap_unlock(r->m, other));
	rig_close(r);
}

static void test_twice(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	assert_failed(r->m, hmmu_mmap_unlock(r->m, r->tid), -EINVAL, HMMU_ERR_REFERENCE);
	assert_ok(hmmu_mmap_lock(r->m, r->tid, false));
	assert_failed(r->m, hmmu_mmap_lock(r->m, r->tid, false), -EDEADLK, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_mmap_lock(r->m, r->tid, true), -EDEADLK, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_mmap_lock(r->m, 99, true), -ESRCH, HMMU_ERR_NO_TASK);
	assert_failed(r->m, hmmu_mmap_unlock(r->m, 99), -ESRCH, HMMU_ERR_NO_TASK);
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_failed(r->m, hmmu_mmap_unlock(r->m, r->tid), -EINVAL, HMMU_ERR_REFERENCE);
	rig_close(r);
}

static void test_what_is_refused(void **state)
{
	struct rig *r = open_rig();
	struct hmmu *copy;
	uint32_t other = second_task(r);
	size_t size;

	(void)state;
	assert_ok(hmmu_mmap_lock(r->m, other, false));
	assert_failed(r->m, hmmu_snapshot(r->m, NULL, 0, &size), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_clone(r->m, &copy), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_task_destroy(r->m, other), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_exit(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_clean(r->m);
	assert_ok(hmmu_mmap_unlock(r->m, other));
	assert_ok(hmmu_snapshot(r->m, NULL, 0, &size));
	rig_close(r);
}

/* munmap() of Linux 6.12 gives up the right to write half-way, but not the driver's. */
static void test_munmap_keeps_a_writer(void **state)
{
	struct rig *r = open_rig();
	uint32_t other = second_task(r);
	uint64_t buf = map_anon(r, 4);

	(void)state;
	write_pages(r, buf, 4, 1);
	assert_ok(hmmu_mmap_lock(r->m, r->tid, true));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_failed(r->m, hmmu_mmap_lock(r->m, other, false), -EAGAIN, HMMU_ERR_BLOCKED);
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_ok(hmmu_mmap_lock(r->m, other, false));
	assert_ok(hmmu_mmap_unlock(r->m, other));
	rig_close(r);
}

static int no_pages(struct hmmu_migration *mig, void *data)
{
	(void)mig;
	(void)data;
	return 0;
}

/* A migration begun under the driver's lock leaves it to the driver; if the driver gives it up first, the migration has it. */
static void test_with_a_migration(void **state)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = no_pages };
	struct rig *r = open_rig();
	uint32_t other = second_task(r);
	uint64_t src[2], dst[2], buf = map_anon(r, 2);
	struct hmmu_migrate_request request = { .tid = r->tid,
						.start = buf,
						.end = buf + PAGES(2),
						.src = src,
						.dst = dst,
						.ops = &ops,
						.flags = HMMU_SELECT_SYSTEM };
	struct hmmu_migration *mig;

	(void)state;
	if (hmmu_migrate_vma_setup(r->m, &request, &mig) == -EINVAL)
		request.flags = 0; /* Linux 4.14 selects nothing */
	else
		assert_ok(hmmu_migrate_end(mig));
	write_pages(r, buf, 2, 1);
	for (int driver_first = 0; driver_first < 2; driver_first++) {
		assert_ok(hmmu_mmap_lock(r->m, r->tid, false));
		assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
		if (driver_first)
			assert_ok(hmmu_mmap_unlock(r->m, r->tid));
		else
			assert_ok(hmmu_migrate_end(mig));
		assert_failed(r->m, hmmu_mmap_lock(r->m, other, true), -EAGAIN, HMMU_ERR_BLOCKED);
		if (driver_first)
			assert_ok(hmmu_migrate_end(mig));
		else
			assert_ok(hmmu_mmap_unlock(r->m, r->tid));
		assert_ok(hmmu_mmap_lock(r->m, other, true));
		assert_ok(hmmu_mmap_unlock(r->m, other));
	}
	assert_clean(r->m);
	rig_close(r);
}

/* A migration keeps its mapping, also from the driver that had taken the lock for writing before. */
static void test_writer_with_a_migration(void **state)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = no_pages };
	struct rig *r = open_rig();
	uint64_t src[4], dst[4], buf = map_anon(r, 4);
	struct hmmu_migrate_request request = {
		.tid = r->tid, .start = buf, .end = buf + PAGES(4), .src = src, .dst = dst, .ops = &ops
	};
	struct hmmu_migration *mig;

	(void)state;
	assert_ok(hmmu_mmap_lock(r->m, r->tid, true));
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	assert_failed(r->m, hmmu_munmap(r->m, r->tid, buf, PAGES(4)), -EDEADLK, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mprotect(r->m, r->tid, buf, PAGES(2), HMMU_PROT_READ), -EDEADLK, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(4)));
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_clean(r->m);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader_stops_writers),
		cmocka_unit_test(test_writer_stops_readers),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_munmap_keeps_a_writer),
		cmocka_unit_test(test_with_a_migration),
		cmocka_unit_test(test_writer_with_a_migration),
	};

	return run_on_each_kernel(tests);
}
