/* SPDX-License-Identifier: GPL-2.0-only */
/* Transparent huge pages: where they come from, what system calls do to them, and their ways of being split. */
#include "support.h"

#include "rmap/huge.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static uint64_t huge_page(struct rig *r)
{
	uint64_t buf = map_huge(r, 512);

	write_pages(r, buf, 1, 0x31);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	return buf;
}

static void test_first_store(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);

	(void)state;
	assert_ok(store(r, r->tid, buf + PAGES(300), 1));
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(mm_counters(r, r->pid).anon, 512);
	/* Subpages follow each other, and a tail shows its head's count and flags. */
	assert_int_equal(pfn_at(r, buf + PAGES(511)), pfn_at(r, buf) + 511);
	assert_page(r, buf + PAGES(9), 1, 1, ANON_FLAGS | HMMU_PG_TAIL);
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), 1);
	rig_close(r);
}

/*
 * |--2 MiB--|--2 MiB--|
 * |    mmmmm|mmm      |   no huge page fits into the mapping; nor in one that does not want it, or is not anonymous
 */
static void test_where_none_fits(void **state)
{
	struct rig *r = open_rig();
	uint64_t crossing = map_at(r, BASE + MIB(1), 512, HMMU_MAP_ANON, RW);
	uint64_t unwanted = map_at(r, BASE + MIB(8), 512, HMMU_MAP_ANON, RW);
	uint64_t shared = map_at(r, BASE + MIB(16), 512, HMMU_MAP_SHMEM, RW);

	(void)state;
	assert_ok(hmmu_madvise(r->m, r->tid, crossing, PAGES(512), HMMU_MADV_HUGEPAGE));
	assert_ok(hmmu_madvise(r->m, r->tid, shared, PAGES(512), HMMU_MADV_HUGEPAGE));
	for (int i = 0; i < 3; i++) {
		uint64_t buf = (const uint64_t[]){ crossing, unwanted, shared }[i];

		write_pages(r, buf + MIB(1), 1, 1);
		assert_kind(r, buf + MIB(1), 1, HMMU_ENTRY_SYS);
	}
	/* A table is there already: the place is for small pages. */
	assert_ok(hmmu_madvise(r->m, r->tid, unwanted, PAGES(512), HMMU_MADV_HUGEPAGE));
	write_pages(r, unwanted, 1, 1);
	assert_kind(r, unwanted, 1, HMMU_ENTRY_SYS);
	rig_close(r);
}

static void test_huge_zero_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512), other = map_huge(r, 512), frames;

	(void)state;
	read_pages(r, buf, 1);
	assert_kind(r, buf, 512, HMMU_ENTRY_HZERO);
	frames = counter(r, HMMU_COUNT_RAM_FREE);
	read_pages(r, other, 1);
	/* It is shared: only the deposited table is new. */
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), frames - 1);
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	write_pages(r, buf + PAGES(3), 1, 1);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_bytes(r, r->tid, other, 1, 0);
	assert_bytes(r, r->tid, buf, 1, 0);
	rig_close(r);
}

/* Without a huge frame a store gets a small page; over the huge zero page its pmd is split for that. */
static void test_no_huge_frame(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512), zero = map_huge(r, 512);

	(void)state;
	read_pages(r, zero, 1);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_HUGE, 1, true));
	write_pages(r, buf, 1, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(1), 511, HMMU_ENTRY_NONE);
	write_pages(r, zero, 1, 1);
	assert_kind(r, zero, 1, HMMU_ENTRY_SYS);
	assert_kind(r, zero + PAGES(1), 511, HMMU_ENTRY_ZERO);
	rig_close(r);
}

/* Copy-on-write of a huge page with small ones, when there is no huge one. */
static void test_copy_with_small_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);
	uint32_t child = do_fork_of(r, r->tid), task = hmmu_process_task(r->m, child);

	(void)state;
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_HUGE, 1, true));
	assert_ok(store(r, task, buf + PAGES(2), 9));
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_SYS);
	assert_false(entry_of(r, child, buf).flags & (HMMU_PG_HEAD | HMMU_PG_TAIL));
	assert_bytes(r, task, buf, 1, 0x31);
	assert_bytes(r, task, buf + PAGES(2), 1, 9);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_int_equal(entry_of(r, r->pid, buf).map, 1);
	assert_int_equal(mm_counters(r, child).anon, 512);
	rig_close(r);
}

