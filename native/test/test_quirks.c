/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quirks: each is looked at from both sides. An observation runs on two machines that differ in the one quirk only, and
 * each of them has to show what it is told to.
 */
#include "support.h"

static struct rig *open_with(uint32_t quirk, bool on)
{
	return open_rig(.quirks_on = on ? quirk : 0, .quirks_off = on ? 0 : quirk, .other_device_pages = 4);
}

static void check(uint32_t quirk, int (*observe)(struct rig *r), int with, int without)
{
	for (int on = 0; on < 2; on++) {
		struct rig *r = open_with(quirk, on);

		assert_int_equal(hmmu_quirks(r->m) & quirk, on ? quirk : 0);
		assert_int_equal(observe(r), on ? with : without);
		rig_close(r);
	}
}

/* The hole's first word of dst keeps what the caller left there. */
static int first_word_of_hole(struct rig *r)
{
	uint64_t buf = map_at(r, BEFORE_BORDER, 6, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	struct hmmu_migration_state at;
	struct hmmu_migration *mig;
	int kept = 0;

	memset(r->dst, 0xff, sizeof(r->dst));
	mig = begin_to(r, buf, 6, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	hmmu_migrate_state(mig, &at);
	for (int i = 0; i < 6; i++)
		kept += r->dst[i] == ~0ull;
	/* The word behind the array is never written; that it would have been is said. */
	assert_true(r->dst[6] == ~0ull);
	assert_int_equal(at.out_of_bounds, kept);
	if (kept)
		assert_true(r->dst[0] == ~0ull);
	assert_ok(hmmu_migrate_end(mig));
	return kept;
}

/* A hole in front of a page writes a word of the array that collect sets anyway. */
static int hole_before_a_page(struct rig *r)
{
	uint64_t buf = map_anon(r, 3);
	struct hmmu_migration_state at;
	struct hmmu_migration *mig;

	write_pages(r, buf + PAGES(2), 1, 1);
	r->dst[0] = 0;
	mig = begin_to(r, buf, 3, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	hmmu_migrate_state(mig, &at);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 3);
	return at.out_of_bounds;
}

static int out_of_bounds_events(struct rig *r)
{
	uint64_t buf = map_anon(r, 3);
	struct hmmu_event last;
	int events;

	memset(r->dst, 0, sizeof(r->dst));
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_OUT_OF_BOUNDS));
	assert_ok(migrate(r, buf, 3, HMMU_TO_DEVICE));
	events = drain_events(r, HMMU_EVENT_OUT_OF_BOUNDS, &last);
	if (events)
		assert_true(last.a == 3 && last.b == 3);
	return events;
}

/* No device page is left for the hole, so the built-in driver leaves the word: it is checked as any other. */
static int word_left_by_the_driver(struct rig *r)
{
	uint64_t buf = map_anon(r, 1), device_pages = counter(r, HMMU_COUNT_DEVICE_FREE);
	uint32_t pfn;

	while (device_pages--)
		assert_ok(hmmu_device_alloc(r->m, &pfn));
	r->dst[0] = ~0ull;
	return migrate(r, buf, 1, HMMU_TO_DEVICE) == -EINVAL;
}

static void test_hole_dst_index(void **state)
{
	(void)state;
	check(HMMU_QUIRK_HOLE_DST_INDEX, word_left_by_the_driver, 1, 0);
	check(HMMU_QUIRK_HOLE_DST_INDEX, first_word_of_hole, 1, 0);
	check(HMMU_QUIRK_HOLE_DST_INDEX, hole_before_a_page, 0, 0);
	check(HMMU_QUIRK_HOLE_DST_INDEX, out_of_bounds_events, 1, 0);
}

/* Whether a page that was skipped is dirty, in its flags. */
static int dirty_after_skip(struct rig *r)
{
	uint64_t buf = map_anon(r, 1), skip = 0;

	write_pages(r, buf, 1, 1);
	r->builtin = (struct hmmu_builtin){ .skip_count = 1, .skip = &skip };
	assert_ok(migrate_with(r, buf, 1, &hmmu_builtin_ops, &r->builtin));
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	return !!(entry_of(r, r->pid, buf).flags & HMMU_PG_DIRTY);
}

static int dirty_after_move(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);

	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	return !!(entry_of(r, r->pid, buf).flags & HMMU_PG_DIRTY);
}

static void test_collect_drops_dirty(void **state)
{
	(void)state;
	check(HMMU_QUIRK_COLLECT_DROPS_DIRTY, dirty_after_skip, 0, 1);
	check(HMMU_QUIRK_COLLECT_DROPS_DIRTY, dirty_after_move, 0, 1);
}

