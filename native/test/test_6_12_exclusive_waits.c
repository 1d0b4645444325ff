/* SPDX-License-Identifier: GPL-2.0-only */
/* Who waits for a page that a driver has locked to use it alone, and which locks the waiter gives up. Linux 6.12. */
#include "exclusive.h"

#include "mm/task.h"

/* The driver has the page's lock. The load gives its lock up for it; another task changes the mapping meanwhile. */
static void test_load_waits(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 3, 0);
	uint32_t reader = new_task(r, r->pid), pfn = make(r, buf);
	uint8_t byte;

	(void)state;
	assert_blocked(r->m, load(r, reader, buf, &byte), reader, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_bits(r, buf, S);
	hand_back(r, pfn);
	assert_ok(load(r, reader, buf, &byte));
	assert_int_equal(byte, 0x30);
	/* An entry that has lost the right to write comes back clean. */
	assert_bits(r, buf, A | S);
	rig_close(r);
}

/* get_user_pages() waits with mmap_lock. */
static void test_pin_waits(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 1, 0);
	uint32_t pinner = new_task(r, r->pid), pfn = make(r, buf), pinned = 0;

	(void)state;
	assert_blocked(r->m, hmmu_pin(r->m, pinner, buf, 0, &pinned), pinner, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_munmap(r->m, r->tid, buf, PAGES(1)), r->tid, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_clean(r->m);
	hand_back(r, pfn);
	assert_ok(hmmu_pin(r->m, pinner, buf, 0, &pinned));
	assert_int_equal(pinned, pfn);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_ok(hmmu_unpin(r->m, pinned, 0));
	rig_close(r);
}

/* Making a page exclusive waits as well, for a migration; and can be given up. */
static void test_making_waits(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 1, 1);
	uint32_t maker = new_task(r, r->pid), pfn = make(r, buf), again = 0;

	(void)state;
	/* The driver has the lock of the page, which is exclusive already. */
	assert_blocked(r->m, hmmu_make_device_exclusive(r->m, maker, buf, OWNER, &again), maker, HMMU_WAIT_PAGE_LOCK);
	assert_failed(r->m, hmmu_make_device_exclusive(r->m, maker, buf, OWNER + 1, &again), -EBUSY, HMMU_ERR_BUSY);
	assert_non_null(strstr(hmmu_error(r->m)->text, "make_device_exclusive_range(0x"));
	assert_ok(hmmu_task_cancel(r->m, maker));
	assert_clean(r->m);
	assert_blocked(r->m, hmmu_make_device_exclusive(r->m, maker, buf, OWNER, &again), maker, HMMU_WAIT_PAGE_LOCK);
	hand_back(r, pfn);
	assert_ok(hmmu_make_device_exclusive(r->m, maker, buf, OWNER, &again));
	assert_int_equal(again, pfn);
	hand_back(r, again);
	rig_close(r);
}

/* mlock() brings pages in, and gives mmap_lock up each time it waits for one. */
static void test_populate_gives_mmap_lock_up(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 3, 1);
	uint32_t locker = new_task(r, r->pid), pfn = make(r, buf + PAGES(1)), pfn_2 = make(r, buf + PAGES(2));
	uint64_t faults;

	(void)state;
	assert_blocked(r->m, hmmu_mlock(r->m, locker, buf, PAGES(3)), locker, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	/* A writer has its turn. */
	assert_ok(hmmu_munmap(r->m, r->tid, map_anon(r, 1), PAGES(1)));
	hand_back(r, pfn);
	faults = counter(r, HMMU_COUNT_PAGE_FAULTS);
	assert_blocked(r->m, hmmu_mlock(r->m, locker, buf, PAGES(3)), locker, HMMU_WAIT_PAGE_LOCK);
	/* That of the second page is the one that waited; the third page's is new. */
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults + 1);
	assert_ok(hmmu_munmap(r->m, r->tid, map_anon(r, 1), PAGES(1)));
	hand_back(r, pfn_2);
	assert_ok(hmmu_mlock(r->m, locker, buf, PAGES(3)));
	assert_kind(r, buf, 3, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* Meanwhile a writer has come, so that it waits once more: for mmap_lock. */
static void test_populate_waits_for_mmap_lock(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 2, 0);
	uint32_t locker = new_task(r, r->pid), third = new_task(r, r->pid), pfn = make(r, buf), pinned;
	uint64_t faults;

	(void)state;
	assert_blocked(r->m, hmmu_mlock(r->m, locker, buf, PAGES(2)), locker, HMMU_WAIT_PAGE_LOCK);
	faults = counter(r, HMMU_COUNT_PAGE_FAULTS);
	assert_blocked(r->m, hmmu_pin(r->m, third, buf, 0, &pinned), third, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_munmap(r->m, r->tid, buf + PAGES(1), PAGES(1)), r->tid, HMMU_WAIT_MMAP_SEM_WRITE);
	hand_back(r, pfn);
	assert_blocked(r->m, hmmu_mlock(r->m, locker, buf, PAGES(2)), locker, HMMU_WAIT_MMAP_SEM_READ);
	assert_clean(r->m);
	assert_ok(hmmu_pin(r->m, third, buf, 0, &pinned));
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(1), PAGES(1)));
	assert_true(is_ready(r, locker));
	assert_ok(hmmu_mlock(r->m, locker, buf, PAGES(2)));
	/* That of the pin, before and after its wait. */
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults + 2);
	assert_ok(hmmu_unpin(r->m, pinned, 0));
	rig_close(r);
}

