/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules for drivers. Each test is a driver that breaks one: the call fails with the entry and the rule, all that
 * the driver took is free again, every page is back where it was, and the machine goes on.
 */
#include "support.h"

#define NPAGES 4

struct breach {
	struct rig *r;
	void (*commit)(struct rig *r, struct hmmu_migration_state *at);
	bool late; /* in finalize_and_map */
};

static int alloc_and_copy(struct hmmu_migration *mig, void *data)
{
	struct breach *breach = data;
	struct hmmu_migration_state at;

	hmmu_migrate_state(mig, &at);
	for (uint64_t i = 0; i < at.npages; i++) {
		at.dst[i] = device_word(at.machine);
		if (at.src[i] & HMMU_PFN_VALID)
			assert_ok(hmmu_page_copy(at.machine, hmmu_word_pfn(at.dst[i]), hmmu_word_pfn(at.src[i])));
	}
	if (!breach->late)
		breach->commit(breach->r, &at);
	return 0;
}

static int finalize_and_map(struct hmmu_migration *mig, void *data)
{
	struct breach *breach = data;
	struct hmmu_migration_state at;

	assert_true(breach->late);
	hmmu_migrate_state(mig, &at);
	breach->commit(breach->r, &at);
	return 0;
}

static const struct hmmu_migrate_ops breach_ops = { alloc_and_copy, finalize_and_map };

/* Offers one page that it did not allocate, for entry 1. */
static int lend(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state at;

	hmmu_migrate_state(mig, &at);
	at.dst[1] = *(uint64_t *)data;
	return 0;
}

static const struct hmmu_migrate_ops lend_ops = { .alloc_and_copy = lend };

static void assert_breach(struct rig *r, int result, uint64_t index, uint32_t rule, uint64_t buf)
{
	assert_failed(r->m, result, -EINVAL, HMMU_ERR_DRIVER_RULE);
	assert_int_equal(hmmu_error(r->m)->rule, rule);
	assert_int_equal(hmmu_error(r->m)->index, index);
	assert_true(hmmu_error(r->m)->address == buf + PAGES(index));
	assert_clean(r->m);
}

/* Pages 0 to 2 are mapped, page 3 is a hole. */
static uint64_t four_pages(struct rig *r)
{
	uint64_t buf = map_anon(r, NPAGES);

	write_pages(r, buf, NPAGES - 1, 1);
	return buf;
}

static void check(uint64_t index, uint32_t rule, void (*commit)(struct rig *, struct hmmu_migration_state *))
{
	struct rig *r = open_rig();
	uint64_t buf = four_pages(r), frames = counter(r, HMMU_COUNT_RAM_FREE);
	struct breach breach = { .r = r, .commit = commit };

	assert_breach(r, migrate_with(r, buf, NPAGES, &breach_ops, &breach), index, rule, buf);
	for (uint64_t i = 0; i < NPAGES; i++)
		assert_why(r, i, HMMU_WHY_ABORTED);
	assert_kind(r, buf, NPAGES - 1, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(NPAGES - 1), 1, HMMU_ENTRY_NONE);
	assert_bytes(r, r->tid, buf, NPAGES - 1, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), frames);
	/* The machine is as usable as before. */
	assert_ok(migrate(r, buf, NPAGES, HMMU_TO_DEVICE));
	assert_all_moved(r, NPAGES);
	rig_close(r);
}

static void change_src(struct rig *r, struct hmmu_migration_state *at)
{
	(void)r;
	at->src[1] &= ~(uint64_t)HMMU_PFN_MIGRATE;
}

static void change_src_of_hole(struct rig *r, struct hmmu_migration_state *at)
{
	(void)r;
	at->src[3] = 0;
}

static void test_src_changed(void **state)
{
	(void)state;
	check(1, HMMU_RULE_SRC_CHANGED, change_src);
	check(3, HMMU_RULE_SRC_CHANGED, change_src_of_hole);
}

/* The page is given back, so that only the word is wrong. */
static void drop(struct rig *r, uint64_t word)
{
	assert_ok(hmmu_page_unlock(r->m, hmmu_word_pfn(word)));
	assert_ok(hmmu_page_put(r->m, hmmu_word_pfn(word)));
}

