/* SPDX-License-Identifier: GPL-2.0-only */
/* Swap in Linux 6.12: which slot is given, what stays in the swap cache, how pages come back, files in the swap area. */
#include "wrong.h"

#include "mm/file.h"
#include "mm/swap.h"
#include "mm/swapped_file.h"
#include "mm/vma.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)
#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)

static uint64_t written(struct rig *r, uint64_t pages)
{
	uint64_t buf = map_anon(r, pages);

	write_pages(r, buf, pages, 1);
	hmmu_lru_add_drain_all(r->m);
	return buf;
}

static void reclaim_all(struct rig *r, uint64_t address, uint64_t pages)
{
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_reclaim_pages(r->m, r->pid, address, pages));
}

static uint32_t slot_at(struct rig *r, uint64_t address)
{
	assert_kind(r, address, 1, HMMU_ENTRY_SWAP);
	return swp_offset(*pte_offset(r->m, *mm_find_pmd(r->m, r->pid, address), address));
}

static void assert_slots(struct rig *r, uint64_t address, uint32_t pages, const uint32_t *slots)
{
	for (uint32_t i = 0; i < pages; i++)
		assert_int_equal(slot_at(r, address + PAGES(i)), slots[i]);
}

/* Slots that have become free are passed over until the end of the area is reached. */
static void test_next_fit(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = written(r, 6);

	(void)state;
	reclaim_all(r, buf, 3);
	assert_slots(r, buf, 3, (const uint32_t[]){ 1, 2, 3 });
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 6);
	reclaim_all(r, buf + PAGES(3), 3);
	assert_slots(r, buf + PAGES(3), 3, (const uint32_t[]){ 4, 5, 6 });
	write_pages(r, buf, 1, 1);
	reclaim_all(r, buf, 1);
	assert_int_equal(slot_at(r, buf), 7);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_DONTNEED));
	write_pages(r, buf, 2, 1);
	reclaim_all(r, buf, 2);
	assert_slots(r, buf, 2, (const uint32_t[]){ 8, 1 });
	rig_close(r);
}

/* While the area is more than half full, the next slot that only the swap cache has is taken from its page. */
static void test_slots_are_stolen(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 6);
	uint64_t buf = written(r, 8);

	(void)state;
	reclaim_all(r, buf, 3);
	read_pages(r, buf, 3);
	reclaim_all(r, buf + PAGES(3), 2);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_CACHED), 3);
	reclaim_all(r, buf + PAGES(5), 1);
	assert_int_equal(slot_at(r, buf + PAGES(5)), 6);
	/* The area has become full, so the slots of pages in memory were freed when the call ended. */
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_CACHED), 0);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 3);
	assert_true(flags_at(r, buf) & HMMU_PG_DIRTY);
	rig_close(r);
}

/* A locked page keeps its slot; the next one behind it is taken. */
static void test_locked_page_keeps_slot(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 6);
	uint64_t buf = written(r, 8);
	uint32_t held;

	(void)state;
	reclaim_all(r, buf, 3);
	read_pages(r, buf, 2);
	write_pages(r, buf + PAGES(2), 1, 1);
	reclaim_all(r, buf + PAGES(3), 3);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 1);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &held));
	reclaim_all(r, buf + PAGES(6), 1);
	assert_int_equal(slot_at(r, buf + PAGES(6)), 2);
	assert_true(flags_at(r, buf) & HMMU_PG_SWAPCACHE);
	assert_false(flags_at(r, buf + PAGES(1)) & HMMU_PG_SWAPCACHE);
	assert_true(flags_at(r, buf + PAGES(1)) & HMMU_PG_DIRTY);
	assert_ok(hmmu_release(r->m, held));
	rig_close(r);
}

/* Without a free slot the search does not begin, whatever the swap cache has. */
static void test_full_area(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 2);
	uint64_t buf = written(r, 3);

	(void)state;
	reclaim_all(r, buf, 2);
	assert_int_equal(hmmu_reclaim(r->m, r->pid, buf + PAGES(2)), -ENOSPC);
	hmmu_lru_add_drain_all(r->m);
	assert_true(flags_at(r, buf + PAGES(2)) & HMMU_PG_ACTIVE);
	/* What comes back gives its slot up. */
	read_pages(r, buf, 1);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 1);
	assert_ok(hmmu_reclaim(r->m, r->pid, buf + PAGES(2)));
	assert_false(r->m->st->swap_reclaim_work);
	rig_close(r);
}

