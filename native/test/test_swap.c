/* SPDX-License-Identifier: GPL-2.0-only */
/* Swap: reclaim, swap entries, the swap cache, and what everything else makes of them. */
#include "support.h"

#include "mm/swap.h"

static struct rig *open_swap(uint32_t swap_pages)
{
	return open_rig(.swap_pages = swap_pages);
}

static void refused(struct rig *r, uint64_t address, int err)
{
	assert_failed(r->m, hmmu_reclaim(r->m, r->pid, address), err, HMMU_ERR_SYSCALL);
}

static uint64_t slots_in_use(struct rig *r)
{
	return counter(r, HMMU_COUNT_SWAP_PAGES) - counter(r, HMMU_COUNT_SWAP_FREE);
}

static uint64_t cached(struct rig *r)
{
	return counter(r, HMMU_COUNT_SWAP_CACHED);
}

static void out_and_in(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 8), free;

	(void)state;
	write_pages(r, a, 8, 1);
	free = counter(r, HMMU_COUNT_RAM_FREE);
	reclaim_range(r, a, 8);
	assert_kind(r, a, 8, HMMU_ENTRY_SWAP);
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), free + 8);
	assert_int_equal(slots_in_use(r), 8);
	assert_int_equal(cached(r), 0);
	assert_int_equal(mm_counters(r, r->pid).swap, 8);
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
	assert_clean(r->m);
	/* Read back, the pages stay in the swap cache, clean: they could go again without being written. */
	assert_bytes(r, r->tid, a, 8, 1);
	assert_kind(r, a, 8, HMMU_ENTRY_SYS);
	assert_bits(r, a, HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_page(r, a, 2, 1, ANON_FLAGS | HMMU_PG_SWAPCACHE);
	assert_int_equal(cached(r), 8);
	assert_int_equal(mm_counters(r, r->pid).swap, 0);
	assert_int_equal(hmmu_memcg_charged(r->m), 8);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_OUTS), 8);
	reclaim_range(r, a, 8);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_OUTS), 8);
	assert_bytes(r, r->tid, a, 8, 1);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_INS), 16);
	assert_ok(hmmu_munmap(r->m, r->tid, a, PAGES(8)));
	assert_int_equal(slots_in_use(r), 0);
	rig_close(r);
}

/* A store takes the page out of the swap cache if nobody else needs the slot, at the fault or later. */
static void stores_reuse(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 2);

	(void)state;
	write_pages(r, a, 2, 1);
	reclaim_range(r, a, 2);
	assert_ok(store(r, r->tid, a, 50));
	assert_false(flags_at(r, a) & HMMU_PG_SWAPCACHE);
	assert_bits(r, a, HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_ok(load(r, r->tid, a + PAGES(1), NULL));
	assert_true(flags_at(r, a + PAGES(1)) & HMMU_PG_SWAPCACHE);
	assert_ok(store(r, r->tid, a + PAGES(1), 51));
	assert_false(flags_at(r, a + PAGES(1)) & HMMU_PG_SWAPCACHE);
	assert_int_equal(slots_in_use(r), 0);
	hmmu_lru_add_drain_all(r->m);
	assert_page(r, a, 1, 1, ANON_FLAGS | HMMU_PG_DIRTY);
	assert_bytes(r, r->tid, a, 2, 50);
	rig_close(r);
}

static void forked(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 4);
	uint32_t child, tid;

	(void)state;
	write_pages(r, a, 4, 1);
	reclaim_range(r, a, 2);
	child = do_fork_of(r, r->tid);
	tid = hmmu_process_task(r->m, child);
	assert_int_equal(mm_counters(r, child).swap, 2);
	/* Pages that both map leave both. */
	reclaim_range(r, a + PAGES(2), 2);
	assert_int_equal(mm_counters(r, child).swap, 4);
	assert_int_equal(slots_in_use(r), 4);
	assert_clean(r->m);
	/* The slot is needed by the other: the store is to a copy. */
	assert_ok(store(r, tid, a, 90));
	assert_int_equal(cached(r), 1);
	assert_bytes(r, r->tid, a, 4, 1);
	assert_bytes(r, tid, a + PAGES(1), 3, 2);
	assert_int_equal(entry_of(r, child, a + PAGES(1)).pfn, pfn_at(r, a + PAGES(1)));
	assert_int_equal(entry_of(r, child, a + PAGES(1)).map, 2);
	assert_bytes(r, tid, a, 1, 90);
	assert_ok(hmmu_exit(r->m, child));
	assert_bytes(r, r->tid, a, 4, 1);
	rig_close(r);
}

