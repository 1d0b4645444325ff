/* SPDX-License-Identifier: GPL-2.0-only */
/* hmm_range_fault() and the loop around it: what no drill shows. */
#include "driver.h"

#include "mm/mmu_notifier.h"

#define VALID HMMU_RANGE_VALID
#define WRITE HMMU_RANGE_WRITE
#define FAULT HMMU_RANGE_REQ_FAULT
#define BOTH (HMMU_RANGE_REQ_FAULT | HMMU_RANGE_REQ_WRITE)
#define OWN HMMU_DEFAULT_OWNER

static uint64_t range_words[2048];

/* A migration of system pages to the device. */
static struct hmmu_migrate_request request_to_device(struct rig *r, uint64_t address, uint64_t pages)
{
	struct hmmu_migrate_request request = request_for(r, address, pages);

	r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_DEVICE };
	request.flags = HMMU_SELECT_SYSTEM;
	request.owner = OWN;
	request.ops = &hmmu_builtin_ops;
	request.data = &r->builtin;
	return request;
}

static int mirror_of(struct rig *r, uint64_t address, uint64_t pages, uint64_t flags, uint64_t owner)
{
	return hmmu_mirror(r->m, r->tid, address, address + PAGES(pages), flags, owner, range_words);
}

/* A range with an interval of its own, ready to be faulted. */
static struct hmmu_range range_of(struct rig *r, uint64_t address, uint64_t pages)
{
	struct hmmu_range range = { .start = address, .end = address + PAGES(pages), .pfns = range_words };

	assert_ok(hmmu_mmu_interval_notifier_insert(r->m, r->pid, address, PAGES(pages), 0, &range.notifier));
	assert_ok(hmmu_mmu_interval_read_begin(r->m, range.notifier, &range.notifier_seq));
	memset(range_words, 0, sizeof(range_words));
	return range;
}

static void end_range(struct rig *r, const struct hmmu_range *range)
{
	assert_ok(hmmu_mmu_interval_notifier_remove(r->m, range->notifier));
}

static void assert_word(struct rig *r, uint64_t address, uint64_t i, uint64_t flags)
{
	assert_int_equal(range_words[i] & HMMU_RANGE_FLAGS, flags);
	assert_int_equal(range_words[i] & ~HMMU_RANGE_FLAGS, entry_of(r, r->pid, address + PAGES(i)).pfn);
}

/* Each page is asked for what its word says, as far as the mask lets it, and what the default says. */
static void test_requests(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_at(r, BEFORE_BORDER, 8, HMMU_MAP_ANON, 3);
	struct hmmu_range range;

	(void)state;
	write_pages(r, buf, 2, 1);
	range = range_of(r, buf, 2);
	range_words[0] = range_words[1] = BOTH;
	assert_ok(hmmu_range_fault(r->m, r->tid, &range));
	assert_word(r, buf, 0, VALID | WRITE);
	end_range(r, &range);

	/* A mask that lets nothing pass: nothing is faulted in. */
	range = range_of(r, buf + PAGES(2), 1);
	range_words[0] = BOTH;
	assert_ok(hmmu_range_fault(r->m, r->tid, &range));
	assert_true(range_words[0] == 0);
	/* REQ_WRITE alone is nothing. */
	range.default_flags = HMMU_RANGE_REQ_WRITE;
	assert_ok(hmmu_range_fault(r->m, r->tid, &range));
	assert_true(range_words[0] == 0);
	assert_kind(r, buf + PAGES(2), 1, HMMU_ENTRY_NONE);
	/* The word asks for writing, the default for the fault. */
	range.default_flags = FAULT;
	range.pfn_flags_mask = HMMU_RANGE_REQ_WRITE;
	range_words[0] = HMMU_RANGE_REQ_WRITE;
	assert_ok(hmmu_range_fault(r->m, r->tid, &range));
	assert_word(r, buf + PAGES(2), 0, VALID | WRITE);
	end_range(r, &range);
	rig_close(r);
}

/* One page that is asked for faults in all up to the end of the page table, for writing if that one is. Its own pages of
 * the device come back. Without the quirk only the page itself is faulted in. */