/* MADV_PAGEOUT that fills the area frees the slots of pages in memory when it ends. */
static void test_pageout_fills(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 4);
	uint64_t buf = written(r, 6);

	(void)state;
	reclaim_all(r, buf, 2);
	read_pages(r, buf, 2);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_CACHED), 2);
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(2), PAGES(2), HMMU_MADV_PAGEOUT));
	assert_kind(r, buf + PAGES(2), 2, HMMU_ENTRY_SWAP);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_CACHED), 0);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 2);
	rig_close(r);
}

/* A load leaves the page in the swap cache, mapped writable; a store behind it changes only the entry. */
static void test_load_then_store(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = written(r, 2);

	(void)state;
	reclaim_all(r, buf, 2);
	assert_bits(r, buf, HMMU_BIT_EXCLUSIVE | HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(entry_of(r, r->pid, buf).swap_users, 1);
	read_pages(r, buf, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_page(r, buf, 2, 1, ANON_FLAGS | HMMU_PG_EXCLUSIVE | HMMU_PG_SWAPCACHE);
	write_pages(r, buf, 1, 7);
	assert_page(r, buf, 2, 1, ANON_FLAGS | HMMU_PG_EXCLUSIVE | HMMU_PG_SWAPCACHE);
	/* A store that brings the page frees the slot. */
	write_pages(r, buf + PAGES(1), 1, 8);
	hmmu_lru_add_drain_all(r->m);
	assert_page(r, buf + PAGES(1), 1, 1, ANON_FLAGS | HMMU_PG_EXCLUSIVE | HMMU_PG_DIRTY);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 7);
	reclaim_all(r, buf, 2);
	assert_bytes(r, r->tid, buf, 2, 7);
	rig_close(r);
}

/* Two processes share a slot: neither has the page alone, and the one that stores gets a copy. */
static void test_shared_slot(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = written(r, 1);
	uint32_t child;

	(void)state;
	reclaim_all(r, buf, 1);
	child = do_fork_of(r, r->tid);
	assert_bits(r, buf, HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(entry_of(r, child, buf).swap_users, 2);
	write_pages(r, buf, 1, 9);
	/* The copy is the parent's. The page itself waits in the swap cache for the child. */
	assert_int_equal(entry_of(r, child, buf).swap_users, 1);
	assert_int_not_equal(entry_of(r, child, buf).pfn, 0);
	assert_int_equal(entry_of(r, child, buf).map, 0);
	assert_bytes(r, hmmu_process_task(r->m, child), buf, 1, 1);
	rig_close(r);
}

/* A pinned page is copied for a store. What was behind the last swap entry then leaves the swap cache. */
static void test_copied_page_leaves_cache(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = written(r, 1);
	uint32_t child, pinned;

	(void)state;
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pinned));
	child = do_fork_of(r, r->tid);
	reclaim_all(r, buf, 1);
	assert_ok(hmmu_exit(r->m, child));
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 7);
	write_pages(r, buf, 1, 9);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 8);
	assert_ok(hmmu_unpin(r->m, pinned, 0));
	assert_clean(r->m);
	rig_close(r);
}

/* Write protection by userfaultfd survives the way to swap and back. */
static void test_uffd_wp_in_swap(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = written(r, 1);

	(void)state;
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, PAGES(1), HMMU_UFFD_WP));
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, buf, PAGES(1), true));
	reclaim_all(r, buf, 1);
	assert_bits(r, buf, HMMU_BIT_EXCLUSIVE | HMMU_BIT_SOFT_DIRTY | HMMU_BIT_UFFD_WP);
	read_pages(r, buf, 1);
	assert_bits(r, buf, HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY | HMMU_BIT_UFFD_WP);
	assert_failed(r->m, store(r, r->tid, buf, 1), -EFAULT, HMMU_ERR_SIGBUS);
	rig_close(r);
}

