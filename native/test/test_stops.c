/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that stop in their middle, on stacks of their own. */
#include "support.h"

/** A call of a task, which hmmu_run() makes. */
struct work {
	struct rig *r;
	uint32_t tid;
	uint64_t buf;
	struct hmmu_migration *mig;
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
static void do_migrate(struct hmmu *m, void *data)
{
	struct work *work = data;

	(void)m;
	work->result = migrate(work->r, work->buf, 1, HMMU_TO_DEVICE);
}
static void do_finish(struct hmmu *m, void *data)
{
	struct work *work = data;

	(void)m;
	work->result = hmmu_migrate_end(work->mig);
}
static void do_reclaim(struct hmmu *m, void *data)
{
	struct work *work = data;

	work->result = hmmu_reclaim(m, work->r->pid, work->buf);
}
static void do_unmap_one(struct hmmu *m, void *data)
{
	struct work *work = data;

	work->result = hmmu_munmap(m, work->tid, work->buf, PAGES(1));
}
static void do_exclusive(struct hmmu *m, void *data)
{
	struct work *work = data;
	uint32_t pfn;

	work->result = hmmu_make_device_exclusive(m, work->tid, work->buf, HMMU_DEFAULT_OWNER, &pfn);
}
static void do_migrate_by(struct hmmu *m, void *data)
{
	struct work *work = data;
	struct hmmu_migrate_request request = request_for(work->r, work->buf, 1);

	request.tid = work->tid;
	work->result = hmmu_migrate_vma(m, &request);
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
	struct rig *r = open_rig(.no_contents = true, .cpus = 2, .swap_pages = 8);

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

/* A mapping that goes is marked as long as its TLBs wait: a fault in Linux 6.12 does not get into it by its own lock. */
static void test_fault_while_a_mapping_goes(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_anon(r, 2);
	uint32_t other = new_task(r, r->pid);
	struct work work = { .r = r, .tid = r->tid, .buf = buf };

	(void)state;
	write_pages(r, buf, 2, 5);
	assert_ok(hmmu_task_set_cpu(r->m, other, 1));
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_LATE_FLUSH));
	assert_blocked(r->m, hmmu_run(r->m, r->tid, do_munmap, &work), r->tid, HMMU_WAIT_SWITCH);
	assert_blocked(r->m, store(r, other, buf, 3), other, HMMU_WAIT_MMAP_SEM_READ);
	assert_ok(hmmu_run(r->m, r->tid, NULL, NULL));
	assert_failed(r->m, store(r, other, buf, 3), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_clean(r->m);
	rig_close(r);
}

/** Two processes that have one page, which is at @p buf in both. */
static uint64_t share_page(struct rig *r, uint32_t *child, uint32_t *child_tid)
{
	uint64_t buf = map_anon(r, 2);

	write_pages(r, buf, 1, 5);
	assert_ok(hmmu_fork(r->m, r->tid, child));
	*child_tid = hmmu_process_task(r->m, *child);
	return buf;
}

static bool is_migrating(struct rig *r, uint32_t pid, uint64_t address)
{
	return entry_of(r, pid, address).kind == HMMU_ENTRY_MIG;
}

/* Half of the mappings are unmapped, and later half are mapped again. Meanwhile the child can read its page, or not; and it leaves
 * the reverse map only when the walk has ended. */
static void test_between_two_mappings(void **state)
{
	static const uint32_t points[] = { HMMU_SWITCH_UNMAP, HMMU_SWITCH_RESTORE };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig *r = open_stacks();
		uint32_t child, tid;
		uint64_t buf = share_page(r, &child, &tid);
		struct work work = { .r = r, .tid = r->tid, .buf = buf };
		struct work unmap = { .r = r, .tid = tid, .buf = buf };
		bool is_restored = points[i] == HMMU_SWITCH_RESTORE;

		assert_ok(hmmu_set_switch_points(r->m, points[i]));
		assert_blocked(r->m, hmmu_run(r->m, r->tid, do_migrate, &work), r->tid, HMMU_WAIT_SWITCH);
		assert_int_equal(hmmu_stopped_at(r->m, r->tid), points[i]);
		assert_clean(r->m);
		/* The parent's mapping comes first, at both times. */
		assert_true(is_migrating(r, r->pid, buf) != is_restored);
		assert_true(is_migrating(r, child, buf) == is_restored);
		assert_blocked(r->m, hmmu_run(r->m, tid, do_unmap_one, &unmap), tid, HMMU_WAIT_RMAP_LOCK);
		assert_int_equal(hmmu_stopped_at(r->m, tid), 0);
		assert_clean(r->m);
		/* Nothing changes as long as the walk stands. */
		assert_blocked(r->m, hmmu_run(r->m, tid, NULL, NULL), tid, HMMU_WAIT_RMAP_LOCK);
		assert_ok(hmmu_run(r->m, r->tid, NULL, NULL));
		assert_ok(work.result);
		assert_ok(hmmu_run(r->m, tid, NULL, NULL));
		assert_ok(unmap.result);
		assert_clean(r->m);
		rig_close(r);
	}
}