static void test_overshoot(void **state)
{
	for (int mended = 0; mended < 2; mended++) {
		struct rig *r =
			open_6_12(.device_pages = 8, .quirks_off = mended ? HMMU_QUIRK_MIRROR_FAULT_OVERSHOOTS : 0);
		uint64_t buf = map_at(r, BASE + MIB(2) - PAGES(6), 12, HMMU_MAP_ANON, 3);
		struct hmmu_range range;

		(void)state;
		write_pages(r, buf, 1, 1);
		write_pages(r, buf + PAGES(4), 1, 1);
		to_device(r, buf + PAGES(4), 1);
		range = range_of(r, buf, 12);
		range.pfn_flags_mask = UINT64_MAX;
		range.owner = OWN;
		range_words[2] = BOTH;
		if (!mended) { /* the device page that comes back has invalidated the range */
			assert_failed(r->m, hmmu_range_fault(r->m, r->tid, &range), -EBUSY, HMMU_ERR_SYSCALL);
			assert_int_equal(hmmu_mmu_interval_read_retry(r->m, range.notifier, range.notifier_seq), 1);
			assert_kind(r, buf + PAGES(2), 4, HMMU_ENTRY_SYS);
		} else {
			assert_ok(hmmu_range_fault(r->m, r->tid, &range));
			assert_word(r, buf, 2, VALID | WRITE);
			assert_word(r, buf, 4, VALID | WRITE);
			assert_kind(r, buf + PAGES(2), 1, HMMU_ENTRY_SYS);
			assert_kind(r, buf + PAGES(3), 1, HMMU_ENTRY_NONE);
			assert_kind(r, buf + PAGES(4), 1, HMMU_ENTRY_DEV);
		}
		assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_NONE);
		assert_kind(r, buf + PAGES(6), 6, HMMU_ENTRY_NONE);
		end_range(r, &range);
		rig_close(r);
	}
}

/* Without the overshoot, a whole mapping is brought in all the same, and each page as it was asked for. */
static void test_no_overshoot(void **state)
{
	struct rig *r = open_6_12(.quirks_off = HMMU_QUIRK_MIRROR_FAULT_OVERSHOOTS);
	uint64_t buf = map_at(r, BEFORE_BORDER, 600, HMMU_MAP_ANON, 3);
	struct hmmu_range range = range_of(r, buf, 600);

	(void)state;
	range.pfn_flags_mask = UINT64_MAX;
	for (uint64_t i = 0; i < 600; i++)
		range_words[i] = i % 3 == 1 ? FAULT : i % 3 == 2 ? BOTH : 0;
	assert_ok(hmmu_range_fault(r->m, r->tid, &range));
	for (uint64_t i = 0; i < 600; i++) {
		assert_int_equal(range_words[i] & HMMU_RANGE_FLAGS, i % 3 == 1   ? VALID
								    : i % 3 == 2 ? VALID | WRITE
										 : 0);
		assert_kind(r, buf + PAGES(i), 1,
			    i % 3 == 1   ? HMMU_ENTRY_ZERO
			    : i % 3 == 2 ? HMMU_ENTRY_SYS
					 : HMMU_ENTRY_NONE);
	}
	end_range(r, &range);
	rig_close(r);
}

/* An own device page that may not be written to is reported so, whatever was asked; mended, it comes back. */
static void test_own_read_entry(void **state)
{
	for (int mended = 0; mended < 2; mended++) {
		struct rig *r =
			open_6_12(.device_pages = 8, .quirks_off = mended ? HMMU_QUIRK_MIRROR_OWN_READ_ENTRY : 0);
		uint64_t buf = map_anon(r, 2);

		(void)state;
		write_pages(r, buf, 2, 1);
		to_device(r, buf, 2);
		do_fork_of(r, r->tid);
		assert_ok(mirror_of(r, buf, 2, FAULT, OWN));
		assert_word(r, buf, 0, VALID);
		assert_kind(r, buf, 2, HMMU_ENTRY_DEV);
		assert_ok(mirror_of(r, buf, 2, BOTH, OWN));
		assert_word(r, buf, 1, mended ? VALID | WRITE : VALID);
		assert_kind(r, buf, 2, mended ? HMMU_ENTRY_SYS : HMMU_ENTRY_DEV);
		rig_close(r);
	}
}