/* Soft-dirty tracking wants to see the next store. */
static void test_clean_swapin_is_tracked(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = written(r, 1);

	(void)state;
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	reclaim_all(r, buf, 1);
	read_pages(r, buf, 1);
	assert_bits(r, buf, HMMU_BIT_ACCESSED);
	write_pages(r, buf, 1, 2);
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	rig_close(r);
}

/* Whether a page that came back into a locked mapping is mlocked. */
static int mlocked_behind_swapin(struct rig *r)
{
	uint64_t buf = written(r, 1);

	reclaim_all(r, buf, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	hmmu_lru_add_drain_all(r->m);
	return (flags_at(r, buf) & HMMU_PG_MLOCKED) != 0;
}

static void test_swapin_misses_mlock(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		struct rig *r = open_6_12(.swap_pages = 8, .quirks_off = off ? HMMU_QUIRK_SWAPIN_MISSES_MLOCK : 0);

		assert_int_equal(mlocked_behind_swapin(r), off);
		rig_close(r);
	}
}

/* A page of the swap cache goes to the device if no entry needs its slot, which is free then. */
static void test_migrate_swap_cache(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = written(r, 1);
	uint32_t child;

	(void)state;
	r->select = HMMU_SELECT_SYSTEM;
	reclaim_all(r, buf, 1);
	child = do_fork_of(r, r->tid);
	read_pages(r, buf, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_why(r, 0, HMMU_WHY_HAS_MAPPING);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 7);
	assert_ok(hmmu_exit(r->m, child));
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	assert_true(flags_at(r, buf) & HMMU_PG_DIRTY);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 8);
	rig_close(r);
}

/* A huge page of MADV_FREE is dropped whole, unless somebody has a reference to it. */
static void test_lazyfree_huge(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t huge = map_huge(r, 512);
	uint64_t free = counter(r, HMMU_COUNT_RAM_FREE);
	uint32_t pfn;

	(void)state;
	write_pages(r, huge, 1, 1);
	assert_ok(hmmu_pin(r->m, r->tid, huge + PAGES(3), 0, &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, huge, MIB(2), HMMU_MADV_FREE));
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_ok(hmmu_madvise(r->m, r->tid, huge, MIB(2), HMMU_MADV_FREE));
	assert_int_equal(flags_at(r, huge) & HMMU_PG_SWAPBACKED, 0);
	reclaim_all(r, huge, 1);
	assert_kind(r, huge, 512, HMMU_ENTRY_NONE);
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 8);
	/* The page table that stood behind the huge pmd is in use now. */
	assert_in_range(counter(r, HMMU_COUNT_RAM_FREE), free - 8, free);
	rig_close(r);
}

/* Shared memory: the file remembers the slot; the page comes back dirty, and the slot is free at once. */
static void test_shared_memory(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t file = map_at(r, BASE, 6, HMMU_MAP_SHMEM, RW);

	(void)state;
	write_pages(r, file, 4, 1);
	read_pages(r, file + PAGES(4), 1);
	reclaim_all(r, file, 5);
	assert_kind(r, file, 6, HMMU_ENTRY_NONE);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 4);
	assert_int_equal(mm_counters(r, r->pid).swap, 0);
	assert_clean(r->m);
	assert_restores(r->m);
	assert_bytes(r, r->tid, file, 1, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_true(flags_at(r, file) & HMMU_PG_DIRTY);
	assert_true(flags_at(r, file) & HMMU_PG_ACTIVE);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 5);
	assert_ok(hmmu_truncate(r->m, r->tid, file, 2));
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 7);
	assert_bytes(r, r->tid, file, 2, 1);
	reclaim_all(r, file, 2);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 6);
	assert_ok(hmmu_munmap(r->m, r->tid, file, PAGES(6)));
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 8);
	rig_close(r);
}

/* A file with many pages in few slots: chains are longer than one. */
static void test_many_swapped(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 40);
	uint64_t one = map_at(r, BASE, 20, HMMU_MAP_SHMEM, RW),
		 two = map_at(r, BASE + MIB(2), 20, HMMU_MAP_SHAREDFILE, RW);

	(void)state;
	write_pages(r, one, 20, 1);
	write_pages(r, two, 20, 101);
	reclaim_all(r, one, 10);
	reclaim_all(r, two, 20);
	reclaim_all(r, one + PAGES(10), 10);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 0);
	assert_clean(r->m);
	assert_restores(r->m);
	assert_bytes(r, r->tid, one, 20, 1);
	assert_bytes(r, r->tid, two, 20, 101);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 40);
	rig_close(r);
}

