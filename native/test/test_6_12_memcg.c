/* SPDX-License-Identifier: GPL-2.0-only */
/* The limit of the memory cgroup in Linux 6.12: who waits, who fails, what reclaim takes before, and what is charged. */
#include "wrong.h"

#include "mm/mm.h"
#include "page/memcg.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)
#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)

static uint64_t charged(struct rig *r)
{
	return hmmu_memcg_charged(r->m);
}

static uint64_t state_hash(struct rig *r)
{
	uint64_t hash;

	assert_ok(hmmu_state_hash(r->m, &hash));
	return hash;
}

/** A group of 4 pages, all charged, and a task that waits for one at @p at. */
struct full_group {
	struct rig *r;
	uint64_t buf, at;
	uint32_t waiter;
};

static int store_again(struct full_group *s)
{
	return store(s->r, s->waiter, s->at, 9);
}

static struct full_group fill_group(void)
{
	struct full_group s = { .r = open_6_12(.memcg_limit = 4) };

	s.r->select = HMMU_SELECT_SYSTEM | HMMU_SELECT_DEVICE_PRIVATE;
	s.buf = map_anon(s.r, 6);
	s.at = s.buf + PAGES(4);
	s.waiter = new_task(s.r, s.r->pid);
	write_pages(s.r, s.buf, 4, 1);
	hmmu_lru_add_drain_all(s.r->m);
	assert_blocked(s.r->m, store_again(&s), s.waiter, HMMU_WAIT_MEMCG);
	assert_int_equal(charged(s.r), 4);
	assert_clean(s.r->m);
	return s;
}

static int drop_page(struct full_group *s, int i)
{
	return hmmu_madvise(s->r->m, s->r->tid, s->buf + PAGES(i), PAGES(1), HMMU_MADV_DONTNEED);
}

static void lazyfree(struct rig *r, uint64_t address, uint64_t pages)
{
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_madvise(r->m, r->tid, address, PAGES(pages), HMMU_MADV_FREE));
	hmmu_lru_add_drain_all(r->m);
}

/* How many pages of a range are still mapped. */
static uint64_t mapped_of(struct rig *r, uint64_t address, uint64_t pages)
{
	uint64_t mapped = 0;

	for (uint64_t i = 0; i < pages; i++)
		mapped += entry_of(r, r->pid, address + PAGES(i)).kind == HMMU_ENTRY_SYS;
	return mapped;
}

/* The wait has no lock, so mmap() by another task does not wait for it. Any page that is uncharged ends it. */
static void test_store_waits(void **state)
{
	struct full_group s = fill_group();

	(void)state;
	assert_false(is_ready(s.r, s.waiter));
	map_anon(s.r, 1);
	assert_blocked(s.r->m, store_again(&s), s.waiter, HMMU_WAIT_MEMCG);
	assert_ok(drop_page(&s, 0));
	assert_true(is_ready(s.r, s.waiter));
	assert_ok(store_again(&s));
	assert_int_equal(charged(s.r), 4);
	rig_close(s.r);
}

/* Somebody else takes the page that was given up: the task is woken, tries, and waits again. */
static void test_store_waits_again(void **state)
{
	struct full_group s = fill_group();

	(void)state;
	assert_ok(drop_page(&s, 0));
	write_pages(s.r, s.buf, 1, 1);
	assert_true(is_ready(s.r, s.waiter));
	assert_blocked(s.r->m, store_again(&s), s.waiter, HMMU_WAIT_MEMCG);
	assert_false(is_ready(s.r, s.waiter));
	assert_ok(hmmu_task_cancel(s.r->m, s.waiter));
	assert_clean(s.r->m);
	assert_ok(drop_page(&s, 1));
	assert_ok(store(s.r, s.waiter, s.buf + PAGES(5), 3));
	rig_close(s.r);
}

