/* SPDX-License-Identifier: GPL-2.0-only */
/* Who gets mmap_lock of several that wait, and who comes in before them. Linux 6.12. */
#include "support.h"

#include <stdlib.h>

#define TASKS 6

/** A migration has mmap_lock for reading. */
struct lock_rig {
	struct rig *r;
	uint64_t buf;
	uint32_t task[TASKS], pinned[TASKS];
	struct hmmu_migration *mig;
};

static struct lock_rig open_locked(void)
{
	struct lock_rig l = { .r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12, .ram_pages = 4096) };
	struct hmmu_migrate_request request;

	l.buf = map_anon(l.r, TASKS + 1);
	for (int i = 0; i < TASKS; i++)
		l.task[i] = new_task(l.r, l.r->pid);
	request = request_for(l.r, l.buf + PAGES(TASKS), 1);
	assert_ok(hmmu_migrate_begin(l.r->m, &request, &l.mig));
	return l;
}

/* Each task uses a page of its own. */
static int lock_to_read(struct lock_rig *l, int i)
{
	return hmmu_pin(l->r->m, l->task[i], l->buf + PAGES(i), HMMU_PIN_WRITE, &l->pinned[i]);
}

static int lock_to_write(struct lock_rig *l, int i)
{
	return hmmu_mprotect(l->r->m, l->task[i], l->buf + PAGES(i), PAGES(1), HMMU_PROT_READ);
}

static void reader_waits(struct lock_rig *l, int i)
{
	assert_blocked(l->r->m, lock_to_read(l, i), l->task[i], HMMU_WAIT_MMAP_SEM_READ);
}

static void writer_waits(struct lock_rig *l, int i)
{
	assert_blocked(l->r->m, lock_to_write(l, i), l->task[i], HMMU_WAIT_MMAP_SEM_WRITE);
}

static void assert_ready(const struct lock_rig *l, int i, bool ready)
{
	struct hmmu_task_state state;

	assert_ok(hmmu_task_state(l->r->m, l->task[i], &state));
	assert_int_equal(state.ready, ready);
}

/* A writer, a reader, a writer, a reader, in this order. The first one has had its turn. */
static struct lock_rig open_granted(void)
{
	struct lock_rig l = open_locked();

	writer_waits(&l, 0);
	reader_waits(&l, 1);
	writer_waits(&l, 2);
	reader_waits(&l, 3);
	assert_ok(hmmu_migrate_end(l.mig));
	for (int i = 0; i < 4; i++)
		assert_ready(&l, i, i == 0);
	assert_ok(lock_to_write(&l, 0));
	return l;
}

static void close_pinned(struct lock_rig *l)
{
	for (int i = 0; i < TASKS; i++)
		if (l->pinned[i])
			assert_ok(hmmu_unpin(l->r->m, l->pinned[i], HMMU_PIN_WRITE));
	assert_clean(l->r->m);
	rig_close(l->r);
}

/* All readers get it when the first one does, also those behind the second writer. */
static void test_readers_behind_a_writer(void **state)
{
	struct lock_rig l = open_granted();

	(void)state;
	assert_clean(l.r->m);
	for (int i = 1; i < 4; i++)
		assert_ready(&l, i, i != 2);
	assert_ok(lock_to_read(&l, 3));
	assert_ready(&l, 2, false);
	assert_ok(lock_to_read(&l, 1));
	assert_ok(lock_to_write(&l, 2));
	close_pinned(&l);
}

/* A reader that has it and has not run is in snapshots, and can be cancelled. */
static void test_granted_reader(void **state)
{
	struct lock_rig l = open_granted();
	struct hmmu *copy = NULL;
	size_t size;
	void *bytes;

	(void)state;
	assert_ok(hmmu_snapshot(l.r->m, NULL, 0, &size));
	bytes = malloc(size);
	assert_non_null(bytes);
	assert_ok(hmmu_snapshot(l.r->m, bytes, size, &size));
	assert_ok(hmmu_restore_with(bytes, size, 0, &copy, NULL));
	free(bytes);
	hmmu_destroy(l.r->m);
	l.r->m = copy;
	assert_ok(lock_to_read(&l, 1));
	assert_ready(&l, 2, false);
	assert_ok(hmmu_task_cancel(l.r->m, l.task[3]));
	assert_ready(&l, 2, true);
	assert_ok(lock_to_write(&l, 2));
	close_pinned(&l);
}

/* Who comes before the writer has run gets it first, a reader or a writer. */
static void test_before_a_woken_writer(void **state)
{
	struct lock_rig l = open_granted();

	(void)state;
	assert_ok(lock_to_read(&l, 1));
	/* The other reader has it. */
	reader_waits(&l, 4);
	assert_ok(lock_to_read(&l, 3));
	assert_ready(&l, 2, true);
	assert_ready(&l, 4, false);
	assert_ok(lock_to_write(&l, 5));
	assert_ok(lock_to_write(&l, 2));
	assert_ok(lock_to_read(&l, 4));
	close_pinned(&l);
}

/* A writer that came while it was taken is the next one. */
static void test_kept_for_a_writer(void **state)
{
	struct lock_rig l = open_locked();

	(void)state;
	writer_waits(&l, 0);
	assert_ok(hmmu_migrate_end(l.mig));
	reader_waits(&l, 1);
	writer_waits(&l, 2);
	/* The first one gives up. Readers are behind no writer then. */
	assert_ok(hmmu_task_cancel(l.r->m, l.task[0]));
	assert_ready(&l, 1, true);
	assert_ok(lock_to_read(&l, 1));
	assert_ok(lock_to_write(&l, 2));
	close_pinned(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_behind_a_writer),
		cmocka_unit_test(test_granted_reader),
		cmocka_unit_test(test_before_a_woken_writer),
		cmocka_unit_test(test_kept_for_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
