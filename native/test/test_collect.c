/* SPDX-License-Identifier: GPL-2.0-only */
/* The first stage of migrate_vma(): one test for each kind of thing that its walk can meet, and what it leaves. */
#include "mm/pgtable.h"
#include "support.h"

#define TAKEN (HMMU_PFN_VALID | HMMU_PFN_MIGRATE | HMMU_PFN_LOCKED)

static struct hmmu_migration *collect_range(struct rig *r, uint64_t address, uint64_t pages)
{
	struct hmmu_migration *mig;

	memset(r->dst, 0xff, sizeof(r->dst));
	mig = begin_to(r, address, pages, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	assert_clean(r->m);
	return mig;
}

static void assert_collected(struct hmmu_migration *mig, uint64_t npages, uint64_t cpages)
{
	struct hmmu_migration_state state;

	hmmu_migrate_state(mig, &state);
	assert_int_equal(state.npages, npages);
	assert_int_equal(state.cpages, cpages);
	for (uint64_t i = 0; i < npages; i++)
		assert_true(state.dst[i] == 0);
}

/* Collect that finds nothing is the whole migration: no callback runs. */
static void assert_nothing_collected(struct hmmu_migration *mig, uint64_t npages)
{
	struct hmmu_migration_state state;

	assert_collected(mig, npages, 0);
	hmmu_migrate_state(mig, &state);
	assert_int_equal(state.stage, HMMU_STAGE_DONE);
	assert_false(state.callbacks_ran);
}

static void assert_range(struct rig *r, uint64_t from, uint64_t to, uint32_t flags, uint32_t why)
{
	for (uint64_t i = from; i < to; i++) {
		assert_int_equal(src_flags(r, i), flags);
		assert_int_equal(r->why[i], why);
	}
}

/*
 * A table level that is empty. With nothing ever mapped the hole is at the top; then a page further away brings the
 * tables of one level after the other.
 */
static void test_holes_at_every_level(void **state)
{
	static const uint64_t distances[] = { 0, 1ull << PGD_SHIFT, PUD_SIZE, PMD_SIZE };
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 1ull << 42, 8, HMMU_MAP_ANON, HMMU_PROT_WRITE), entries[5];

	(void)state;
	for (int level = 0; level < 4; level++) {
		struct hmmu_migration *mig;

		if (level)
			write_pages(r, map_at(r, buf + distances[level], 1, HMMU_MAP_ANON, HMMU_PROT_WRITE), 1, 1);
		/* The distance to the next pgd entry brings no table for buf, and so on down. */
		assert_int_equal(hmmu_walk(r->m, r->pid, buf, entries), level < 2 ? 1 : level + 1);
		mig = collect_range(r, buf, 8);
		assert_collected(mig, 8, 8);
		assert_range(r, 0, 8, HMMU_PFN_MIGRATE, HMMU_WHY_NONE);
		r->builtin.to = HMMU_TO_SYSTEM;
		r->builtin.skip_count = 8;
		r->builtin.skip = (const uint64_t[]){ 0, 1, 2, 3, 4, 5, 6, 7 };
		assert_ok(hmmu_migrate_end(mig));
		assert_kind(r, buf, 8, HMMU_ENTRY_NONE);
	}
	rig_close(r);
}

static void test_pte_none(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf + PAGES(3), 1, 1);
	mig = collect_range(r, buf, 3);
	assert_collected(mig, 3, 3);
	assert_range(r, 0, 3, HMMU_PFN_MIGRATE, HMMU_WHY_NONE);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* A pte of the zero page is an empty entry, and stays where it is. */
static void test_zero_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;

	(void)state;
	read_pages(r, buf, 2);
	mig = collect_range(r, buf, 2);
	assert_collected(mig, 2, 2);
	assert_range(r, 0, 2, HMMU_PFN_MIGRATE, HMMU_WHY_NONE);
	assert_kind(r, buf, 2, HMMU_ENTRY_ZERO);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* A present page: a migration entry takes the place of the pte, whose reference and map count go. */
static void test_present(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	mig = collect_range(r, buf, 1);
	assert_collected(mig, 1, 1);
	assert_range(r, 0, 1, TAKEN | HMMU_PFN_WRITE, HMMU_WHY_NONE);
	assert_int_equal(hmmu_word_pfn(r->src[0]), pfn);
	assert_kind(r, buf, 1, HMMU_ENTRY_MIG);
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	assert_page(r, buf, 1, 0, ANON_FLAGS | HMMU_PG_LOCKED);
	/* RSS still counts it. */
	assert_int_equal(mm_counters(r, r->pid).anon, 1);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

static void test_present_read_only(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), HMMU_PROT_READ));
	mig = collect_range(r, buf, 2);
	assert_range(r, 0, 2, TAKEN, HMMU_WHY_NONE);
	assert_kind(r, buf, 2, HMMU_ENTRY_MIG);
	assert_bits(r, buf, 0);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* PROT_NONE entries are present for the kernel. */
