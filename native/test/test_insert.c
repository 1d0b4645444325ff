/* SPDX-License-Identifier: GPL-2.0-only */
/* migrate_vma_insert_page(): a page for an empty entry; each reason to give up, and their order. */
#include "mm/pgtable.h"
#include "support.h"

/* Stand behind alloc_and_copy, where the driver has offered pages for all holes. */
static struct hmmu_migration *offered(struct rig *r, uint64_t address, uint64_t pages, uint32_t to)
{
	struct hmmu_migration *mig = begin_to(r, address, pages, to, HMMU_STAGE_ALLOC_AND_COPY);

	for (uint64_t i = 0; i < pages; i++)
		assert_true(r->dst[i] & HMMU_PFN_VALID);
	return mig;
}

/* All entries are given up for a reason; the driver's pages are freed and nothing else has changed. */
static void assert_given_up(struct rig *r, struct hmmu_migration *mig, uint64_t pages, uint32_t why)
{
	uint64_t charged = hmmu_memcg_charged(r->m), anon = mm_counters(r, r->pid).anon;

	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PAGES));
	assert_clean(r->m);
	for (uint64_t i = 0; i < pages; i++) {
		assert_true(r->src[i] == 0);
		assert_int_equal(r->why[i], why);
		assert_true(r->dst[i] & HMMU_PFN_VALID);
	}
	assert_int_equal(hmmu_memcg_charged(r->m), charged);
	assert_int_equal(mm_counters(r, r->pid).anon, anon);
	assert_ok(hmmu_migrate_end(mig));
	assert_clean(r->m);
}

static void assert_device_unused(struct rig *r)
{
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), counter(r, HMMU_COUNT_DEVICE_PAGES));
}

static void test_device_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	/* src becomes exactly MIGRATE. */
	assert_true(r->src[0] == HMMU_PFN_MIGRATE);
	assert_int_equal(r->why[0], HMMU_WHY_NONE);
	assert_kind(r, buf, 2, HMMU_ENTRY_DEV);
	assert_bits(r, buf, HMMU_BIT_WRITE);
	/* One reference of the entry, besides the one that every device page has; not active, on no list. */
	assert_page(r, buf, 2, 1, HMMU_PG_UPTODATE | HMMU_PG_SWAPBACKED | HMMU_PG_DEVICE);
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	assert_int_equal(hmmu_memcg_charged(r->m), 2);
	assert_int_equal(counter(r, HMMU_COUNT_INSERTED), 2);
	assert_int_equal(counter(r, HMMU_COUNT_MIGRATED), 2);
	assert_bytes(r, r->tid, buf, 1, 0);
	rig_close(r);
}

static void test_system_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
	assert_true(r->src[0] == HMMU_PFN_MIGRATE);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_SOFT_DIRTY | HMMU_BIT_ACCESSED);
	hmmu_lru_add_drain_all(r->m);
	assert_page(r, buf, 1, 1, ANON_FLAGS);
	rig_close(r);
}

/* A mapping that can't be written gets read entries, and no dirty bit. */
static void test_read_only_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 2, HMMU_MAP_ANON, HMMU_PROT_READ);

	(void)state;
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	assert_bits(r, buf, 0);
	assert_ok(migrate(r, buf + PAGES(1), 1, HMMU_TO_SYSTEM));
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_SYS);
	assert_bits(r, buf + PAGES(1), HMMU_BIT_ACCESSED);
	rig_close(r);
}

/* In a locked mapping a system page goes to the unevictable list. mlock() fails to bring PROT_NONE memory in, and
 * locks. */
static void test_locked_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_ANON, 0);

	(void)state;
	assert_failed(r->m, hmmu_mlock(r->m, r->tid, buf, PAGES(1)), -ENOMEM, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
	assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
	assert_all_moved(r, 1);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 1);
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
	rig_close(r);
}