/* The page of a slot is read once, however many faults there are. */
static void swap_cache_hits(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 1);
	uint32_t child;

	(void)state;
	write_pages(r, a, 1, 7);
	child = do_fork_of(r, r->tid);
	reclaim_range(r, a, 1);
	assert_bytes(r, r->tid, a, 1, 7);
	assert_bytes(r, hmmu_process_task(r->m, child), a, 1, 7);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_INS), 1);
	assert_int_equal(entry_of(r, child, a).pfn, pfn_at(r, a));
	/* Both have it, so a store copies; the last one may keep it. */
	assert_ok(store(r, r->tid, a, 8));
	assert_bytes(r, hmmu_process_task(r->m, child), a, 1, 7);
	assert_ok(store(r, hmmu_process_task(r->m, child), a, 9));
	assert_int_equal(slots_in_use(r), 0);
	rig_close(r);
}

/* A pin keeps the page: its entries are swapped out, the page stays in the swap cache, and comes back as it is. */
static void pinned(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 1);
	uint32_t pfn;
	uint8_t *data;

	(void)state;
	write_pages(r, a, 1, 1);
	assert_ok(hmmu_pin(r->m, r->tid, a, HMMU_PIN_WRITE, &pfn));
	refused(r, a, -EBUSY);
	assert_kind(r, a, 1, HMMU_ENTRY_SWAP);
	assert_int_equal(cached(r), 1);
	assert_true(page_info(r, pfn).flags & HMMU_PG_DIRTY);
	assert_clean(r->m);
	/* A device writes by the pin. */
	data = hmmu_page_data(r->m, pfn);
	data[0] = 66;
	assert_bytes(r, r->tid, a, 1, 66);
	assert_int_equal(pfn_at(r, a), pfn);
	refused(r, a, -EBUSY);
	assert_ok(store(r, r->tid, a, 67));
	assert_int_equal(pfn_at(r, a), pfn);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	hmmu_lru_add_drain_all(r->m);
	reclaim_range(r, a, 1);
	assert_bytes(r, r->tid, a, 1, 67);
	rig_close(r);
}

/* A page that was read from swap is clean, and its slot has the bytes, too. A device's write makes the slot's old. */
static void written_by_a_device(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct rig *r = open_swap(64);
		uint64_t a = map_anon(r, 2);
		uint32_t pfn;

		write_pages(r, a, 2, 1);
		reclaim_range(r, a, 1);
		read_pages(r, a, 1);
		pfn = pfn_at(r, a);
		assert_int_equal(cached(r), 1);
		assert_false(page_info(r, pfn).flags & HMMU_PG_DIRTY);
		if (way == 0)
			assert_ok(hmmu_page_write(r->m, pfn, 0, "\2", 1));
		else if (way == 1)
			assert_ok(hmmu_page_copy(r->m, pfn, pfn_at(r, a + PAGES(1))));
		else
			assert_ok(hmmu_page_zero(r->m, pfn));
		assert_true(page_info(r, pfn).flags & HMMU_PG_DIRTY);
		assert_clean(r->m);
		hmmu_lru_add_drain_all(r->m);
		reclaim_range(r, a, 1);
		assert_bytes(r, r->tid, a, 1, way == 2 ? 0 : 2);
		rig_close(r);
	}
}

