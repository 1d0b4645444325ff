/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls on mapped memory: mprotect(), madvise(), mlock(), clear_refs; what becomes of the entries. */
#include "support.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static void test_protect_entries(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(3), HMMU_PROT_READ));
	/* Write kinds of swap-type entries are taken away, and do not come back. */
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	assert_bits(r, buf, 0);
	assert_bits(r, buf + PAGES(1), HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(3), RW));
	assert_bits(r, buf, 0);
	assert_bits(r, buf + PAGES(1), HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_ok(store(r, r->tid, buf + PAGES(1), 2));
	assert_true(entry_of(r, r->pid, buf + PAGES(1)).bits & HMMU_BIT_WRITE);
	assert_ok(store(r, r->tid, buf, 2));
	rig_close(r);
}

/* A migration entry of another process loses its write kind, too. */
static void test_protect_migration_entry(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW);
	uint32_t child = do_fork_of(r, r->tid), task = hmmu_process_task(r->m, child);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(store(r, task, buf, 2));
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_UNMAP);
	assert_int_equal(entry_of(r, child, buf).bits & HMMU_BIT_WRITE, HMMU_BIT_WRITE);
	assert_ok(hmmu_mprotect(r->m, task, buf, PAGES(1), HMMU_PROT_READ));
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_MIG);
	assert_int_equal(entry_of(r, child, buf).bits & HMMU_BIT_WRITE, 0);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* PROT_NONE entries stay present, and an access does not get through. */
static void test_protect_none(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), 0));
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), RW));
	assert_bytes(r, r->tid, buf, 1, 1);
	rig_close(r);
}

/* A locked mapping that may be written from now on gets its private copies at once. */
static void test_protect_locked_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 2, HMMU_MAP_ANON, HMMU_PROT_READ);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	assert_kind(r, buf, 2, HMMU_ENTRY_ZERO);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), RW));
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
	rig_close(r);
}

/* A hugetlb mapping has nothing to change but its rights. */
static void test_protect_hugetlb(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1024, HMMU_MAP_HUGETLB, RW);
	struct hmmu_vma_info vmas[2];

	(void)state;
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(512), HMMU_PROT_READ));
	assert_int_equal(hmmu_vmas(r->m, r->pid, vmas, 2), 2);
	assert_int_equal(vmas[0].prot, HMMU_PROT_READ);
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL), 1);
	rig_close(r);
}

static void test_dontneed(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);

	(void)state;
	write_pages(r, buf, 3, 1);
	read_pages(r, buf + PAGES(3), 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(4), HMMU_MADV_DONTNEED));
	assert_kind(r, buf, 4, HMMU_ENTRY_NONE);
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), 64);
	/* The mapping is still there. */
	assert_bytes(r, r->tid, buf, 1, 0);
	rig_close(r);
}

/* Pages of files tell their page what the entry knew. */
static void test_dontneed_of_file_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	for (int i = 0; i < 2; i++) {
		assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
		assert_ok(load(r, r->tid, buf, NULL));
	}
	hmmu_lru_add_drain_all(r->m);
	assert_true(page_info(r, pfn).flags & HMMU_PG_DIRTY);
	/* Accessed twice, and so active. */
	assert_true(page_info(r, pfn).flags & HMMU_PG_ACTIVE);
	rig_close(r);
}

static void test_refused_advice(void **state)
{
	struct rig *r = open_rig();
	uint64_t locked = map_anon(r, 1), special = map_at(r, 0, 1, HMMU_MAP_SPECIAL, RW);
	uint64_t shared = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW), hugetlb = map_at(r, 0, 512, HMMU_MAP_HUGETLB, RW);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, locked, PAGES(1)));
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, locked, PAGES(1), HMMU_MADV_DONTNEED), -EINVAL,
		      HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, special, PAGES(1), HMMU_MADV_DONTNEED), -EINVAL,
		      HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, hugetlb, PAGES(512), HMMU_MADV_DONTNEED), -EINVAL,
		      HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, shared, PAGES(1), HMMU_MADV_FREE), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, special, PAGES(1), HMMU_MADV_DOFORK), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, BASE + MIB(900), 4096, HMMU_MADV_DONTNEED), -ENOMEM,
		      HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_uffd_register(r->m, r->tid, special, PAGES(1), HMMU_UFFD_MISSING), -EINVAL,
		      HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mprotect(r->m, r->tid, hugetlb + PAGES(1), PAGES(1), 0), -EINVAL, HMMU_ERR_SYSCALL);
	/* Nothing is asked for. */
	assert_ok(hmmu_madvise(r->m, r->tid, locked, 0, HMMU_MADV_DONTNEED));
	assert_ok(hmmu_mprotect(r->m, r->tid, BASE, 0, 0));
	assert_ok(hmmu_mlock(r->m, r->tid, BASE, 0));
	assert_ok(hmmu_munlock(r->m, r->tid, BASE, 0));
	rig_close(r);
}

