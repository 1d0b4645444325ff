/* SPDX-License-Identifier: GPL-2.0-only */
/* fork(): what the child shares, what is copied on the first store, what it does not get, and how a fork that fails
 * ends. */
#include "support.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static uint32_t task_of(struct rig *r, uint32_t pid)
{
	return hmmu_process_task(r->m, pid);
}

static void test_anonymous_memory(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 2, 0x10);
	child = do_fork_of(r, r->tid);
	assert_int_equal(entry_of(r, child, buf).pfn, pfn_at(r, buf));
	assert_page(r, buf, 2, 2, ANON_FLAGS);
	/* Both can only read; the child's entry is old. */
	assert_bits(r, buf, HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(entry_of(r, child, buf).bits, HMMU_BIT_DIRTY | HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(mm_counters(r, child).anon, 2);
	assert_bytes(r, task_of(r, child), buf, 2, 0x10);
	/* The first store copies, the second user then writes in place. */
	assert_ok(store(r, task_of(r, child), buf, 0x77));
	assert_int_not_equal(entry_of(r, child, buf).pfn, pfn_at(r, buf));
	assert_bytes(r, r->tid, buf, 2, 0x10);
	assert_ok(store(r, r->tid, buf, 0x78));
	assert_bytes(r, task_of(r, child), buf, 1, 0x77);
	assert_page(r, buf, 1, 1, ANON_FLAGS);
	rig_close(r);
}

static void test_shared_memory(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 2, HMMU_MAP_SHMEM, RW);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	/* Entries that a fault can make again are not copied. */
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_NONE);
	assert_int_equal(mm_counters(r, child).shmem, 0);
	assert_ok(store(r, task_of(r, child), buf, 2));
	assert_bytes(r, r->tid, buf, 1, 2);
	assert_int_equal(entry_of(r, child, buf).pfn, pfn_at(r, buf));
	rig_close(r);
}

/* A private file mapping with an anonymous copy in it is walked, cache pages and all. */
static void test_private_file(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 2, HMMU_MAP_FILE, RW);
	uint32_t child;

	(void)state;
	read_pages(r, buf + PAGES(1), 1);
	assert_int_equal(entry_of(r, do_fork_of(r, r->tid), buf + PAGES(1)).kind, HMMU_ENTRY_NONE);
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, child, buf + PAGES(1)).kind, HMMU_ENTRY_SYS);
	assert_int_equal(mm_counters(r, child).anon, 1);
	assert_int_equal(mm_counters(r, child).shmem + mm_counters(r, child).file, 1);
	rig_close(r);
}

static void test_special_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 3, HMMU_MAP_SPECIAL, RW);
	uint32_t child;

	(void)state;
	assert_ok(store(r, r->tid, buf, 6));
	child = do_fork_of(r, r->tid);
	assert_bytes(r, task_of(r, child), buf, 1, 6);
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_bytes(r, task_of(r, child), buf, 1, 6);
	rig_close(r);
}

static void test_zero_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2), huge = map_huge(r, 512);
	uint32_t child;

	(void)state;
	read_pages(r, buf, 1);
	write_pages(r, buf + PAGES(1), 1, 1);
	read_pages(r, huge, 1);
	child = do_fork_of(r, r->tid);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_ZERO);
	assert_int_equal(entry_of(r, child, huge).kind, HMMU_ENTRY_HZERO);
	assert_int_equal(mm_counters(r, child).anon, 1);
	rig_close(r);
}

static void test_huge_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 0x21);
	child = do_fork_of(r, r->tid);
	assert_page(r, buf, 2, 2, ANON_FLAGS | HMMU_PG_HEAD);
	assert_int_equal(mm_counters(r, child).anon, 512);
	assert_ok(store(r, task_of(r, child), buf, 0x22));
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_HUGE);
	assert_int_not_equal(entry_of(r, child, buf).pfn, pfn_at(r, buf));
	assert_bytes(r, r->tid, buf, 1, 0x21);
	assert_ok(store(r, r->tid, buf, 0x23));
	assert_page(r, buf, 1, 1, ANON_FLAGS | HMMU_PG_HEAD);
	rig_close(r);
}

/* Device entries are copied as read ones, and the page has one map count and one reference more. */
static void test_device_entries(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	child = do_fork_of(r, r->tid);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_DEV);
	assert_int_equal(entry_of(r, child, buf).bits & HMMU_BIT_WRITE, 0);
	assert_bits(r, buf, 0);
	assert_int_equal(entry_of(r, child, buf).ref, 3);
	assert_int_equal(entry_of(r, child, buf).map, 2);
	assert_int_equal(mm_counters(r, child).anon, 1);
	rig_close(r);
}

/* Migration entries of private memory become read ones, in both. (Only a child of the migrating process can fork.) */
static void test_migration_entries(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1), shared = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW);
	struct hmmu_migration *mig;
	uint32_t child, grandchild;

	(void)state;
	write_pages(r, shared, 1, 1);
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_munmap(r->m, task_of(r, child), buf, PAGES(1)));
	assert_ok(store(r, task_of(r, child), shared, 2));
	hmmu_lru_add_drain_all(r->m);
	mig = begin_to(r, shared, 1, HMMU_TO_DEVICE, HMMU_STAGE_UNMAP);
	assert_int_equal(entry_of(r, child, shared).kind, HMMU_ENTRY_MIG);
	assert_true(entry_of(r, child, shared).bits & HMMU_BIT_WRITE);
	grandchild = do_fork_of(r, task_of(r, child));
	assert_int_equal(entry_of(r, grandchild, shared).kind, HMMU_ENTRY_NONE);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