static void what_can_not_be_reclaimed(void **state)
{
	struct rig *r = open_swap(2);
	uint64_t a = map_anon(r, 4), file = map_at(r, 0, 1, HMMU_MAP_FILE, HMMU_PROT_READ);
	uint32_t pfn;

	(void)state;
	write_pages(r, a, 4, 1);
	read_pages(r, file, 1);
	refused(r, file, -EINVAL);
	refused(r, a + PAGES(4), -ENOENT);
	assert_failed(r->m, hmmu_reclaim(r->m, 99, a), -ESRCH, HMMU_ERR_NO_PROCESS);
	assert_ok(hmmu_hold(r->m, r->pid, a, &pfn));
	refused(r, a, -EBUSY);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_isolate(r->m, r->pid, a, &pfn));
	refused(r, a, -EBUSY);
	assert_ok(hmmu_putback(r->m, pfn));
	assert_ok(hmmu_mlock(r->m, r->tid, a, PAGES(1)));
	refused(r, a, -EBUSY);
	assert_ok(hmmu_munlock(r->m, r->tid, a, PAGES(1)));
	hmmu_lru_add_drain_all(r->m);
	reclaim_range(r, a, 2);
	refused(r, a, -ENOENT);
	refused(r, a + PAGES(2), -ENOSPC);
	assert_kind(r, a + PAGES(2), 2, HMMU_ENTRY_SYS);
	rig_close(r);

	r = open_swap(0);
	a = map_anon(r, 1);
	write_pages(r, a, 1, 1);
	refused(r, a, -ENOSPC);
	rig_close(r);
}

/* With more than half of the slots in use, pages that are read give theirs up. */
static void full_area(void **state)
{
	struct rig *r = open_swap(4);
	uint64_t a = map_anon(r, 4), b = map_anon(r, 2);

	(void)state;
	write_pages(r, a, 4, 1);
	reclaim_range(r, a, 4);
	assert_bytes(r, r->tid, a, 1, 1);
	assert_false(flags_at(r, a) & HMMU_PG_SWAPCACHE);
	assert_int_equal(slots_in_use(r), 3);
	assert_bytes(r, r->tid, a + PAGES(1), 3, 2);
	assert_int_equal(slots_in_use(r), 2);
	assert_true(flags_at(r, a + PAGES(3)) & HMMU_PG_SWAPCACHE);
	/* A slot that only the swap cache needs is taken from it, when there is no other. */
	write_pages(r, b, 2, 20);
	reclaim_range(r, b, 2);
	reclaim_range(r, a, 1);
	assert_clean(r->m);
	assert_bytes(r, r->tid, a, 4, 1);
	assert_bytes(r, r->tid, b, 2, 20);
	rig_close(r);
}

/* The last entry goes: the swap cache lets go of the page, too, which a pin still has. */
static void pinned_and_unmapped(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 2);
	uint32_t pfn[2];

	(void)state;
	write_pages(r, a, 2, 1);
	for (int i = 0; i < 2; i++) {
		assert_ok(hmmu_pin(r->m, r->tid, a + PAGES(i), 0, &pfn[i]));
		refused(r, a + PAGES(i), -EBUSY);
	}
	assert_int_equal(cached(r), 2);
	assert_ok(hmmu_munmap(r->m, r->tid, a, PAGES(1)));
	assert_ok(hmmu_madvise(r->m, r->tid, a + PAGES(1), PAGES(1), HMMU_MADV_FREE));
	assert_int_equal(slots_in_use(r), 0);
	assert_int_equal(page_info(r, pfn[0]).ref, 1);
	assert_false(page_info(r, pfn[1]).flags & HMMU_PG_SWAPCACHE);
	assert_clean(r->m);
	for (int i = 0; i < 2; i++)
		assert_ok(hmmu_unpin(r->m, pfn[i], 0));
	rig_close(r);
}

