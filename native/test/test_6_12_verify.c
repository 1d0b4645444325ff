/* SPDX-License-Identifier: GPL-2.0-only */
/* What verify() and restore see of Linux 6.12's marks, counts and batches. */
#include "support.h"

#include <stdlib.h>

#include "fault/hugetlb.h"
#include "machine/snapshot.h"
#include "page/lru.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)

static void test_exclusive(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	ClearPageAnonExclusive(r->m, pfn);
	assert_complains(r->m, "which is not exclusive");
	SetPageAnonExclusive(r->m, pfn);
	assert_clean(r->m);
	do_fork_of(r, r->tid);
	assert_clean(r->m);
	SetPageAnonExclusive(r->m, pfn);
	assert_complains(r->m, "it is exclusive, but 2 entries share it");
	rig_discard(r);
}

/* A page that goes to swap is exclusive no more; its entry remembers it, until a fork. Then a store is a copy. */
static void test_exclusive_in_swap(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 4);
	uint64_t buf = map_anon(r, 2);
	uint32_t child, pfn;

	(void)state;
	write_pages(r, buf, 2, 1);
	for (int i = 0; i < 2; i++) {
		assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(i), 0, &pfn)); /* It stays in the swap cache. */
		hmmu_lru_add_drain_all(r->m);
		assert_int_equal(hmmu_reclaim(r->m, r->pid, buf + PAGES(i)), -EBUSY);
		assert_kind(r, buf + PAGES(i), 1, HMMU_ENTRY_SWAP);
		assert_clean(r->m);
		if (i == 0) {
			assert_ok(load(r, r->tid, buf, NULL));
			assert_true(PageAnonExclusive(r->m, pfn));
			assert_ok(hmmu_unpin(r->m, pfn, 0));
		}
	}
	child = do_fork_of(r, r->tid);
	assert_clean(r->m);
	assert_ok(store(r, r->tid, buf + PAGES(1), 9));
	assert_bytes(r, hmmu_process_task(r->m, child), buf + PAGES(1), 1, 2);
	assert_int_equal(pfn_at(r, buf + PAGES(1)) == pfn, false);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

/* An exclusive page stays in the swap cache when it is written to, and only its entry is dirty. */
static void test_dirty_entry_in_swap_cache(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 4);
	uint64_t buf = map_anon(r, 1);

	(void)state;
	for (int i = 1; i < 4; i++) {
		write_pages(r, buf, 1, i);
		assert_clean(r->m);
		hmmu_lru_add_drain_all(r->m);
		assert_ok(hmmu_reclaim(r->m, r->pid, buf));
		assert_bytes(r, r->tid, buf, 1, i);
	}
	write_pages(r, buf, 1, 9);
	assert_true(PageSwapCache(r->m, pfn_at(r, buf)));
	*pte_offset(r->m, *mm_find_pmd(r->m, r->pid, buf), buf) &= ~_PAGE_DIRTY;
	assert_complains(r->m, "is clean, but the contents differ");
	rig_discard(r);
}

static void test_large_mapcount(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge(r, 512);

	(void)state;
	write_pages(r, buf, 1, 1);
	page_of(r->m, pfn_at(r, buf) + MAPCOUNT_TAIL)->large_mapcount++;
	assert_complains(r->m, "its total mapcount is 2, but its parts are mapped 1 times");
	rig_discard(r);
}

static void test_unevictable(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	r->m->st->lru[LRU_UNEVICTABLE].nr++;
	assert_complains(r->m, "2 pages are unevictable, the counter says 3");
	r->m->st->lru[LRU_UNEVICTABLE].nr--;
	assert_clean(r->m);
	/* Nothing but a locked mapping, or work that waits, explains the mark. */
	write_pages(r, buf = map_anon(r, 1), 1, 1);
	page_set(r->m, pfn_at(r, buf), HMMU_PG_MLOCKED);
	assert_complains(r->m, "it is mlocked, but no VM_LOCKED mapping maps it");
	munlock_folio(r->m, 0, pfn_at(r, buf));
	assert_clean(r->m);
	rig_close(r);
}