static void test_what_the_child_does_not_get(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 8);
	struct hmmu_vma_info vmas[8];
	uint32_t child;

	(void)state;
	write_pages(r, buf, 8, 1);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_DONTFORK));
	assert_ok(hmmu_mlock(r->m, r->tid, buf + PAGES(2), PAGES(2)));
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf + PAGES(6), PAGES(2), HMMU_UFFD_MISSING));
	child = do_fork_of(r, r->tid);
	assert_int_equal(hmmu_vmas(r->m, child, vmas, 8), 3);
	assert_true(vmas[0].start == buf + PAGES(2));
	assert_false(vmas[0].locked || vmas[2].uffd_missing);
	assert_int_equal(mm_counters(r, child).locked, 0);
	assert_int_equal(mm_counters(r, child).anon, 6);
	assert_failed(r->m, load(r, task_of(r, child), buf, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	rig_close(r);
}

/* The notifier hears of private mappings, and the parent's TLB is flushed since its entries were protected. */
static void test_notifier(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2), shared = map_at(r, 0, 2, HMMU_MAP_SHMEM, RW);
	struct hmmu_event last;

	(void)state;
	write_pages(r, buf, 2, 1);
	write_pages(r, shared, 2, 1);
	assert_ok(hmmu_watch(r->m, r->pid));
	do_fork_of(r, r->tid);
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 1);
	assert_true(last.a == buf && last.b == buf + PAGES(2));
	rig_close(r);
}

/* A parent with everything, whose fork fails at each allocation of each kind. */
static void make_family(struct rig *r)
{
	uint64_t border = map_at(r, BEFORE_BORDER, 6, HMMU_MAP_ANON, RW);

	write_pages(r, border, 6, 1);
	assert_ok(migrate(r, border, 2, HMMU_TO_DEVICE));
	write_pages(r, map_huge(r, 1024), 1, 1);
	write_pages(r, map_at(r, 0, 4, HMMU_MAP_FILE, RW), 2, 1);
	write_pages(r, map_at(r, 0, 4, HMMU_MAP_SHMEM, RW), 2, 1);
	map_at(r, 0, 4, HMMU_MAP_SPECIAL, RW);
	write_pages(r, map_at(r, 0, 512, HMMU_MAP_HUGETLB, RW), 1, 1);
	write_pages(r, map_at(r, 1ull << 45, 2, HMMU_MAP_ANON, RW), 2, 1);
}

static void test_failing_at_each_allocation(void **state)
{
	static const uint32_t sites[] = { HMMU_INJECT_TABLE, HMMU_INJECT_ANON_VMA, HMMU_INJECT_VMA };
	struct rig *r = open_rig();
	uint64_t frames, vmas, anon_vmas, charged;
	uint32_t child = 77;

	(void)state;
	make_family(r);
	frames = counter(r, HMMU_COUNT_RAM_FREE);
	vmas = counter(r, HMMU_COUNT_MAPPINGS);
	anon_vmas = counter(r, HMMU_COUNT_ANON_VMAS);
	charged = hmmu_memcg_charged(r->m);
	for (int i = 0; i < 3; i++) {
		uint64_t nth = 1;

		for (;; nth++) {
			assert_ok(hmmu_inject(r->m, sites[i], nth, false));
			if (!hmmu_fork(r->m, r->tid, &child))
				break;
			assert_int_equal(hmmu_error(r->m)->err, -ENOMEM);
			assert_int_equal(child, 77);
			assert_clean(r->m);
			assert_int_equal(counter(r, HMMU_COUNT_PROCESSES), 1);
			assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), frames);
			assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), vmas);
			assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), anon_vmas);
			assert_int_equal(hmmu_memcg_charged(r->m), charged);
		}
		assert_true(nth > 7);
		assert_ok(hmmu_inject(r->m, sites[i], 0, false));
		assert_clean(r->m);
		assert_ok(hmmu_exit(r->m, child));
		child = 77;
	}
	rig_close(r);
}

/* Forks that run out of frames: only a few are free, one more each time. */
static void test_failing_without_frames(void **state)
{
	struct rig *r = open_rig(.ram_pages = 2048);
	uint32_t pages[64], n = 0, pfn, child;

	(void)state;
	make_family(r);
	while (!hmmu_page_alloc(r->m, &pfn))
		pages[n++ % 64] = pfn;
	for (uint32_t left = 0;; left++) {
		int result = hmmu_fork(r->m, r->tid, &child);

		assert_clean(r->m);
		if (!result)
			break;
		assert_int_equal(result, -ENOMEM);
		assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), left);
		assert_in_range(left, 0, 62);
		assert_ok(hmmu_page_put(r->m, pages[left]));
	}
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_memory),
		cmocka_unit_test(test_private_file),
		cmocka_unit_test(test_special_mapping),
		cmocka_unit_test(test_zero_pages),
		cmocka_unit_test(test_what_the_child_does_not_get),
		cmocka_unit_test(test_notifier),
		cmocka_unit_test(test_failing_at_each_allocation),
		cmocka_unit_test(test_failing_without_frames),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_anonymous_memory),
		cmocka_unit_test(test_huge_page),
		cmocka_unit_test(test_device_entries),
		cmocka_unit_test(test_migration_entries),
	};

	return cmocka_run_group_tests(tests_of_4_14, NULL, NULL) + run_on_each_kernel(tests);
}