/* A locked mapping whose page could not be mlocked: reclaim finds it there, and does what mlock() could not. */
static void culled(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, a, 1, 1);
	assert_ok(hmmu_hold(r->m, r->pid, a, &pfn));
	assert_ok(hmmu_mlock(r->m, r->tid, a, PAGES(1)));
	assert_ok(hmmu_release(r->m, pfn));
	hmmu_lru_add_drain_all(r->m);
	assert_false(entry_of(r, r->pid, a).flags & HMMU_PG_MLOCKED);
	refused(r, a, -EBUSY);
	assert_true(entry_of(r, r->pid, a).flags & HMMU_PG_MLOCKED);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 1);
	assert_kind(r, a, 1, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* The page of a slot is locked when the last entry goes: it stays behind in the swap cache until the slot is wanted. */
static void left_behind(void **state)
{
	struct rig *r = open_swap(1);
	uint64_t a = map_anon(r, 2);
	uint32_t child, pfn;

	(void)state;
	write_pages(r, a, 2, 1);
	child = do_fork_of(r, r->tid);
	reclaim_range(r, a, 1);
	assert_bytes(r, r->tid, a, 1, 1);
	assert_ok(hmmu_hold(r->m, r->pid, a, &pfn));
	assert_ok(hmmu_exit(r->m, child));
	assert_int_equal(slots_in_use(r), 1);
	assert_ok(hmmu_munmap(r->m, r->tid, a, PAGES(1)));
	refused(r, a + PAGES(1), -ENOSPC);
	assert_ok(hmmu_release(r->m, pfn));
	assert_int_equal(cached(r), 1);
	assert_clean(r->m);
	reclaim_range(r, a + PAGES(1), 1);
	assert_bytes(r, r->tid, a + PAGES(1), 1, 2);
	rig_close(r);
}

static void system_calls(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 8), at;

	(void)state;
	write_pages(r, a, 8, 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	write_pages(r, a, 1, 1);
	reclaim_range(r, a, 8);
	assert_bits(r, a, HMMU_BIT_SOFT_DIRTY);
	assert_bits(r, a + PAGES(1), 0);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_bits(r, a, 0);
	assert_ok(hmmu_mprotect(r->m, r->tid, a, PAGES(2), HMMU_PROT_READ));
	assert_bytes(r, r->tid, a, 1, 1);
	assert_bits(r, a, HMMU_BIT_ACCESSED);
	assert_failed(r->m, store(r, r->tid, a + PAGES(1), 1), -EFAULT, HMMU_ERR_SIGSEGV);
	/* MADV_FREE drops a swapped-out page at once. */
	assert_ok(hmmu_madvise(r->m, r->tid, a + PAGES(2), PAGES(2), HMMU_MADV_FREE));
	assert_kind(r, a + PAGES(2), 2, HMMU_ENTRY_NONE);
	assert_ok(hmmu_madvise(r->m, r->tid, a + PAGES(4), PAGES(2), HMMU_MADV_DONTNEED));
	assert_kind(r, a + PAGES(4), 2, HMMU_ENTRY_NONE);
	assert_int_equal(mm_counters(r, r->pid).swap, 3);
	assert_ok(hmmu_mremap(r->m, r->tid, a + PAGES(6), PAGES(2), PAGES(2), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED,
			      BASE, &at));
	assert_kind(r, BASE, 2, HMMU_ENTRY_SWAP);
	assert_bits(r, BASE, HMMU_BIT_SOFT_DIRTY);
	/* mlock() brings the pages in, and out of the swap cache, as their slots are of no use. */
	assert_ok(hmmu_mlock(r->m, r->tid, BASE, PAGES(2)));
	assert_kind(r, BASE, 2, HMMU_ENTRY_SYS);
	assert_false(flags_at(r, BASE) & HMMU_PG_SWAPCACHE);
	assert_true(entry_of(r, r->pid, BASE).flags & HMMU_PG_MLOCKED);
	assert_bytes(r, r->tid, BASE, 2, 7);
	rig_close(r);
}

/* MADV_FREE and reclaim: clean pages are dropped without swap, those written since are kept. */
static void lazily_freed(void **state)
{
	struct rig *r = open_swap(0);
	uint64_t a = map_anon(r, 2);
	uint32_t pfn;

	(void)state;
	write_pages(r, a, 2, 1);
	assert_ok(hmmu_madvise(r->m, r->tid, a, PAGES(2), HMMU_MADV_FREE));
	hmmu_lru_add_drain_all(r->m);
	assert_ok(store(r, r->tid, a + PAGES(1), 9));
	reclaim_range(r, a, 1);
	assert_kind(r, a, 1, HMMU_ENTRY_NONE);
	refused(r, a + PAGES(1), -EBUSY);
	assert_page(r, a + PAGES(1), 1, 1, ANON_FLAGS | HMMU_PG_DIRTY);
	assert_bytes(r, r->tid, a + PAGES(1), 1, 9);
	assert_int_equal(mm_counters(r, r->pid).anon, 1);
	rig_close(r);

	/* Pinned, it is out of the process and not free. */
	r = open_swap(0);
	a = map_anon(r, 1);
	write_pages(r, a, 1, 1);
	assert_ok(hmmu_pin(r->m, r->tid, a, 0, &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, a, PAGES(1), HMMU_MADV_FREE));
	hmmu_lru_add_drain_all(r->m);
	refused(r, a, -EBUSY);
	assert_kind(r, a, 1, HMMU_ENTRY_NONE);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);

	/* A page that is in the swap cache still must leave it first. */
	r = open_swap(64);
	a = map_anon(r, 1);
	write_pages(r, a, 1, 1);
	reclaim_range(r, a, 1);
	read_pages(r, a, 1);
	assert_ok(hmmu_madvise(r->m, r->tid, a, PAGES(1), HMMU_MADV_FREE));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(slots_in_use(r), 0);
	reclaim_range(r, a, 1);
	assert_kind(r, a, 1, HMMU_ENTRY_NONE);
	rig_close(r);
}