/* Over a zero-page pte: the translation is flushed and the secondary TLBs are told; over nothing there is no flush. */
static void test_flush_over_zero_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_event last, events[8];

	(void)state;
	read_pages(r, buf, 1);
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_TLB_FLUSH));
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_int_equal(drain_events(r, HMMU_EVENT_TLB_FLUSH, &last), 1);
	assert_true(last.a == buf && last.b == buf + PAGES(1));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(2)));
	map_at(r, buf, 2, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	read_pages(r, buf, 1);
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_INVALIDATE_RANGE));
	drain_events(r, HMMU_EVENT_INVALIDATE_RANGE, NULL);
	assert_ok(migrate(r, buf, 2, HMMU_TO_SYSTEM));
	/* The end of collect, the entry that was replaced, and the end of the insertions. */
	assert_int_equal(hmmu_events_read(r->m, events, 8), 5);
	assert_int_equal(events[1].type, HMMU_EVENT_INVALIDATE_RANGE);
	assert_true(events[1].a == buf && events[1].b == buf + PAGES(2));
	assert_int_equal(events[3].type, HMMU_EVENT_INVALIDATE_RANGE);
	assert_true(events[3].a == buf && events[3].b == buf + PAGES(1));
	assert_int_equal(events[4].type, HMMU_EVENT_INVALIDATE_RANGE);
	assert_true(events[4].a == buf && events[4].b == buf + PAGES(2));
	rig_close(r);
}

/* The notifier range of the pages stage opens at the first inserted entry and reaches to the end of the migration. */
static void test_notifier_range(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 6);
	struct hmmu_migration *mig;
	struct hmmu_event last;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_watch(r->m, r->pid));
	mig = offered(r, buf, 6, HMMU_TO_DEVICE);
	drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL);
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PAGES));
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 1);
	assert_true(last.a == buf + PAGES(2) && last.b == buf + PAGES(6));
	assert_ok(hmmu_migrate_end(mig));
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL), 0);
	rig_close(r);
}

static void test_not_anonymous(void **state)
{
	static const uint32_t kinds[] = { HMMU_MAP_SHMEM, HMMU_MAP_FILE, HMMU_MAP_SHAREDFILE };
	struct rig *r = open_rig();

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint64_t buf = map_at(r, 0, 3, kinds[i], HMMU_PROT_WRITE);

		assert_given_up(r, offered(r, buf, 3, HMMU_TO_DEVICE), 3, HMMU_WHY_INSERT_NOT_ANONYMOUS);
		assert_given_up(r, offered(r, buf, 3, HMMU_TO_SYSTEM), 3, HMMU_WHY_INSERT_NOT_ANONYMOUS);
		assert_kind(r, buf, 3, HMMU_ENTRY_NONE);
	}
	assert_device_unused(r);
	rig_close(r);
}

/* Each table on the way down fails to be allocated: pud, pmd and pte. Tables made before stay, empty, for the next
 * try. */
static void test_no_table(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	for (uint64_t nth = 1; nth <= 3; nth++) {
		uint64_t buf = map_at(r, nth << 40, 1, HMMU_MAP_ANON, HMMU_PROT_WRITE);
		uint64_t tables = mm_counters(r, r->pid).tables;
		struct hmmu_migration *mig = offered(r, buf, 1, HMMU_TO_DEVICE);

		assert_ok(hmmu_inject(r->m, HMMU_INJECT_TABLE, nth, false));
		assert_given_up(r, mig, 1, HMMU_WHY_INSERT_NO_TABLE);
		assert_int_equal(mm_counters(r, r->pid).tables, tables + nth - 1);
		assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
		assert_all_moved(r, 1);
	}
	rig_close(r);
}

/* RAM is used up while the driver runs. */
static void test_no_frame_for_a_table(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig = offered(r, buf, 1, HMMU_TO_DEVICE);
	uint32_t pfn;

	(void)state;
	while (!hmmu_page_alloc(r->m, &pfn))
		;
	assert_int_equal(hmmu_error(r->m)->code, HMMU_ERR_OUT_OF_FRAMES);
	assert_given_up(r, mig, 1, HMMU_WHY_INSERT_NO_TABLE);
	rig_close(r);
}

