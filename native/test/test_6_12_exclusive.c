/* SPDX-License-Identifier: GPL-2.0-only */
/* Device-exclusive entries of Linux 6.12: how they are made, what the page is meanwhile, and who ends them. */
#include "exclusive.h"

#include "mm/pgtable.h"
#include "rmap/migration_ptes.h"

static void assert_fails(struct rig *r, uint64_t address, int err)
{
	uint32_t pfn = UINT32_MAX;

	assert_failed(r->m, hmmu_make_device_exclusive(r->m, r->tid, address, OWNER, &pfn), err, HMMU_ERR_SYSCALL);
	assert_int_equal(pfn, UINT32_MAX);
}

/* The entry keeps its reference and loses its map count. The page stays exclusive to the process, and is dirty. */
static void test_made(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 2, 0);
	uint32_t pfn = pfn_at(r, buf);

	(void)state;
	assert_int_equal(make(r, buf + 0x123), pfn);
	assert_kind(r, buf, 1, HMMU_ENTRY_EXCL);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_SYS);
	assert_bits(r, buf, W | S);
	assert_page(r, buf, 2, 0, flags_at(r, buf));
	assert_int_equal(flags_at(r, buf) & (HMMU_PG_LOCKED | HMMU_PG_DIRTY | HMMU_PG_EXCLUSIVE | HMMU_PG_REFERENCED),
			 HMMU_PG_LOCKED | HMMU_PG_DIRTY | HMMU_PG_EXCLUSIVE | HMMU_PG_REFERENCED);
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	assert_clean(r->m);
	hand_back(r, pfn);
	assert_int_equal(entry_of(r, r->pid, buf).ref, 1);
	rig_close(r);
}

/* What the driver has to give back, and what it can't. */
static void test_given_back(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 1, 0);
	uint32_t pfn = make(r, buf);
	struct hmmu_leak leak;

	(void)state;
	assert_int_equal(hmmu_leaks(r->m, &leak, 1), 1);
	assert_int_equal(leak.pfn, pfn);
	assert_int_equal(leak.to, HMMU_TO_SYSTEM);
	assert_true(leak.locked);
	assert_failed(r->m, hmmu_page_put(r->m, pfn), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_failed(r->m, hmmu_page_unlock(r->m, pfn), -EINVAL, HMMU_ERR_REFERENCE);
	assert_ok(hmmu_page_trylock(r->m, pfn));
	assert_ok(hmmu_page_unlock(r->m, pfn));
	/* A second reference, as the CPU had the page meanwhile. */
	assert_ok(store(r, r->tid, buf, 1));
	assert_int_equal(make(r, buf), pfn);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(entry_of(r, r->pid, buf).ref, 3);
	assert_ok(hmmu_page_put(r->m, pfn));
	assert_failed(r->m, hmmu_page_put(r->m, pfn), -EBUSY, HMMU_ERR_BUSY);
	hand_back(r, pfn);
	assert_failed(r->m, hmmu_page_put(r->m, pfn), -EINVAL, HMMU_ERR_REFERENCE);
	assert_int_equal(hmmu_leaks(r->m, NULL, 0), 0);
	rig_close(r);
}

/* The count of references has an end. */
static void test_too_many_references(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 1, 0);
	uint32_t pfn = pfn_at(r, buf);

	(void)state;
	r->m->pins[pfn].exclusive = UINT16_MAX;
	assert_failed(r->m, hmmu_make_device_exclusive(r->m, r->tid, buf, OWNER, &pfn), -ENOMEM, HMMU_ERR_OUT_OF_SLOTS);
	r->m->pins[pfn].exclusive = 0;
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	rig_close(r);
}