static void waiting(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 1);
	uint32_t child, pfn, other;

	(void)state;
	write_pages(r, a, 1, 5);
	child = do_fork_of(r, r->tid);
	other = hmmu_process_task(r->m, child);
	reclaim_range(r, a, 1);
	read_pages(r, a, 1);
	assert_ok(hmmu_hold(r->m, r->pid, a, &pfn));
	assert_blocked(r->m, load(r, other, a, NULL), other, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	assert_bytes(r, other, a, 1, 5);
	assert_int_equal(entry_of(r, child, a).pfn, pfn);
	rig_close(r);
}

static void out_of_memory(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 1);

	(void)state;
	write_pages(r, a, 1, 5);
	reclaim_range(r, a, 1);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 1, false));
	assert_failed(r->m, load(r, r->tid, a, NULL), -ENOMEM, HMMU_ERR_OUT_OF_FRAMES);
	assert_kind(r, a, 1, HMMU_ENTRY_SWAP);
	/* Read, but not charged: it waits in the swap cache. */
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_MEMCG, 1, false));
	assert_int_equal(load(r, r->tid, a, NULL), -ENOMEM);
	assert_kind(r, a, 1, HMMU_ENTRY_SWAP);
	assert_int_equal(cached(r), 1);
	assert_clean(r->m);
	assert_bytes(r, r->tid, a, 1, 5);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_INS), 1);
	rig_close(r);
}

static void swap_huge_page(void **state)
{
	struct rig *r = open_swap(4);
	uint64_t a = map_huge(r, 512);
	uint32_t pfn;

	(void)state;
	write_pages(r, a, 512, 1);
	assert_ok(hmmu_hold(r->m, r->pid, a, &pfn));
	refused(r, a + PAGES(5), -EBUSY);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_pin(r->m, r->tid, a, 0, &pfn));
	refused(r, a + PAGES(5), -EBUSY);
	assert_kind(r, a, 512, HMMU_ENTRY_HUGE);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	reclaim_range(r, a + PAGES(5), 1);
	assert_kind(r, a + PAGES(5), 1, HMMU_ENTRY_SWAP);
	assert_kind(r, a, 5, HMMU_ENTRY_SYS);
	assert_kind(r, a + PAGES(6), 506, HMMU_ENTRY_SYS);
	assert_clean(r->m);
	reclaim_range(r, a, 1);
	assert_bytes(r, r->tid, a, 512, 1);
	rig_close(r);
}

static void snapshots(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 4);
	struct hmmu *clone, *original = r->m;

	(void)state;
	write_pages(r, a, 4, 1);
	reclaim_range(r, a, 4);
	read_pages(r, a, 1);
	assert_ok(hmmu_clone(r->m, &clone));
	assert_true(hmmu_hash(clone) == hmmu_hash(r->m));
	assert_bytes(r, r->tid, a, 4, 1);
	r->m = clone;
	assert_clean(clone);
	assert_kind(r, a + PAGES(1), 3, HMMU_ENTRY_SWAP);
	assert_bytes(r, r->tid, a, 4, 1);
	assert_true(hmmu_hash(clone) == hmmu_hash(original));
	assert_clean(clone);
	hmmu_destroy(clone);
	r->m = original;
	rig_close(r);
}