/* Another task faults a huge page in while the driver runs. */
static void test_insert_at_huge_pmd(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512), zero = map_huge(r, 512);
	uint32_t other = new_task(r, r->pid);
	struct hmmu_migration *mig = offered(r, buf, 2, HMMU_TO_DEVICE);

	(void)state;
	assert_ok(store(r, other, buf + PAGES(1), 9));
	assert_given_up(r, mig, 2, HMMU_WHY_INSERT_HUGE_PMD);
	assert_kind(r, buf, 2, HMMU_ENTRY_HUGE);
	mig = offered(r, zero, 1, HMMU_TO_DEVICE);
	assert_ok(load(r, other, zero, NULL));
	assert_given_up(r, mig, 1, HMMU_WHY_INSERT_HUGE_PMD);
	assert_kind(r, zero, 1, HMMU_ENTRY_HZERO);
	assert_device_unused(r);
	rig_close(r);
}

static void test_unstable_pmd(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig = offered(r, buf, 2, HMMU_TO_DEVICE);

	(void)state;
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_PMD_UNSTABLE, 1, true));
	assert_given_up(r, mig, 2, HMMU_WHY_INSERT_UNSTABLE_PMD);
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 0);
	rig_close(r);
}

/* A pmd that has gone bad is unstable, too. */
static void test_insert_at_bad_pmd(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;
	u64 *pmd;

	(void)state;
	write_pages(r, buf + PAGES(1), 1, 1);
	mig = offered(r, buf, 1, HMMU_TO_DEVICE);
	pmd = mm_find_pmd(r->m, r->pid, buf);
	*pmd ^= _PAGE_RW;
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PAGES));
	*pmd ^= _PAGE_RW;
	assert_why(r, 0, HMMU_WHY_INSERT_UNSTABLE_PMD);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

static void test_anon_vma(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	for (uint64_t nth = 1; nth <= 2; nth++) {
		struct hmmu_migration *mig = offered(r, buf, 1, HMMU_TO_DEVICE);

		assert_ok(hmmu_inject(r->m, HMMU_INJECT_ANON_VMA, nth, false));
		assert_given_up(r, mig, 1, HMMU_WHY_INSERT_ANON_VMA);
		assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 0);
	}
	rig_close(r);
}

static void test_memcg(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);
	struct hmmu_migration *mig = offered(r, buf, 1, HMMU_TO_DEVICE);

	(void)state;
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_MEMCG, 1, false));
	assert_given_up(r, mig, 1, HMMU_WHY_INSERT_MEMCG);
	/* The limit lets two of four in. */
	assert_ok(hmmu_memcg_set_limit(r->m, 2));
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_all_moved(r, 2);
	assert_why(r, 2, HMMU_WHY_INSERT_MEMCG);
	assert_why(r, 3, HMMU_WHY_INSERT_MEMCG);
	assert_int_equal(hmmu_memcg_charged(r->m), 2);
	rig_close(r);
}