/* A store to a huge page that somebody has locked waits. */
static void test_locked_huge_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);
	uint32_t pfn;

	(void)state;
	do_fork_of(r, r->tid);
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(77), &pfn));
	assert_blocked(r->m, store(r, r->tid, buf, 1), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(store(r, r->tid, buf, 1));
	rig_close(r);
}

static void test_unmap_whole_and_part(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 1024), frames = counter(r, HMMU_COUNT_RAM_FREE);

	(void)state;
	write_pages(r, buf, 1, 1);
	write_pages(r, buf + MIB(2), 1, 1);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(512)));
	assert_kind(r, buf + MIB(2), 512, HMMU_ENTRY_HUGE);
	assert_ok(hmmu_munmap(r->m, r->tid, buf + MIB(2), PAGES(100)));
	/* The compound page stays whole while a part of it is mapped. */
	assert_kind(r, buf + MIB(2) + PAGES(100), 412, HMMU_ENTRY_SYS);
	assert_true(entry_of(r, r->pid, buf + MIB(2) + PAGES(100)).flags & HMMU_PG_TAIL);
	assert_int_equal(mm_counters(r, r->pid).anon, 412);
	assert_clean(r->m);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1024)));
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), frames);
	rig_close(r);
}

static void test_protect_whole_and_part(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);

	(void)state;
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(512), HMMU_PROT_READ));
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_false(entry_of(r, r->pid, buf).bits & HMMU_BIT_WRITE);
	assert_failed(r->m, store(r, r->tid, buf, 1), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(512), RW));
	/* The only user: written in place. */
	assert_ok(store(r, r->tid, buf, 1));
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf + PAGES(4), PAGES(4), 0));
	assert_kind(r, buf, 512, HMMU_ENTRY_SYS);
	assert_failed(r->m, load(r, r->tid, buf + PAGES(4), NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_ok(store(r, r->tid, buf + PAGES(8), 1));
	rig_close(r);
}

static void test_dontneed(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);

	(void)state;
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(10), PAGES(2), HMMU_MADV_DONTNEED));
	assert_kind(r, buf, 10, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(10), 2, HMMU_ENTRY_NONE);
	assert_bytes(r, r->tid, buf + PAGES(10), 1, 0);
	assert_bytes(r, r->tid, buf, 1, 0x31);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(512), HMMU_MADV_DONTNEED));
	assert_kind(r, buf, 512, HMMU_ENTRY_NONE);
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	rig_close(r);
}

/* MADV_FREE of the whole keeps it whole; of a part it splits the page, unless somebody else has an interest in it. */
static void test_lazy_free(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r), second = huge_page(r), third = huge_page(r);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_page_set_flags(r->m, pfn_at(r, buf), HMMU_PG_DIRTY));
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(512), HMMU_MADV_FREE));
	hmmu_lru_add_drain_all(r->m);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_false(entry_of(r, r->pid, buf).bits & (HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED));
	assert_false(entry_of(r, r->pid, buf).flags & (HMMU_PG_SWAPBACKED | HMMU_PG_DIRTY));
	assert_ok(hmmu_madvise(r->m, r->tid, second, PAGES(3), HMMU_MADV_FREE));
	assert_kind(r, second, 512, HMMU_ENTRY_SYS);
	assert_false(entry_of(r, r->pid, second).flags & HMMU_PG_HEAD);
	assert_ok(hmmu_hold(r->m, r->pid, third, &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, third, PAGES(3), HMMU_MADV_FREE));
	assert_kind(r, third, 512, HMMU_ENTRY_HUGE);
	assert_ok(hmmu_release(r->m, pfn));
	rig_close(r);
}

static void test_mlock(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 512);
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(512)));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	rig_close(r);
}