/* The instruction starts anew: what it would have touched may be gone. */
static void test_mapping_goes_meanwhile(void **state)
{
	struct full_group s = fill_group();

	(void)state;
	assert_ok(hmmu_munmap(s.r->m, s.r->tid, s.at, PAGES(1)));
	assert_false(is_ready(s.r, s.waiter));
	assert_ok(drop_page(&s, 0));
	assert_failed(s.r->m, store_again(&s), -EFAULT, HMMU_ERR_SIGSEGV);
	rig_close(s.r);
}

static void test_limit_is_raised(void **state)
{
	struct full_group s = fill_group();

	(void)state;
	assert_ok(hmmu_memcg_set_limit(s.r->m, 3));
	assert_ok(hmmu_memcg_set_limit(s.r->m, 3));
	assert_false(is_ready(s.r, s.waiter));
	assert_ok(hmmu_memcg_set_limit(s.r->m, 5));
	assert_true(is_ready(s.r, s.waiter));
	assert_ok(store_again(&s));
	assert_int_equal(charged(s.r), 5);
	assert_blocked(s.r->m, store(s.r, s.waiter, s.buf + PAGES(5), 1), s.waiter, HMMU_WAIT_MEMCG);
	/* 0: no limit */
	assert_ok(hmmu_memcg_set_limit(s.r->m, 0));
	assert_ok(store(s.r, s.waiter, s.buf + PAGES(5), 1));
	rig_close(s.r);
}

/* A private copy of a file's page takes two pages. The copy is given back before the wait begins, which does not end the wait. */
static void test_two_charges(void **state)
{
	struct rig *r = open_6_12(.memcg_limit = 1);
	uint64_t file = map_at(r, BASE, 1, HMMU_MAP_FILE, RW);

	(void)state;
	assert_blocked(r->m, store(r, r->tid, file, 1), r->tid, HMMU_WAIT_MEMCG);
	assert_int_equal(charged(r), 0);
	assert_false(is_ready(r, r->tid));
	assert_ok(hmmu_memcg_set_limit(r->m, 2));
	assert_ok(store(r, r->tid, file, 1));
	assert_int_equal(charged(r), 2);
	rig_close(r);
}

/* Copies, the machine's hash, and hmmu_rollback() know the wait. */
static void test_wait_in_copies(void **state)
{
	struct full_group s = fill_group();
	struct hmmu *copy = copy_by_snapshot(s.r->m, 0, NULL);
	uint64_t hash = state_hash(s.r);
	struct task *task = task_of(s.r->m, s.waiter);
	uint8_t value = 9;
	size_t done;

	(void)state;
	assert_non_null(copy);
	assert_ok(hmmu_madvise(copy, s.r->tid, s.buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_ok(hmmu_store(copy, s.waiter, s.at, &value, 1, &done));
	hmmu_destroy(copy);
	assert_ok(hmmu_mark(s.r->m));
	assert_ok(drop_page(&s, 0));
	assert_true(state_hash(s.r) != hash);
	assert_ok(store_again(&s));
	assert_ok(hmmu_rollback(s.r->m));
	assert_false(is_ready(s.r, s.waiter));
	assert_true(state_hash(s.r) == hash);
	assert_restored(s.r->m, NULL);
	{
		struct rig *r = s.r;

		WRONG(task->progress.result, r->m->st->memcg_uncharges + 1, NULL, "is in a state that is none");
		WRONG(task->op, OP_MUNMAP, NULL, "is in a state that is none");
		WRONG(task->resume, RESUME_LOCKED, NULL, "is in a state that is none");
		WRONG(task->wait_pfn, 3, NULL, "is in a state that is none");
		WRONG(task->nested, 1, NULL, "is in a state that is none");
	}
	rig_close(s.r);
}

/* How much was charged and uncharged before makes no difference between two states. */
static void test_hash_of_a_wait(void **state)
{
	struct full_group s = fill_group();
	uint64_t hash = state_hash(s.r);

	(void)state;
	assert_ok(hmmu_task_cancel(s.r->m, s.waiter));
	s.r->m->st->memcg_charges += 3;
	s.r->m->st->memcg_uncharges += 3;
	assert_blocked(s.r->m, store_again(&s), s.waiter, HMMU_WAIT_MEMCG);
	assert_true(state_hash(s.r) == hash);
	rig_close(s.r);
}

/* Whoever is no user's instruction fails. */
static void test_calls_fail(void **state)
{
	struct full_group s = fill_group();
	struct rig *r = s.r;
	uint64_t pfns[1] = { 0 };
	uint32_t pfn;

	(void)state;
	assert_failed(r->m, hmmu_pin(r->m, r->tid, s.at, HMMU_PIN_WRITE, &pfn), -ENOMEM, HMMU_ERR_MEMCG_LIMIT);
	assert_failed(r->m, hmmu_make_device_exclusive(r->m, r->tid, s.at, HMMU_DEFAULT_OWNER, &pfn), -ENOMEM,
		      HMMU_ERR_MEMCG_LIMIT);
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, s.at, PAGES(1), HMMU_MADV_POPULATE_WRITE), -ENOMEM,
		      HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mlock(r->m, r->tid, s.at, PAGES(1)), -EAGAIN, HMMU_ERR_SYSCALL);
	assert_failed(r->m,
		      hmmu_mirror(r->m, r->tid, s.at, s.at + PAGES(1), HMMU_RANGE_REQ_FAULT | HMMU_RANGE_REQ_WRITE,
				  HMMU_DEFAULT_OWNER, pfns),
		      -EFAULT, HMMU_ERR_SYSCALL);
	assert_int_equal(charged(r), 4);
	assert_false(is_ready(r, s.waiter));
	rig_close(r);
}