static void page_with_error(struct rig *r, struct hmmu_migration_state *at)
{
	(void)r;
	at->dst[2] |= HMMU_PFN_ERROR;
}

static void number_without_valid(struct rig *r, struct hmmu_migration_state *at)
{
	drop(r, at->dst[2]);
	at->dst[2] &= ~(uint64_t)HMMU_PFN_VALID;
}

static void test_dst_flags(void **state)
{
	(void)state;
	check(2, HMMU_RULE_DST_FLAGS, page_with_error);
	check(2, HMMU_RULE_DST_FLAGS, number_without_valid);
}

static void set_number(struct rig *r, struct hmmu_migration_state *at, uint64_t number)
{
	drop(r, at->dst[0]);
	at->dst[0] = number << HMMU_PFN_SHIFT | HMMU_PFN_VALID | HMMU_PFN_LOCKED | HMMU_PFN_DEVICE;
}

static void frame_0(struct rig *r, struct hmmu_migration_state *at)
{
	set_number(r, at, 0);
}

static void zero_page(struct rig *r, struct hmmu_migration_state *at)
{
	set_number(r, at, 1);
}

static void behind_the_last(struct rig *r, struct hmmu_migration_state *at)
{
	set_number(r, at, hmmu_device_base(r->m) + 64);
}

static void huge_number(struct rig *r, struct hmmu_migration_state *at)
{
	set_number(r, at, ~0ull >> HMMU_PFN_SHIFT);
}

/* More than 32 bits of number: its low half must not be taken for a page. */
static void wide_number(struct rig *r, struct hmmu_migration_state *at)
{
	set_number(r, at, 1ull << 32 | hmmu_word_pfn(at->dst[1]));
}

static void test_no_such_page(void **state)
{
	(void)state;
	check(0, HMMU_RULE_DST_NO_SUCH_PAGE, frame_0);
	check(0, HMMU_RULE_DST_NO_SUCH_PAGE, zero_page);
	check(0, HMMU_RULE_DST_NO_SUCH_PAGE, behind_the_last);
	check(0, HMMU_RULE_DST_NO_SUCH_PAGE, huge_number);
	check(0, HMMU_RULE_DST_NO_SUCH_PAGE, wide_number);
}

static void free_device_page(struct rig *r, struct hmmu_migration_state *at)
{
	uint64_t word = at->dst[3];

	drop(r, word);
	at->dst[3] = word;
}

static void free_frame(struct rig *r, struct hmmu_migration_state *at)
{
	uint64_t word = system_word(r->m);

	drop(r, at->dst[3]);
	drop(r, word);
	at->dst[3] = word;
}

/* A page that another process maps. */
static void foreign_page(struct rig *r, struct hmmu_migration_state *at)
{
	struct hmmu_map map = { .pages = 1, .prot = HMMU_PROT_WRITE };
	uint64_t address;
	uint32_t pid;

	assert_ok(hmmu_process_create(r->m, &pid));
	assert_ok(hmmu_mmap(r->m, hmmu_process_task(r->m, pid), &map, &address));
	assert_ok(store(r, hmmu_process_task(r->m, pid), address, 1));
	drop(r, at->dst[3]);
	at->dst[3] = hmmu_word(entry_of(r, pid, address).pfn, HMMU_PFN_LOCKED);
	assert_ok(hmmu_exit(r->m, pid));
}

static void test_free_page(void **state)
{
	(void)state;
	check(3, HMMU_RULE_DST_FREE_PAGE, free_device_page);
	check(3, HMMU_RULE_DST_FREE_PAGE, free_frame);
	check(3, HMMU_RULE_DST_FREE_PAGE, foreign_page);
}

static void unlocked_page(struct rig *r, struct hmmu_migration_state *at)
{
	assert_ok(hmmu_page_unlock(r->m, hmmu_word_pfn(at->dst[2])));
}

static void unlocked_word(struct rig *r, struct hmmu_migration_state *at)
{
	(void)r;
	at->dst[2] &= ~(uint64_t)HMMU_PFN_LOCKED;
}

static void test_not_locked(void **state)
{
	(void)state;
	check(2, HMMU_RULE_DST_NOT_LOCKED, unlocked_page);
	check(2, HMMU_RULE_DST_NOT_LOCKED, unlocked_word);
}

