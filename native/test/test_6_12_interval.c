/* SPDX-License-Identifier: GPL-2.0-only */
/* Interval notifiers: sequences, who is told what, and invalidations that last. */
#include "support.h"

#include "mm/interval_tree.h"
#include "mm/mmu_notifier.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)

/** What the function of a machine was told, in order. */
struct told {
	struct hmmu_invalidation last;
	uint32_t count;
	uint32_t intervals[16];
	uint32_t kinds[16];
	bool ignores; /**< it sets no sequence */
	bool waits;   /**< it would wait */
	int other;    /**< what a call that it must not make has returned */
};

static bool note(struct hmmu *m, const struct hmmu_invalidation *invalidation, void *data)
{
	struct told *told = data;

	told->last = *invalidation;
	told->intervals[told->count % 16] = invalidation->notifier;
	told->kinds[told->count++ % 16] = invalidation->kind;
	told->other = hmmu_mmu_interval_notifier_remove(m, invalidation->notifier);
	assert_int_equal(hmmu_mmu_interval_set_seq(m, invalidation->notifier, invalidation->seq + 2), -EINVAL);
	if (!told->ignores)
		assert_ok(hmmu_mmu_interval_set_seq(m, invalidation->notifier, invalidation->seq));
	return !told->waits;
}

/* Gathers the numbers of the intervals that are told of a migration of their own owner, as bits. */
static bool note_own(struct hmmu *m, const struct hmmu_invalidation *invalidation, void *data)
{
	uint32_t *own = data;

	(void)m;
	*own |= (uint32_t)invalidation->own << invalidation->notifier;
	return true;
}

static uint32_t insert(struct rig *r, uint64_t start, uint64_t length)
{
	uint32_t interval = 0;

	assert_ok(hmmu_mmu_interval_notifier_insert(r->m, r->pid, start, length, 0, &interval));
	return interval;
}

static uint64_t begin_read(struct rig *r, uint32_t interval)
{
	uint64_t seq = 0;

	assert_ok(hmmu_mmu_interval_read_begin(r->m, interval, &seq));
	return seq;
}

static int retry(struct rig *r, uint32_t interval, uint64_t seq)
{
	return hmmu_mmu_interval_read_retry(r->m, interval, seq);
}

/* An invalidation of the range, even of its last byte, makes the reader begin anew; one beside it does not. */
static void test_retry(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 8), seq;
	uint32_t interval = insert(r, buf + PAGES(2), PAGES(4));

	(void)state;
	write_pages(r, buf, 8, 1);
	seq = begin_read(r, interval);
	assert_int_equal(seq & 1, 1);
	assert_ok(retry(r, interval, seq));
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_DONTNEED));
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(6), PAGES(2), HMMU_MADV_DONTNEED));
	assert_ok(retry(r, interval, seq));
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(5), PAGES(2), HMMU_MADV_DONTNEED));
	assert_int_equal(retry(r, interval, seq), 1);
	assert_true(begin_read(r, interval) > seq);
	assert_ok(retry(r, interval, begin_read(r, interval)));
	assert_ok(hmmu_mmu_interval_notifier_remove(r->m, interval));
	rig_close(r);
}

/* The function is told all; what it ignores makes nobody begin anew. It must not call the kernel. */
static void test_function(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 4), seq;
	uint32_t interval = insert(r, buf, PAGES(4));
	struct told told = { .ignores = true };

	(void)state;
	write_pages(r, buf, 4, 1);
	assert_ok(hmmu_set_invalidate(r->m, note, &told));
	seq = begin_read(r, interval);
	mmu_notifier_invalidate_range_start_owner(r->m, HMMU_NOTIFY_MIGRATE, r->pid, buf, buf + PAGES(4), 77);
	mmu_notifier_invalidate_range_end(r->m, HMMU_NOTIFY_MIGRATE, r->pid, buf, buf + PAGES(4));
	assert_int_equal(told.kinds[0], HMMU_NOTIFY_MIGRATE);
	assert_int_equal(told.last.owner, 77);
	assert_int_equal(told.last.pid, r->pid);
	assert_int_equal(told.last.notifier, interval);
	assert_true(told.last.start == buf && told.last.end == buf + PAGES(4) && told.last.blockable);
	assert_false(told.last.own);
	assert_int_equal(told.other, -EBUSY);
	assert_ok(retry(r, interval, seq));
	told = (struct told){ 0 };
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_int_equal(told.count, 1);
	assert_int_equal(told.last.kind, HMMU_NOTIFY_PROTECTION_VMA);
	assert_int_equal(told.last.owner, 0);
	assert_int_equal(retry(r, interval, seq), 1);
	assert_int_equal(begin_read(r, interval), told.last.seq);
	assert_failed(r->m, hmmu_mmu_interval_set_seq(r->m, interval, told.last.seq), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	rig_close(r);
}

