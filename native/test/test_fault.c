/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads and stores of small pages: what a fault brings in, which bits it sets, and where it ends in a signal. */
#include "support.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)
#define WRITTEN (HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY)

static void test_read_then_write(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	assert_bytes(r, r->tid, buf, 1, 0);
	assert_kind(r, buf, 1, HMMU_ENTRY_ZERO);
	assert_bits(r, buf, HMMU_BIT_ACCESSED);
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	write_pages(r, buf, 1, 9);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_bits(r, buf, WRITTEN);
	assert_page(r, buf, 1, 1, ANON_FLAGS);
	assert_int_equal(mm_counters(r, r->pid).anon, 1);
	assert_bytes(r, r->tid, buf, 1, 9);
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), 2);
	rig_close(r);
}

/* Replacing the zero page tells the notifier of one page. */
static void test_notifier_over_zero_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_event last;

	(void)state;
	read_pages(r, buf, 1);
	assert_ok(hmmu_watch(r->m, r->pid));
	write_pages(r, buf, 2, 1);
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 1);
	assert_true(last.a == buf && last.b == buf + PAGES(1));
	rig_close(r);
}

static void test_signals(void **state)
{
	struct rig *r = open_rig();
	uint64_t ro = map_at(r, BASE, 1, HMMU_MAP_ANON, HMMU_PROT_READ);
	uint64_t none = map_at(r, BASE + MIB(2), 1, HMMU_MAP_ANON, 0);
	uint64_t wo = map_at(r, BASE + MIB(4), 1, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	uint64_t file = map_at(r, BASE + MIB(6), 2, HMMU_MAP_FILE, RW);

	(void)state;
	assert_failed(r->m, store(r, r->tid, ro, 1), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_true(hmmu_error(r->m)->address == ro);
	assert_ok(load(r, r->tid, ro, NULL));
	assert_failed(r->m, store(r, r->tid, ro, 1), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_failed(r->m, load(r, r->tid, none, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_failed(r->m, load(r, r->tid, ro - 1, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	/* On x86 what can be written can be read. */
	assert_ok(load(r, r->tid, wo, NULL));
	assert_ok(store(r, r->tid, file, 1));
	assert_int_equal(mapped_pages(r, r->pid), 5);
	rig_close(r);
}

/* A store runs over page borders, and stops where it may not go on. */
static void test_long_accesses(void **state)
{
	static uint8_t out[3 * HMMU_PAGE_SIZE], in[3 * HMMU_PAGE_SIZE];
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BASE, 3, HMMU_MAP_ANON, RW);
	size_t done = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 31);
	assert_ok(hmmu_store(r->m, r->tid, buf + 100, out, PAGES(2), &done));
	assert_int_equal(done, PAGES(2));
	assert_ok(hmmu_load(r->m, r->tid, buf + 100, in, PAGES(2), &done));
	assert_memory_equal(out, in, PAGES(2));
	assert_failed(r->m, hmmu_store(r->m, r->tid, buf + PAGES(1) + 10, out, PAGES(3), &done), -EFAULT,
		      HMMU_ERR_SIGSEGV);
	assert_int_equal(done, PAGES(2) - 10);
	assert_true(hmmu_error(r->m)->address == buf + PAGES(3));
	assert_ok(hmmu_load(r->m, r->tid, buf, in, 0, &done));
	assert_int_equal(done, 0);
	assert_failed(r->m, hmmu_load(r->m, r->tid, HMMU_TASK_SIZE - 1, in, 2, NULL), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	rig_close(r);
}

/* A frame that was used before is cleared for its next owner. */
static void test_new_pages_are_zero(void **state)
{
	struct rig *r = open_rig(.ram_pages = 64);
	uint64_t buf = map_anon(r, 20);
	uint8_t byte = 1;

	(void)state;
	for (int round = 0; round < 4; round++) {
		write_pages(r, buf, 20, 0xaa);
		assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(20), HMMU_MADV_DONTNEED));
	}
	for (uint64_t i = 0; i < 20; i++) {
		assert_ok(hmmu_store(r->m, r->tid, buf + PAGES(i), "x", 1, NULL));
		assert_ok(load(r, r->tid, buf + PAGES(i) + 1, &byte));
		assert_int_equal(byte, 0);
	}
	rig_close(r);
}

/* Out of memory is an ordinary result: the store fails, and works when there is memory again. */
static void test_out_of_frames(void **state)
{
	struct rig *r = open_rig(.ram_pages = 64);
	uint64_t buf = map_anon(r, 100), i = 0;

	(void)state;
	while (!store(r, r->tid, buf + PAGES(i), 1))
		i++;
	assert_int_equal(hmmu_error(r->m)->code, HMMU_ERR_OUT_OF_FRAMES);
	assert_in_range(i, 50, 62);
	assert_clean(r->m);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_ok(store(r, r->tid, buf + PAGES(i), 1));
	rig_close(r);
}

static void test_shared_memory(void **state)
{
	static const uint32_t kinds[] = { HMMU_MAP_SHMEM, HMMU_MAP_SHAREDFILE };
	struct rig *r = open_rig();

	(void)state;
	for (int i = 0; i < 2; i++) {
		uint64_t buf = map_at(r, 0, 2, kinds[i], RW);

		assert_bytes(r, r->tid, buf, 1, 0);
		assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
		assert_false(entry_of(r, r->pid, buf).flags & HMMU_PG_DIRTY);
		write_pages(r, buf, 2, 5);
		assert_true(entry_of(r, r->pid, buf + PAGES(1)).flags & HMMU_PG_DIRTY);
		/* The cache has a reference, besides the entry's. */
		assert_int_equal(entry_of(r, r->pid, buf).ref, 2);
		assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_DONTNEED));
		assert_kind(r, buf, 2, HMMU_ENTRY_NONE);
		assert_bytes(r, r->tid, buf, 2, 5);
	}
	assert_int_equal(mm_counters(r, r->pid).shmem, 4);
	rig_close(r);
}

/* A load brings the neighbours in that the cache has, up to 16 pages, and not beyond the mapping or the table. */
static void test_fault_around(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 40, HMMU_MAP_SHMEM, RW);

	(void)state;
	write_pages(r, buf, 40, 1);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(40), HMMU_MADV_DONTNEED));
	assert_ok(load(r, r->tid, buf + PAGES(20), NULL));
	assert_kind(r, buf, 16, HMMU_ENTRY_NONE);
	assert_kind(r, buf + PAGES(16), 16, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(32), 8, HMMU_ENTRY_NONE);
	/* Nobody has written to those around. */
	assert_bits(r, buf + PAGES(17), HMMU_BIT_WRITE | HMMU_BIT_ACCESSED);
	assert_clean(r->m);
	rig_close(r);
}

