/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls and the OOM reaper of Linux 6.12: what no drill can show. */
#include "support.h"

#include "mm/pgtable.h"
#include "mm/vma.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)

/* The reaper asks notifiers, and takes locked memory, too. */
static void test_reap(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t private = map_anon(r, 4), locked = map_anon(r, 2);
	uint64_t shared = map_at(r, BASE, 2, HMMU_MAP_SHMEM, 3);
	struct hmmu_event last;
	char byte;

	(void)state;
	write_pages(r, private, 3, 1);
	assert_ok(store(r, r->tid, shared, 1));
	assert_ok(hmmu_mlock(r->m, r->tid, locked, PAGES(2)));
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_oom_reap(r->m, r->pid));
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 2);
	assert_int_equal(last.kind, HMMU_NOTIFY_UNMAP);
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	assert_int_equal(mm_counters(r, r->pid).shmem, 1);
	assert_failed(r->m, hmmu_load(r->m, r->tid, private, &byte, 1, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	rig_close(r);
}

static u32 anon_vma_at(struct rig *r, u32 pid, uint64_t address)
{
	return vma_of(r->m, vma_at(r->m, pid, address))->anon_vma;
}

/*
 * A - B - C - D - E, each forked from the one before. B has unmapped its copy, so that D takes B's anon_vma. 4.14 gives
 * that of C, which has no child, to E as well, though C still uses it.
 */
static void test_no_anon_vma_is_used_twice(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_anon(r, 1);
	u32 b, c, d, e;

	(void)state;
	write_pages(r, buf, 1, 1);
	b = do_fork_of(r, r->tid);
	c = do_fork_of(r, hmmu_process_task(r->m, b));
	assert_ok(hmmu_munmap(r->m, hmmu_process_task(r->m, b), buf, PAGES(1)));
	d = do_fork_of(r, hmmu_process_task(r->m, c));
	e = do_fork_of(r, hmmu_process_task(r->m, d));
	assert_int_not_equal(anon_vma_at(r, d, buf), anon_vma_at(r, c, buf));
	assert_int_not_equal(anon_vma_at(r, e, buf), anon_vma_at(r, c, buf));
	assert_int_not_equal(anon_vma_at(r, e, buf), anon_vma_at(r, d, buf));
	rig_close(r);
}

/* The quirk mremap-moves-tables: entries of a table that moves as a whole do not become soft-dirty. */
static void test_moved_tables(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		struct rig *r = open_6_12(.ram_pages = 4096, .quirks_off = off ? HMMU_QUIRK_MREMAP_MOVES_TABLES : 0);
		uint64_t buf = map_at(r, BASE, 513, HMMU_MAP_ANON, 3), to = BASE + MIB(64), at;
		uint8_t byte;

		assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(513), HMMU_MADV_NOHUGEPAGE));
		write_pages(r, buf, 1, 1);
		write_pages(r, buf + MIB(2), 1, 1);
		assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
		assert_ok(hmmu_mremap(r->m, r->tid, buf, PAGES(513), PAGES(513),
				      HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, to, &at));
		assert_bits(r, to, HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | (off ? HMMU_BIT_SOFT_DIRTY : 0));
		assert_bits(r, to + MIB(2), HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
		/* The CPU has no translation left. */
		assert_failed(r->m, load(r, r->tid, buf, &byte), -EFAULT, HMMU_ERR_SIGSEGV);
		rig_close(r);
	}
}

/* The quirk device-downgrade-drops-soft-dirty, in mprotect() and in fork(). Entries for reading keep the bit. */
static void test_downgraded_device_entries(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		struct rig *r = open_6_12(.ram_pages = 4096, .device_pages = 4,
					  .quirks_off = off ? HMMU_QUIRK_DEVICE_DOWNGRADE_DROPS_SOFT_DIRTY : 0);
		u64 write = make_device_private_entry(r->m->device_base, true) | _PAGE_SWP_SOFT_DIRTY;
		u64 read = make_device_private_entry(r->m->device_base, false) | _PAGE_SWP_SOFT_DIRTY;
		u64 wanted = read & ~(off ? 0 : _PAGE_SWP_SOFT_DIRTY);

		assert_true(downgraded_swap_type(r->m, write) == wanted);
		assert_true(downgraded_swap_type(r->m, pte_swp_mkuffd_wp(write)) == pte_swp_mkuffd_wp(wanted));
		assert_true(downgraded_swap_type(r->m, read) == read);
		assert_true(shared_swap_type(r->m, write) == wanted);
		assert_true(shared_swap_type(r->m, read) == read);
		rig_close(r);
	}
}

/* So many references look like a pin, where the process has ever pinned a page for DMA. */
static void test_clear_refs_of_many_references(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_anon(r, 2);
	uint32_t pfn, other;

	(void)state;
	write_pages(r, buf, 2, 1);
	for (int i = 0; i < 1024; i++)
		assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_bits(r, buf, HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED);
	write_pages(r, buf, 1, 2);
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(1), HMMU_PIN_DMA, &other));
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_ok(hmmu_unpin(r->m, other, HMMU_PIN_DMA));
	for (int i = 0; i < 1024; i++)
		assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

