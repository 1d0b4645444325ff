/* SPDX-License-Identifier: GPL-2.0-only */
/* LRU lists and the pagevecs before them: what is on which list, isolation, activation, mlock and lazy freeing. */
#include "support.h"

#include "page/lru.h"

static uint64_t on_lists(struct rig *r)
{
	return counter(r, HMMU_COUNT_LRU_INACTIVE_ANON) + counter(r, HMMU_COUNT_LRU_ACTIVE_ANON) +
	       counter(r, HMMU_COUNT_LRU_INACTIVE_FILE) + counter(r, HMMU_COUNT_LRU_ACTIVE_FILE) +
	       counter(r, HMMU_COUNT_LRU_UNEVICTABLE);
}

/* A new page waits in its CPU's pagevec, which has a reference; the 14th empties it. */
static void test_pagevec(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 20);

	(void)state;
	for (int i = 0; i < 13; i++)
		assert_ok(store(r, r->tid, buf + PAGES(i), 1));
	assert_int_equal(on_lists(r), 0);
	assert_page(r, buf, 2, 1, ANON_FLAGS & ~HMMU_PG_LRU);
	assert_clean(r->m);
	assert_ok(store(r, r->tid, buf + PAGES(13), 1));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_ANON), 14);
	assert_page(r, buf, 1, 1, ANON_FLAGS);
	assert_ok(store(r, r->tid, buf + PAGES(14), 1));
	assert_int_equal(on_lists(r), 14);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(on_lists(r), 15);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(on_lists(r), 15);
	rig_close(r);
}

/* A page is in the pagevec of the CPU that faulted it in; draining one CPU leaves the others alone. */
static void test_pagevec_of_each_cpu(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = map_anon(r, 2);

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(hmmu_task_set_cpu(r->m, r->tid, 1));
	assert_ok(store(r, r->tid, buf + PAGES(1), 1));
	lru_add_drain(r->m, 0);
	assert_page(r, buf, 1, 1, ANON_FLAGS);
	assert_page(r, buf + PAGES(1), 2, 1, ANON_FLAGS & ~HMMU_PG_LRU);
	lru_add_drain(r->m, 1);
	assert_int_equal(on_lists(r), 2);
	rig_close(r);
}

/* A page that is freed while it waits in a pagevec lives until the pagevec lets go. */
static void test_freed_in_pagevec(void **state)
{
	struct rig *r = open_rig();
	u32 pfn = alloc_page(r->m);

	(void)state;
	lru_cache_add(r->m, 0, pfn);
	put_page(r->m, pfn);
	assert_int_equal(page_count(r->m, pfn), 1);
	lru_add_drain_all(r->m);
	assert_true(page_test(r->m, pfn, HMMU_PG_BUDDY));
	assert_int_equal(on_lists(r), 0);
	rig_close(r);
}

static void test_lists_by_flags(void **state)
{
	static const struct {
		u32 flags, counter;
	} kinds[] = {
		{ 0, HMMU_COUNT_LRU_INACTIVE_FILE },
		{ HMMU_PG_ACTIVE, HMMU_COUNT_LRU_ACTIVE_FILE },
		{ HMMU_PG_SWAPBACKED, HMMU_COUNT_LRU_INACTIVE_ANON },
		{ HMMU_PG_SWAPBACKED | HMMU_PG_ACTIVE, HMMU_COUNT_LRU_ACTIVE_ANON },
		{ HMMU_PG_UNEVICTABLE, HMMU_COUNT_LRU_UNEVICTABLE },
		{ HMMU_PG_UNEVICTABLE | HMMU_PG_SWAPBACKED, HMMU_COUNT_LRU_UNEVICTABLE },
	};
	struct rig *r = open_rig();

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		u32 pfn = alloc_page(r->m);

		page_set(r->m, pfn, kinds[i].flags);
		lru_cache_add(r->m, 0, pfn);
		lru_add_drain_all(r->m);
		assert_int_equal(counter(r, kinds[i].counter), 1);
		assert_int_equal(on_lists(r), 1);
		put_page(r->m, pfn);
		assert_int_equal(on_lists(r), 0);
	}
	rig_close(r);
}