static void test_prot_none(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), 0));
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_all_moved(r, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* The lock is taken: the page is collected with a reference, its pte stays. */
static void test_locked(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	mig = collect_range(r, buf, 1);
	assert_collected(mig, 1, 1);
	assert_range(r, 0, 1, HMMU_PFN_VALID | HMMU_PFN_MIGRATE | HMMU_PFN_WRITE, HMMU_WHY_NONE);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_page(r, buf, 3, 1, ANON_FLAGS | HMMU_PG_LOCKED);
	assert_ok(hmmu_migrate_end(mig));
	assert_why(r, 0, HMMU_WHY_PAGE_LOCKED);
	assert_ok(hmmu_release(r->m, pfn));
	rig_close(r);
}

static void test_device_private(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf + PAGES(1), PAGES(1), HMMU_PROT_READ));
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(migrate(r, buf + PAGES(1), 1, HMMU_TO_DEVICE));
	mig = collect_range(r, buf, 1);
	assert_range(r, 0, 1, TAKEN | HMMU_PFN_DEVICE | HMMU_PFN_WRITE, HMMU_WHY_NONE);
	assert_true(hmmu_word_pfn(r->src[0]) >= hmmu_device_base(r->m));
	assert_kind(r, buf, 1, HMMU_ENTRY_MIG);
	assert_page(r, buf, 2, 0,
		    HMMU_PG_UPTODATE | HMMU_PG_ACTIVE | HMMU_PG_SWAPBACKED | HMMU_PG_LOCKED | HMMU_PG_DEVICE);
	assert_ok(hmmu_migrate_end(mig));
	mig = collect_range(r, buf + PAGES(1), 1);
	assert_range(r, 0, 1, TAKEN | HMMU_PFN_DEVICE, HMMU_WHY_NONE);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* The entry of another migration. */
static void test_migration_entry(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *first, *second;
	uint64_t src[1], dst[1];
	uint8_t why[1];
	struct hmmu_migrate_request request = request_for(r, buf, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	first = collect_range(r, buf, 1);
	request.tid = new_task(r, r->pid);
	request.src = src;
	request.dst = dst;
	request.why = why;
	assert_ok(hmmu_migrate_begin(r->m, &request, &second));
	assert_ok(hmmu_migrate_run(second, HMMU_STAGE_COLLECT));
	assert_nothing_collected(second, 1);
	assert_true(src[0] == 0);
	assert_int_equal(why[0], HMMU_WHY_MIGRATION_ENTRY);
	assert_ok(hmmu_migrate_end(second));
	assert_ok(hmmu_migrate_end(first));
	assert_all_moved(r, 1);
	rig_close(r);
}

/* Entries that nothing in this machine makes are put into the table by hand. */
static void assert_skipped_entry(struct rig *r, uint64_t buf, u64 entry, uint32_t why)
{
	u64 *pte = pte_offset(r->m, *mm_find_pmd(r->m, r->pid, buf), buf);
	struct hmmu_migration *mig;

	*pte = entry;
	mig = collect_range(r, buf, 1);
	assert_nothing_collected(mig, 1);
	assert_range(r, 0, 1, 0, why);
	assert_true(*pte == entry);
	assert_ok(hmmu_migrate_end(mig));
	*pte = 0;
}

static void test_other_entries(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	/* A neighbour brings the table. */
	write_pages(r, buf + PAGES(1), 1, 1);
	assert_skipped_entry(r, buf, swp_entry_to_pte(SWP_HWPOISON, 5), HMMU_WHY_OTHER_ENTRY);
	/* A page without struct page. */
	assert_skipped_entry(r, buf, pte_mkspecial(mk_pte(77, PAGE_SHARED)), HMMU_WHY_NO_STRUCT_PAGE);
	rig_close(r);
}

static void test_swapped_out(void **state)
{
	struct rig *r = open_rig(.swap_pages = 4);
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_reclaim(r->m, r->pid, buf));
	assert_kind(r, buf, 1, HMMU_ENTRY_SWAP);
	mig = collect_range(r, buf, 2);
	assert_collected(mig, 2, 1);
	assert_range(r, 0, 1, 0, HMMU_WHY_SWAP_ENTRY);
	assert_ok(hmmu_migrate_end(mig));
	assert_kind(r, buf, 1, HMMU_ENTRY_SWAP);
	assert_bytes(r, r->tid, buf, 2, 1);
	rig_close(r);
}