static void do_lock_third(struct hmmu *m, void *data)
{
	struct work *work = data;

	work->result = hmmu_mlock(m, work->tid, work->buf + PAGES(2), PAGES(1));
}

/* The page behind two others is not touched yet, or the zero page. Its mapping joins their anon_vma. */
static void map_third(struct rig *r, uint64_t buf, bool zero)
{
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), HMMU_PROT_READ));
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	map_at(r, buf + PAGES(2), 1, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
	if (zero)
		read_pages(r, buf + PAGES(2), 1);
}

/* Two tasks bring in a page, for which they wait for the lock of an anon_vma. The later one finds the other's page. In Linux 6.12
 * a fault under the lock of its mapping does not wait here. */
static void test_faults_that_wait_for_an_anon_vma(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *r = open_stacks();
		uint32_t child, child_tid, other = new_task(r, r->pid), late = new_task(r, r->pid);
		uint64_t buf = share_page(r, &child, &child_tid);
		struct work migration = { .r = r, .tid = child_tid, .buf = buf };
		struct work lock = { .r = r, .tid = late, .buf = buf };

		assert_ok(hmmu_fork(r->m, child_tid, &child));
		map_third(r, buf, i);
		assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_UNMAP));
		assert_blocked(r->m, hmmu_run(r->m, child_tid, do_migrate_by, &migration), child_tid, HMMU_WAIT_SWITCH);
		assert_blocked(r->m, hmmu_run(r->m, late, do_lock_third, &lock), late, HMMU_WAIT_RMAP_LOCK);
		assert_clean(r->m);
		/* It has no stack: the migration goes on at once. */
		assert_ok(store(r, other, buf + PAGES(2), 9));
		assert_ok(hmmu_run(r->m, child_tid, NULL, NULL));
		assert_ok(hmmu_run(r->m, late, NULL, NULL));
		assert_ok(lock.result);
		assert_bytes(r, other, buf + PAGES(2), 1, 9);
		assert_clean(r->m);
		rig_close(r);
	}
}

/* make_device_exclusive_range() has a reference to its page, and its lock, when it waits for the lock of the reverse map. */
static void test_exclusive_waits_for_a_split(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_huge(r, 513);
	uint32_t task = new_task(r, r->pid);
	struct work split = { .r = r, .tid = r->tid, .buf = buf };
	struct work exclusive = { .r = r, .tid = task, .buf = buf + PAGES(512) };

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_SPLIT));
	assert_blocked(r->m, hmmu_run(r->m, r->tid, do_migrate, &split), r->tid, HMMU_WAIT_SWITCH);
	/* Linux 4.14 has no such call. */
	if (r->select) {
		assert_blocked(r->m, hmmu_run(r->m, task, do_exclusive, &exclusive), task, HMMU_WAIT_RMAP_LOCK);
		assert_clean(r->m);
	}
	while (hmmu_run(r->m, r->tid, NULL, NULL))
		assert_clean(r->m);
	assert_ok(split.result);
	if (r->select) {
		assert_ok(hmmu_run(r->m, task, NULL, NULL));
		assert_ok(exclusive.result);
		assert_clean(r->m);
	}
	rig_discard(r);
}