/* Newest first; a page can be taken out of the front, the middle and the end. */
static void test_order(void **state)
{
	struct rig *r = open_rig();
	u32 head = lru_head(r->m, LRU_INACTIVE_FILE), pfn[4];
	const struct page *list = page_of(r->m, head);

	(void)state;
	for (int i = 0; i < 4; i++) {
		pfn[i] = alloc_page(r->m);
		lru_cache_add(r->m, 0, pfn[i]);
	}
	lru_add_drain_all(r->m);
	assert_int_equal(list->next, pfn[3]);
	assert_int_equal(list->prev, pfn[0]);
	put_page(r->m, pfn[1]);
	assert_int_equal(page_of(r->m, pfn[2])->next, pfn[0]);
	assert_int_equal(page_of(r->m, pfn[0])->prev, pfn[2]);
	put_page(r->m, pfn[3]);
	put_page(r->m, pfn[0]);
	assert_int_equal(list->next, pfn[2]);
	assert_int_equal(list->prev, pfn[2]);
	put_page(r->m, pfn[2]);
	assert_int_equal(list->next, head);
	assert_int_equal(list->prev, head);
	rig_close(r);
}

/* Isolation holds a reference of its own and keeps the flag that says which list; putback goes through a pagevec. */
static void test_isolate_and_putback(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t pfn;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_failed(r->m, hmmu_isolate(r->m, r->pid, buf, &pfn), -EBUSY, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_isolate(r->m, r->pid, buf + PAGES(1), &pfn), -ENOENT, HMMU_ERR_SYSCALL);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_isolate(r->m, r->pid, buf, &pfn));
	assert_int_equal(pfn, pfn_at(r, buf));
	assert_page(r, buf, 2, 1, ANON_FLAGS & ~HMMU_PG_LRU);
	assert_int_equal(on_lists(r), 0);
	assert_clean(r->m);
	assert_failed(r->m, hmmu_isolate(r->m, r->pid, buf, &pfn), -EBUSY, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_putback(r->m, pfn));
	assert_page(r, buf, 2, 1, ANON_FLAGS & ~HMMU_PG_LRU);
	hmmu_lru_add_drain_all(r->m);
	assert_page(r, buf, 1, 1, ANON_FLAGS);
	assert_failed(r->m, hmmu_putback(r->m, pfn), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(r->m, hmmu_putback(r->m, 0), -EINVAL, HMMU_ERR_REFERENCE);
	rig_close(r);
}

static void test_unmapped_while_isolated(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_isolate(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(page_info(r, pfn).ref, 1);
	assert_clean(r->m);
	assert_ok(hmmu_putback(r->m, pfn));
	hmmu_lru_add_drain_all(r->m);
	assert_true(page_info(r, pfn).flags & HMMU_PG_BUDDY);
	rig_close(r);
}

/* The first touch makes a page referenced, the second one active. */
static void test_mark_accessed(void **state)
{
	struct rig *r = open_rig();
	u32 pfn = alloc_page(r->m);

	(void)state;
	lru_cache_add(r->m, 0, pfn);
	lru_add_drain_all(r->m);
	page_set(r->m, pfn, HMMU_PG_IDLE);
	mark_page_accessed(r->m, 0, pfn);
	assert_int_equal(page_of(r->m, pfn)->flags, HMMU_PG_LRU | HMMU_PG_REFERENCED);
	mark_page_accessed(r->m, 0, pfn);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_FILE), 0);
	lru_add_drain_all(r->m);
	assert_int_equal(page_of(r->m, pfn)->flags, HMMU_PG_LRU | HMMU_PG_ACTIVE);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_FILE), 1);
	assert_int_equal(on_lists(r), 1);
	put_page(r->m, pfn);
	rig_close(r);
}

/* A page that is still in the pagevec is activated there; one that is in another CPU's is not. */
static void test_activated_in_pagevec(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	u32 near = alloc_page(r->m), far = alloc_page(r->m);

	(void)state;
	lru_cache_add(r->m, 0, near);
	lru_cache_add(r->m, 1, far);
	for (int i = 0; i < 2; i++) {
		mark_page_accessed(r->m, 0, near);
		mark_page_accessed(r->m, 0, far);
	}
	assert_int_equal(page_of(r->m, near)->flags, HMMU_PG_ACTIVE);
	assert_int_equal(page_of(r->m, far)->flags, 0);
	lru_add_drain_all(r->m);
	put_page(r->m, near);
	put_page(r->m, far);
	rig_close(r);
}