static void device_page_as_system_page(struct rig *r, struct hmmu_migration_state *at)
{
	(void)r;
	at->dst[1] &= ~(uint64_t)HMMU_PFN_DEVICE;
}

static void system_page_as_device_page(struct rig *r, struct hmmu_migration_state *at)
{
	drop(r, at->dst[1]);
	at->dst[1] = system_word(r->m) | HMMU_PFN_DEVICE;
}

static void test_kind(void **state)
{
	(void)state;
	check(1, HMMU_RULE_DST_KIND, device_page_as_system_page);
	check(1, HMMU_RULE_DST_KIND, system_page_as_device_page);
}

static void same_page_twice(struct rig *r, struct hmmu_migration_state *at)
{
	drop(r, at->dst[3]);
	at->dst[3] = at->dst[0];
}

static void test_twice(void **state)
{
	(void)state;
	check(3, HMMU_RULE_DST_TWICE, same_page_twice);
}

static void own_source(struct rig *r, struct hmmu_migration_state *at)
{
	drop(r, at->dst[0]);
	at->dst[0] = hmmu_word(hmmu_word_pfn(at->src[0]), HMMU_PFN_LOCKED);
}

static void other_source(struct rig *r, struct hmmu_migration_state *at)
{
	drop(r, at->dst[0]);
	at->dst[0] = hmmu_word(hmmu_word_pfn(at->src[2]), HMMU_PFN_LOCKED);
}

static void test_source(void **state)
{
	(void)state;
	check(0, HMMU_RULE_DST_IS_SOURCE, own_source);
	check(0, HMMU_RULE_DST_IS_SOURCE, other_source);
}

/* Another migration's destination, at each of its stages: not yet used, moved to or inserted, and finalized. */
static void test_in_use(void **state)
{
	static const uint32_t stages[] = { HMMU_STAGE_ALLOC_AND_COPY, HMMU_STAGE_PAGES, HMMU_STAGE_FINALIZE_AND_MAP };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig *r = open_rig();
		uint64_t buf = four_pages(r), other = four_pages(r), src[NPAGES], dst[NPAGES];
		struct hmmu_migration *mig = begin_to(r, buf, NPAGES, HMMU_TO_DEVICE, stages[i]);
		struct hmmu_migrate_request request = request_for(r, other, NPAGES);

		request.tid = new_task(r, r->pid);
		request.src = src;
		request.dst = dst;
		request.why = NULL;
		request.ops = &lend_ops;
		request.data = &(uint64_t){ r->dst[i] };
		assert_breach(r, hmmu_migrate_vma(r->m, &request), 1, HMMU_RULE_DST_IN_USE, other);
		assert_ok(hmmu_migrate_end(mig));
		assert_kind(r, buf, NPAGES, HMMU_ENTRY_DEV);
		rig_close(r);
	}
}

