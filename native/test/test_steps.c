/* SPDX-License-Identifier: GPL-2.0-only */
/* Migrations that stop after every entry: the machine balances at each stop, others may run there, and the end is the same. */
#include "support.h"

#include <stdlib.h>

#include "host/machine.h"

/*
 * A range with some of everything, over a table border:
 * |-sys-|-dev-|-zero-|-none-|-shared with a child-|-pinned-|-locked-|-isolated-|-device page of two-|-none …-|
 */
enum { SYS, DEV, ZERO, NONE, SHARED, PINNED, LOCKED, ISOLATED, STUCK, MIX_PAGES = 12 };

struct mix {
	uint64_t buf;
	uint32_t child, pinned, held, isolated;
};

static struct mix make_mix(struct rig *r)
{
	struct mix mix = { .buf = map_at(r, BEFORE_BORDER - PAGES(2), MIX_PAGES, HMMU_MAP_ANON, HMMU_PROT_WRITE) };

	write_pages(r, mix.buf + PAGES(DEV), 1, DEV);
	assert_ok(migrate(r, mix.buf + PAGES(DEV), 1, HMMU_TO_DEVICE));
	write_pages(r, mix.buf + PAGES(STUCK), 1, STUCK);
	assert_ok(migrate(r, mix.buf + PAGES(STUCK), 1, HMMU_TO_DEVICE));
	write_pages(r, mix.buf + PAGES(SHARED), 1, SHARED);
	mix.child = do_fork_of(r, r->tid);
	assert_ok(hmmu_munmap(r->m, hmmu_process_task(r->m, mix.child), mix.buf + PAGES(DEV), PAGES(1)));
	write_pages(r, mix.buf + PAGES(SYS), 1, SYS);
	read_pages(r, mix.buf + PAGES(ZERO), 1);
	write_pages(r, mix.buf + PAGES(PINNED), 3, PINNED);
	assert_ok(hmmu_pin(r->m, r->tid, mix.buf + PAGES(PINNED), HMMU_PIN_WRITE, &mix.pinned));
	assert_ok(hmmu_hold(r->m, r->pid, mix.buf + PAGES(LOCKED), &mix.held));
	assert_ok(hmmu_isolate(r->m, r->pid, mix.buf + PAGES(ISOLATED), &mix.isolated));
	return mix;
}

static void undo_mix(struct rig *r, const struct mix *mix)
{
	assert_ok(hmmu_unpin(r->m, mix->pinned, 0));
	assert_ok(hmmu_release(r->m, mix->held));
	assert_ok(hmmu_putback(r->m, mix->isolated));
}

static void assert_mix_moved(struct rig *r)
{
	static const uint8_t expected[MIX_PAGES] = {
		[DEV] = HMMU_WHY_NO_PAGE,        [PINNED] = HMMU_WHY_PINNED,      [LOCKED] = HMMU_WHY_PAGE_LOCKED,
		[ISOLATED] = HMMU_WHY_ISOLATION, [STUCK] = HMMU_WHY_STILL_MAPPED,
	};

	assert_memory_equal(r->why, expected, MIX_PAGES);
}

static uint64_t step_through(struct rig *r, struct hmmu_migration *mig)
{
	struct hmmu_migration_state before, after;
	uint64_t steps = 0;
	int more;

	do {
		hmmu_migrate_state(mig, &before);
		more = hmmu_migrate_step(mig);
		steps++;
		assert_in_range(more, 0, 1);
		hmmu_migrate_state(mig, &after);
		assert_true(after.stage >= before.stage);
		assert_int_equal(more, after.stage != HMMU_STAGE_DONE);
		assert_clean(r->m);
	} while (more);
	/* What is done is done. */
	assert_int_equal(hmmu_migrate_step(mig), 0);
	return steps;
}

static void test_every_step_balances(void **state)
{
	struct rig *r = open_rig();
	struct mix mix = make_mix(r);
	struct hmmu_migration *mig = begin_migration(r, mix.buf, MIX_PAGES, HMMU_TO_DEVICE);
	uint64_t steps = step_through(r, mig);

	(void)state;
	/* Two parts of collect; prepare, unmap, pages and finalize over the entries, the first two in part twice; two callbacks. */
	assert_in_range(steps, 2 + 4 * MIX_PAGES + 2 + 2, 2 + 6 * MIX_PAGES + 2);
	assert_ok(hmmu_migrate_end(mig));
	assert_mix_moved(r);
	assert_int_equal(counter(r, HMMU_COUNT_INSERTED), 5);
	undo_mix(r, &mix);
	rig_close(r);
}