/* Without a function, migrations by the interval's own owner are ignored, and those of others are not. */
static void test_own_migrations(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 4), seqs[3];
	const uint64_t owners[] = { HMMU_DEFAULT_OWNER, 77, 0 };
	uint32_t intervals[3], own = 0;

	(void)state;
	write_pages(r, buf, 4, 1);
	for (int i = 0; i < 3; i++) {
		assert_ok(hmmu_mmu_interval_notifier_insert(r->m, r->pid, buf, PAGES(4), owners[i], &intervals[i]));
		seqs[i] = begin_read(r, intervals[i]);
	}
	mmu_notifier_invalidate_range_start_owner(r->m, HMMU_NOTIFY_MIGRATE, r->pid, buf, buf + 1, HMMU_DEFAULT_OWNER);
	mmu_notifier_invalidate_range_end(r->m, HMMU_NOTIFY_MIGRATE, r->pid, buf, buf + 1);
	assert_int_equal(retry(r, intervals[0], seqs[0]), 0);
	assert_int_equal(retry(r, intervals[1], seqs[1]), 1);
	assert_int_equal(retry(r, intervals[2], seqs[2]), 1);
	/* Other kinds are not ignored, whoever the owner is. */
	mmu_notifier_invalidate_range_start_owner(r->m, HMMU_NOTIFY_EXCLUSIVE, r->pid, buf, buf + 1,
						  HMMU_DEFAULT_OWNER);
	mmu_notifier_invalidate_range_end(r->m, HMMU_NOTIFY_EXCLUSIVE, r->pid, buf, buf + 1);
	assert_int_equal(retry(r, intervals[0], seqs[0]), 1);
	/* A function learns which are the own ones. */
	assert_ok(hmmu_set_invalidate(r->m, note_own, &own));
	mmu_notifier_invalidate_range_start_owner(r->m, HMMU_NOTIFY_MIGRATE, r->pid, buf, buf + 1, HMMU_DEFAULT_OWNER);
	mmu_notifier_invalidate_range_end(r->m, HMMU_NOTIFY_MIGRATE, r->pid, buf, buf + 1);
	assert_int_equal(own, 1u << intervals[0]);
	rig_close(r);
}

/* The events of a migration have the owner of its driver: where pages are collected, and where a hole gets one. */
static void test_migrations_have_an_owner(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2), seqs[2];
	const uint64_t owners[] = { HMMU_DEFAULT_OWNER, 77 };
	struct hmmu_migrate_request request = request_for(r, buf, 2);
	uint32_t intervals[2], device;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_device_create(r->m, 4, 77, &device));
	for (int i = 0; i < 2; i++) {
		assert_ok(hmmu_mmu_interval_notifier_insert(r->m, r->pid, buf, PAGES(2), owners[i], &intervals[i]));
		seqs[i] = begin_read(r, intervals[i]);
	}
	request.flags = HMMU_SELECT_SYSTEM;
	request.owner = 77;
	r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_DEVICE, .device = device };
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_kind(r, buf, 2, HMMU_ENTRY_DEV);
	assert_int_equal(retry(r, intervals[0], seqs[0]), 1);
	assert_int_equal(retry(r, intervals[1], seqs[1]), 0);
	rig_close(r);
}

static void invalidate_start(struct rig *r, uint64_t start, uint64_t end)
{
	mmu_notifier_invalidate_range_start(r->m, HMMU_NOTIFY_CLEAR, r->pid, start, end);
}

static void invalidate_end(struct rig *r, uint64_t start, uint64_t end)
{
	mmu_notifier_invalidate_range_end(r->m, HMMU_NOTIFY_CLEAR, r->pid, start, end);
}

/* While an invalidation lasts, its intervals can't be read; others can. Nested ones end together. */
static void test_lasting(void **state)
{
	struct rig *r = open_6_12();
	uint32_t met = insert(r, BASE, PAGES(2)), other = insert(r, BASE + PAGES(4), PAGES(1));
	uint64_t seq, before = begin_read(r, other);

	(void)state;
	invalidate_start(r, BASE, BASE + PAGES(1));
	invalidate_start(r, BASE + PAGES(8), BASE + PAGES(9));
	assert_failed(r->m, hmmu_mmu_interval_read_begin(r->m, met, &seq), -EAGAIN, HMMU_ERR_BLOCKED);
	assert_int_equal(begin_read(r, other), before);
	invalidate_end(r, BASE, BASE + PAGES(1));
	assert_failed(r->m, hmmu_mmu_interval_read_begin(r->m, met, &seq), -EAGAIN, HMMU_ERR_BLOCKED);
	invalidate_end(r, BASE + PAGES(8), BASE + PAGES(9));
	seq = begin_read(r, met);
	assert_ok(retry(r, met, seq));
	rig_close(r);
}