static void test_private_file(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 2, HMMU_MAP_FILE, RW);

	(void)state;
	assert_bytes(r, r->tid, buf, 1, 0);
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	/* Over a cache page that is mapped, and where nothing is mapped yet: a copy. */
	write_pages(r, buf, 2, 3);
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	assert_int_equal(mm_counters(r, r->pid).shmem + mm_counters(r, r->pid).file, 0);
	assert_page(r, buf, 1, 1, ANON_FLAGS);
	/* The file itself is as empty as before. */
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_DONTNEED));
	assert_bytes(r, r->tid, buf, 1, 0);
	assert_bytes(r, r->tid, buf + PAGES(1), 1, 0);
	rig_close(r);
}

/* userfaultfd with UFFD_FEATURE_SIGBUS: missing pages are not served; those that are there are. */
static void test_userfaultfd(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3), shared = map_at(r, 0, 2, HMMU_MAP_SHMEM, RW), huge = map_huge(r, 512);
	uint64_t file = map_at(r, 0, 2, HMMU_MAP_FILE, RW);

	(void)state;
	write_pages(r, buf, 1, 1);
	read_pages(r, buf + PAGES(1), 1);
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, PAGES(3), HMMU_UFFD_MISSING));
	assert_ok(hmmu_uffd_register(r->m, r->tid, shared, PAGES(2), HMMU_UFFD_MISSING));
	assert_ok(hmmu_uffd_register(r->m, r->tid, huge, PAGES(512), HMMU_UFFD_MISSING));
	assert_ok(hmmu_uffd_register(r->m, r->tid, file, PAGES(2), HMMU_UFFD_MISSING));
	assert_ok(store(r, r->tid, buf, 2));
	assert_ok(store(r, r->tid, buf + PAGES(1), 2));
	assert_failed(r->m, load(r, r->tid, buf + PAGES(2), NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_failed(r->m, store(r, r->tid, buf + PAGES(2), 1), -EFAULT, HMMU_ERR_SIGBUS);
	assert_failed(r->m, store(r, r->tid, shared, 1), -EFAULT, HMMU_ERR_SIGBUS);
	assert_failed(r->m, load(r, r->tid, shared, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_failed(r->m, store(r, r->tid, file, 1), -EFAULT, HMMU_ERR_SIGBUS);
	assert_failed(r->m, store(r, r->tid, huge, 1), -EFAULT, HMMU_ERR_SIGBUS);
	assert_failed(r->m, load(r, r->tid, huge, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_clean(r->m);
	rig_close(r);
}

/* Soft-dirty: cleared by hand, set again by the next store, which faults for it. */
static void test_soft_dirty(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2), faults;
	struct hmmu_vma_info vma;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_bits(r, buf, HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED);
	assert_int_equal(hmmu_vmas(r->m, r->pid, &vma, 1), 1);
	assert_false(vma.soft_dirty);
	faults = counter(r, HMMU_COUNT_PAGE_FAULTS);
	assert_ok(store(r, r->tid, buf, 2));
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults + 1);
	assert_bits(r, buf, WRITTEN);
	assert_bits(r, buf + PAGES(1), HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED);
	rig_close(r);
}

/* Shared pages are write-protected to see the first store; that waits for a locked page after the entry was made
 * writable. */
static void test_store_to_locked_shared_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_blocked(r->m, store(r, r->tid, buf, 2), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_true(entry_of(r, r->pid, buf).bits & HMMU_BIT_WRITE);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(store(r, r->tid, buf, 2));
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_DIRTY);
	rig_close(r);
}

/* A store that would break copy-on-write, to a page that is locked. */
static void test_store_to_locked_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	do_fork_of(r, r->tid);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_blocked(r->m, store(r, r->tid, buf, 2), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(page_info(r, pfn).ref, 4);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(store(r, r->tid, buf, 2));
	assert_int_not_equal(pfn_at(r, buf), pfn);
	rig_close(r);
}

/* A fault of a locked file page waits, for loads and stores. */
static void test_locked_cache_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 7);
	for (int write = 0; write < 2; write++) {
		assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
		assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
		assert_blocked(r->m, write ? store(r, r->tid, buf, 7) : load(r, r->tid, buf, NULL), r->tid,
			       HMMU_WAIT_PAGE_LOCK);
		assert_clean(r->m);
		assert_ok(hmmu_release(r->m, pfn));
		assert_ok(write ? store(r, r->tid, buf, 7) : load(r, r->tid, buf, NULL));
	}
	assert_bytes(r, r->tid, buf, 1, 7);
	rig_close(r);
}