/* MADV_FREE leaves alone what others map or have locked, if it is dirty beyond the entry. */
static void test_lazy_free(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 3, 1);
	for (uint64_t i = 0; i < 3; i++)
		assert_ok(hmmu_page_set_flags(r->m, pfn_at(r, buf + PAGES(i)), HMMU_PG_DIRTY));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_FREE));
	assert_true(entry_of(r, r->pid, buf).bits & HMMU_BIT_DIRTY);
	assert_false(entry_of(r, r->pid, buf + PAGES(1)).bits & (HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED));
	assert_false(entry_of(r, r->pid, buf + PAGES(1)).flags & HMMU_PG_DIRTY);
	assert_ok(hmmu_release(r->m, pfn));
	do_fork_of(r, r->tid);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(3), HMMU_MADV_FREE));
	assert_true(entry_of(r, r->pid, buf + PAGES(2)).bits & HMMU_BIT_DIRTY);
	rig_close(r);
}

/* A page of a compound page that ptes map: it is split first. */
static void test_lazy_free_of_a_part(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_true(entry_of(r, r->pid, buf + PAGES(1)).flags & HMMU_PG_TAIL);
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(4), PAGES(2), HMMU_MADV_FREE));
	assert_false(entry_of(r, r->pid, buf + PAGES(1)).flags & HMMU_PG_TAIL);
	assert_false(entry_of(r, r->pid, buf + PAGES(4)).bits & HMMU_BIT_DIRTY);
	rig_close(r);
}

/* It is not split when somebody else maps or has locked the page. */
static void test_lazy_free_of_a_busy_part(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	uint32_t pfn, child;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(1), &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(4), PAGES(2), HMMU_MADV_FREE));
	assert_true(entry_of(r, r->pid, buf + PAGES(4)).flags & HMMU_PG_TAIL);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(9), 0, &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(4), PAGES(2), HMMU_MADV_FREE));
	assert_true(entry_of(r, r->pid, buf + PAGES(4)).flags & HMMU_PG_TAIL);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(4), PAGES(2), HMMU_MADV_FREE));
	assert_true(entry_of(r, child, buf + PAGES(4)).flags & HMMU_PG_TAIL);
	rig_close(r);
}

/* userfaultfd covers what is mapped in a range, holes or not. */
static void test_uffd_over_a_hole(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_vma_info vmas[4];

	(void)state;
	map_at(r, BASE, 2, HMMU_MAP_ANON, RW);
	map_at(r, BASE + PAGES(4), 2, HMMU_MAP_ANON, RW);
	assert_ok(hmmu_uffd_register(r->m, r->tid, BASE + PAGES(1), PAGES(4), HMMU_UFFD_MISSING));
	assert_int_equal(hmmu_vmas(r->m, r->pid, vmas, 4), 4);
	assert_true(!vmas[0].uffd_missing && vmas[1].uffd_missing && vmas[2].uffd_missing && !vmas[3].uffd_missing);
	/* Again: nothing is left to do. */
	assert_ok(hmmu_uffd_register(r->m, r->tid, BASE + PAGES(1), PAGES(4), HMMU_UFFD_MISSING));
	rig_close(r);
}