static void test_refused(void **state)
{
	uint64_t buf, shared, huge;
	struct rig *r = open_exclusive(&buf, 4, 0);
	uint32_t held, pfn;

	(void)state;
	shared = map_at(r, BASE, 1, HMMU_MAP_SHMEM, 3);
	huge = map_at(r, BASE + MIB(2), 512, HMMU_MAP_HUGETLB, 3);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &held));
	assert_int_equal(make(r, buf), 0);
	assert_ok(hmmu_release(r->m, held));
	/* The fault of GUP has brought the page. */
	assert_int_equal(make(r, shared), 0);
	assert_kind(r, shared, 1, HMMU_ENTRY_SYS);
	assert_fails(r, huge, -EOPNOTSUPP);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_fails(r, buf, -EFAULT);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_fails(r, buf, -EFAULT);
	assert_failed(r->m, hmmu_make_device_exclusive(r->m, r->tid, HMMU_TASK_SIZE, OWNER, &pfn), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_make_device_exclusive(r->m, 99, buf, OWNER, &pfn), -ESRCH, HMMU_ERR_NO_TASK);
	rig_close(r);
}

static void test_memory_runs_out(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 1, 0);
	uint32_t pfn;

	(void)state;
	buf = map_anon(r, 1);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 1, false));
	assert_failed(r->m, hmmu_make_device_exclusive(r->m, r->tid, buf, OWNER, &pfn), -ENOMEM,
		      HMMU_ERR_OUT_OF_FRAMES);
	assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
	rig_close(r);
}

/* Copy-on-write is broken first, so that the page is of one process alone. A later child is not asked. */
static void test_shared_page_is_copied(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 1, 0);
	uint32_t old = pfn_at(r, buf), child = do_fork_of(r, r->tid);

	(void)state;
	take(r, buf, 1);
	assert_int_not_equal(pfn_at(r, buf), old);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, child, buf).pfn, old);
	rig_close(r);
}

/* Holes and the zero page get pages. */
static void test_empty_entries(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 1, 0);

	(void)state;
	buf = map_anon(r, 2);
	read_pages(r, buf, 1);
	take(r, buf, 2);
	assert_kind(r, buf, 2, HMMU_ENTRY_EXCL);
	assert_bytes(r, r->tid, buf, 1, 0);
	rig_close(r);
}

/* One event a page, as it becomes exclusive and as it comes back. */
static void test_events(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 3, 0);
	struct hmmu_event last;

	(void)state;
	assert_ok(hmmu_watch(r->m, r->pid));
	take(r, buf, 3);
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 3);
	assert_int_equal(last.kind, HMMU_NOTIFY_EXCLUSIVE);
	assert_int_equal(last.a, buf + PAGES(2));
	assert_int_equal(last.b, buf + PAGES(3));
	read_pages(r, buf + PAGES(1), 1);
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 1);
	assert_int_equal(last.kind, HMMU_NOTIFY_EXCLUSIVE);
	assert_int_equal(last.a, buf + PAGES(1));
	assert_int_equal(last.b, buf + PAGES(2));
	rig_close(r);
}

/* A load gets the page back, and then accesses it: dirty, and with the bits that it had. */
static void test_load(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 2, 0);

	(void)state;
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	write_pages(r, buf, 1, 0x30);
	take(r, buf, 2);
	assert_bytes(r, r->tid, buf, 2, 0x30);
	assert_bits(r, buf, W | D | A | S);
	assert_page(r, buf, 1, 1, flags_at(r, buf));
	assert_true(flags_at(r, buf) & HMMU_PG_EXCLUSIVE);
	rig_close(r);
}

/* The parent has a present entry first, which is then shared. */
static void test_fork(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 2, 2);
	uint32_t child;

	(void)state;
	assert_ok(hmmu_mprotect(r->m, r->tid, buf + PAGES(1), PAGES(1), HMMU_PROT_READ));
	assert_ok(hmmu_watch(r->m, r->pid));
	child = do_fork_of(r, r->tid);
	/* fork()'s own, of either mapping; that of the entry's end is missing. */
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL), 2);
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	assert_bits(r, buf, D | S);
	assert_bits(r, buf + PAGES(1), S);
	assert_page(r, buf, 2, 2, flags_at(r, buf));
	assert_false(flags_at(r, buf) & HMMU_PG_EXCLUSIVE);
	assert_int_equal(entry_of(r, child, buf).bits, D | S);
	assert_int_equal(mm_counters(r, child).anon, 2);
	rig_close(r);
}