static int store_in_callback(struct hmmu_migration *mig, void *data)
{
	struct full_group *s = data;

	(void)mig;
	assert_failed(s->r->m, store(s->r, s->r->tid, s->at, 1), -ENOMEM, HMMU_ERR_MEMCG_LIMIT);
	return 0;
}

/* A callback of a migration has its lock: waiting there would be waiting for itself. Pages that move need no charge. */
static void test_migration_at_the_limit(void **state)
{
	struct full_group s = fill_group();
	const struct hmmu_migrate_ops ops = { .alloc_and_copy = store_in_callback };

	(void)state;
	assert_ok(migrate_with(s.r, s.buf, 4, &ops, &s));
	hmmu_lru_add_drain_all(s.r->m);
	assert_ok(migrate(s.r, s.buf, 4, HMMU_TO_DEVICE));
	assert_all_moved(s.r, 4);
	assert_int_equal(charged(s.r), 4);
	assert_bytes(s.r, s.r->tid, s.buf, 4, 1);
	assert_kind(s.r, s.buf, 4, HMMU_ENTRY_SYS);
	assert_false(is_ready(s.r, s.waiter));
	/* Holes would need one. */
	assert_ok(migrate(s.r, s.buf + PAGES(5), 1, HMMU_TO_DEVICE));
	assert_why(s.r, 0, HMMU_WHY_INSERT_MEMCG);
	assert_kind(s.r, s.buf + PAGES(5), 1, HMMU_ENTRY_NONE);
	rig_close(s.r);
}

/* The child's copy of a page that is pinned for DMA is made outside of the group. */
static void test_fork_is_outside(void **state)
{
	struct rig *r = open_6_12(.memcg_limit = 1);
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn, child;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_WRITE | HMMU_PIN_DMA, &pfn));
	child = do_fork_of(r, r->tid);
	assert_true(entry_of(r, child, buf).pfn != pfn);
	assert_int_equal(charged(r), 1);
	assert_clean(r->m);
	assert_ok(hmmu_exit(r->m, child));
	assert_int_equal(charged(r), 1);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_WRITE | HMMU_PIN_DMA));
	rig_close(r);
}