/* A frame that was full of something is empty when it is somebody else's. */
static void test_used_frame_is_cleared(void **state)
{
	struct rig *r = open_rig();
	static uint8_t bytes[HMMU_PAGE_SIZE];
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	memset(bytes, 0x5a, sizeof(bytes));
	assert_ok(hmmu_store(r->m, r->tid, buf, bytes, sizeof(bytes), NULL));
	hmmu_lru_add_drain_all(r->m);
	pfn = pfn_at(r, buf);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_ok(store(r, r->tid, buf, 1));
	assert_int_equal(pfn_at(r, buf), pfn);
	assert_ok(hmmu_load(r->m, r->tid, buf, bytes, sizeof(bytes), NULL));
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i == 0);
	rig_close(r);
}

/* The copy is the locked mapping's from now on; the old page, which nobody else has locked, can be evicted again. */
static void test_copy_in_locked_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	child = do_fork_of(r, r->tid);
	assert_true(entry_of(r, child, buf).flags & HMMU_PG_MLOCKED);
	assert_ok(store(r, r->tid, buf, 1));
	hmmu_lru_add_drain_all(r->m);
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
	assert_int_equal(entry_of(r, child, buf).flags & (HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE | HMMU_PG_LRU),
			 HMMU_PG_LRU);
	rig_close(r);
}