/* A page that was truncated has no mapping any more. */
static void test_page_without_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;
	u32 mapping, pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	mapping = page_of(r->m, pfn)->mapping;
	page_of(r->m, pfn)->mapping = 0;
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	assert_range(r, 0, 1, 0, HMMU_WHY_NO_STRUCT_PAGE);
	assert_ok(hmmu_migrate_end(mig));
	page_of(r->m, pfn)->mapping = mapping;
	rig_close(r);
}

static void test_bad_pmd(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BEFORE_BORDER, 6, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	struct hmmu_migration *mig;
	u64 *pmd, good;

	(void)state;
	write_pages(r, buf, 6, 1);
	pmd = mm_find_pmd(r->m, r->pid, buf);
	good = *pmd;
	*pmd &= ~_PAGE_RW;
	mig = begin_to(r, buf, 6, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	assert_collected(mig, 6, 3);
	assert_range(r, 0, 3, 0, HMMU_WHY_BAD_PMD);
	assert_range(r, 3, 6, TAKEN | HMMU_PFN_WRITE, HMMU_WHY_NONE);
	*pmd = good;
	assert_ok(hmmu_migrate_end(mig));
	assert_kind(r, buf, 3, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* Page-cache pages are collected like any other. */
static void test_file_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 2, HMMU_MAP_SHMEM, HMMU_PROT_WRITE);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	mig = collect_range(r, buf, 2);
	assert_collected(mig, 2, 2);
	assert_range(r, 0, 1, TAKEN | HMMU_PFN_WRITE, HMMU_WHY_NONE);
	assert_range(r, 1, 2, HMMU_PFN_MIGRATE, HMMU_WHY_NONE);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/*
 * |-none-|-zero-|--sys--|-none-|  ||  |--sys--|-device-|   one collect over both sides of a table border
 */
static void test_mixture(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BEFORE_BORDER - PAGES(1), 6, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	struct hmmu_migration *mig;

	(void)state;
	read_pages(r, buf + PAGES(1), 1);
	write_pages(r, buf + PAGES(2), 1, 1);
	write_pages(r, buf + PAGES(4), 2, 1);
	assert_ok(migrate(r, buf + PAGES(5), 1, HMMU_TO_DEVICE));
	mig = collect_range(r, buf, 6);
	assert_collected(mig, 6, 6);
	assert_range(r, 0, 2, HMMU_PFN_MIGRATE, HMMU_WHY_NONE);
	assert_range(r, 2, 3, TAKEN | HMMU_PFN_WRITE, HMMU_WHY_NONE);
	assert_range(r, 3, 4, HMMU_PFN_MIGRATE, HMMU_WHY_NONE);
	assert_range(r, 4, 5, TAKEN | HMMU_PFN_WRITE, HMMU_WHY_NONE);
	assert_range(r, 5, 6, TAKEN | HMMU_PFN_WRITE | HMMU_PFN_DEVICE, HMMU_WHY_NONE);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* One flush for each table in which a present pte was replaced, and none where only device entries were. */
static void test_flushes(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BEFORE_BORDER, 6, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	struct hmmu_event last;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 6, 1);
	assert_ok(migrate(r, buf + PAGES(3), 3, HMMU_TO_DEVICE));
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_TLB_FLUSH));
	mig = collect_range(r, buf, 6);
	assert_int_equal(drain_events(r, HMMU_EVENT_TLB_FLUSH, &last), 1);
	assert_true(last.a == buf && last.b == buf + PAGES(3));
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* The notifier hears of the whole range, once, whatever is in it. */
static void test_notifier(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BEFORE_BORDER, 6, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	uint32_t types[] = { HMMU_EVENT_INVALIDATE_START, HMMU_EVENT_INVALIDATE_END };
	struct hmmu_migration *mig;
	struct hmmu_event event;

	(void)state;
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, 1u << types[0] | 1u << types[1]));
	mig = collect_range(r, buf, 6);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hmmu_events_read(r->m, &event, 1), 1);
		assert_int_equal(event.type, types[i]);
		assert_int_equal(event.pid, r->pid);
		assert_true(event.a == buf && event.b == buf + PAGES(6));
	}
	assert_int_equal(hmmu_events_read(r->m, &event, 1), 0);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes_at_every_level),
		cmocka_unit_test(test_pte_none),
		cmocka_unit_test(test_zero_page),
		cmocka_unit_test(test_present),
		cmocka_unit_test(test_present_read_only),
		cmocka_unit_test(test_prot_none),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_device_private),
		cmocka_unit_test(test_migration_entry),
		cmocka_unit_test(test_other_entries),
		cmocka_unit_test(test_swapped_out),
		cmocka_unit_test(test_page_without_mapping),
		cmocka_unit_test(test_bad_pmd),
		cmocka_unit_test(test_file_pages),
		cmocka_unit_test(test_mixture),
		cmocka_unit_test(test_flushes),
		cmocka_unit_test(test_notifier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