/* The quirk exclusive-fork-enomem: the page is locked. Entries before it have come back. */
static void test_fork_of_locked_page(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		struct rig *r = open_6_12(.ram_pages = 4096, .quirks_off = off ? HMMU_QUIRK_EXCLUSIVE_FORK_ENOMEM : 0);
		uint64_t buf = map_anon(r, 3);
		uint32_t locked, child = 0;

		write_pages(r, buf, 3, 0x30);
		take(r, buf, 3);
		assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(1), &locked));
		if (off) {
			assert_ok(hmmu_fork(r->m, r->tid, &child));
			assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_SYS);
			assert_int_not_equal(entry_of(r, child, buf + PAGES(1)).pfn, locked);
			assert_bytes(r, hmmu_process_task(r->m, child), buf, 3, 0x30);
		} else {
			assert_failed(r->m, hmmu_fork(r->m, r->tid, &child), -ENOMEM, HMMU_ERR_SYSCALL);
			assert_kind(r, buf + PAGES(2), 1, HMMU_ENTRY_EXCL);
		}
		assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
		assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_EXCL);
		assert_clean(r->m);
		/* The child's copy needs memory. */
		assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 1, false));
		assert_failed(r->m, hmmu_fork(r->m, r->tid, &child), -ENOMEM, HMMU_ERR_SYSCALL);
		assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 0, false));
		assert_ok(hmmu_release(r->m, locked));
		rig_close(r);
	}
}

/* The reference goes with the entry, and so does the RSS. */
static void test_zap(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 4, 3);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(1), PAGES(1)));
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
	/* The driver keeps its reference beyond the end of the process. */
	pfn = make(r, buf + PAGES(3));
	assert_ok(hmmu_oom_reap(r->m, r->pid));
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	assert_int_equal(page_info(r, pfn).ref, 1);
	assert_clean(r->m);
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_clean(r->m);
	hand_back(r, pfn);
	assert_true(page_info(r, pfn).free);
	assert_ok(hmmu_process_create(r->m, &r->pid));
	r->tid = hmmu_process_task(r->m, r->pid);
	rig_close(r);
}

/* Moved entries become soft-dirty, and clear_refs takes that off. */
static void test_soft_dirty(void **state)
{
	uint64_t buf, to;
	struct rig *r = open_exclusive(&buf, 2, 2);

	(void)state;
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_bits(r, buf, W);
	assert_ok(hmmu_mremap(r->m, r->tid, buf, PAGES(2), PAGES(2), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED,
			      BASE + PAGES(3), &to));
	assert_kind(r, to, 2, HMMU_ENTRY_EXCL);
	assert_bits(r, to, W | S);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	/* It is dirty when it is back, and so it is soft-dirty. */
	assert_bytes(r, r->tid, to, 2, 0x30);
	assert_bits(r, to, W | D | A | S);
	rig_close(r);
}

/* Advice leaves the entries alone. */
static void test_advice(void **state)
{
	const uint32_t advice[] = { HMMU_MADV_FREE, HMMU_MADV_COLD, HMMU_MADV_PAGEOUT };
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 2, 2);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), advice[i]));
		assert_kind(r, buf, 2, HMMU_ENTRY_EXCL);
		assert_page(r, buf, 1, 0, flags_at(r, buf));
	}
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_POPULATE_READ));
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	assert_bytes(r, r->tid, buf, 2, 0x30);
	rig_close(r);
}

/* mlock() passes over them, but then brings them in. The mark goes with the mapping of the page, and comes back with it. */
static void test_mlock(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 1, 1);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_true(flags_at(r, buf) & HMMU_PG_MLOCKED);
	take(r, buf, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_false(flags_at(r, buf) & (HMMU_PG_MLOCKED | HMMU_PG_UNEVICTABLE));
	assert_clean(r->m);
	read_pages(r, buf, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_true(flags_at(r, buf) & HMMU_PG_MLOCKED);
	rig_close(r);
}

/* userfaultfd's write protection takes the right to write, also when the page is back. */
static void test_uffd_wp(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 2, 2);
	uint8_t byte;

	(void)state;
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, PAGES(2), HMMU_UFFD_WP));
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, buf, PAGES(2), true));
	assert_kind(r, buf, 2, HMMU_ENTRY_EXCL);
	assert_bits(r, buf, S | U);
	assert_ok(load(r, r->tid, buf, &byte));
	assert_bits(r, buf, A | S | U);
	assert_failed(r->m, store(r, r->tid, buf, 1), -EFAULT, HMMU_ERR_SIGBUS);
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, buf, PAGES(2), false));
	assert_bits(r, buf + PAGES(1), S);
	assert_ok(store(r, r->tid, buf, 1));
	rig_close(r);
}

