/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that stop in their middle, on stacks of their own. */
#include "support.h"

/** A call of a task, which hmmu_run() makes. */
struct work {
	struct rig *r;
	uint32_t tid;
	uint64_t buf;
	int result;
	uint8_t byte;
};

static void do_dontneed(struct hmmu *m, void *data)
{
	struct work *work = data;

	work->result = hmmu_madvise(m, work->tid, work->buf, PAGES(2), HMMU_MADV_DONTNEED);
}
static void do_munmap(struct hmmu *m, void *data)
{
	struct work *work = data;

	work->result = hmmu_munmap(m, work->tid, work->buf, PAGES(2));
}
static void do_protect(struct hmmu *m, void *data)
{
	struct work *work = data;

	work->result = hmmu_mprotect(m, work->tid, work->buf, PAGES(2), HMMU_PROT_READ);
}
static void do_fork(struct hmmu *m, void *data)
{
	struct work *work = data;
	uint32_t child;

	work->result = hmmu_fork(m, work->tid, &child);
}
static void do_move(struct hmmu *m, void *data)
{
	struct work *work = data;
	uint64_t address;

	/* A present entry is flushed under the lock; this one leads to the device. */
	work->result = hmmu_mremap(m, work->tid, work->buf + PAGES(3), PAGES(1), PAGES(1),
				   HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, BASE, &address);
}
static void do_clear_refs(struct hmmu *m, void *data)
{
	struct work *work = data;

	work->result = hmmu_clear_soft_dirty(m, work->tid);
}
static void do_lock(struct hmmu *m, void *data)
{
	struct work *work = data;

	work->result = hmmu_mlock(m, work->tid, work->buf, PAGES(3));
}
static void do_store(struct hmmu *m, void *data)
{
	struct work *work = data;
	uint8_t byte = 9;

	work->result = hmmu_store(m, work->tid, work->buf + PAGES(2), &byte, 1, NULL);
}
static void do_migrate_hole(struct hmmu *m, void *data)
{
	struct work *work = data;

	(void)m;
	work->result = migrate(work->r, work->buf + PAGES(2), 1, HMMU_TO_DEVICE);
}

static const struct {
	const char *name;
	void (*work)(struct hmmu *m, void *data);
	uint32_t point;
} works[] = {
	{ "madvise", do_dontneed, HMMU_SWITCH_LATE_FLUSH },
	{ "munmap", do_munmap, HMMU_SWITCH_LATE_FLUSH },
	{ "mprotect", do_protect, HMMU_SWITCH_LATE_FLUSH },
	{ "fork", do_fork, HMMU_SWITCH_LATE_FLUSH },
	{ "mremap", do_move, HMMU_SWITCH_LATE_FLUSH },
	{ "clear_refs", do_clear_refs, HMMU_SWITCH_LATE_FLUSH },
	{ "mlock", do_lock, HMMU_SWITCH_GUP },
	{ "fork", do_fork, HMMU_SWITCH_FORK },
	{ "store", do_store, HMMU_SWITCH_FAULT },
	{ "migrate", do_migrate_hole, HMMU_SWITCH_INSERT_PAGE },
};
#define WORKS (sizeof(works) / sizeof(works[0]))

static bool has_stacks(struct rig *r)
{
	struct work work = { .r = r, .tid = r->tid, .buf = BASE };

	return hmmu_run(r->m, r->tid, do_munmap, &work) != -EOPNOTSUPP;
}

static struct rig *open_stacks(void)
{
	struct rig *r = open_rig(.no_contents = true, .cpus = 2);

	if (has_stacks(r))
		return r;
	assert_int_equal(hmmu_error(r->m)->code, HMMU_ERR_UNSUPPORTED);
	rig_close(r);
	skip();
	return NULL;
}

static uint64_t state_hash(struct rig *r)
{
	uint64_t hash;

	assert_ok(hmmu_state_hash(r->m, &hash));
	return hash;
}