/* Reclaim takes all pages of MADV_FREE that it can get, at most a few more than 32. */
static void test_lazyfree_goes_first(void **state)
{
	struct rig *r = open_6_12(.memcg_limit = 104);
	uint64_t buf = map_anon(r, 128);

	(void)state;
	write_pages(r, buf, 104, 1);
	lazyfree(r, buf, 3);
	write_pages(r, buf + PAGES(104), 1, 1);
	assert_int_equal(mapped_of(r, buf, 3), 0);
	assert_int_equal(charged(r), 102);
	write_pages(r, buf + PAGES(105), 2, 1);
	/* The oldest go first: of 100 pages 1, 3, 6, 11 and 19, a larger part of the list from one pass to the next. */
	lazyfree(r, buf + PAGES(3), 100);
	write_pages(r, buf + PAGES(107), 1, 1);
	assert_int_equal(charged(r), 104 - 40 + 1);
	assert_int_equal(mapped_of(r, buf + PAGES(3), 40), 0);
	assert_int_equal(mapped_of(r, buf + PAGES(43), 60), 60);
	rig_close(r);
}

/* Pages that are dirty again, locked, or pinned stay. */
static void test_lazyfree_that_stays(void **state)
{
	struct rig *r = open_6_12(.memcg_limit = 4);
	uint64_t buf = map_anon(r, 6);
	uint32_t pfn, held;

	(void)state;
	write_pages(r, buf, 4, 1);
	lazyfree(r, buf, 4);
	write_pages(r, buf, 1, 7);
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(1), &held));
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(2), HMMU_PIN_WRITE, &pfn));
	assert_ok(hmmu_mlock(r->m, r->tid, buf + PAGES(3), PAGES(1)));
	hmmu_lru_add_drain_all(r->m);
	assert_blocked(r->m, store(r, r->tid, buf + PAGES(4), 1), r->tid, HMMU_WAIT_MEMCG);
	assert_kind(r, buf, 4, HMMU_ENTRY_SYS);
	assert_int_equal(flags_at(r, buf) & (HMMU_PG_SWAPBACKED | HMMU_PG_ACTIVE | HMMU_PG_DIRTY | HMMU_PG_LRU),
			 HMMU_PG_SWAPBACKED | HMMU_PG_ACTIVE | HMMU_PG_DIRTY | HMMU_PG_LRU);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, held));
	/* Nobody has uncharged a page. */
	assert_false(is_ready(r, r->tid));
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	assert_ok(store(r, r->tid, buf + PAGES(4), 1));
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_NONE);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_WRITE));
	rig_close(r);
}

/** A group of 4 pages, all charged. The first two are lazyfree, and the second has been read since. */
static struct rig *open_with_page_read_since(uint64_t *buf)
{
	struct rig *r = open_6_12(.memcg_limit = 4);

	*buf = map_anon(r, 8);
	write_pages(r, *buf, 4, 1);
	lazyfree(r, *buf, 2);
	read_pages(r, *buf + PAGES(1), 1);
	return r;
}

/* A page that was read since has a respite: another one goes, and the page only loses its accessed bit. When nothing else is left the
 * page goes, too, even if it was read again and became active by that. */
