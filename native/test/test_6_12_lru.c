/* SPDX-License-Identifier: GPL-2.0-only */
/* LRU lists and mlock of Linux 6.12: batches of 31, pages that are born inactive, mlock by a batch and a count. */
#include "support.h"

#include "page/devmem.h"
#include "page/lru.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)
#define ANON (HMMU_PG_UPTODATE | HMMU_PG_LRU | HMMU_PG_SWAPBACKED | HMMU_PG_EXCLUSIVE)
#define LOCKED (HMMU_PG_UNEVICTABLE | HMMU_PG_MLOCKED)

static void test_batch(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 32);

	(void)state;
	for (int i = 0; i < 30; i++)
		assert_ok(store(r, r->tid, buf + PAGES(i), 1));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_INACTIVE_ANON), 0);
	assert_page(r, buf, 2, 1, ANON & ~HMMU_PG_LRU);
	assert_clean(r->m);
	assert_ok(store(r, r->tid, buf + PAGES(30), 1));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_INACTIVE_ANON), 31);
	assert_page(r, buf, 1, 1, ANON);
	rig_close(r);
}

/* Isolated pages are put back through a batch, which looks at their mark. */
static void test_putback_of_mlocked_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	assert_ok(hmmu_isolate(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_putback(r->m, pfn));
	assert_page(r, buf, 2, 1, (flags_at(r, buf) & HMMU_PG_REFERENCED) | (ANON & ~HMMU_PG_LRU) | LOCKED);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 1);
	/* The count was lost with the list. */
	assert_int_equal(page_of(r->m, pfn)->mlock_count, 0);
	/* Isolated again, it loses the mark, and stays unevictable until it is put back. */
	assert_ok(hmmu_isolate(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(flags_at(r, buf) & LOCKED, HMMU_PG_UNEVICTABLE);
	assert_ok(hmmu_putback(r->m, pfn));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(flags_at(r, buf) & (LOCKED | HMMU_PG_LRU), HMMU_PG_LRU);
	rig_close(r);
}

static void test_deactivate(void **state)
{
	struct rig *r = open_6_12();
	u32 pfn = alloc_page(r->m);

	(void)state;
	page_set(r->m, pfn, HMMU_PG_ACTIVE | HMMU_PG_REFERENCED);
	lru_cache_add(r->m, 0, pfn);
	deactivate_page(r->m, 0, pfn); /* on no list yet */
	lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_FILE), 1);
	deactivate_page(r->m, 0, pfn);
	assert_int_equal(page_count(r->m, pfn), 2);
	lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_INACTIVE_FILE), 1);
	assert_int_equal(page_of(r->m, pfn)->flags, HMMU_PG_LRU);
	deactivate_page(r->m, 0, pfn);
	assert_int_equal(page_count(r->m, pfn), 1);
	put_page(r->m, pfn);
	rig_close(r);
}

/* A page of a locked mapping goes by mlock's batch, which counts the mapping. The other process counts, too; its mapping
 * keeps the mark when the first is gone. */
static void test_mlock_count(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	uint32_t child, pfn;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	pfn = pfn_at(r, buf);
	child = hmmu_process_task(r->m, do_fork_of(r, r->tid));
	assert_int_equal(page_of(r->m, pfn)->mlock_count, 1);
	assert_ok(hmmu_mlock(r->m, child, buf, PAGES(1)));
	/* A second call of the same process finds it locked. */
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	assert_clean(r->m);
	/* mlock() has written to it in the child, which so has a copy. */
	assert_int_not_equal(entry_of(r, task_of(r->m, child)->mm, buf).pfn, pfn);
	assert_int_equal(page_of(r->m, pfn)->mlock_count, 1);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 2);
	rig_close(r);
}

static void test_mlock_of_shared_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE);
	uint32_t child, pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(load(r, hmmu_process_task(r->m, child), buf, &(uint8_t){ 0 }));
	pfn = pfn_at(r, buf);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	assert_ok(hmmu_mlock(r->m, hmmu_process_task(r->m, child), buf, PAGES(1)));
	assert_int_equal(page_of(r->m, pfn)->mlock_count, 2);
	/* Nobody waits for its lock. */
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(1)));
	assert_ok(hmmu_release(r->m, pfn));
	assert_int_equal(flags_at(r, buf) & LOCKED, LOCKED);
	assert_ok(hmmu_exit(r->m, child));
	assert_int_equal(flags_at(r, buf) & LOCKED, 0);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	rig_close(r);
}

/* mlock() marks a huge page that it finds. When a part is unmapped, the huge map goes, and with it the mark. */
static void test_mlock_of_huge_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge(r, 512);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 512);
	assert_int_equal(flags_at(r, buf) & LOCKED, LOCKED);
	assert_clean(r->m);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(flags_at(r, buf + PAGES(1)) & LOCKED, 0);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_INACTIVE_ANON), 512);
	/* All of what ptes map is not all of the page. */
	assert_ok(hmmu_munlock(r->m, r->tid, buf + PAGES(1), PAGES(511)));
	assert_ok(hmmu_mlock(r->m, r->tid, buf + PAGES(1), PAGES(511)));
	assert_int_equal(flags_at(r, buf + PAGES(1)) & LOCKED, 0);
	rig_close(r);
}