/* Stepped, run by stages, or at once: the same machine, byte for byte. */
static void test_stepping_changes_nothing(void **state)
{
	struct rig *rigs[3];

	(void)state;
	for (int how = 0; how < 3; how++) {
		struct rig *r = rigs[how] = open_rig();
		struct mix mix = make_mix(r);

		if (how == 0) {
			assert_ok(migrate(r, mix.buf, MIX_PAGES, HMMU_TO_DEVICE));
		} else {
			struct hmmu_migration *mig = begin_migration(r, mix.buf, MIX_PAGES, HMMU_TO_DEVICE);

			for (uint32_t stage = 0; how == 1 && stage <= HMMU_STAGE_DONE; stage++)
				assert_ok(hmmu_migrate_run(mig, stage));
			if (how == 2)
				step_through(r, mig);
			assert_ok(hmmu_migrate_end(mig));
		}
		undo_mix(r, &mix);
	}
	for (int how = 1; how < 3; how++) {
		const struct hmmu *a = rigs[0]->m, *b = rigs[how]->m;

		assert_memory_equal(rigs[0]->src, rigs[how]->src, sizeof(rigs[0]->src));
		assert_memory_equal(rigs[0]->dst, rigs[how]->dst, sizeof(rigs[0]->dst));
		assert_memory_equal(a->st, b->st, sizeof(struct state));
		assert_memory_equal(a->pages, b->pages, a->pfn_end * sizeof(struct page));
		assert_memory_equal(a->frames, b->frames, PAGES(a->pfn_end));
	}
	for (int how = 0; how < 3; how++)
		rig_close(rigs[how]);
}

/* Given up after each number of steps: hmmu_migrate_end() finishes it, and all is well. */
static void test_end_after_any_step(void **state)
{
	uint64_t steps = 0;
	bool done = false;

	(void)state;
	for (; !done; steps++) {
		struct rig *r = open_rig();
		struct mix mix = make_mix(r);
		struct hmmu_migration *mig = begin_migration(r, mix.buf, MIX_PAGES, HMMU_TO_DEVICE);

		for (uint64_t i = 0; i < steps && !done; i++)
			done = !hmmu_migrate_step(mig);
		assert_ok(hmmu_migrate_end(mig));
		assert_mix_moved(r);
		undo_mix(r, &mix);
		rig_close(r);
	}
	assert_true(steps > 4 * MIX_PAGES);
}

/* Between any two steps a task of another process that shares a page, and a new child, do what they like. */
static void test_others_run_between_steps(void **state)
{
	uint64_t at = 0;
	bool done = false;

	(void)state;
	for (; !done; at++) {
		struct rig *r = open_rig();
		struct mix mix = make_mix(r);
		struct hmmu_migration *mig = begin_migration(r, mix.buf, MIX_PAGES, HMMU_TO_DEVICE);
		uint32_t child_task = hmmu_process_task(r->m, mix.child), grandchild;
		int result;

		for (uint64_t i = 0; i < at && !done; i++)
			done = !hmmu_migrate_step(mig);
		result = store(r, child_task, mix.buf + PAGES(SHARED), 0x77);
		assert_clean(r->m);
		/* On the device and mapped twice the page is stuck: it can't come back. */
		if (result == -EFAULT)
			assert_failed(r->m, result, -EFAULT, HMMU_ERR_SIGBUS);
		else if (result)
			assert_blocked(r->m, result, child_task, HMMU_WAIT_PAGE_LOCK);
		assert_ok(hmmu_task_cancel(r->m, child_task));
		assert_ok(hmmu_fork(r->m, child_task, &grandchild));
		assert_clean(r->m);
		assert_ok(hmmu_exit(r->m, mix.child));
		assert_clean(r->m);
		assert_ok(hmmu_migrate_end(mig));
		assert_ok(hmmu_exit(r->m, grandchild));
		undo_mix(r, &mix);
		rig_close(r);
	}
}