/* Pages of the device are reported to their owner only. Owner 0 owns nothing. */
static void test_owners(void **state)
{
	struct rig *r = open_6_12(.device_pages = 8);
	uint64_t buf = map_anon(r, 3);

	(void)state;
	write_pages(r, buf, 3, 1);
	to_device(r, buf, 3);
	assert_ok(mirror_of(r, buf, 3, 0, 0));
	assert_true(range_words[0] == 0);
	assert_ok(mirror_of(r, buf, 3, 0, OWN + 1));
	assert_true(range_words[2] == 0);
	assert_ok(mirror_of(r, buf, 3, FAULT, OWN));
	assert_word(r, buf, 2, VALID | WRITE);
	assert_ok(mirror_of(r, buf, 1, FAULT, OWN + 1));
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(1), 2, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* The range was invalidated since the sequence was read: the call does not even begin. */
static void test_busy(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 4);
	struct hmmu_range range;

	(void)state;
	write_pages(r, buf, 4, 1);
	range = range_of(r, buf, 4);
	assert_ok(hmmu_range_fault(r->m, r->tid, &range));
	assert_int_equal(hmmu_mmu_interval_read_retry(r->m, range.notifier, range.notifier_seq), 0);
	/* What was looked up is no longer true. */
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_int_equal(hmmu_mmu_interval_read_retry(r->m, range.notifier, range.notifier_seq), 1);
	assert_failed(r->m, hmmu_range_fault(r->m, r->tid, &range), -EBUSY, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_mmu_interval_read_begin(r->m, range.notifier, &range.notifier_seq));
	assert_ok(hmmu_range_fault(r->m, r->tid, &range));
	assert_word(r, buf, 0, VALID);
	assert_word(r, buf, 1, VALID | WRITE);
	end_range(r, &range);
	rig_close(r);
}

/* Copy on write invalidates the range that it is done for; a first touch does not. */
static void test_own_faults_invalidate(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 4);
	struct hmmu_range range;

	(void)state;
	write_pages(r, buf, 2, 1);
	do_fork_of(r, r->tid);
	range = range_of(r, buf + PAGES(2), 2);
	range.default_flags = BOTH;
	assert_ok(hmmu_range_fault(r->m, r->tid, &range));
	end_range(r, &range);
	range = range_of(r, buf, 2);
	range.default_flags = BOTH;
	assert_failed(r->m, hmmu_range_fault(r->m, r->tid, &range), -EBUSY, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_mmu_interval_read_begin(r->m, range.notifier, &range.notifier_seq));
	assert_ok(hmmu_range_fault(r->m, r->tid, &range));
	assert_word(r, buf, 1, VALID | WRITE);
	end_range(r, &range);
	rig_close(r);
}

/* A page that migrates is waited for, with mmap_lock; the call goes on with the next round. */
static void test_waits(void **state)
{
	struct rig *r = open_6_12(.device_pages = 8);
	uint64_t buf = map_anon(r, 4);
	uint32_t other = new_task(r, r->pid);
	struct hmmu_migrate_request request;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 4, 1);
	request = request_to_device(r, buf + PAGES(1), 1);
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_ALLOC_AND_COPY));
	assert_ok(hmmu_mirror(r->m, other, buf, buf + PAGES(4), 0, OWN, range_words));
	assert_true(range_words[1] == 0);
	assert_word(r, buf, 0, VALID | WRITE);
	assert_blocked(r->m, hmmu_mirror(r->m, other, buf, buf + PAGES(4), FAULT, OWN, range_words), other,
		       HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_mirror(r->m, other, buf, buf + PAGES(4), FAULT, OWN, range_words));
	assert_word(r, buf, 1, VALID | WRITE);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_DEV);
	assert_clean(r->m);
	rig_close(r);
}

/* A call that is given up takes its interval along; a copy of the machine has both, and goes on. */
static void test_cancel_and_copies(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = map_anon(r, 2);
	uint32_t pfn, used = r->m->st->slabs[SLAB_INTERVAL].used;
	struct hmmu *copy;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_make_device_exclusive(r->m, r->tid, buf, OWN, &pfn));
	assert_int_not_equal(pfn, 0);
	assert_blocked(r->m, mirror_of(r, buf, 2, FAULT, 0), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(r->m->st->slabs[SLAB_INTERVAL].used, used + 1);
	copy = copy_by_snapshot(r->m, 0, NULL);
	assert_non_null(copy);
	assert_ok(hmmu_page_unlock(copy, pfn));
	assert_ok(hmmu_mirror(copy, r->tid, buf, buf + PAGES(2), FAULT, 0, range_words));
	assert_int_equal(range_words[0] & HMMU_RANGE_FLAGS, VALID | WRITE);
	assert_ok(hmmu_page_put(copy, pfn));
	assert_clean(copy);
	assert_int_equal(copy->st->slabs[SLAB_INTERVAL].used, used);
	assert_ok(hmmu_destroy(copy));
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	assert_int_equal(r->m->st->slabs[SLAB_INTERVAL].used, used);
	assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_ok(hmmu_page_put(r->m, pfn));
	rig_close(r);
}