/* Entries of later parts keep write protection. */
static void test_uffd_wp_is_kept(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_huge(r, 512);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf + PAGES(1), PAGES(511), HMMU_UFFD_WP));
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, buf + PAGES(1), PAGES(511), true));
	take(r, buf, 1);
	assert_kind(r, buf, 512, HMMU_ENTRY_EXCL);
	assert_bits(r, buf, W | S);
	assert_bits(r, buf + PAGES(1), S | U);
	rig_close(r);
}

/* hold and isolate find the page; reclaim does, too, and is told that somebody else has it. */
static void test_other_users(void **state)
{
	uint64_t buf = 0;
	struct rig *r = open_6_12(.ram_pages = 4096, .swap_pages = 8);
	uint32_t pfn, isolated;

	(void)state;
	buf = map_anon(r, 1);
	write_pages(r, buf, 1, 0x30);
	hmmu_lru_add_drain_all(r->m);
	take(r, buf, 1);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_isolate(r->m, r->pid, buf, &isolated));
	assert_int_equal(isolated, pfn);
	assert_ok(hmmu_putback(r->m, isolated));
	assert_ok(hmmu_release(r->m, pfn));
	assert_failed(r->m, hmmu_reclaim(r->m, r->pid, buf), -EBUSY, HMMU_ERR_SYSCALL);
	assert_kind(r, buf, 1, HMMU_ENTRY_EXCL);
	assert_true(flags_at(r, buf) & HMMU_PG_SWAPCACHE);
	assert_clean(r->m);
	assert_bytes(r, r->tid, buf, 1, 0x30);
	rig_close(r);
}

/* shrink_folio_list() writes no dirty folio of MADV_FREE: it is on the list of files, whose folios flushers write. */
static void test_reclaim_after_madv_free(void **state)
{
	uint64_t buf = 0;
	struct rig *r = open_6_12(.ram_pages = 4096, .swap_pages = 8);

	(void)state;
	buf = map_anon(r, 1);
	write_pages(r, buf, 1, 0x30);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_FREE));
	hmmu_lru_add_drain_all(r->m);
	take(r, buf, 1);
	assert_failed(r->m, hmmu_reclaim(r->m, r->pid, buf), -EBUSY, HMMU_ERR_SYSCALL);
	assert_kind(r, buf, 1, HMMU_ENTRY_EXCL);
	assert_true(flags_at(r, buf) & HMMU_PG_DIRTY);
	assert_true(flags_at(r, buf) & HMMU_PG_ACTIVE);
	assert_clean(r->m);
	assert_bytes(r, r->tid, buf, 1, 0x30);
	rig_close(r);
}

/* The quirk exclusive-takes-folio: the head takes all entries of its page along. */
static void test_huge(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		struct rig *r = open_6_12(.ram_pages = 4096, .quirks_off = off ? HMMU_QUIRK_EXCLUSIVE_TAKES_FOLIO : 0);
		uint64_t buf = map_huge(r, 512);
		struct hmmu_event last;

		write_pages(r, buf, 1, 0x30);
		/* A later part is refused, when the pmd has been split. */
		assert_int_equal(make(r, buf + PAGES(3)), 0);
		assert_kind(r, buf, 512, HMMU_ENTRY_SYS);
		assert_ok(hmmu_watch(r->m, r->pid));
		take(r, buf, 1);
		assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 1);
		assert_int_equal(last.b - last.a, off ? PAGES(1) : MIB(2));
		assert_kind(r, buf, 1, HMMU_ENTRY_EXCL);
		assert_kind(r, buf + PAGES(1), 511, off ? HMMU_ENTRY_SYS : HMMU_ENTRY_EXCL);
		assert_int_equal(entry_of(r, r->pid, buf).ref, 512);
		assert_clean(r->m);
		/* So many references without mappings: it can't be split, and stays as it is. */
		assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(8), HMMU_MADV_FREE));
		assert_int_equal(entry_of(r, r->pid, buf).ref, 512);
		assert_bytes(r, r->tid, buf, 1, 0x30);
		rig_close(r);
	}
}

