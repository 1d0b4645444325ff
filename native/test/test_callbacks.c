/* SPDX-License-Identifier: GPL-2.0-only */
/* What a driver may do inside its callbacks, and what happens when one fails. */
#include "support.h"

struct script {
	struct rig *r;
	uint64_t buf;
	int (*alloc)(struct script *s, struct hmmu_migration *mig);
	int (*final)(struct script *s, struct hmmu_migration *mig);
	int allocs, finals;
	uint32_t task;
};

static int run_alloc(struct hmmu_migration *mig, void *data)
{
	struct script *s = data;
	struct hmmu_builtin builtin = { .to = HMMU_TO_DEVICE };

	s->allocs++;
	assert_ok(hmmu_builtin_ops.alloc_and_copy(mig, &builtin));
	return s->alloc ? s->alloc(s, mig) : 0;
}

static int run_final(struct hmmu_migration *mig, void *data)
{
	struct script *s = data;

	s->finals++;
	return s->final ? s->final(s, mig) : 0;
}

static const struct hmmu_migrate_ops script_ops = { run_alloc, run_final };

static struct script open_script(void)
{
	struct script s = { .r = open_rig() };

	s.buf = map_anon(s.r, 4);
	write_pages(s.r, s.buf, 3, 1);
	s.task = new_task(s.r, s.r->pid);
	return s;
}

static int migrate_script(struct script *s)
{
	int result = migrate_with(s->r, s->buf, 4, &script_ops, s);

	assert_clean(s->r->m);
	return result;
}

static int fail_now(struct script *s, struct hmmu_migration *mig)
{
	(void)s;
	(void)mig;
	return -EIO;
}

/* Everything the driver took is given back, everything is where it was. */
static void test_alloc_and_copy_fails(void **state)
{
	struct script s = open_script();

	(void)state;
	s.alloc = fail_now;
	assert_failed(s.r->m, migrate_script(&s), -ECANCELED, HMMU_ERR_DRIVER_THREW);
	assert_non_null(strstr(hmmu_error(s.r->m)->text, "alloc_and_copy"));
	assert_int_equal(s.allocs, 1);
	assert_int_equal(s.finals, 0);
	for (int i = 0; i < 4; i++)
		assert_why(s.r, (uint64_t)i, HMMU_WHY_ABORTED);
	assert_kind(s.r, s.buf, 3, HMMU_ENTRY_SYS);
	assert_bytes(s.r, s.r->tid, s.buf, 3, 1);
	assert_int_equal(counter(s.r, HMMU_COUNT_DEVICE_FREE), 64);
	rig_close(s.r);
}

/* It fails half way, with words in dst that are not worth anything. */
static int fail_with_rubbish(struct script *s, struct hmmu_migration *mig)
{
	struct hmmu_migration_state at;

	(void)s;
	hmmu_migrate_state(mig, &at);
	at.dst[3] = ~0ull;
	at.dst[2] = at.dst[0];
	at.src[1] = 0;
	return -EIO;
}

static void test_failure_with_rubbish(void **state)
{
	struct script s = open_script();

	(void)state;
	s.alloc = fail_with_rubbish;
	assert_failed(s.r->m, migrate_script(&s), -ECANCELED, HMMU_ERR_DRIVER_THREW);
	assert_kind(s.r, s.buf, 3, HMMU_ENTRY_SYS);
	/* The pages of the overwritten words still belong to the driver. */
	assert_int_equal(counter(s.r, HMMU_COUNT_DEVICE_FREE), 62);
	rig_close(s.r);
}

/* Too late to take anything back. */
static void test_finalize_and_map_fails(void **state)
{
	struct script s = open_script();

	(void)state;
	s.final = fail_now;
	assert_failed(s.r->m, migrate_script(&s), -ECANCELED, HMMU_ERR_DRIVER_THREW);
	assert_non_null(strstr(hmmu_error(s.r->m)->text, "finalize_and_map"));
	assert_kind(s.r, s.buf, 4, HMMU_ENTRY_DEV);
	rig_close(s.r);
}