/* An interval that is inserted while another one is invalidated waits for the end of that, and is not told of it. */
static void test_insert_during_invalidation(void **state)
{
	struct rig *r = open_6_12();
	uint32_t first = insert(r, BASE, PAGES(2)), second, third;
	struct told told = { 0 };
	uint64_t seq;

	(void)state;
	assert_ok(hmmu_set_invalidate(r->m, note, &told));
	invalidate_start(r, BASE, BASE + PAGES(1));
	assert_int_equal(told.count, 1);
	second = insert(r, BASE, PAGES(1));
	third = insert(r, BASE, PAGES(1));
	assert_failed(r->m, hmmu_mmu_interval_read_begin(r->m, second, &seq), -EAGAIN, HMMU_ERR_BLOCKED);
	/* The tree is not changed now: a further invalidation meets the first only. */
	invalidate_start(r, BASE, BASE + PAGES(1));
	assert_int_equal(told.count, 2);
	assert_int_equal(told.last.notifier, first);
	/* One that is not in the tree yet needs no wait to be removed. */
	assert_ok(hmmu_mmu_interval_notifier_remove(r->m, third));
	assert_failed(r->m, hmmu_mmu_interval_notifier_remove(r->m, first), -EAGAIN, HMMU_ERR_BLOCKED);
	invalidate_end(r, BASE, BASE + PAGES(1));
	assert_failed(r->m, hmmu_mmu_interval_notifier_remove(r->m, first), -EAGAIN, HMMU_ERR_BLOCKED);
	invalidate_end(r, BASE, BASE + PAGES(1));
	assert_ok(hmmu_mmu_interval_notifier_remove(r->m, first));
	seq = begin_read(r, second);
	invalidate_start(r, BASE, BASE + PAGES(1));
	invalidate_end(r, BASE, BASE + PAGES(1));
	assert_int_equal(told.count, 3);
	assert_int_equal(told.last.notifier, second);
	assert_int_equal(retry(r, second, seq), 1);
	rig_close(r);
}

/* A process that has no intervals yet may be in the middle of an invalidation. */
static void test_first_interval_during_invalidation(void **state)
{
	struct rig *r = open_6_12();
	uint32_t interval;
	uint64_t seq;

	(void)state;
	invalidate_start(r, 0, PAGES(1));
	interval = insert(r, BASE, PAGES(1));
	assert_failed(r->m, hmmu_mmu_interval_read_begin(r->m, interval, &seq), -EAGAIN, HMMU_ERR_BLOCKED);
	invalidate_end(r, 0, PAGES(1));
	assert_ok(retry(r, interval, begin_read(r, interval)));
	rig_close(r);
}

/* All intervals that a range meets are told, by their starts, then in the order of insertion; and no others. */
static void test_order(void **state)
{
	struct rig *r = open_6_12();
	struct told told = { 0 };
	uint32_t high = insert(r, BASE + PAGES(3), PAGES(1)), low = insert(r, BASE, PAGES(9));
	uint32_t high_too = insert(r, BASE + PAGES(3), PAGES(5)), above = insert(r, BASE + PAGES(5), PAGES(1));

	(void)state;
	(void)above;
	assert_ok(hmmu_set_invalidate(r->m, note, &told));
	invalidate_start(r, BASE + PAGES(3), BASE + PAGES(5));
	invalidate_end(r, BASE + PAGES(3), BASE + PAGES(5));
	assert_int_equal(told.count, 3);
	assert_int_equal(told.intervals[0], low);
	assert_int_equal(told.intervals[1], high);
	assert_int_equal(told.intervals[2], high_too);
	rig_close(r);
}