/* Stale translations that a load meets when collect has taken the entry and its table's lock is free again. */
static int stale_after_collect(struct rig *r)
{
	uint64_t buf = map_anon(r, 2);
	uint32_t other = new_task(r, r->pid);
	struct hmmu_migration *mig;
	uint64_t stale;

	write_pages(r, buf, 2, 1);
	mig = begin_migration(r, buf, 2, HMMU_TO_DEVICE);
	assert_int_equal(hmmu_migrate_step(mig), 1);
	assert_kind(r, buf, 2, HMMU_ENTRY_MIG);
	assert_blocked(r->m, load(r, other, buf, NULL), other, HMMU_WAIT_PAGE_LOCK);
	stale = counter(r, HMMU_COUNT_TLB_STALE);
	assert_ok(hmmu_task_cancel(r->m, other));
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 2);
	return (int)stale;
}

/* Either way one flush. */
static int flushes_of_collect(struct rig *r)
{
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;
	int flushes;

	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_TLB_FLUSH));
	mig = begin_to(r, buf, 2, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	flushes = drain_events(r, HMMU_EVENT_TLB_FLUSH, NULL);
	assert_ok(hmmu_migrate_end(mig));
	return flushes;
}

static void test_collect_flush_late(void **state)
{
	(void)state;
	check(HMMU_QUIRK_COLLECT_FLUSH_LATE, stale_after_collect, 1, 0);
	check(HMMU_QUIRK_COLLECT_FLUSH_LATE, flushes_of_collect, 1, 1);
}

/* Bits of an entry that has been to the device and back. */
static int bits_after_round_trip(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);

	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_bits(r, buf,
		    hmmu_quirks(r->m) & HMMU_QUIRK_DEVICE_SOFT_DIRTY ? HMMU_BIT_WRITE
								     : HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
	return (int)entry_of(r, r->pid, buf).bits;
}

/* The device page stays where it is; its entry comes back as a read one. */
static int bits_after_device_skip(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);

	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_why(r, 0, HMMU_WHY_NO_PAGE);
	return (int)entry_of(r, r->pid, buf).bits & HMMU_BIT_WRITE;
}

static void test_device_write_lost(void **state)
{
	(void)state;
	check(HMMU_QUIRK_DEVICE_WRITE_LOST, bits_after_round_trip, HMMU_BIT_SOFT_DIRTY,
	      HMMU_BIT_SOFT_DIRTY | HMMU_BIT_WRITE);
	check(HMMU_QUIRK_DEVICE_WRITE_LOST, bits_after_device_skip, 0, HMMU_BIT_WRITE);
}

/* A page that was not soft-dirty when it went. */
static int clean_page_comes_back(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);

	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_bits(r, buf, 0);
	assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
	return !!(entry_of(r, r->pid, buf).bits & HMMU_BIT_SOFT_DIRTY);
}

/* fork() makes read entries out of write entries, for both. */
static int soft_dirty_after_fork(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);
	uint32_t child;

	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	child = do_fork_of(r, r->tid);
	assert_int_equal(entry_of(r, r->pid, buf).bits, entry_of(r, child, buf).bits);
	return (int)entry_of(r, child, buf).bits;
}

static void test_device_soft_dirty(void **state)
{
	(void)state;
	check(HMMU_QUIRK_DEVICE_SOFT_DIRTY, clean_page_comes_back, 1, 0);
	check(HMMU_QUIRK_DEVICE_SOFT_DIRTY, soft_dirty_after_fork, 0, HMMU_BIT_SOFT_DIRTY);
}

/* A device page that two processes map: a store of one of them. */
static int store_to_shared_device_page(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);
	uint32_t child;
	int result;

	write_pages(r, buf, 1, 7);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	child = do_fork_of(r, r->tid);
	result = store(r, hmmu_process_task(r->m, child), buf, 8);
	assert_int_equal(entry_of(r, r->pid, buf).kind, result ? HMMU_ENTRY_DEV : HMMU_ENTRY_SYS);
	/* With one mapping left it comes back in any case. */
	if (!result)
		assert_bytes(r, r->tid, buf, 1, 7);
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_ok(store(r, hmmu_process_task(r->m, child), buf, 9));
	return result;
}

/* Write kinds of both entries survive, if they may. */
static int both_entries_of_shared_memory(struct rig *r)
{
	uint64_t buf = map_anon(r, 2);
	uint32_t child;

	write_pages(r, buf, 2, 7);
	child = do_fork_of(r, r->tid);
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_all_moved(r, 2);
	assert_ok(migrate(r, buf, 2, HMMU_TO_SYSTEM));
	return entry_of(r, child, buf).kind == HMMU_ENTRY_SYS;
}