static void test_pte_present(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t other = new_task(r, r->pid);
	struct hmmu_migration *mig = offered(r, buf, 2, HMMU_TO_DEVICE);

	(void)state;
	assert_ok(store(r, other, buf, 9));
	/* The zero page is no reason. */
	assert_ok(load(r, other, buf + PAGES(1), NULL));
	assert_ok(hmmu_migrate_end(mig));
	assert_why(r, 0, HMMU_WHY_INSERT_PTE_PRESENT);
	assert_bytes(r, r->tid, buf, 1, 9);
	assert_true(r->src[1] == HMMU_PFN_MIGRATE);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* Another task's migration has put a device page there. */
static void test_pte_changed(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1), src[1], dst[1];
	uint32_t other = new_task(r, r->pid);
	struct hmmu_migration *mig = offered(r, buf, 1, HMMU_TO_DEVICE);
	struct hmmu_migrate_request request = request_for(r, buf, 1);

	(void)state;
	request.tid = other;
	request.src = src;
	request.dst = dst;
	request.why = NULL;
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_true(src[0] == HMMU_PFN_MIGRATE);
	assert_given_up(r, mig, 1, HMMU_WHY_INSERT_PTE_CHANGED);
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* Neither over nothing nor over the zero page; no fault is delivered. */
static void test_userfaultfd(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	read_pages(r, buf, 1);
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, PAGES(2), HMMU_UFFD_MISSING));
	assert_given_up(r, offered(r, buf, 2, HMMU_TO_DEVICE), 2, HMMU_WHY_INSERT_USERFAULTFD);
	assert_kind(r, buf, 1, HMMU_ENTRY_ZERO);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_NONE);
	assert_device_unused(r);
	rig_close(r);
}

/* All reasons at once; then the first one is taken away again and again. */
static void test_insert_order(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1), file = map_at(r, 0, 1, HMMU_MAP_SHMEM, HMMU_PROT_WRITE);
	static const struct {
		uint32_t injection, why;
	} order[] = {
		{ HMMU_INJECT_TABLE, HMMU_WHY_INSERT_NO_TABLE },
		{ HMMU_INJECT_PMD_UNSTABLE, HMMU_WHY_INSERT_UNSTABLE_PMD },
		{ HMMU_INJECT_ANON_VMA, HMMU_WHY_INSERT_ANON_VMA },
		{ HMMU_INJECT_MEMCG, HMMU_WHY_INSERT_MEMCG },
	};

	(void)state;
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, PAGES(1), HMMU_UFFD_MISSING));
	for (int i = 0; i < 4; i++)
		assert_ok(hmmu_inject(r->m, order[i].injection, 1, true));
	assert_given_up(r, offered(r, file, 1, HMMU_TO_DEVICE), 1, HMMU_WHY_INSERT_NOT_ANONYMOUS);
	for (int i = 0; i < 4; i++) {
		assert_given_up(r, offered(r, buf, 1, HMMU_TO_DEVICE), 1, order[i].why);
		assert_ok(hmmu_inject(r->m, order[i].injection, 0, false));
	}
	assert_given_up(r, offered(r, buf, 1, HMMU_TO_DEVICE), 1, HMMU_WHY_INSERT_USERFAULTFD);
	rig_close(r);
}

/* The device does not wipe its pages; the built-in driver does before it offers one for a hole. */
static void test_used_page_for_a_hole(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	write_pages(r, buf, 1, 7);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_bytes(r, r->tid, buf, 1, 7);
	assert_ok(migrate(r, buf + PAGES(1), 1, HMMU_TO_DEVICE));
	assert_all_moved(r, 1);
	assert_int_equal(pfn_at(r, buf + PAGES(1)), hmmu_device_base(r->m));
	assert_bytes(r, r->tid, buf + PAGES(1), 1, 0);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_used_page_for_a_hole),
		cmocka_unit_test(test_device_page),
		cmocka_unit_test(test_system_page),
		cmocka_unit_test(test_read_only_mapping),
		cmocka_unit_test(test_locked_mapping),
		cmocka_unit_test(test_flush_over_zero_page),
		cmocka_unit_test(test_notifier_range),
		cmocka_unit_test(test_not_anonymous),
		cmocka_unit_test(test_no_table),
		cmocka_unit_test(test_no_frame_for_a_table),
		cmocka_unit_test(test_insert_at_huge_pmd),
		cmocka_unit_test(test_unstable_pmd),
		cmocka_unit_test(test_insert_at_bad_pmd),
		cmocka_unit_test(test_anon_vma),
		cmocka_unit_test(test_memcg),
		cmocka_unit_test(test_pte_present),
		cmocka_unit_test(test_pte_changed),
		cmocka_unit_test(test_userfaultfd),
		cmocka_unit_test(test_insert_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