/* A snapshot is refused while a word of the machine has another value. */
static void assert_refused(struct rig *r, u32 *word, u32 value, const char *words)
{
	struct hmmu_error error = { 0 };
	u32 right = *word;

	*word = value;
	assert_null(copy_by_snapshot(r->m, 0, &error));
	*word = right;
	assert_int_equal(error.code, HMMU_ERR_SNAPSHOT);
	assert_says(error.text, words);
}

/* A machine whose pages wait for mlock and munlock is restored; one with other contents of that batch is not. */
static void test_restore_batch(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2);
	struct pagevec *pvec = &r->m->st->cpu[0].pvecs[PVEC_MLOCK];

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	do_fork_of(r, r->tid);
	assert_ok(store(r, r->tid, buf, 1)); /* one new page to be mlocked, and one to be munlocked */
	assert_int_equal(pvec->nr, 2);
	assert_restores(r->m);
	assert_refused(r, &pvec->nr, PAGEVEC_MAX, "pagevec 4 of CPU 0 has 31 pages");
	assert_refused(r, &pvec->pages[1], pvec->pages[0], "does not belong into pagevec 4");
	assert_refused(r, &pvec->pages[1], 0, "does not belong into pagevec 4");
	assert_refused(r, &pvec->pages[0], 1u << 31, "does not belong into pagevec 4");
	rig_close(r);
}

/* A driver's lock belongs to a reference of the driver. */
static void test_restore_exclusive(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_make_device_exclusive(r->m, r->tid, buf, 1, &pfn));
	assert_restores(r->m);
	assert_refused(r, (u32 *)&r->m->pins[pfn].exclusive, 0, "is locked by a driver that does not have it");
	assert_refused(r, &page_of(r->m, pfn)->flags, page_of(r->m, pfn)->flags & ~(u32)PAGE_USER_DRIVER_LOCK,
		       "it is locked, but 0 have its lock");
	assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_restores(r->m);
	assert_ok(hmmu_page_put(r->m, pfn));
	rig_close(r);
}

static void test_restore_counts(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge(r, 512);
	struct page *head;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
	assert_restores(r->m);
	head = page_of(r->m, pfn_at(r, buf));
	assert_refused(r, (u32 *)&head[MAPCOUNT_TAIL].large_mapcount, 1u << 31, "contradicts itself");
	assert_refused(r, (u32 *)&mm_of(r->m, r->pid)->uffd, 2u << 24, "is in a state that is none");
	assert_refused(r, &page_of(r->m, lru_head(r->m, LRU_UNEVICTABLE))->next, pfn_at(r, buf),
		       "the list of unevictable pages is not empty");
	rig_close(r);
}

/* A snapshot whose intervals lead in a circle, or elsewhere, is refused. */
static void test_restore_intervals(void **state)
{
	struct rig *r = open_6_12();
	struct interval *intervals = r->m->intervals;
	struct mm *space = mm_of(r->m, r->pid);
	uint32_t ids[3], root;

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		assert_ok(hmmu_mmu_interval_notifier_insert(r->m, r->pid, BASE, PAGES(i + 1), 0, &ids[i]));
	root = r->m->subscriptions[space->notifier_subscriptions].itree.node;
	assert_restores(r->m);
	for (uint32_t i = 0; i < 3; i++) {
		assert_refused(r, &intervals[ids[i]].node.left, root, "interval notifiers");
		assert_refused(r, &intervals[ids[i]].node.right, 1u << 20, "interval notifiers");
		assert_refused(r, &intervals[ids[i]].node.parent, ids[i], "interval notifiers");
		assert_refused(r, &intervals[ids[i]].mm, 0, "interval notifiers");
		assert_refused(r, &intervals[ids[i]].task, 2, "interval notifiers");
		assert_refused(r, &intervals[ids[i]].state, INTERVAL_OUT, "interval notifiers");
		assert_refused(r, &intervals[ids[i]].deferred_next, root, "interval notifiers");
	}
	assert_refused(r, &r->m->subscriptions[space->notifier_subscriptions].itree.node, 0, "interval notifiers");
	assert_refused(r, &r->m->subscriptions[space->notifier_subscriptions].deferred, root, "interval notifiers");
	assert_refused(r, &space->notifier_subscriptions, 0, "interval notifiers");
	assert_refused(r, &space->notifier_subscriptions, UINT32_MAX, "interval notifiers");
	assert_refused(r, &space->active_invalidate_ranges, 1, "invalidations");
	/* The word of state and watched. */
	assert_refused(r, (u32 *)(void *)&space->state, MM_ALIVE, "interval notifiers");
	rig_close(r);
}