static int look_around(struct script *s, struct hmmu_migration *mig)
{
	struct hmmu_entry entries[4];
	struct hmmu_migration_state at;

	assert_clean(s->r->m);
	assert_ok(hmmu_dump(s->r->m, s->r->pid, s->buf, 4, entries));
	hmmu_migrate_state(mig, &at);
	if (at.stage == HMMU_STAGE_ALLOC_AND_COPY)
		assert_int_equal(entries[0].kind, HMMU_ENTRY_MIG);
	else
		assert_int_equal(entries[3].kind, HMMU_ENTRY_DEV);
	/* The migration stands in a callback and can't be moved from there. */
	assert_failed(s->r->m, hmmu_migrate_step(mig), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(s->r->m, hmmu_migrate_run(mig, HMMU_STAGE_DONE), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(s->r->m, hmmu_migrate_end(mig), -EBUSY, HMMU_ERR_BUSY);
	return 0;
}

static void test_looking(void **state)
{
	struct script s = open_script();

	(void)state;
	s.alloc = s.final = look_around;
	assert_ok(migrate_script(&s));
	assert_int_equal(s.finals, 1);
	assert_all_moved(s.r, 4);
	rig_close(s.r);
}

/* The migrating task has mmap_sem for reading: its own calls that need it for writing would wait for themselves. */
static int write_lock(struct script *s, struct hmmu_migration *mig)
{
	struct hmmu *m = s->r->m;
	struct hmmu_map map = { .pages = 1 };
	uint64_t address;
	uint32_t child;

	(void)mig;
	assert_int_equal(hmmu_mmap(m, s->r->tid, &map, &address), -EDEADLK);
	assert_int_equal(hmmu_munmap(m, s->r->tid, s->buf, 4096), -EDEADLK);
	assert_int_equal(hmmu_mprotect(m, s->r->tid, s->buf, 4096, 0), -EDEADLK);
	assert_int_equal(hmmu_mlock(m, s->r->tid, s->buf, 4096), -EDEADLK);
	assert_int_equal(hmmu_munlock(m, s->r->tid, s->buf, 4096), -EDEADLK);
	assert_int_equal(hmmu_clear_soft_dirty(m, s->r->tid), -EDEADLK);
	assert_int_equal(hmmu_uffd_register(m, s->r->tid, s->buf, 4096, HMMU_UFFD_MISSING), -EDEADLK);
	assert_int_equal(hmmu_fork(m, s->r->tid, &child), -EDEADLK);
	assert_int_equal(hmmu_madvise(m, s->r->tid, s->buf, 4096, HMMU_MADV_HUGEPAGE), -EDEADLK);
	assert_clean(m);
	return 0;
}

static void test_own_write_lock(void **state)
{
	struct script s = open_script();

	(void)state;
	s.alloc = s.final = write_lock;
	assert_ok(migrate_script(&s));
	assert_all_moved(s.r, 4);
	rig_close(s.r);
}

/* Neither the process nor its migrating task can go. */
static int go_away(struct script *s, struct hmmu_migration *mig)
{
	(void)mig;
	assert_failed(s->r->m, hmmu_exit(s->r->m, s->r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(s->r->m, hmmu_task_destroy(s->r->m, s->r->tid), -EBUSY, HMMU_ERR_BUSY);
	if (s->task)
		assert_ok(hmmu_task_destroy(s->r->m, s->task));
	s->task = 0;
	return 0;
}

static void test_exit(void **state)
{
	struct script s = open_script();

	(void)state;
	s.alloc = s.final = go_away;
	assert_ok(migrate_script(&s));
	assert_ok(hmmu_exit(s.r->m, s.r->pid));
	rig_close(s.r);
}

/* The migrating task faults elsewhere; a page of its own migration makes it wait for itself. */
static int own_accesses(struct script *s, struct hmmu_migration *mig)
{
	uint64_t other = s->buf + PAGES(4);

	(void)mig;
	assert_ok(store(s->r, s->r->tid, other, 1));
	for (uint64_t i = 0; i < 3; i++) {
		uint32_t pfn;

		assert_failed(s->r->m, load(s->r, s->r->tid, s->buf + PAGES(i), NULL), -EDEADLK, HMMU_ERR_SYSCALL);
		assert_failed(s->r->m, store(s->r, s->r->tid, s->buf + PAGES(i), 1), -EDEADLK, HMMU_ERR_SYSCALL);
		assert_failed(s->r->m, hmmu_pin(s->r->m, s->r->tid, s->buf + PAGES(i), HMMU_PIN_WRITE, &pfn), -EDEADLK,
			      HMMU_ERR_SYSCALL);
		/* Another task just waits. */
		assert_blocked(s->r->m, load(s->r, s->task, s->buf + PAGES(i), NULL), s->task, HMMU_WAIT_PAGE_LOCK);
		assert_ok(hmmu_task_cancel(s->r->m, s->task));
	}
	assert_clean(s->r->m);
	return 0;
}

static void test_own_accesses(void **state)
{
	struct script s = open_script();

	(void)state;
	map_at(s.r, s.buf + PAGES(4), 1, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
	s.task = new_task(s.r, s.r->pid);
	s.alloc = own_accesses;
	s.final = own_accesses;
	assert_ok(migrate_script(&s));
	assert_all_moved(s.r, 4);
	rig_close(s.r);
}

/* A call that waits for somebody else is left blocked, and goes on when the migration is over. */
static int leave_blocked(struct script *s, struct hmmu_migration *mig)
{
	(void)mig;
	assert_blocked(s->r->m, load(s->r, s->r->tid, s->buf + PAGES(4), NULL), s->r->tid, HMMU_WAIT_PAGE_LOCK);
	return 0;
}

static void test_blocked_call_left_behind(void **state)
{
	struct script s = open_script();
	struct hmmu_builtin builtin = { .to = HMMU_TO_DEVICE };
	uint64_t src, dst, other = s.buf + PAGES(4);
	struct hmmu_migrate_request request = {
		.tid = new_task(s.r, s.r->pid),
		.start = other,
		.end = other + PAGES(1),
		.src = &src,
		.dst = &dst,
		.ops = &hmmu_builtin_ops,
		.data = &builtin,
	};
	struct hmmu_migration *mig;

	(void)state;
	map_at(s.r, other, 1, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
	write_pages(s.r, other, 1, 9);
	assert_ok(hmmu_migrate_begin(s.r->m, &request, &mig));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_ALLOC_AND_COPY));
	s.alloc = leave_blocked;
	assert_ok(migrate_script(&s));
	assert_failed(s.r->m, load(s.r, s.r->tid, s.buf, NULL), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_migrate_end(mig));
	assert_bytes(s.r, s.r->tid, other, 1, 9);
	assert_bytes(s.r, s.r->tid, s.buf, 3, 1);
	rig_close(s.r);
}

/* A migration within a migration, of the same task, of another range. */
static int nested(struct script *s, struct hmmu_migration *mig)
{
	struct hmmu_builtin builtin = { .to = HMMU_TO_DEVICE };
	uint64_t src[2], dst[2];
	struct hmmu_migrate_request request = {
		.tid = s->r->tid,
		.start = s->buf + PAGES(4),
		.end = s->buf + PAGES(6),
		.src = src,
		.dst = dst,
		.ops = &hmmu_builtin_ops,
		.data = &builtin,
	};

	(void)mig;
	request.end += PAGES(1);
	assert_failed(s->r->m, hmmu_migrate_vma(s->r->m, &request), -EINVAL, HMMU_ERR_SYSCALL);
	assert_clean(s->r->m);
	request.end -= PAGES(1);
	assert_ok(hmmu_migrate_vma(s->r->m, &request));
	assert_clean(s->r->m);
	assert_kind(s->r, s->buf + PAGES(4), 2, HMMU_ENTRY_DEV);
	return 0;
}

static void test_nested_migration(void **state)
{
	struct script s = open_script();

	(void)state;
	map_at(s.r, s.buf + PAGES(4), 2, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
	write_pages(s.r, s.buf + PAGES(4), 1, 1);
	s.alloc = nested;
	assert_ok(migrate_script(&s));
	assert_all_moved(s.r, 4);
	/* mmap_sem is free again. */
	map_anon(s.r, 1);
	rig_close(s.r);
}

struct outer {
	struct rig *r;
	struct hmmu_migration *mig;
};

static int end_outer(struct hmmu_migration *mig, void *data)
{
	struct hmmu_builtin builtin = { .to = HMMU_TO_SYSTEM };
	struct outer *outer = data;

	assert_ok(hmmu_migrate_end(outer->mig));
	return hmmu_builtin_ops.alloc_and_copy(mig, &builtin);
}

static int fault_that_ends_outer(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = end_outer };
	const struct outer *outer = data;
	uint64_t src, dst;
	struct hmmu_migrate_request request = request_for(outer->r, address, 1);

	(void)pfn;
	request.tid = tid;
	/* The rig's arrays are the outer migration's. */
	request.src = &src;
	request.dst = &dst;
	request.ops = &ops;
	request.data = data;
	return hmmu_migrate_vma(m, &request);
}

/* A store in the middle of a migration of the same task loses that one's mmap_sem on the way, takes it anew for its
 * second fault, and gives it up. */
static void test_outer_migration_ends_within(void **state)
{
	const struct hmmu_pagemap_ops device = { .page_fault = fault_that_ends_outer };
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct outer outer = { .r = r };

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &device, &outer));
	outer.mig = begin_migration(r, buf + PAGES(1), 1, HMMU_TO_DEVICE);
	write_pages(r, buf, 1, 7);
	assert_clean(r->m);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(2)));
	rig_close(r);
}

static void test_no_finalize_and_map(void **state)
{
	struct rig *r = open_rig();
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = run_alloc };
	struct script s = { .r = r };

	(void)state;
	assert_ok(migrate_with(r, map_anon(r, 2), 2, &ops, &s));
	assert_all_moved(r, 2);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc_and_copy_fails),   cmocka_unit_test(test_failure_with_rubbish),
		cmocka_unit_test(test_finalize_and_map_fails), cmocka_unit_test(test_looking),
		cmocka_unit_test(test_own_write_lock),         cmocka_unit_test(test_exit),
		cmocka_unit_test(test_own_accesses),           cmocka_unit_test(test_no_finalize_and_map),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_blocked_call_left_behind),
		cmocka_unit_test(test_nested_migration),
		cmocka_unit_test(test_outer_migration_ends_within),
	};

	return run_on_each_kernel(tests) + cmocka_run_group_tests(tests_of_4_14, NULL, NULL);
}