/* Two migrations of two tasks over the same range, their steps in turn: every page goes with one of them or none. */
static void test_two_migrations_in_turn(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 8), src[8], dst[8];
	struct hmmu_migration *first, *second;
	struct hmmu_migrate_request request = request_for(r, buf, 8);
	bool more = true;

	(void)state;
	write_pages(r, buf, 5, 1);
	request.tid = new_task(r, r->pid);
	request.src = src;
	request.dst = dst;
	request.why = NULL;
	first = begin_migration(r, buf, 8, HMMU_TO_DEVICE);
	assert_ok(hmmu_migrate_begin(r->m, &request, &second));
	while (more) {
		more = hmmu_migrate_step(first);
		assert_clean(r->m);
		more |= hmmu_migrate_step(second);
		assert_clean(r->m);
	}
	assert_ok(hmmu_migrate_end(first));
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(second));
	for (int i = 0; i < 8; i++)
		assert_true((r->src[i] & HMMU_PFN_MIGRATE) ^ (src[i] & HMMU_PFN_MIGRATE));
	assert_kind(r, buf, 8, HMMU_ENTRY_DEV);
	assert_bytes(r, r->tid, buf, 5, 1);
	rig_close(r);
}

static void test_migration_state(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);
	struct hmmu_migration_state at;
	struct hmmu_migration *mig = begin_migration(r, buf + 5, 3, HMMU_TO_DEVICE);

	(void)state;
	hmmu_migrate_state(mig, &at);
	assert_ptr_equal(at.machine, r->m);
	assert_int_equal(at.tid, r->tid);
	assert_int_equal(at.pid, r->pid);
	assert_true(at.start == buf && at.end == buf + PAGES(3));
	assert_ptr_equal(at.src, r->src);
	assert_ptr_equal(at.dst, r->dst);
	assert_false(at.callbacks_ran || at.out_of_bounds);
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_ALLOC_AND_COPY));
	hmmu_migrate_state(mig, &at);
	assert_true(at.callbacks_ran);
	assert_int_equal(at.stage, HMMU_STAGE_PAGES);
	assert_int_equal(at.npages, 3);
	/* A stage that is over is not run again. */
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_COLLECT));
	hmmu_migrate_state(mig, &at);
	assert_int_equal(at.stage, HMMU_STAGE_PAGES);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* A machine can be taken down with a migration at any stage. */
static void test_destroyed_meanwhile(void **state)
{
	(void)state;
	for (uint32_t stage = HMMU_STAGE_COLLECT; stage <= HMMU_STAGE_DONE; stage++) {
		struct rig *r = open_rig();

		write_pages(r, map_at(r, BASE, 2, HMMU_MAP_ANON, HMMU_PROT_WRITE), 2, 1);
		begin_to(r, BASE, 2, HMMU_TO_DEVICE, stage);
		rig_discard(r);
	}
}

/* A migration that is dropped with its machine: the driver hears nothing, and the arrays may be gone already. */
static int never_called(struct hmmu_migration *mig, void *data)
{
	(void)mig;
	(*(int *)data)++;
	return 0;
}

static void test_dropped(void **state)
{
	static const struct hmmu_migrate_ops ops = { never_called, never_called };

	(void)state;
	for (uint32_t stage = HMMU_STAGE_COLLECT; stage <= HMMU_STAGE_UNMAP; stage++) {
		struct rig *r = open_rig();
		uint64_t buf = map_anon(r, 40), *words = malloc(80 * sizeof(*words));
		struct hmmu_migrate_request request = { .tid = r->tid, .start = buf, .end = buf + PAGES(40) };
		struct hmmu_migration *mig;
		int called = 0;

		write_pages(r, buf, 40, 1);
		request.src = words;
		request.dst = words + 40;
		request.ops = &ops;
		request.data = &called;
		assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
		assert_ok(hmmu_migrate_run(mig, stage));
		free(words);
		rig_discard(r);
		assert_int_equal(called, 0);
	}
}

/* No callback takes down the machine that it was called by; all goes on as if nothing had been. */
static int destroy_in_migration(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state at;

	(void)data;
	hmmu_migrate_state(mig, &at);
	assert_failed(at.machine, hmmu_destroy(at.machine), -EBUSY, HMMU_ERR_BUSY);
	return 0;
}

static int destroy_in_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	(void)tid;
	(void)address;
	(void)pfn;
	++*(int *)data;
	assert_failed(m, hmmu_destroy(m), -EBUSY, HMMU_ERR_BUSY);
	return -EIO;
}

static void destroy_in_page_free(struct hmmu *m, uint32_t pfn, void *data)
{
	(void)pfn;
	++*(int *)data;
	assert_failed(m, hmmu_destroy(m), -EBUSY, HMMU_ERR_BUSY);
	/* Nor is there a balance to verify in the middle of a page table. */
	assert_failed(m, hmmu_verify(m, NULL, NULL), -EBUSY, HMMU_ERR_BUSY);
}