/* Unevictable pages are neither activated nor kept waiting in a pagevec. */
static void test_mlocked_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	/* Faulted in and touched by mlock() itself. */
	uint32_t locked = (ANON_FLAGS & ~HMMU_PG_ACTIVE) | HMMU_PG_REFERENCED | HMMU_PG_UNEVICTABLE | HMMU_PG_MLOCKED;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 2);
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_MLOCKED);
	assert_page(r, buf + PAGES(1), 1, 1, locked);
	assert_int_equal(mm_counters(r, r->pid).locked, 2);
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(1)));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 1);
	assert_false(entry_of(r, r->pid, buf).flags & (HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE));
	/* The last mapping of a locked page takes the mark along. */
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(2)));
	assert_int_equal(on_lists(r), 0);
	rig_close(r);
}

/* madvise(MADV_FREE): the page goes to the inactive file list, where reclaim looks first. */
static void test_lazyfree(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_FREE));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_ANON), 1);
	assert_page(r, buf, 2, 1, ANON_FLAGS);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_INACTIVE_FILE), 1);
	assert_page(r, buf, 1, 1, HMMU_PG_UPTODATE | HMMU_PG_LRU);
	assert_false(entry_of(r, r->pid, buf).bits & HMMU_BIT_DIRTY);
	rig_close(r);
}

/* A huge page is one entry of its list that counts 512, and never waits. */
static void test_huge_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_ANON), 512);
	assert_page(r, buf, 1, 1, ANON_FLAGS | HMMU_PG_HEAD);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(512)));
	assert_int_equal(on_lists(r), 0);
	rig_close(r);
}

/* mlock() drains the pagevecs of all CPUs first, as it can't isolate what is in one. */
static void test_mlock_of_page_in_other_pagevec(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = map_anon(r, 1);
	uint32_t tid = new_task(r, r->pid);
	const uint32_t flags = HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE | HMMU_PG_LRU;

	(void)state;
	assert_ok(hmmu_task_set_cpu(r->m, tid, 1));
	assert_ok(store(r, tid, buf, 1));
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(entry_of(r, r->pid, buf).flags & flags, flags);
	rig_close(r);
}

/* A page that came into the swap cache while a pagevec was to free it lazily is swap's. */
static void test_swap_before_lazy_free(void **state)
{
	struct rig *r = open_rig(.cpus = 2, .swap_pages = 4);
	uint64_t buf = map_anon(r, 1);
	uint32_t tid = new_task(r, r->pid), pfn;

	(void)state;
	assert_ok(hmmu_task_set_cpu(r->m, tid, 1));
	write_pages(r, buf, 1, 1);
	hmmu_lru_add_drain_all(r->m);
	pfn = pfn_at(r, buf);
	assert_ok(hmmu_madvise(r->m, tid, buf, PAGES(1), HMMU_MADV_FREE));
	assert_ok(store(r, r->tid, buf, 2));
	/* Unmapped, but not written: the pagevec has a reference. */
	assert_failed(r->m, hmmu_reclaim(r->m, r->pid, buf), -EBUSY, HMMU_ERR_SYSCALL);
	assert_kind(r, buf, 1, HMMU_ENTRY_SWAP);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(page_info(r, pfn).flags & (HMMU_PG_SWAPCACHE | HMMU_PG_SWAPBACKED),
			 HMMU_PG_SWAPCACHE | HMMU_PG_SWAPBACKED);
	assert_bytes(r, r->tid, buf, 1, 2);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swap_before_lazy_free),
		cmocka_unit_test(test_mlock_of_page_in_other_pagevec),
		cmocka_unit_test(test_pagevec),
		cmocka_unit_test(test_pagevec_of_each_cpu),
		cmocka_unit_test(test_freed_in_pagevec),
		cmocka_unit_test(test_lists_by_flags),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_isolate_and_putback),
		cmocka_unit_test(test_unmapped_while_isolated),
		cmocka_unit_test(test_mark_accessed),
		cmocka_unit_test(test_activated_in_pagevec),
		cmocka_unit_test(test_mlocked_pages),
		cmocka_unit_test(test_lazyfree),
		cmocka_unit_test(test_huge_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