static void test_map_pte_skips_device(void **state)
{
	(void)state;
	check(HMMU_QUIRK_MAP_PTE_SKIPS_DEVICE, store_to_shared_device_page, -EFAULT, 0);
	check(HMMU_QUIRK_MAP_PTE_SKIPS_DEVICE, both_entries_of_shared_memory, 0, 1);
}

static int refs_of_locked_huge_page(struct rig *r)
{
	uint64_t buf = map_huge(r, 512);
	uint32_t pfn, why;

	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_why(r, 0, HMMU_WHY_HUGE_LOCKED);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	/* The reference that was forgotten is a pin for ever. */
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	why = hmmu_quirks(r->m) & HMMU_QUIRK_THP_BUSY_LEAKS_REF ? HMMU_WHY_HUGE_NOT_SPLIT : HMMU_WHY_NONE;
	assert_int_equal(r->why[0], why);
	return entry_of(r, r->pid, buf + PAGES(8)).ref;
}

static void test_thp_busy_leaks_ref(void **state)
{
	(void)state;
	check(HMMU_QUIRK_THP_BUSY_LEAKS_REF, refs_of_locked_huge_page, 2, 1);
}

/* A forgotten reference outlives the process: the page is never free again, and verify() knows why. */
static void test_leaked_page_after_exit(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	uint32_t pfn;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_int_equal(page_info(r, pfn).ref, 1);
	rig_close(r);
}

struct fault_watch {
	struct rig *r;
	uint32_t pfn;
	int ref;
};

static int watch_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct fault_watch *watch = data;
	struct hmmu_migrate_request request = request_for(watch->r, address, 1);

	(void)tid;
	watch->ref = page_info(watch->r, pfn).ref;
	watch->r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_SYSTEM };
	return hmmu_migrate_vma(m, &request);
}

/* References of a device page as its fault handler sees them. */
static int refs_in_fault(struct rig *r)
{
	static const struct hmmu_pagemap_ops ops = { .page_fault = watch_fault };
	struct fault_watch watch = { .r = r };
	uint64_t buf = map_anon(r, 1);

	write_pages(r, buf, 1, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &ops, &watch));
	assert_bytes(r, r->tid, buf, 1, 5);
	assert_all_moved(r, 1);
	return watch.ref;
}

static void test_fault_without_ref(void **state)
{
	(void)state;
	check(HMMU_QUIRK_FAULT_WITHOUT_REF, refs_in_fault, 2, 3);
}

/* Somebody waits for the page while the driver copies it. */
static int why_with_a_waiter(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);
	uint32_t waiter = new_task(r, r->pid);
	struct hmmu_migration *mig;

	write_pages(r, buf, 1, 1);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_blocked(r->m, store(r, waiter, buf, 9), waiter, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_clean(r->m);
	assert_ok(store(r, waiter, buf, 9));
	assert_bytes(r, r->tid, buf, 1, 9);
	return r->why[0];
}

static void test_wait_pins_page(void **state)
{
	(void)state;
	check(HMMU_QUIRK_WAIT_PINS_PAGE, why_with_a_waiter, HMMU_WHY_REFERENCES, HMMU_WHY_NONE);
}

/* The OOM killer has been here. */
static int why_in_reaped_mm(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);

	write_pages(r, map_anon(r, 1), 1, 1);
	assert_ok(hmmu_oom_reap(r->m, r->pid));
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_int_equal(hmmu_memcg_charged(r->m), r->why[0] == HMMU_WHY_NONE);
	return r->why[0];
}

static void test_insert_ignores_reaped_mm(void **state)
{
	(void)state;
	check(HMMU_QUIRK_INSERT_IGNORES_REAPED_MM, why_in_reaped_mm, HMMU_WHY_NONE, HMMU_WHY_INSERT_MM_UNSTABLE);
}

/* A driver with pages of a device that is neither private nor public. */
static int offer_other_device(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state at;
	uint32_t pfn;

	(void)data;
	hmmu_migrate_state(mig, &at);
	for (uint64_t i = 0; i < at.npages; i++) {
		assert_ok(hmmu_other_device_alloc(at.machine, &pfn));
		assert_ok(hmmu_page_zero(at.machine, pfn));
		assert_ok(hmmu_page_trylock(at.machine, pfn));
		at.dst[i] = hmmu_word(pfn, HMMU_PFN_LOCKED | HMMU_PFN_DEVICE);
	}
	return 0;
}

static const struct hmmu_migrate_ops other_device_ops = { .alloc_and_copy = offer_other_device };