/* Soft-dirty bits of a mapping that is soft-dirty as a whole do not matter: in the child, all entries of a large page get
 * the first one's. */
static void test_fork_of_soft_dirty_mapping(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 8192);
	uint64_t buf = map_at(r, BASE, 512, HMMU_MAP_ANON, 3);
	uint32_t child;

	(void)state;
	assert_ok(hmmu_madvise(r->m, r->tid, buf, MIB(2), HMMU_MADV_HUGEPAGE));
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	/* The first store makes the whole pmd soft-dirty; so split it before that. */
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), 3));
	assert_kind(r, buf, 512, HMMU_ENTRY_SYS);
	vma_of(r->m, vma_at(r->m, r->pid, buf))->flags |= VM_SOFTDIRTY;
	*pte_offset(r->m, *mm_find_pmd(r->m, r->pid, buf), buf) &= ~_PAGE_SOFT_DIRTY;
	child = do_fork_of(r, r->tid);
	assert_int_equal(entry_of(r, r->pid, buf + PAGES(3)).bits & HMMU_BIT_SOFT_DIRTY, HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(entry_of(r, child, buf + PAGES(3)).bits & HMMU_BIT_SOFT_DIRTY, 0);
	rig_close(r);
}

/* Protection of an empty place of a file ends, and so does its marker; a clean page is not made writable by that. */
static void test_resolved_protection(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_at(r, BASE, 2, HMMU_MAP_SHMEM, 3);
	char byte;

	(void)state;
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, PAGES(2), HMMU_UFFD_WP));
	assert_ok(hmmu_load(r->m, r->tid, buf, &byte, 1, NULL));
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, buf, PAGES(2), true));
	assert_int_equal(entry_of(r, r->pid, buf + PAGES(1)).kind, HMMU_ENTRY_MARKER);
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, buf, PAGES(2), false));
	assert_int_equal(entry_of(r, r->pid, buf + PAGES(1)).kind, HMMU_ENTRY_NONE);
	assert_bits(r, buf, HMMU_BIT_ACCESSED);
	rig_close(r);
}

/* One range where 4.14 tells of each GiB; none where there is no table. */
static void test_notified_range_of_mprotect(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_at(r, (9ull << 30) - PAGES(1), 2, HMMU_MAP_ANON, 3);
	struct hmmu_event last;

	(void)state;
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), HMMU_PROT_READ));
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 0);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), 3));
	write_pages(r, buf, 2, 1);
	drain_events(r, HMMU_EVENT_INVALIDATE_START, &last);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), HMMU_PROT_READ));
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 1);
	rig_close(r);
}

/* An entry of the write kind says that the mapping has its page alone; so does what mprotect() makes of it. */
static void test_downgraded_migration_entry(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_anon(r, 1);
	u64 entry;

	(void)state;
	write_pages(r, buf, 1, 1);
	entry = downgraded_swap_type(r->m, make_migration_entry(pfn_at(r, buf), true) | SWP_MIGRATION_YOUNG);
	assert_true(is_readable_exclusive_migration_entry(entry));
	assert_true(entry & SWP_MIGRATION_YOUNG);
	rig_close(r);
}

static u64 huge_entry(struct rig *r, u32 pid, uint64_t address)
{
	return *mm_find_pmd(r->m, pid, address);
}

/* The copy that a pin gets which only reads can't be written, and is protected where the page was. */
static void test_unshared_hugetlb_page(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096, .hugetlb_pages = 4);
	uint64_t buf = map_at(r, BASE, 512, HMMU_MAP_HUGETLB, 3);
	u32 child, pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, MIB(2), HMMU_UFFD_WP));
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, buf, MIB(2), true));
	child = do_fork_of(r, r->tid);
	assert_false(pte_uffd_wp(huge_entry(r, child, buf)));
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_DMA, &pfn));
	assert_true(pte_uffd_wp(huge_entry(r, r->pid, buf)));
	assert_false(pte_write(huge_entry(r, r->pid, buf)));
	assert_int_not_equal(pfn, pte_pfn(huge_entry(r, child, buf)));
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reap),
		cmocka_unit_test(test_no_anon_vma_is_used_twice),
		cmocka_unit_test(test_moved_tables),
		cmocka_unit_test(test_downgraded_device_entries),
		cmocka_unit_test(test_clear_refs_of_many_references),
		cmocka_unit_test(test_resolved_protection),
		cmocka_unit_test(test_notified_range_of_mprotect),
		cmocka_unit_test(test_downgraded_migration_entry),
		cmocka_unit_test(test_unshared_hugetlb_page),
		cmocka_unit_test(test_fork_of_soft_dirty_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