static uint64_t future_of(struct rig *r)
{
	uint64_t hash;

	assert_ok(hmmu_state_hash(r->m, &hash));
	return hash;
}

/* Reclaim, swap-in and shared memory go back with hmmu_rollback(); the state hash tells whether the future is the same. */
static void test_swap_rollback(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = written(r, 4), file = map_at(r, BASE, 4, HMMU_MAP_SHMEM, RW), hash, before;

	(void)state;
	write_pages(r, file, 4, 5);
	reclaim_all(r, buf, 2);
	reclaim_all(r, file, 2);
	before = future_of(r);
	hash = hmmu_hash(r->m);
	assert_ok(hmmu_mark(r->m));
	for (int i = 0; i < 2; i++) {
		read_pages(r, buf, 4);
		write_pages(r, file, 4, 6);
		reclaim_all(r, buf + PAGES(2), 2);
		assert_true(future_of(r) != before);
		assert_ok(hmmu_rollback(r->m));
		assert_true(hmmu_hash(r->m) == hash);
		assert_true(future_of(r) == before);
		assert_clean(r->m);
	}
	/* Which slot comes next is a part of the future. */
	r->m->st->swap_last = 7;
	assert_true(future_of(r) != before);
	r->m->st->swap_last = 4;
	assert_true(future_of(r) == before);
	assert_ok(hmmu_mark_drop(r->m));
	rig_close(r);
}

static void test_wrong_slots(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 8);
	uint64_t buf = written(r, 2), file = map_at(r, BASE, 4, HMMU_MAP_SHMEM, RW);
	uint32_t id, slot;
	struct swap_slot *record;

	(void)state;
	write_pages(r, file, 2, 5);
	reclaim_all(r, buf, 2);
	reclaim_all(r, file, 2);
	read_pages(r, buf, 1);
	id = vma_of(r->m, vma_at(r->m, r->pid, file))->file;
	slot = find_swapped(r->m, id, 0);
	record = slot_of(r->m, slot);
	assert_int_equal(slot, 3);
	WRONG(r->m->st->swap_last, 9, NULL, "slot 9 was given last");
	WRONG(r->m->st->swap_reclaim_work, 2, NULL, "work 2 is queued");
	WRONG(r->m->st->swap_free_head, 1, NULL, "there is a list of free swap slots");
	WRONG(r->m->st->swap_used, 5, "the counter says 5", "the counter says 5");
	WRONG(record->count, 2, "its count is 2", "is not that of a file's page");
	WRONG(record->index, 7, "it is not found by file", "is not that of a file's page");
	WRONG(record->page, pfn_at(r, buf), "in the swap cache", "is not its page in the swap cache");
	WRONG(record->file, 0, "its count is 1, but 0 entries", "is not that of a file's page");
	WRONG(file_of(r->m, id)->swapped, 3, "which say that they have 3", "its counter says 3");
	WRONG(*swapped_chain(r->m, id, 0), 0, "it is not found by file", "2 swap slots are of files, ");
	WRONG(slot_of(r->m, slot_at(r, buf + PAGES(1)))->index, 1, NULL, "is of no file, but in a list of such");
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_fit),
		cmocka_unit_test(test_slots_are_stolen),
		cmocka_unit_test(test_locked_page_keeps_slot),
		cmocka_unit_test(test_full_area),
		cmocka_unit_test(test_pageout_fills),
		cmocka_unit_test(test_load_then_store),
		cmocka_unit_test(test_shared_slot),
		cmocka_unit_test(test_copied_page_leaves_cache),
		cmocka_unit_test(test_uffd_wp_in_swap),
		cmocka_unit_test(test_clean_swapin_is_tracked),
		cmocka_unit_test(test_swapin_misses_mlock),
		cmocka_unit_test(test_migrate_swap_cache),
		cmocka_unit_test(test_lazyfree_huge),
		cmocka_unit_test(test_shared_memory),
		cmocka_unit_test(test_many_swapped),
		cmocka_unit_test(test_swap_rollback),
		cmocka_unit_test(test_wrong_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