/* An entry of a hugetlb mapping: a marker is in its low word. */
static void refuse_marker(struct rig *r, u64 address, u64 bits)
{
	u64 *pmd = mm_find_pmd(r->m, r->pid, address);

	assert_refused(r, (u32 *)pmd, (u32)make_huge_marker(bits), "is a table where a hugetlb mapping has entries");
}

/*
 * Markers of a hugetlb mapping: write protection by userfaultfd of a page that is gone or never was, and a reservation
 * that was used for such a page. A machine with them is restored. One is refused that has them where its mapping can't, or
 * whose reservations do not agree with them.
 */
static void test_restore_hugetlb_markers(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096, .hugetlb_pages = 4);
	u64 buf = map_at(r, BASE, 1536, HMMU_MAP_HUGETLB, 3), used, last = buf + MIB(4);

	(void)state;
	write_pages(r, buf, 1, 1);
	write_pages(r, buf + MIB(2), 1, 2);
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, MIB(4), HMMU_UFFD_WP));
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, buf, MIB(4), true));
	assert_ok(hmmu_madvise(r->m, r->tid, buf, MIB(2), HMMU_MADV_DONTNEED));
	used = *mm_find_pmd(r->m, r->pid, buf);
	assert_true(is_pte_marker(used) && (swp_offset(used) & PTE_MARKER_UFFD_WP));
	assert_clean(r->m);
	assert_restores(r->m);
	refuse_marker(r, buf, PTE_MARKER_POISONED);
	refuse_marker(r, buf, swp_offset(used) | 8);
	assert_int_equal(*mm_find_pmd(r->m, r->pid, last), 0);
	refuse_marker(r, last, PTE_MARKER_UFFD_WP); /* not registered */
	/* Markers outlast the protection. */
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, MIB(4), HMMU_UFFD_MISSING));
	assert_true(pte_marker_uffd_wp(*mm_find_pmd(r->m, r->pid, buf)));
	assert_restores(r->m);
	/* Whether the reservation of the page that is gone was used is counted. */
	assert_refused(r, (u32 *)mm_find_pmd(r->m, r->pid, buf),
		       (u32)make_huge_marker(swp_offset(used) ^ HUGE_MARKER_RESERVE_USED), "mappings have reserved");
	assert_refused(r, &r->m->st->hugetlb_reserved, r->m->st->hugetlb_reserved + 1, "reserved");
	assert_refused(r, &r->m->st->hugetlb_free, r->m->st->hugetlb_free + 1, "hugetlb pages");
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exclusive),         cmocka_unit_test(test_large_mapcount),
		cmocka_unit_test(test_unevictable),       cmocka_unit_test(test_restore_batch),
		cmocka_unit_test(test_restore_exclusive), cmocka_unit_test(test_restore_counts),
		cmocka_unit_test(test_restore_intervals), cmocka_unit_test(test_restore_hugetlb_markers),
		cmocka_unit_test(test_exclusive_in_swap), cmocka_unit_test(test_dirty_entry_in_swap_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