/* The tree against a plain list, with insertions and removals in no order. */
static void test_tree(void **state)
{
	enum { N = 200 };
	struct rig *r = open_6_12();
	uint32_t ids[N] = { 0 }, random = 1;
	uint64_t starts[N], ends[N];

	(void)state;
	for (uint32_t round = 0; round < 3000; round++) {
		uint32_t slot;

		random = random * 1664525 + 1013904223;
		slot = (random >> 16) % N;
		if (ids[slot]) {
			assert_ok(hmmu_mmu_interval_notifier_remove(r->m, ids[slot]));
			ids[slot] = 0;
			continue;
		}
		starts[slot] = BASE + PAGES((random >> 8) % 64);
		ends[slot] = starts[slot] + PAGES(1 + random % 9);
		ids[slot] = insert(r, starts[slot], ends[slot] - starts[slot]);
		if (round % 16 == 0) {
			uint64_t from = BASE + PAGES(random % 64), to = from + PAGES(1 + random % 7);
			struct told told = { 0 };
			uint32_t expected = 0;

			for (uint32_t i = 0; i < N; i++)
				expected += ids[i] && starts[i] < to && ends[i] > from;
			assert_ok(hmmu_set_invalidate(r->m, note, &told));
			invalidate_start(r, from, to);
			invalidate_end(r, from, to);
			assert_int_equal(told.count, expected);
			assert_ok(hmmu_set_invalidate(r->m, NULL, NULL));
			assert_clean(r->m);
		}
	}
	rig_close(r);
}

/* The exit waits for a page of a file that it closes, is cancelled, and begins anew. The intervals hear of it once. */
static void test_exit_waits(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 512);
	struct told told = { 0 };
	uint32_t child = do_fork_of(r, r->tid), task = hmmu_process_task(r->m, child), interval, pfn;
	const struct hmmu_map map = { .pages = 1, .kind = HMMU_MAP_SHMEM, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };
	uint64_t buf;

	(void)state;
	assert_ok(hmmu_mmap(r->m, task, &map, &buf));
	assert_ok(store(r, task, buf, 1));
	assert_ok(hmmu_mmu_interval_notifier_insert(r->m, child, buf, PAGES(1), 0, &interval));
	assert_ok(hmmu_hold(r->m, child, buf, &pfn));
	assert_ok(hmmu_set_invalidate(r->m, note, &told));
	assert_blocked(r->m, hmmu_exit(r->m, child), task, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_exit(r->m, child), task, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_task_cancel(r->m, task));
	assert_clean(r->m);
	assert_ok(hmmu_exit(r->m, child));
	assert_int_equal(told.count, 2);
	assert_int_equal(told.kinds[0], HMMU_NOTIFY_RELEASE);
	assert_int_equal(told.kinds[1], HMMU_NOTIFY_UNMAP);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_mmu_interval_notifier_remove(r->m, interval));
	assert_clean(r->m);
	rig_close(r);
}

/* The process exits: its intervals are told, then that its pages go. They stay until they are removed. */
static void test_exit(void **state)
{
	struct rig *r = open_6_12();
	struct told told = { 0 };
	uint32_t child = do_fork_of(r, r->tid), interval;
	uint64_t buf, seq;
	const struct hmmu_map map = { .pages = 1, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };

	(void)state;
	assert_ok(hmmu_mmap(r->m, hmmu_process_task(r->m, child), &map, &buf));
	assert_ok(hmmu_mmu_interval_notifier_insert(r->m, child, buf, PAGES(1), 0, &interval));
	assert_ok(hmmu_set_invalidate(r->m, note, &told));
	seq = begin_read(r, interval);
	assert_ok(hmmu_exit(r->m, child));
	assert_int_equal(told.count, 2);
	assert_int_equal(told.kinds[0], HMMU_NOTIFY_RELEASE);
	assert_int_equal(told.kinds[1], HMMU_NOTIFY_UNMAP);
	assert_int_equal(retry(r, interval, seq), 1);
	assert_ok(retry(r, interval, begin_read(r, interval)));
	assert_clean(r->m);
	assert_ok(hmmu_mmu_interval_notifier_remove(r->m, interval));
	assert_failed(r->m, hmmu_mmu_interval_notifier_remove(r->m, interval), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	rig_close(r);
}

/* The OOM reaper does not wait: it leaves a mapping alone whose driver would. */
static void test_reaper(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_at(r, BASE, 2, HMMU_MAP_ANON, 3), other = map_at(r, BASE + MIB(4), 2, HMMU_MAP_ANON, 3);
	struct told told = { .waits = true };
	uint32_t interval = insert(r, buf, PAGES(1));

	(void)state;
	write_pages(r, buf, 2, 1);
	write_pages(r, other, 2, 1);
	assert_ok(hmmu_set_invalidate(r->m, note, &told));
	assert_ok(hmmu_oom_reap(r->m, r->pid));
	assert_int_equal(told.count, 1);
	assert_false(told.last.blockable);
	assert_int_equal(told.last.kind, HMMU_NOTIFY_UNMAP);
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	assert_kind(r, other, 2, HMMU_ENTRY_NONE);
	assert_int_equal(begin_read(r, interval), told.last.seq);
	/* All others may wait, whatever the function says. */
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_DONTNEED));
	assert_true(told.last.blockable);
	assert_kind(r, buf, 2, HMMU_ENTRY_NONE);
	rig_close(r);
}