static void test_mlock_brings_in(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2), shared = map_at(r, 0, 2, HMMU_MAP_SHMEM, RW);
	uint64_t special = map_at(r, 0, 2, HMMU_MAP_SPECIAL, RW);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	assert_ok(hmmu_mlock(r->m, r->tid, shared, PAGES(2)));
	assert_kind(r, shared, 2, HMMU_ENTRY_SYS);
	assert_ok(hmmu_mlock(r->m, r->tid, special, PAGES(2)));
	assert_int_equal(mm_counters(r, r->pid).locked, 4);
	/* What is faulted in later is mlocked, too. */
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(2)));
	assert_int_equal(mm_counters(r, r->pid).locked, 2);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 2);
	rig_close(r);
}

/* 14 pages at a time: munlock() goes through more than one batch, with holes between. */
static void test_munlock_of_many(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BEFORE_BORDER - PAGES(20), 50, HMMU_MAP_ANON, RW);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(50)));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 50);
	assert_ok(migrate(r, buf + PAGES(5), 3, HMMU_TO_DEVICE));
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(50)));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	for (uint64_t i = 8; i < 50; i++)
		assert_false(entry_of(r, r->pid, buf + PAGES(i)).flags & HMMU_PG_MLOCKED);
	rig_close(r);
}

/* clear_refs reaches every kind of entry, and tells the notifier of the whole address space. */
static void test_clear_refs(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2), shared = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW);
	struct hmmu_event last;

	(void)state;
	write_pages(r, buf, 2, 1);
	write_pages(r, shared, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 1);
	assert_true(last.a == 0 && last.b >= HMMU_TASK_SIZE);
	assert_bits(r, buf + PAGES(1), HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED);
	assert_bits(r, shared, HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED);
	/* The first store to a shared page is seen, by way of a fault. */
	assert_ok(store(r, r->tid, shared, 3));
	assert_true(entry_of(r, r->pid, shared).bits & HMMU_BIT_SOFT_DIRTY);
	rig_close(r);
}

/* Where a page has been used does not count any more. */
static void test_lazy_free_forgets_use(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_page_set_flags(r->m, pfn_at(r, buf), HMMU_PG_REFERENCED));
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_FREE));
	hmmu_lru_add_drain_all(r->m);
	assert_page(r, buf, 1, 1, HMMU_PG_UPTODATE | HMMU_PG_LRU);
	rig_close(r);
}

/* What a later kernel has, Linux 4.14 refuses. */
static void test_of_a_later_kernel(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1), hash = hmmu_hash(r->m);

	(void)state;
	for (uint32_t advice = HMMU_MADV_POPULATE_READ; advice <= HMMU_MADV_COLLAPSE; advice++)
		assert_failed(r->m, hmmu_madvise(r->m, r->tid, buf, PAGES(1), advice), -EINVAL, HMMU_ERR_SYSCALL);
	for (uint32_t modes = 0; modes < 5; modes++)
		if (modes != HMMU_UFFD_MISSING)
			assert_failed(r->m, hmmu_uffd_register(r->m, r->tid, buf, PAGES(1), modes), -EINVAL,
				      HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_uffd_writeprotect(r->m, r->tid, buf, PAGES(1), true), -EINVAL, HMMU_ERR_SYSCALL);
	assert_int_equal(hmmu_hash(r->m), hash);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_protect_none),           cmocka_unit_test(test_protect_locked_mapping),
		cmocka_unit_test(test_protect_hugetlb),        cmocka_unit_test(test_dontneed),
		cmocka_unit_test(test_dontneed_of_file_pages), cmocka_unit_test(test_lazy_free),
		cmocka_unit_test(test_lazy_free_of_a_part),    cmocka_unit_test(test_lazy_free_of_a_busy_part),
		cmocka_unit_test(test_uffd_over_a_hole),       cmocka_unit_test(test_mlock_brings_in),
		cmocka_unit_test(test_munlock_of_many),        cmocka_unit_test(test_clear_refs),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_lazy_free_forgets_use),   cmocka_unit_test(test_protect_entries),
		cmocka_unit_test(test_protect_migration_entry), cmocka_unit_test(test_refused_advice),
		cmocka_unit_test(test_of_a_later_kernel),
	};

	return cmocka_run_group_tests(tests_of_4_14, NULL, NULL) + run_on_each_kernel(tests);
}