/* While the range is being invalidated, the mirror waits, and holds no lock. */
static void test_waits_for_invalidation(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	mmu_notifier_invalidate_range_start(r->m, HMMU_NOTIFY_CLEAR, r->pid, buf, buf + PAGES(1));
	assert_blocked(r->m, mirror_of(r, buf, 2, FAULT, 0), r->tid, HMMU_WAIT_INVALIDATION);
	assert_blocked(r->m, mirror_of(r, buf, 2, FAULT, 0), r->tid, HMMU_WAIT_INVALIDATION);
	mmu_notifier_invalidate_range_end(r->m, HMMU_NOTIFY_CLEAR, r->pid, buf, buf + PAGES(1));
	assert_clean(r->m);
	assert_ok(mirror_of(r, buf, 2, FAULT, 0));
	assert_int_equal(range_words[1] & HMMU_RANGE_FLAGS, VALID);
	rig_close(r);
}

/* So it does within a migration of its own task, whose lock it does not take over. */
static void test_waits_for_its_migration(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_at(r, BEFORE_BORDER, 6, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
	uint32_t other = new_task(r, r->pid);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 6, 1);
	r->select = HMMU_SELECT_SYSTEM;
	mig = begin_migration(r, buf, 6, HMMU_TO_DEVICE);
	assert_int_equal(hmmu_migrate_step(mig), 1);
	assert_blocked(r->m, mirror_of(r, buf, 2, FAULT, 0), r->tid, HMMU_WAIT_INVALIDATION);
	assert_restores(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_restores(r->m);
	assert_ok(hmmu_mprotect(r->m, other, buf, PAGES(1), HMMU_PROT_READ));
	assert_ok(mirror_of(r, buf, 2, FAULT, 0));
	rig_close(r);
}

static int do_nothing(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	(void)m, (void)tid, (void)address, (void)pfn, (void)data;
	return 0;
}

static int fail_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	(void)m, (void)tid, (void)address, (void)pfn, (void)data;
	return -EIO;
}

/* Another device's handler that fails, or that does nothing: a kernel would loop. */
static void test_bad_handlers(void **state)
{
	struct rig *r = open_6_12(.device_pages = 8);
	const struct hmmu_pagemap_ops idle = { .page_fault = do_nothing }, failing = { .page_fault = fail_fault };
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	to_device(r, buf, 1);
	assert_ok(hmmu_device_set_ops(r->m, &idle, NULL));
	assert_failed(r->m, mirror_of(r, buf, 1, FAULT, 0), -EFAULT, HMMU_ERR_DRIVER_RULE);
	assert_int_equal(hmmu_error(r->m)->rule, HMMU_RULE_FAULT_NO_PROGRESS);
	assert_ok(hmmu_device_set_ops(r->m, &failing, NULL));
	assert_failed(r->m, mirror_of(r, buf, 1, FAULT, 0), -EFAULT, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	rig_close(r);
}

static void test_errors(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 4);
	struct hmmu_range range = range_of(r, buf, 2), bad;
	uint32_t child = do_fork_of(r, r->tid);

	(void)state;
	bad = range;
	bad.pfns = NULL;
	assert_failed(r->m, hmmu_range_fault(r->m, r->tid, &bad), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_range_fault(r->m, r->tid, NULL), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	bad = range;
	bad.end = bad.start;
	assert_failed(r->m, hmmu_range_fault(r->m, r->tid, &bad), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	bad.end = range.end + 1;
	assert_failed(r->m, hmmu_range_fault(r->m, r->tid, &bad), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	bad.end = range.end + PAGES(1); /* beyond the interval */
	assert_failed(r->m, hmmu_range_fault(r->m, r->tid, &bad), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	bad = range;
	bad.default_flags = HMMU_RANGE_ERROR;
	assert_failed(r->m, hmmu_range_fault(r->m, r->tid, &bad), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	bad = range;
	bad.notifier = 77;
	assert_failed(r->m, hmmu_range_fault(r->m, r->tid, &bad), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	/* Of another process. */
	assert_failed(r->m, hmmu_range_fault(r->m, hmmu_process_task(r->m, child), &range), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_range_fault(r->m, 99, &range), -ESRCH, HMMU_ERR_NO_TASK);
	assert_failed(r->m, hmmu_mirror(r->m, 99, buf, buf + PAGES(1), 0, 0, range_words), -ESRCH, HMMU_ERR_NO_TASK);
	assert_failed(r->m, hmmu_mirror(r->m, r->tid, buf, HMMU_TASK_SIZE + PAGES(1), 0, 0, range_words), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, mirror_of(r, buf, 1, 1, 0), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	end_range(r, &range);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_overshoot),
		cmocka_unit_test(test_no_overshoot),
		cmocka_unit_test(test_own_read_entry),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_own_faults_invalidate),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_cancel_and_copies),
		cmocka_unit_test(test_waits_for_invalidation),
		cmocka_unit_test(test_waits_for_its_migration),
		cmocka_unit_test(test_bad_handlers),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