/* Numbers are a part of the machine: copies have them, and go on alike. */
static void test_interval_copies(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 4), seq;
	uint32_t interval = insert(r, buf, PAGES(4));
	struct hmmu *copies[2];

	(void)state;
	seq = begin_read(r, interval);
	copies[0] = copy_by_snapshot(r->m, 0, NULL);
	assert_non_null(copies[0]);
	assert_ok(hmmu_clone(r->m, &copies[1]));
	for (int i = 0; i < 2; i++) {
		assert_true(hmmu_hash(copies[i]) == hmmu_hash(r->m));
		assert_ok(hmmu_mmu_interval_read_retry(copies[i], interval, seq));
		assert_ok(hmmu_munmap(copies[i], r->tid, buf, PAGES(1)));
		assert_int_equal(hmmu_mmu_interval_read_retry(copies[i], interval, seq), 1);
		assert_clean(copies[i]);
		assert_ok(hmmu_destroy(copies[i]));
	}
	assert_ok(retry(r, interval, seq));
	rig_close(r);
}

static void test_interval_errors(void **state)
{
	struct rig *r = open_6_12();
	uint32_t interval = 7;
	uint64_t seq;

	(void)state;
	assert_failed(r->m, hmmu_mmu_interval_notifier_insert(r->m, 99, BASE, 1, 0, &interval), -ESRCH,
		      HMMU_ERR_NO_PROCESS);
	assert_failed(r->m, hmmu_mmu_interval_notifier_insert(r->m, r->pid, BASE, 0, 0, &interval), -EOVERFLOW,
		      HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mmu_interval_notifier_insert(r->m, r->pid, 2, UINT64_MAX, 0, &interval), -EOVERFLOW,
		      HMMU_ERR_SYSCALL);
	assert_int_equal(interval, 7);
	assert_failed(r->m, hmmu_mmu_interval_read_begin(r->m, 1, &seq), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_mmu_interval_read_retry(r->m, UINT32_MAX, 1), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_mmu_interval_notifier_remove(r->m, 0), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	/* Up to the last address there is. */
	assert_ok(hmmu_mmu_interval_notifier_insert(r->m, r->pid, 1, UINT64_MAX, 0, &interval));
	assert_ok(hmmu_mmu_interval_notifier_remove(r->m, interval));
	rig_close(r);
}

/* What verify() has to say of an interval's field with another value. */
static void assert_noticed(struct rig *r, uint64_t *field, uint64_t value, const char *words)
{
	uint64_t old = *field;

	*field = value;
	assert_complains(r->m, words);
	*field = old;
	assert_clean(r->m);
}

static void test_verify(void **state)
{
	struct rig *r = open_6_12();
	uint32_t first = insert(r, BASE, PAGES(4)), second = insert(r, BASE + PAGES(1), PAGES(1));
	struct interval *i = interval_of(r->m, first);
	struct subscriptions *subs = r->m->subscriptions + mm_of(r->m, r->pid)->notifier_subscriptions;

	(void)state;
	assert_clean(r->m);
	assert_noticed(r, &i->node.start, i->node.last + 1, "out of order");
	assert_noticed(r, &interval_of(r->m, second)->node.start, BASE - 1, "out of order");
	assert_noticed(r, &i->node.subtree_last, i->node.last - 1, "out of order");
	assert_noticed(r, &subs->invalidate_seq, 3, "do not agree with its invalidations");
	mm_of(r->m, r->pid)->active_invalidate_ranges = 1;
	assert_int_not_equal(complaints(r->m), 0);
	mm_of(r->m, r->pid)->active_invalidate_ranges = 0;
	mm_of(r->m, r->pid)->watched = 0;
	assert_int_not_equal(complaints(r->m), 0);
	mm_of(r->m, r->pid)->watched = WATCH_INTERVALS;
	i->state = INTERVAL_OUT;
	assert_int_not_equal(complaints(r->m), 0);
	i->state = INTERVAL_IN_TREE;
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_function),
		cmocka_unit_test(test_own_migrations),
		cmocka_unit_test(test_migrations_have_an_owner),
		cmocka_unit_test(test_lasting),
		cmocka_unit_test(test_insert_during_invalidation),
		cmocka_unit_test(test_first_interval_during_invalidation),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_exit),
		cmocka_unit_test(test_exit_waits),
		cmocka_unit_test(test_reaper),
		cmocka_unit_test(test_interval_copies),
		cmocka_unit_test(test_interval_errors),
		cmocka_unit_test(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