/* Another process maps the huge page, too, and may have locked its mapping: the rmap walk looks at both. */
static void test_munlock_of_shared_page(void **state)
{
	(void)state;
	for (int locked_twice = 0; locked_twice < 2; locked_twice++) {
		struct rig *r = open_rig();
		uint64_t buf = huge_page(r);
		uint32_t child;

		assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(512), HMMU_PROT_READ));
		assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
		child = do_fork_of(r, r->tid);
		if (locked_twice)
			assert_ok(hmmu_mlock(r->m, hmmu_process_task(r->m, child), buf, PAGES(512)));
		assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
		assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(512)));
		/* 4.14 does not mark a huge page again, whoever else has locked it. */
		assert_false(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
		assert_int_equal(entry_of(r, r->pid, buf).map, 2);
		rig_close(r);
	}
}

/* munlock() waits for the lock of a huge page. */
static void test_munlock_of_locked_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_blocked(r->m, hmmu_munlock(r->m, r->tid, buf, PAGES(512)), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(512)));
	assert_false(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
	rig_close(r);
}

/*
 * |--pmd--|--pmd--|
 * |   hhhh|hhh    |   a compound page moved to where two tables map it: each of its ptes is found when it is split
 */
static void test_split_over_two_tables(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r), to = buf + MIB(64) + MIB(1), at;
	struct ctx ctx = { .m = r->m, .task = r->tid, .mm = r->pid };
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(511), PAGES(1)));
	assert_ok(hmmu_mremap(r->m, r->tid, buf, PAGES(511), PAGES(511), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, to,
			      &at));
	assert_kind(r, to, 511, HMMU_ENTRY_SYS);
	assert_true(entry_of(r, r->pid, to).flags & HMMU_PG_HEAD);
	assert_ok(hmmu_hold(r->m, r->pid, to, &pfn));
	assert_ok(split_huge_page(&ctx, pfn));
	assert_ok(hmmu_release(r->m, pfn));
	hmmu_lru_add_drain_all(r->m);
	for (uint64_t i = 0; i < 511; i++)
		assert_page(r, to + PAGES(i), 1, 1, ANON_FLAGS | HMMU_PG_DIRTY);
	assert_bytes(r, r->tid, to, 1, 0x31);
	rig_close(r);
}

static void test_soft_dirty(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);

	(void)state;
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_bits(r, buf, HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED);
	assert_ok(store(r, r->tid, buf, 1));
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	rig_close(r);
}

/* split_huge_page(): each page is on its own, with its part of everything. */
static void test_split_huge_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);
	struct ctx ctx = { .m = r->m, .task = r->tid, .mm = r->pid };
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_page_set_flags(r->m, pfn_at(r, buf), HMMU_PG_REFERENCED | HMMU_PG_CHECKED));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(split_huge_page(&ctx, pfn));
	assert_ok(hmmu_release(r->m, pfn));
	for (uint64_t i = 0; i < 512; i++) {
		assert_int_equal(pfn_at(r, buf + PAGES(i)), pfn + i);
		assert_page(r, buf + PAGES(i), 1, 1,
			    ANON_FLAGS | HMMU_PG_DIRTY | HMMU_PG_REFERENCED | (i ? 0 : HMMU_PG_CHECKED));
	}
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_ANON), 512);
	assert_int_equal(hmmu_memcg_charged(r->m), 512);
	assert_clean(r->m);
	/* The pages go one by one. */
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(5), PAGES(500)));
	assert_int_equal(hmmu_memcg_charged(r->m), 12);
	rig_close(r);
}

/* Of a compound page whose pages are mapped in part only, the others are freed by the split. */
static void test_split_frees_unmapped_tails(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r), frames;
	struct ctx ctx = { .m = r->m, .task = r->tid, .mm = r->pid };
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(500)));
	frames = counter(r, HMMU_COUNT_RAM_FREE);
	/* A tail stands for its compound page: the lock, and the reference, are on the page that was asked for. */
	pfn = pfn_at(r, buf + PAGES(510));
	get_page(r->m, pfn);
	assert_true(trylock_page(r->m, pfn));
	assert_ok(split_huge_page(&ctx, pfn));
	unlock_page(r->m, pfn);
	put_page(r->m, pfn);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), frames + 500);
	assert_kind(r, buf + PAGES(500), 12, HMMU_ENTRY_SYS);
	assert_page(r, buf + PAGES(510), 1, 1, ANON_FLAGS | HMMU_PG_DIRTY);
	rig_close(r);
}