static void destroy_in_report(void *data, const char *text)
{
	struct hmmu *m = data;

	assert_true(text[0] != 0);
	assert_failed(m, hmmu_destroy(m), -EBUSY, HMMU_ERR_BUSY);
}

static void test_destroy_in_a_callback(void **state)
{
	static const struct hmmu_migrate_ops ops = { destroy_in_migration, destroy_in_migration };
	static const struct hmmu_pagemap_ops pagemap = { destroy_in_fault, destroy_in_page_free };
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	int called = 0;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate_with(r, buf, 2, &ops, NULL));
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &pagemap, &called));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(2)));
	assert_int_equal(called, 3);
	/* A reference that nobody explains. */
	r->m->pages[100].count++;
	assert_true(hmmu_verify(r->m, destroy_in_report, r->m) > 0);
	r->m->pages[100].count--;
	rig_close(r);
}

/* A call that waits on the migration's own task takes mmap_sem over when the migration ends, and gives it up at its end. */
static void test_own_task_waits(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct rig *r = open_rig();
		uint64_t buf = map_anon(r, 1);
		struct hmmu_migration *mig;
		uint32_t pfn;
		uint8_t byte;

		write_pages(r, buf, 1, 1);
		mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
		if (way == 0)
			assert_int_equal(hmmu_load(r->m, r->tid, buf, &byte, 1, NULL), -EAGAIN);
		else
			assert_int_equal(hmmu_pin(r->m, r->tid, buf, 0, &pfn), -EAGAIN);
		assert_ok(hmmu_migrate_end(mig));
		assert_clean(r->m);
		if (way == 0)
			assert_ok(hmmu_load(r->m, r->tid, buf, &byte, 1, NULL));
		else if (way == 1)
			assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
		else
			assert_ok(hmmu_task_cancel(r->m, r->tid));
		/* Nobody has it any more. */
		assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
		if (way == 1)
			assert_ok(hmmu_unpin(r->m, pfn, 0));
		rig_close(r);
	}
}

/* A migration that had to wait for mmap_sem gives it up at its end, also if it comes to nothing. */
static void test_waits_to_begin(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		struct rig *r = open_rig();
		uint64_t buf = map_anon(r, 2), words[2];
		uint32_t writer, second, child;
		struct hmmu_migration *first, *mig;
		struct hmmu_builtin driver = { .to = HMMU_TO_DEVICE };
		struct hmmu_migrate_request request = {
			.start = buf,
			.end = buf + PAGES(2),
			.src = words,
			.dst = r->dst,
			.ops = &hmmu_builtin_ops,
			.data = &driver,
		};

		write_pages(r, buf, 2, 1);
		assert_ok(hmmu_task_create(r->m, r->pid, &writer));
		assert_ok(hmmu_task_create(r->m, r->pid, &second));
		request.tid = second;
		request.end += PAGES(way);
		first = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
		assert_int_equal(hmmu_fork(r->m, writer, &child), -EAGAIN);
		assert_int_equal(hmmu_migrate_begin(r->m, &request, &mig), -EAGAIN);
		assert_ok(hmmu_migrate_end(first));
		assert_ok(hmmu_fork(r->m, writer, &child));
		if (way) {
			assert_int_equal(hmmu_migrate_begin(r->m, &request, &mig), -EINVAL);
		} else {
			assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
			assert_ok(hmmu_migrate_end(mig));
		}
		assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(2)));
		rig_close(r);
	}
}

static void test_stage_events(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_event event;

	(void)state;
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_STAGE));
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	for (uint32_t stage = HMMU_STAGE_COLLECT; stage <= HMMU_STAGE_DONE; stage++) {
		assert_int_equal(hmmu_events_read(r->m, &event, 1), 1);
		assert_true(event.a == buf && event.b == stage);
	}
	assert_int_equal(hmmu_events_read(r->m, &event, 1), 0);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_step_balances),    cmocka_unit_test(test_stepping_changes_nothing),
		cmocka_unit_test(test_end_after_any_step),     cmocka_unit_test(test_others_run_between_steps),
		cmocka_unit_test(test_two_migrations_in_turn), cmocka_unit_test(test_migration_state),
		cmocka_unit_test(test_destroyed_meanwhile),    cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_destroy_in_a_callback),  cmocka_unit_test(test_stage_events),
		cmocka_unit_test(test_own_task_waits),         cmocka_unit_test(test_waits_to_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