/* The walk of the page's entries ends at one that is not present. */
static void test_huge_again(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_huge(r, 512);

	(void)state;
	write_pages(r, buf, 1, 0x30);
	take(r, buf, 1);
	/* Parts 0 and 5 come back. Part 0 becomes exclusive again, and part 5 is still mapped. */
	read_pages(r, buf + PAGES(5), 1);
	assert_int_equal(make(r, buf), 0);
	assert_kind(r, buf, 1, HMMU_ENTRY_EXCL);
	assert_kind(r, buf + PAGES(5), 1, HMMU_ENTRY_SYS);
	assert_clean(r->m);
	assert_bytes(r, r->tid, buf, 1, 0x30);
	rig_close(r);
}

/* MADV_COLLAPSE brings the pages back first. */
static void test_collapse(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_at(r, BASE, 512, HMMU_MAP_ANON, 3);

	(void)state;
	assert_ok(hmmu_madvise(r->m, r->tid, buf, MIB(2), HMMU_MADV_NOHUGEPAGE));
	write_pages(r, buf, 512, 0);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, MIB(2), HMMU_MADV_HUGEPAGE));
	take(r, buf + PAGES(3), 2);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, MIB(2), HMMU_MADV_COLLAPSE));
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_bytes(r, r->tid, buf, 512, 0);
	rig_close(r);
}

/* remove_migration_ptes() takes device-exclusive entries for migration entries, and so the page has a reference too many:
 * it takes one for the entry, which had one. */
static void test_taken_for_migration_entry(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 1, 1);
	struct ctx ctx = { .m = r->m, .mm = r->pid };
	uint32_t pfn = entry_of(r, r->pid, buf).pfn;

	(void)state;
	remove_migration_ptes(&ctx, pfn, pfn);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_bits(r, buf, S);
	assert_page(r, buf, 2, 1, flags_at(r, buf));
	assert_int_equal(r->m->pins[pfn].leaked, 1);
	rig_close(r);
}

/* Copies, and what verify() and restore say of a driver's page. */
static void test_copies(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 2, 1);
	uint32_t pfn = make(r, buf + PAGES(1));
	struct hmmu *clone, *mine = r->m;

	(void)state;
	assert_ok(hmmu_clone(r->m, &clone));
	assert_true(hmmu_hash(clone) == hmmu_hash(r->m));
	r->m = clone;
	hand_back(r, pfn);
	assert_bytes(r, r->tid, buf, 2, 0x30);
	assert_clean(clone);
	assert_ok(hmmu_destroy(clone));
	r->m = mine;
	page_of(r->m, pfn)->flags &= ~(u32)PAGE_USER_DRIVER_LOCK;
	assert_true(complaints(r->m) > 0);
	page_of(r->m, pfn)->flags |= PAGE_USER_DRIVER_LOCK;
	ClearPageAnonExclusive(r->m, pfn);
	assert_true(complaints(r->m) > 0);
	assert_non_null(strstr(first_complaint(), "which is not exclusive"));
	SetPageAnonExclusive(r->m, pfn);
	hand_back(r, pfn);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_given_back),
		cmocka_unit_test(test_too_many_references),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_memory_runs_out),
		cmocka_unit_test(test_shared_page_is_copied),
		cmocka_unit_test(test_empty_entries),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_fork_of_locked_page),
		cmocka_unit_test(test_zap),
		cmocka_unit_test(test_soft_dirty),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_mlock),
		cmocka_unit_test(test_uffd_wp),
		cmocka_unit_test(test_uffd_wp_is_kept),
		cmocka_unit_test(test_other_users),
		cmocka_unit_test(test_reclaim_after_madv_free),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_huge_again),
		cmocka_unit_test(test_collapse),
		cmocka_unit_test(test_taken_for_migration_entry),
		cmocka_unit_test(test_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