static void test_split_fails_when_pinned(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = huge_page(r);
	struct ctx ctx = { .m = r->m, .task = r->tid, .mm = r->pid };
	uint32_t pinned, pfn;

	(void)state;
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(3), 0, &pinned));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_int_equal(split_huge_page(&ctx, pfn), -EBUSY);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_unpin(r->m, pinned, 0));
	rig_close(r);
}

/* In 4.14 a huge page stays mlocked when its locked mapping has got a copy; its last mapping takes the mark along. */
static void test_last_mapping_of_mlocked_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	uint32_t child, task, pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
	child = do_fork_of(r, r->tid);
	task = hmmu_process_task(r->m, child);
	write_pages(r, buf, 1, 2);
	assert_ok(hmmu_pin(r->m, task, buf, 0, &pfn));
	assert_true(page_info(r, pfn).flags & HMMU_PG_MLOCKED);
	assert_clean(r->m);
	assert_ok(hmmu_munmap(r->m, task, buf, PAGES(512)));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(page_info(r, pfn).flags & (HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE), 0);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

static void test_copy_has_all_parts(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 512, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(store(r, hmmu_process_task(r->m, child), buf, 1));
	assert_int_not_equal(pfn_at(r, buf), entry_of(r, child, buf).pfn);
	assert_bytes(r, hmmu_process_task(r->m, child), buf, 512, 1);
	rig_close(r);
}

/* Parts of a page could be mlocked or not, so a huge page that is mapped in parts is not. */
static void test_split_takes_mlock(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	hmmu_lru_add_drain_all(r->m);
	assert_kind(r, buf, 512, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, r->pid, buf).flags & (HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE), 0);
	rig_close(r);
}

/* mlock() that begins in a huge page goes on with the page behind it. */
static void test_mlock_from_the_middle(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 1024);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1024)));
	assert_ok(migrate(r, buf + PAGES(512), 4, HMMU_TO_DEVICE));
	assert_kind(r, buf + PAGES(512), 4, HMMU_ENTRY_DEV);
	assert_ok(hmmu_mlock(r->m, r->tid, buf + PAGES(5), PAGES(511)));
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_kind(r, buf + PAGES(512), 4, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* 4.14 makes a dirty huge pmd dirty once more when its rights change, and soft-dirty with that. */
static void test_protection_makes_soft_dirty(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_false(entry_of(r, r->pid, buf).bits & HMMU_BIT_SOFT_DIRTY);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(512), HMMU_PROT_READ));
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_true(entry_of(r, r->pid, buf).bits & HMMU_BIT_SOFT_DIRTY);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_protection_makes_soft_dirty),
		cmocka_unit_test(test_mlock_from_the_middle),
		cmocka_unit_test(test_split_takes_mlock),
		cmocka_unit_test(test_copy_has_all_parts),
		cmocka_unit_test(test_last_mapping_of_mlocked_page),
		cmocka_unit_test(test_first_store),
		cmocka_unit_test(test_where_none_fits),
		cmocka_unit_test(test_huge_zero_page),
		cmocka_unit_test(test_no_huge_frame),
		cmocka_unit_test(test_copy_with_small_pages),
		cmocka_unit_test(test_locked_huge_page),
		cmocka_unit_test(test_unmap_whole_and_part),
		cmocka_unit_test(test_protect_whole_and_part),
		cmocka_unit_test(test_dontneed),
		cmocka_unit_test(test_lazy_free),
		cmocka_unit_test(test_mlock),
		cmocka_unit_test(test_munlock_of_shared_page),
		cmocka_unit_test(test_munlock_of_locked_page),
		cmocka_unit_test(test_split_over_two_tables),
		cmocka_unit_test(test_soft_dirty),
		cmocka_unit_test(test_split_huge_page),
		cmocka_unit_test(test_split_frees_unmapped_tails),
		cmocka_unit_test(test_split_fails_when_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