/* verify() sees each kind of damage. */
static void damage(void **state)
{
	struct rig *r = open_swap(64);
	uint64_t a = map_anon(r, 2);
	uint32_t slot;
	uint8_t *data;

	(void)state;
	write_pages(r, a, 2, 1);
	reclaim_range(r, a, 2);
	read_pages(r, a, 1);
	slot = page_of(r->m, pfn_at(r, a))->private;
	r->m->swap_slots[slot].count++;
	assert_int_equal(complaints(r->m), 1);
	r->m->swap_slots[slot].count--;
	data = swap_frame_of(r->m, slot);
	data[9] ^= 1;
	assert_int_equal(complaints(r->m), 1);
	assert_non_null(strstr(first_complaint(), "contents"));
	data[9] ^= 1;
	r->m->st->swap_used++;
	assert_int_equal(complaints(r->m), 1);
	r->m->st->swap_used--;
	page_clear(r->m, pfn_at(r, a), HMMU_PG_SWAPCACHE);
	assert_true(complaints(r->m) > 0);
	page_set(r->m, pfn_at(r, a), HMMU_PG_SWAPCACHE);
	rig_close(r);
}

static void options(void **state)
{
	struct hmmu_options too_many = { .swap_pages = (1u << 28) + 1 };
	struct rig *r = open_swap(1u << 20);
	struct hmmu *m;

	(void)state;
	assert_int_equal(hmmu_create(&too_many, &m), -EINVAL);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 1u << 20);
	rig_close(r);
}

/* A page that is clean by its entry and by its flags, but was never written to swap, is written. */
static void test_clean_page(void **state)
{
	struct rig *r = open_rig(.swap_pages = 4);
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 7);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
	hmmu_lru_add_drain_all(r->m);
	assert_false(entry_of(r, r->pid, buf).flags & HMMU_PG_DIRTY);
	assert_bits(r, buf, HMMU_BIT_SOFT_DIRTY);
	assert_ok(hmmu_reclaim(r->m, r->pid, buf));
	assert_bytes(r, r->tid, buf, 1, 7);
	rig_close(r);
}

/* Locked memory does not go to swap again, so its slot is given up. */
static void test_swap_in_of_locked_memory(void **state)
{
	struct rig *r = open_rig(.swap_pages = 8);
	uint64_t buf = map_anon(r, 2);

	(void)state;
	write_pages(r, buf, 2, 7);
	hmmu_lru_add_drain_all(r->m);
	for (uint64_t i = 0; i < 2; i++)
		assert_ok(hmmu_reclaim(r->m, r->pid, buf + PAGES(i)));
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 6);
	/* A page that is only read would keep it. */
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), HMMU_PROT_READ));
	assert_bytes(r, r->tid, buf, 1, 7);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 6);
	assert_ok(hmmu_mlock(r->m, r->tid, buf + PAGES(1), PAGES(1)));
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 7);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swap_in_of_locked_memory),
		cmocka_unit_test(test_clean_page),
		cmocka_unit_test(out_and_in),
		cmocka_unit_test(stores_reuse),
		cmocka_unit_test(forked),
		cmocka_unit_test(swap_cache_hits),
		cmocka_unit_test(pinned),
		cmocka_unit_test(written_by_a_device),
		cmocka_unit_test(what_can_not_be_reclaimed),
		cmocka_unit_test(full_area),
		cmocka_unit_test(pinned_and_unmapped),
		cmocka_unit_test(culled),
		cmocka_unit_test(left_behind),
		cmocka_unit_test(system_calls),
		cmocka_unit_test(lazily_freed),
		cmocka_unit_test(waiting),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(swap_huge_page),
		cmocka_unit_test(snapshots),
		cmocka_unit_test(damage),
		cmocka_unit_test(options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