static void test_referenced(void **state)
{
	uint64_t buf;
	struct rig *r = open_with_page_read_since(&buf);
	uint64_t read = buf + PAGES(1);

	(void)state;
	assert_bits(r, read, HMMU_BIT_WRITE | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	write_pages(r, buf + PAGES(4), 1, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
	assert_bits(r, read, HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(flags_at(r, read) & (HMMU_PG_REFERENCED | HMMU_PG_ACTIVE | HMMU_PG_LRU),
			 HMMU_PG_REFERENCED | HMMU_PG_LRU);
	read_pages(r, read, 1);
	assert_bits(r, read, HMMU_BIT_WRITE | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	write_pages(r, buf + PAGES(5), 1, 1);
	assert_kind(r, read, 1, HMMU_ENTRY_NONE);
	assert_int_equal(charged(r), 4);
	rig_close(r);
}

/* A page that reclaim has found read twice is active, while another one goes. */
static void test_read_twice(void **state)
{
	uint64_t buf;
	struct rig *r = open_with_page_read_since(&buf);
	uint64_t read = buf + PAGES(1);

	(void)state;
	write_pages(r, buf + PAGES(4), 1, 1);
	read_pages(r, read, 1);
	lazyfree(r, buf + PAGES(2), 1);
	write_pages(r, buf + PAGES(5), 1, 1);
	assert_kind(r, buf + PAGES(2), 1, HMMU_ENTRY_NONE);
	assert_kind(r, read, 1, HMMU_ENTRY_SYS);
	assert_int_equal(flags_at(r, read) & (HMMU_PG_ACTIVE | HMMU_PG_LRU), HMMU_PG_ACTIVE | HMMU_PG_LRU);
	rig_close(r);
}

/* What another process has read counts only while a call of it runs: it is out of the group otherwise. */
static void test_referenced_by_another_process(void **state)
{
	(void)state;
	for (int runs = 0; runs < 2; runs++) {
		struct rig *r = open_6_12(.memcg_limit = 4);
		uint64_t buf = map_anon(r, 8);
		uint32_t child, task, other;

		write_pages(r, buf, 4, 1);
		lazyfree(r, buf, 2);
		child = do_fork_of(r, r->tid);
		task = hmmu_process_task(r->m, child);
		other = new_task(r, child);
		assert_ok(load(r, task, buf + PAGES(1), NULL));
		hmmu_lru_add_drain_all(r->m);
		if (runs) {
			assert_ok(hmmu_mmap_lock(r->m, other, true));
			assert_blocked(r->m, hmmu_mlock(r->m, task, buf, PAGES(1)), task, HMMU_WAIT_MMAP_SEM_WRITE);
		}
		write_pages(r, buf + PAGES(4), 1, 1);
		assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
		assert_kind(r, buf + PAGES(1), 1, runs ? HMMU_ENTRY_SYS : HMMU_ENTRY_NONE);
		if (runs) {
			assert_ok(hmmu_task_cancel(r->m, task));
			assert_ok(hmmu_mmap_unlock(r->m, other));
		}
		rig_close(r);
	}
}

/* Active pages are looked at when nothing else is left. */
static void test_active_pages(void **state)
{
	struct rig *r = open_6_12(.memcg_limit = 2);
	uint64_t buf = map_anon(r, 3);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 2, 1);
	lazyfree(r, buf, 2);
	for (int i = 0; i < 2; i++) {
		assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
		assert_ok(hmmu_unpin(r->m, pfn, 0));
		hmmu_lru_add_drain_all(r->m);
	}
	assert_int_equal(flags_at(r, buf) & (HMMU_PG_ACTIVE | HMMU_PG_SWAPBACKED), HMMU_PG_ACTIVE);
	write_pages(r, buf + PAGES(2), 1, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_NONE);
	assert_true(flags_at(r, buf) & HMMU_PG_ACTIVE);
	write_pages(r, buf + PAGES(1), 1, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
	rig_close(r);
}

/* A store to a page of MADV_FREE that a child has, too: reclaim finds the page in use, and clears the accessed bit of the entry that
 * the store is about to replace. The store begins anew. */
static void test_copy_of_a_lazyfree_page(void **state)
{
	struct rig *r = open_6_12(.memcg_limit = 2);
	uint64_t buf = map_anon(r, 2);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 2, 1);
	lazyfree(r, buf, 2);
	child = do_fork_of(r, r->tid);
	read_pages(r, buf, 1);
	write_pages(r, buf, 1, 5);
	assert_bytes(r, hmmu_process_task(r->m, child), buf, 1, 1);
	assert_bytes(r, r->tid, buf, 1, 5);
	assert_int_equal(entry_of(r, r->pid, buf).map, 1);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_NONE);
	assert_clean(r->m);
	rig_close(r);
}

/* A huge page does not fit: small ones do. Reclaim has tried to make room for it. */
static void test_huge_page_at_the_limit(void **state)
{
	struct rig *r = open_6_12(.memcg_limit = 100);
	uint64_t buf = map_huge(r, 512), small = map_anon(r, 8);

	(void)state;
	write_pages(r, small, 8, 1);
	lazyfree(r, small, 8);
	write_pages(r, buf, 2, 1);
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	assert_int_equal(charged(r), 2);
	assert_int_equal(mapped_of(r, small, 8), 0);
	rig_close(r);
}

/* A huge page of MADV_FREE goes as a whole. */
static void test_huge_lazyfree_page(void **state)
{
	struct rig *r = open_6_12(.memcg_limit = 514);
	uint64_t buf = map_huge(r, 512), small = map_anon(r, 4);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_HUGE);
	lazyfree(r, buf, 512);
	write_pages(r, small, 3, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
	assert_int_equal(charged(r), 3);
	rig_close(r);
}

/* The group fills up at different places of a fault: nothing is left behind. */
static void test_charges_that_fail_inside(void **state)
{
	struct rig *r = open_6_12(.memcg_limit = 0);
	uint64_t buf = map_anon(r, 2), file = map_at(r, BASE, 2, HMMU_MAP_SHAREDFILE, RW);

	(void)state;
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_MEMCG, 1, false));
	/* The group has no limit: the failure is one of memory, and nobody waits. */
	assert_failed(r->m, store(r, r->tid, buf, 1), -ENOMEM, HMMU_ERR_OUT_OF_FRAMES);
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(hmmu_memcg_set_limit(r->m, 1));
	assert_blocked(r->m, load(r, r->tid, file, NULL), r->tid, HMMU_WAIT_MEMCG);
	assert_clean(r->m);
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	assert_ok(load(r, r->tid, buf + PAGES(1), NULL));
	assert_int_equal(charged(r), 1);
	rig_close(r);
}