/* Reclaim splits a huge page, all parts of which it has isolated. Who needs the lock makes it go on until it gives the lock up. */
static void test_split_of_reclaim_is_pressed(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_huge(r, 512);
	struct work work = { .r = r, .tid = r->tid, .buf = buf };
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(hmmu_fork(r->m, r->tid, &child));
	/* The child has the mapping, and none of the pages. */
	assert_ok(hmmu_madvise(r->m, hmmu_process_task(r->m, child), buf, PAGES(512), HMMU_MADV_DONTNEED));
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_SPLIT));
	assert_blocked(r->m, hmmu_run(r->m, r->tid, do_reclaim, &work), r->tid, HMMU_WAIT_SWITCH);
	assert_ok(hmmu_exit(r->m, child));
	assert_clean(r->m);
	while (hmmu_run(r->m, r->tid, NULL, NULL))
		assert_clean(r->m);
	assert_clean(r->m);
	rig_close(r);
}

/* A call without a stack can't wait: the walk goes on until it gives the lock up, and stands there. */
static void test_lock_of_a_call_without_stack(void **state)
{
	struct rig *r = open_stacks();
	uint32_t child, tid;
	uint64_t buf = share_page(r, &child, &tid);
	struct work work = { .r = r, .tid = r->tid, .buf = buf, .result = 1 };

	(void)state;
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_UNMAP));
	assert_blocked(r->m, hmmu_run(r->m, r->tid, do_migrate, &work), r->tid, HMMU_WAIT_SWITCH);
	assert_ok(hmmu_exit(r->m, child));
	assert_int_equal(work.result, 1);
	assert_int_equal(hmmu_stopped_at(r->m, r->tid), HMMU_SWITCH_UNMAP);
	assert_clean(r->m);
	assert_ok(hmmu_run(r->m, r->tid, NULL, NULL));
	assert_ok(work.result);
	assert_clean(r->m);
	rig_close(r);
}

/* A page that is being reclaimed is taken back from the swap cache while it is written, and stays. */
static void test_page_comes_back_from_reclaim(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_anon(r, 1);
	uint32_t other = new_task(r, r->pid);
	struct work work = { .r = r, .tid = r->tid, .buf = buf };
	int stops = 0, err;

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_RECLAIM));
	while ((err = hmmu_run(r->m, r->tid, do_reclaim, &work))) {
		assert_blocked(r->m, err, r->tid, HMMU_WAIT_SWITCH);
		assert_clean(r->m);
		if (++stops == 4) {
			assert_ok(store(r, other, buf, 7));
			assert_clean(r->m);
		}
	}
	assert_int_equal(stops, 4);
	assert_failed(r->m, work.result, -EBUSY, HMMU_ERR_SYSCALL);
	assert_bytes(r, other, buf, 1, 7);
	assert_clean(r->m);
	rig_close(r);
}

/* A task that waits for a part of a huge page holds a reference: the split fails, and the page is huge again in its entries. */
static void test_split_meets_a_fault(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_huge(r, 512);
	uint32_t other = new_task(r, r->pid);
	struct work work = { .r = r, .tid = r->tid, .buf = buf };
	uint8_t byte;
	int stops = 0, err;

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_SPLIT));
	while ((err = hmmu_run(r->m, r->tid, do_migrate, &work))) {
		assert_blocked(r->m, err, r->tid, HMMU_WAIT_SWITCH);
		assert_int_equal(hmmu_stopped_at(r->m, r->tid), HMMU_SWITCH_SPLIT);
		assert_clean(r->m);
		if (++stops == 2) {
			assert_blocked(r->m, load(r, other, buf + PAGES(3), &byte), other, HMMU_WAIT_PAGE_LOCK);
			assert_clean(r->m);
		}
	}
	/* Linux 4.14's task that waits has a reference, and 6.12's has none. */
	assert_int_equal(stops, r->select ? 4 : 2);
	assert_ok(load(r, other, buf + PAGES(3), &byte));
	assert_clean(r->m);
	rig_close(r);
}