/* Parts that ptes map are mlocked as one if all of them are there. */
static void test_mlock_of_split_pmd(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge(r, 512);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ | HMMU_PROT_WRITE));
	assert_kind(r, buf, 512, HMMU_ENTRY_SYS);
	pfn = pfn_at(r, buf);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
	assert_int_equal(flags_at(r, buf) & LOCKED, LOCKED);
	assert_int_equal(page_of(r->m, pfn)->mlock_count, 1);
	assert_clean(r->m);
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(512)));
	assert_int_equal(flags_at(r, buf) & LOCKED, 0);
	rig_close(r);
}

/* A page that is unmapped while it waits for its munlock is freed with the batch. Here the child has a copy of it. */
static void test_batch_keeps_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	pfn = pfn_at(r, buf);
	do_fork_of(r, r->tid);
	assert_ok(store(r, r->tid, buf, 1));
	assert_int_not_equal(pfn_at(r, buf), pfn);
	assert_int_equal(page_info(r, pfn).ref, 2);
	assert_int_equal(page_info(r, pfn).map, 1);
	assert_clean(r->m);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(page_info(r, pfn).ref, 1);
	assert_int_equal(page_info(r, pfn).flags & LOCKED, 0);
	rig_close(r);
}

/* Neither a part of a large page nor the huge zero page is mlocked. */
static void test_mlock_passes_over(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 8192);
	uint64_t buf = map_huge(r, 512), zero = map_at(r, BASE, 512, HMMU_MAP_ANON, HMMU_PROT_READ);
	uint32_t head, vma;

	(void)state;
	assert_ok(hmmu_madvise(r->m, r->tid, zero, MIB(2), HMMU_MADV_HUGEPAGE));
	read_pages(r, zero, 1);
	assert_kind(r, zero, 512, HMMU_ENTRY_HZERO);
	assert_ok(hmmu_mlock(r->m, r->tid, zero, MIB(2)));
	assert_false(page_test(r->m, r->m->st->huge_zero_pfn, HMMU_PG_MLOCKED));
	write_pages(r, buf, 1, 1);
	head = pfn_at(r, buf);
	vma = vma_at(r->m, r->pid, buf);
	vma_of(r->m, vma)->flags |= VM_LOCKED;
	mlock_mapped_page(r->m, 0, head, vma);
	assert_false(page_test(r->m, head, HMMU_PG_MLOCKED));
	vma_of(r->m, vma)->flags &= ~(u32)VM_LOCKED;
	rig_close(r);
}

/* A device page is on no list, so that one munlock takes its mark. The batch keeps it from being free. */
static void test_mlocked_device_page(void **state)
{
	struct rig *r = open_6_12();
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_device_alloc(r->m, &pfn));
	unlock_page(r->m, pfn);
	mlock_folio(r->m, 0, pfn);
	mlock_folio(r->m, 0, pfn);
	lru_add_drain(r->m, 0);
	assert_int_equal(page_of(r->m, pfn)->flags & LOCKED, HMMU_PG_MLOCKED);
	munlock_folio(r->m, 0, pfn);
	put_page(r->m, pfn);
	assert_false(page_is_free(r->m, pfn));
	lru_add_drain(r->m, 0);
	assert_true(page_is_free(r->m, pfn));
	assert_int_equal(page_of(r->m, pfn)->flags & LOCKED, 0);
	rig_close(r);
}

/* What the last user leaves on a device page: active stays, PageAnonExclusive goes. */
static void test_freed_device_page(void **state)
{
	struct rig *r = open_6_12();
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_device_alloc(r->m, &pfn));
	assert_int_equal(page_count(r->m, pfn), 1);
	assert_true(page_test(r->m, pfn, HMMU_PG_LOCKED));
	unlock_page(r->m, pfn);
	page_set(r->m, pfn, HMMU_PG_ACTIVE | HMMU_PG_UPTODATE | HMMU_PG_DIRTY | HMMU_PG_EXCLUSIVE);
	put_page(r->m, pfn);
	assert_true(page_is_free(r->m, pfn));
	assert_int_equal(page_info(r, pfn).flags, HMMU_PG_DEVICE | HMMU_PG_ACTIVE | HMMU_PG_UPTODATE | HMMU_PG_DIRTY);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), 64);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_putback_of_mlocked_page),
		cmocka_unit_test(test_deactivate),
		cmocka_unit_test(test_mlock_count),
		cmocka_unit_test(test_mlock_of_shared_page),
		cmocka_unit_test(test_mlock_of_huge_page),
		cmocka_unit_test(test_mlock_of_split_pmd),
		cmocka_unit_test(test_batch_keeps_page),
		cmocka_unit_test(test_mlock_passes_over),
		cmocka_unit_test(test_mlocked_device_page),
		cmocka_unit_test(test_freed_device_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