/* MADV_POPULATE_READ gives it up once for a page, and then waits with it. The page is locked again while the call waits for
 * mmap_lock. */
static void test_advice_gives_mmap_lock_up_once(void **state)
{
	uint64_t buf;
	struct rig *r = open_exclusive(&buf, 2, 2);
	uint64_t other = map_anon(r, 1);
	uint32_t adviser = new_task(r, r->pid), third = new_task(r, r->pid), first, second, pinned;

	(void)state;
	assert_ok(hmmu_hold(r->m, r->pid, buf, &first));
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(1), &second));
	assert_blocked(r->m, hmmu_madvise(r->m, adviser, buf, PAGES(1), HMMU_MADV_POPULATE_READ), adviser,
		       HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_pin(r->m, third, buf + PAGES(1), 0, &pinned), third, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_munmap(r->m, r->tid, other, PAGES(1)), r->tid, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_ok(hmmu_release(r->m, first));
	assert_blocked(r->m, hmmu_madvise(r->m, adviser, buf, PAGES(1), HMMU_MADV_POPULATE_READ), adviser,
		       HMMU_WAIT_MMAP_SEM_READ);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &first));
	assert_ok(hmmu_release(r->m, second));
	assert_ok(hmmu_pin(r->m, third, buf + PAGES(1), 0, &pinned));
	assert_ok(hmmu_munmap(r->m, r->tid, other, PAGES(1)));
	assert_blocked(r->m, hmmu_madvise(r->m, adviser, buf, PAGES(1), HMMU_MADV_POPULATE_READ), adviser,
		       HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_munmap(r->m, r->tid, buf, PAGES(1)), r->tid, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, first));
	assert_ok(hmmu_madvise(r->m, adviser, buf, PAGES(1), HMMU_MADV_POPULATE_READ));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_ok(hmmu_unpin(r->m, pinned, 0));
	rig_close(r);
}

/* MADV_COLLAPSE gives it up as well, and then the block. Other blocks become huge. */
static void test_collapse_gives_block_up(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 8192);
	uint64_t buf = map_at(r, BASE, 1024, HMMU_MAP_ANON, 3);
	uint32_t adviser = new_task(r, r->pid), pfn;

	(void)state;
	assert_ok(hmmu_madvise(r->m, r->tid, buf, MIB(4), HMMU_MADV_NOHUGEPAGE));
	write_pages(r, buf, 1024, 0);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, MIB(4), HMMU_MADV_HUGEPAGE));
	pfn = make(r, buf + PAGES(3));
	assert_blocked(r->m, hmmu_madvise(r->m, adviser, buf, MIB(4), HMMU_MADV_COLLAPSE), adviser,
		       HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_munmap(r->m, r->tid, map_anon(r, 1), PAGES(1)));
	hand_back(r, pfn);
	assert_failed(r->m, hmmu_madvise(r->m, adviser, buf, MIB(4), HMMU_MADV_COLLAPSE), -EAGAIN, HMMU_ERR_SYSCALL);
	assert_kind(r, buf + PAGES(3), 1, HMMU_ENTRY_EXCL);
	assert_kind(r, buf, 3, HMMU_ENTRY_SYS);
	assert_kind(r, buf + MIB(2), 512, HMMU_ENTRY_HUGE);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_waits),
		cmocka_unit_test(test_pin_waits),
		cmocka_unit_test(test_making_waits),
		cmocka_unit_test(test_populate_gives_mmap_lock_up),
		cmocka_unit_test(test_populate_waits_for_mmap_lock),
		cmocka_unit_test(test_advice_gives_mmap_lock_up_once),
		cmocka_unit_test(test_collapse_gives_block_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