/* Nobody else goes on with a migration whose task has stopped. */
static void test_migration_that_has_stopped(void **state)
{
	struct rig *r = open_stacks();
	uint32_t child, tid;
	uint64_t buf = share_page(r, &child, &tid);
	struct work work = { .r = r, .tid = r->tid, .buf = buf };
	struct hmmu_migration *mig = begin_migration(r, buf, 1, HMMU_TO_DEVICE);

	(void)state;
	work.mig = mig;
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_UNMAP));
	assert_blocked(r->m, hmmu_run(r->m, r->tid, do_finish, &work), r->tid, HMMU_WAIT_SWITCH);
	assert_failed(r->m, hmmu_migrate_step(mig), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_migrate_end(mig), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_run(r->m, r->tid, NULL, NULL));
	assert_ok(work.result);
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

/* How many processes there are, and tasks that may call. */
static uint32_t alive(struct rig *r, uint32_t *tasks)
{
	uint32_t processes = 0;

	*tasks = 0;
	for (uint32_t n = 1; n < 16; n++) {
		struct hmmu_task_state task;

		processes += hmmu_process_alive(r->m, n);
		*tasks += !hmmu_task_state(r->m, n, &task);
	}
	return processes;
}

/* The kernel wakes the child when all is copied. */
static void test_child_of_a_fork_that_stops(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_anon(r, 2);
	struct work work = { .r = r, .tid = r->tid, .buf = buf };
	uint32_t tasks;
	int stops = 0;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_FORK | HMMU_SWITCH_LATE_FLUSH));
	for (; hmmu_run(r->m, r->tid, do_fork, &work); stops++) {
		assert_int_equal(alive(r, &tasks), 1);
		assert_int_equal(tasks, 1);
		assert_clean(r->m);
	}
	assert_int_equal(stops, 3);
	assert_ok(work.result);
	assert_int_equal(alive(r, &tasks), 2);
	assert_int_equal(tasks, 2);
	rig_close(r);
}

/* mremap() unmaps what is in the way. It closes a file when it ends, and in Linux 6.12 the file has a page in the swap area. */
static void test_file_that_is_not_closed_yet(void **state)
{
	struct rig *r = open_stacks();
	uint64_t buf = map_anon(r, 4);
	struct work work = { .r = r, .tid = r->tid, .buf = buf };

	(void)state;
	write_pages(r, buf + PAGES(3), 1, 1);
	assert_ok(migrate(r, buf + PAGES(3), 1, HMMU_TO_DEVICE));
	map_at(r, BASE, 1, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE);
	write_pages(r, BASE, 1, 1);
	assert_int_equal(hmmu_reclaim(r->m, r->pid, BASE), r->select ? 0 : -EINVAL);
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_LATE_FLUSH));
	while (hmmu_run(r->m, r->tid, do_move, &work))
		assert_clean(r->m);
	assert_ok(work.result);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_point),
		cmocka_unit_test(test_stale_load),
		cmocka_unit_test(test_fault_that_comes_late),
		cmocka_unit_test(test_fault_while_a_mapping_goes),
		cmocka_unit_test(test_between_two_mappings),
		cmocka_unit_test(test_faults_that_wait_for_an_anon_vma),
		cmocka_unit_test(test_exclusive_waits_for_a_split),
		cmocka_unit_test(test_lock_of_a_call_without_stack),
		cmocka_unit_test(test_page_comes_back_from_reclaim),
		cmocka_unit_test(test_split_meets_a_fault),
		cmocka_unit_test(test_split_of_reclaim_is_pressed),
		cmocka_unit_test(test_migration_that_has_stopped),
		cmocka_unit_test(test_child_of_a_fork_that_stops),
		cmocka_unit_test(test_file_that_is_not_closed_yet),
		cmocka_unit_test(test_what_is_refused),
	};

	return run_on_each_kernel(tests);
}