/* The driver no longer owns the pages in dst: in finalize_and_map it can neither unlock nor drop them. */
static int take_back(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state at;
	uint32_t pfn;

	hmmu_migrate_state(mig, &at);
	pfn = hmmu_word_pfn(at.dst[*(uint64_t *)data]);
	assert_failed(at.machine, hmmu_page_unlock(at.machine, pfn), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(at.machine, hmmu_page_put(at.machine, pfn), -EINVAL, HMMU_ERR_REFERENCE);
	return 0;
}

static int offer_all(struct hmmu_migration *mig, void *data)
{
	struct hmmu_builtin builtin = { .to = HMMU_TO_DEVICE };

	(void)data;
	return hmmu_builtin_ops.alloc_and_copy(mig, &builtin);
}

static void test_pages_are_handed_over(void **state)
{
	static const struct hmmu_migrate_ops take_back_ops = { offer_all, take_back };
	struct rig *r = open_rig();
	uint64_t buf = four_pages(r);

	(void)state;
	for (uint64_t i = 0; i < NPAGES; i++) {
		assert_ok(migrate_with(r, buf + PAGES(i), 1, &take_back_ops, &(uint64_t){ 0 }));
		assert_kind(r, buf + PAGES(i), 1, HMMU_ENTRY_DEV);
		assert_clean(r->m);
	}
	rig_close(r);
}

/* Entries that break a rule, and entries behind them, all give their pages back: the first breach is named. */
static void several(struct rig *r, struct hmmu_migration_state *at)
{
	unlocked_page(r, at);
	device_page_as_system_page(r, at);
	page_with_error(r, at);
}

static void test_first_breach_is_named(void **state)
{
	(void)state;
	check(1, HMMU_RULE_DST_KIND, several);
}

/* In finalize_and_map it is too late to take anything back: what has moved stays moved. */
static void check_late(uint64_t index, uint32_t rule, void (*commit)(struct rig *, struct hmmu_migration_state *))
{
	struct rig *r = open_rig();
	uint64_t buf = four_pages(r);
	struct breach breach = { .r = r, .commit = commit, .late = true };

	assert_breach(r, migrate_with(r, buf, NPAGES, &breach_ops, &breach), index, rule, buf);
	assert_kind(r, buf, NPAGES, HMMU_ENTRY_DEV);
	assert_bytes(r, r->tid, buf, NPAGES - 1, 1);
	rig_close(r);
}

static void change_dst(struct rig *r, struct hmmu_migration_state *at)
{
	(void)r;
	at->dst[2] = 0;
}

static void test_late_changes(void **state)
{
	(void)state;
	check_late(1, HMMU_RULE_SRC_CHANGED, change_src);
	check_late(2, HMMU_RULE_DST_CHANGED, change_dst);
}

/* Words written to the arrays between steps, outside of callbacks, are overwritten and have no effect. */
static void test_scribbling_between_steps(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = four_pages(r);
	struct hmmu_migration *mig = begin_migration(r, buf, NPAGES, HMMU_TO_DEVICE);

	(void)state;
	for (uint32_t stage = HMMU_STAGE_COLLECT; stage < HMMU_STAGE_DONE; stage++) {
		if (stage != HMMU_STAGE_ALLOC_AND_COPY && stage != HMMU_STAGE_FINALIZE_AND_MAP) {
			memset(r->src, 0xa5, NPAGES * 8);
			memset(r->dst, 0x5a, NPAGES * 8);
			memset(r->why, 0xff, NPAGES);
		}
		assert_ok(hmmu_migrate_run(mig, stage));
		assert_clean(r->m);
	}
	assert_ok(hmmu_migrate_end(mig));
	assert_kind(r, buf, NPAGES, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* The number of a rule is in the error. The text says what is wrong with which entry. */
static void test_text(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = four_pages(r);
	struct breach breach = { .r = r, .commit = own_source };

	(void)state;
	assert_breach(r, migrate_with(r, buf, NPAGES, &breach_ops, &breach), 0, HMMU_RULE_DST_IS_SOURCE, buf);
	assert_non_null(strstr(hmmu_error(r->m)->text, "entry 0: page #"));
	assert_non_null(strstr(hmmu_error(r->m)->text, " is the source of entry "));
	rig_close(r);
}

static int offer_good_and_bad(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state at;

	(void)data;
	hmmu_migrate_state(mig, &at);
	at.dst[0] = device_word(at.machine);
	at.dst[1] = device_word(at.machine) & ~(uint64_t)HMMU_PFN_LOCKED;
	return 0;
}

/* The pages that stand in front of the entry that breaks a rule are given back, too. */
static void test_destinations_before_the_breach(void **state)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = offer_good_and_bad };
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2), free = counter(r, HMMU_COUNT_DEVICE_FREE);

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_failed(r->m, migrate_with(r, buf, 2, &ops, NULL), -EINVAL, HMMU_ERR_DRIVER_RULE);
	assert_int_equal(hmmu_error(r->m)->index, 1);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), free);
	assert_bytes(r, r->tid, buf, 1, 1);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_src_changed),
		cmocka_unit_test(test_no_such_page),
		cmocka_unit_test(test_free_page),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_in_use),
		cmocka_unit_test(test_pages_are_handed_over),
		cmocka_unit_test(test_late_changes),
		cmocka_unit_test(test_scribbling_between_steps),
		cmocka_unit_test(test_text),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_destinations_before_the_breach),
		cmocka_unit_test(test_dst_flags),
		cmocka_unit_test(test_not_locked),
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_first_breach_is_named),
	};

	return run_on_each_kernel(tests) + cmocka_run_group_tests(tests_of_4_14, NULL, NULL);
}