/* The undefined pte that 4.14 would set is an error of the driver here. */
static int insert_other_device(struct rig *r)
{
	uint64_t buf = map_anon(r, 2);
	int result = migrate_with(r, buf, 2, &other_device_ops, NULL);

	assert_why(r, 0, HMMU_WHY_UNKNOWN_DEVICE);
	if (result)
		assert_int_equal(hmmu_error(r->m)->rule, HMMU_RULE_DST_UNKNOWN_DEVICE);
	assert_kind(r, buf, 2, HMMU_ENTRY_NONE);
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
	return result;
}

static void test_insert_unknown_device(void **state)
{
	(void)state;
	check(HMMU_QUIRK_INSERT_UNKNOWN_DEVICE, insert_other_device, -EINVAL, 0);
}

/* In the v25 series such a page becomes a pte like any other. */
static void test_insert_device_as_pte(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_HMM_V25, .other_device_pages = 4);
	uint64_t buf = map_anon(r, 2);

	(void)state;
	write_pages(r, buf + PAGES(1), 1, 3);
	memset(r->dst, 0, sizeof(r->dst));
	assert_ok(migrate_with(r, buf, 2, &other_device_ops, NULL));
	assert_int_equal(r->why[0], HMMU_WHY_NONE);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	/* A page that is there is not moved to such a device. */
	assert_why(r, 1, HMMU_WHY_UNKNOWN_DEVICE);
	assert_clean(r->m);
	assert_ok(store(r, r->tid, buf, 9));
	assert_bytes(r, r->tid, buf, 1, 9);
	assert_clean(r->m);
	/* Nor does it move from there: unmap does not expect the reference that such a page always has. */
	assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
	assert_true(r->src[0] == 0);
	assert_why(r, 0, HMMU_WHY_PINNED_LATE);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(2)));
	rig_close(r);
}

/* Holes of shared memory: offered and refused, or not offered at all. */
static int why_of_file_hole(struct rig *r)
{
	uint64_t buf = map_at(r, 0, 2, HMMU_MAP_SHMEM, HMMU_PROT_WRITE);
	struct hmmu_migration_state at;
	struct hmmu_migration *mig = begin_migration(r, buf, 1, HMMU_TO_DEVICE);

	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_ALLOC_AND_COPY));
	hmmu_migrate_state(mig, &at);
	assert_int_equal(at.callbacks_ran, !!(hmmu_quirks(r->m) & HMMU_QUIRK_FILE_HOLES_COLLECTED));
	assert_ok(hmmu_migrate_end(mig));
	/* An empty pte next to a used one. */
	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	return r->why[1];
}

static int why_of_anonymous_hole(struct rig *r)
{
	assert_ok(migrate(r, map_anon(r, 1), 1, HMMU_TO_DEVICE));
	return r->why[0];
}

static void test_file_holes_collected(void **state)
{
	(void)state;
	check(HMMU_QUIRK_FILE_HOLES_COLLECTED, why_of_file_hole, HMMU_WHY_INSERT_NOT_ANONYMOUS, HMMU_WHY_NOT_OFFERED);
	check(HMMU_QUIRK_FILE_HOLES_COLLECTED, why_of_anonymous_hole, HMMU_WHY_NONE, HMMU_WHY_NONE);
}

/* Whether a page of the device may be written to without a fault when it is back. */
static int writable_behind_clear(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);

	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	return !!(entry_of(r, r->pid, buf).bits & HMMU_BIT_WRITE);
}

static void test_clear_keeps_write_entries(void **state)
{
	(void)state;
	check(HMMU_QUIRK_CLEAR_KEEPS_WRITE_ENTRIES, writable_behind_clear, 1, 0);
}

static int soft_dirty_behind_insert(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);

	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	return !!(entry_of(r, r->pid, buf).bits & HMMU_BIT_SOFT_DIRTY);
}

static void test_insert_device_not_soft_dirty(void **state)
{
	(void)state;
	check(HMMU_QUIRK_INSERT_DEVICE_NOT_SOFT_DIRTY, soft_dirty_behind_insert, 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hole_dst_index),
		cmocka_unit_test(test_collect_drops_dirty),
		cmocka_unit_test(test_collect_flush_late),
		cmocka_unit_test(test_device_write_lost),
		cmocka_unit_test(test_device_soft_dirty),
		cmocka_unit_test(test_map_pte_skips_device),
		cmocka_unit_test(test_thp_busy_leaks_ref),
		cmocka_unit_test(test_leaked_page_after_exit),
		cmocka_unit_test(test_fault_without_ref),
		cmocka_unit_test(test_wait_pins_page),
		cmocka_unit_test(test_insert_ignores_reaped_mm),
		cmocka_unit_test(test_insert_unknown_device),
		cmocka_unit_test(test_insert_device_as_pte),
		cmocka_unit_test(test_file_holes_collected),
		cmocka_unit_test(test_clear_keeps_write_entries),
		cmocka_unit_test(test_insert_device_not_soft_dirty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