/* The machine balances at each stop, a rollback leads back to it, and the end is that of a call that does not stop. */
static void test_each_point(void **state)
{
	(void)state;
	for (size_t i = 0; i < WORKS; i++) {
		struct rig *r = open_stacks();
		uint64_t buf = map_anon(r, 4), at_stop, end;
		struct work work = { .r = r, .tid = r->tid, .buf = buf };
		int stops = 0, err;

		write_pages(r, buf + PAGES(3), 1, 1);
		assert_ok(migrate(r, buf + PAGES(3), 1, HMMU_TO_DEVICE));
		write_pages(r, buf, 2, 1);
		assert_ok(hmmu_mark(r->m));
		works[i].work(r->m, &work);
		assert_ok(work.result);
		end = state_hash(r);
		assert_ok(hmmu_rollback(r->m));
		assert_ok(hmmu_set_switch_points(r->m, works[i].point));
		while ((err = hmmu_run(r->m, r->tid, works[i].work, &work))) {
			assert_blocked(r->m, err, r->tid, HMMU_WAIT_SWITCH);
			assert_int_equal(hmmu_stopped_at(r->m, r->tid), works[i].point);
			assert_clean(r->m);
			at_stop = state_hash(r);
			assert_true(at_stop != end);
			assert_ok(hmmu_mark(r->m));
			while (hmmu_run(r->m, r->tid, NULL, NULL))
				;
			assert_ok(work.result);
			assert_true(state_hash(r) == end);
			assert_ok(hmmu_rollback(r->m));
			assert_true(state_hash(r) == at_stop);
			assert_clean(r->m);
			assert_ok(hmmu_mark_drop(r->m));
			stops++;
		}
		if (!stops)
			fail_msg("%s does not stop", works[i].name);
		assert_ok(work.result);
		assert_true(state_hash(r) == end);
		assert_ok(hmmu_mark_drop(r->m));
		rig_close(r);
	}
}

/* Until the flush another CPU reads the page that is gone, and it is nobody else's. */
static void test_stale_load(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_anon(r, 2);
	uint32_t other = new_task(r, r->pid), pfn;
	struct work work = { .r = r, .tid = r->tid, .buf = buf };
	uint8_t byte;

	(void)state;
	write_pages(r, buf, 2, 5);
	assert_ok(hmmu_task_set_cpu(r->m, other, 1));
	assert_ok(load(r, other, buf, &byte));
	pfn = pfn_at(r, buf);
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_LATE_FLUSH));
	assert_blocked(r->m, hmmu_run(r->m, r->tid, do_dontneed, &work), r->tid, HMMU_WAIT_SWITCH);
	assert_ok(load(r, other, buf, &byte));
	assert_int_equal(byte, 5);
	assert_true(page_info(r, pfn).ref == 1 && page_info(r, pfn).map == 0);
	assert_ok(hmmu_run(r->m, r->tid, NULL, NULL));
	assert_ok(load(r, other, buf, &byte));
	assert_int_equal(byte, 0);
	rig_close(r);
}

/* Between the look at the mapping and the look at the entry another task brings the page. */
static void test_fault_that_comes_late(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_anon(r, 3);
	uint32_t other = new_task(r, r->pid);
	struct work work = { .r = r, .tid = other, .buf = buf };

	(void)state;
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_FAULT));
	assert_blocked(r->m, hmmu_run(r->m, other, do_store, &work), other, HMMU_WAIT_SWITCH);
	assert_ok(store(r, r->tid, buf + PAGES(2), 3));
	assert_blocked(r->m, hmmu_munmap(r->m, r->tid, buf, PAGES(1)), r->tid,
		       r->select ? HMMU_WAIT_VMA_LOCK : HMMU_WAIT_MMAP_SEM_WRITE);
	assert_ok(hmmu_run(r->m, other, NULL, NULL));
	assert_ok(work.result);
	assert_bytes(r, other, buf + PAGES(2), 1, 9);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	rig_close(r);
}

static void test_what_is_refused(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_anon(r, 2);
	struct work work = { .r = r, .tid = r->tid, .buf = buf };

	(void)state;
	write_pages(r, buf, 2, 5);
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_LATE_FLUSH));
	assert_blocked(r->m, hmmu_run(r->m, r->tid, do_dontneed, &work), r->tid, HMMU_WAIT_SWITCH);
	assert_failed(r->m, hmmu_munmap(r->m, r->tid, buf, PAGES(1)), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_task_cancel(r->m, r->tid), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_exit(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_snapshot(r->m, NULL, 0, &(size_t){ 0 }), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_run(r->m, 77, do_dontneed, &work), -ESRCH, HMMU_ERR_NO_TASK);
	assert_ok(hmmu_run(r->m, r->tid, NULL, NULL));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_point),
		cmocka_unit_test(test_stale_load),
		cmocka_unit_test(test_fault_that_comes_late),
		cmocka_unit_test(test_what_is_refused),
	};

	return run_on_each_kernel(tests);
}