/* A copy has been made, and waits to take the mlock mark off the old page. It is given up: the mark goes all the same. */
static void test_copy_given_up_in_locked_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_FILE, 1);
	uint32_t tid = new_task(r, r->pid), child, pfn;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	/* The child's mapping is not locked, but keeps the mark on the page. */
	child = do_fork_of(r, r->tid);
	assert_ok(load(r, hmmu_process_task(r->m, child), buf, NULL));
	/* mprotect() would copy the page at once, had it a frame for that. */
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 1, false));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), 3));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_true(page_info(r, pfn).flags & HMMU_PG_MLOCKED);
	assert_blocked(r->m, store(r, tid, buf, 1), tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_task_cancel(r->m, tid));
	assert_ok(hmmu_release(r->m, pfn));
	assert_false(page_info(r, pfn).flags & HMMU_PG_MLOCKED);
	rig_close(r);
}

/* The first store to a clean shared page whose stores are tracked waits for its lock, and makes it dirty afterwards. */
static void test_shared_store_waits(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, 3);
	uint32_t tid = new_task(r, r->pid), pfn;

	(void)state;
	read_pages(r, buf, 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_blocked(r->m, store(r, tid, buf, 1), tid, HMMU_WAIT_PAGE_LOCK);
	assert_false(page_info(r, pfn).flags & HMMU_PG_DIRTY);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(store(r, tid, buf, 1));
	assert_true(page_info(r, pfn).flags & HMMU_PG_DIRTY);
	rig_close(r);
}

/* Where stores are tracked a load does not make a shared page writable, so that the first store is seen. */
static void test_tracked_shared_memory(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 2, HMMU_MAP_SHMEM, 3);

	(void)state;
	read_pages(r, buf, 1);
	assert_true(entry_of(r, r->pid, buf).bits & HMMU_BIT_WRITE);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	read_pages(r, buf + PAGES(1), 1);
	assert_false(entry_of(r, r->pid, buf + PAGES(1)).bits & HMMU_BIT_WRITE);
	write_pages(r, buf, 2, 1);
	for (uint64_t i = 0; i < 2; i++) {
		assert_true(entry_of(r, r->pid, buf + PAGES(i)).bits & HMMU_BIT_SOFT_DIRTY);
		assert_true(entry_of(r, r->pid, buf + PAGES(i)).flags & HMMU_PG_DIRTY);
	}
	rig_close(r);
}

/* A store that needs no fault makes only the entry dirty; when that goes the page is. */
static void test_dirty_entry_goes(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, 3);
	uint32_t child, pfn;

	(void)state;
	read_pages(r, buf, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(load(r, hmmu_process_task(r->m, child), buf, NULL));
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	assert_false(page_info(r, pfn).flags & HMMU_PG_DIRTY);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_true(page_info(r, pfn).flags & HMMU_PG_DIRTY);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dirty_entry_goes),
		cmocka_unit_test(test_tracked_shared_memory),
		cmocka_unit_test(test_shared_store_waits),
		cmocka_unit_test(test_used_frame_is_cleared),
		cmocka_unit_test(test_copy_in_locked_mapping),
		cmocka_unit_test(test_notifier_over_zero_page),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_long_accesses),
		cmocka_unit_test(test_new_pages_are_zero),
		cmocka_unit_test(test_out_of_frames),
		cmocka_unit_test(test_shared_memory),
		cmocka_unit_test(test_fault_around),
		cmocka_unit_test(test_userfaultfd),
		cmocka_unit_test(test_soft_dirty),
		cmocka_unit_test(test_store_to_locked_shared_page),
		cmocka_unit_test(test_locked_cache_page),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_copy_given_up_in_locked_mapping),
		cmocka_unit_test(test_read_then_write),
		cmocka_unit_test(test_private_file),
		cmocka_unit_test(test_store_to_locked_page),
	};

	return cmocka_run_group_tests(tests_of_4_14, NULL, NULL) + run_on_each_kernel(tests);
}