/* A page in the swap area is charged before it comes to the swap cache; the one that is not allowed leaves nothing there. */
static void test_swapped_page_at_the_limit(void **state)
{
	struct rig *r = open_6_12(.swap_pages = 4);
	uint64_t buf = map_anon(r, 2);
	uint32_t waiter = new_task(r, r->pid);

	(void)state;
	write_pages(r, buf, 1, 7);
	hmmu_lru_add_drain_all(r->m);
	reclaim_range(r, buf, 1);
	write_pages(r, buf + PAGES(1), 1, 8);
	assert_ok(hmmu_memcg_set_limit(r->m, 1));
	assert_blocked(r->m, load(r, waiter, buf, NULL), waiter, HMMU_WAIT_MEMCG);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_CACHED), 0);
	assert_failed(r->m, hmmu_reclaim(r->m, r->pid, buf), -ENOENT, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(1), PAGES(1), HMMU_MADV_DONTNEED));
	assert_ok(load(r, waiter, buf, NULL));
	assert_bytes(r, r->tid, buf, 1, 7);
	assert_int_equal(charged(r), 1);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store_waits),
		cmocka_unit_test(test_store_waits_again),
		cmocka_unit_test(test_mapping_goes_meanwhile),
		cmocka_unit_test(test_limit_is_raised),
		cmocka_unit_test(test_two_charges),
		cmocka_unit_test(test_wait_in_copies),
		cmocka_unit_test(test_hash_of_a_wait),
		cmocka_unit_test(test_calls_fail),
		cmocka_unit_test(test_migration_at_the_limit),
		cmocka_unit_test(test_fork_is_outside),
		cmocka_unit_test(test_lazyfree_goes_first),
		cmocka_unit_test(test_lazyfree_that_stays),
		cmocka_unit_test(test_referenced),
		cmocka_unit_test(test_read_twice),
		cmocka_unit_test(test_referenced_by_another_process),
		cmocka_unit_test(test_active_pages),
		cmocka_unit_test(test_copy_of_a_lazyfree_page),
		cmocka_unit_test(test_huge_page_at_the_limit),
		cmocka_unit_test(test_huge_lazyfree_page),
		cmocka_unit_test(test_swapped_page_at_the_limit),
		cmocka_unit_test(test_charges_that_fail_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
