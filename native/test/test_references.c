/* SPDX-License-Identifier: GPL-2.0-only */
/* References that users take: pins, holds, isolations; who may give them up, and what they keep alive. */
#include "support.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static void test_pin(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	/* A pin to write faults the page in. */
	assert_ok(hmmu_pin(r->m, r->tid, buf + 77, HMMU_PIN_WRITE, &pfn));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(pfn, pfn_at(r, buf));
	assert_page(r, buf, 2, 1, ANON_FLAGS | HMMU_PG_REFERENCED);
	/* A second touch of an active page. */
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
	assert_int_equal(page_info(r, pfn).ref, 3);
	assert_clean(r->m);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_failed(r->m, hmmu_unpin(r->m, pfn, 0), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(r->m, hmmu_unpin(r->m, 0, 0), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(r->m, hmmu_unpin(r->m, UINT32_MAX, 0), -EINVAL, HMMU_ERR_REFERENCE);
	rig_close(r);
}

/* Linux 4.14 has no pin_user_pages(). */
static void test_pin_for_dma(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn = 5;

	(void)state;
	assert_failed(r->m, hmmu_pin(r->m, r->tid, buf, HMMU_PIN_DMA, &pfn), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_pin(r->m, r->tid, buf, HMMU_PIN_DMA | HMMU_PIN_WRITE, &pfn), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_pin(r->m, r->tid, buf, 4, &pfn), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_int_equal(pfn, 5);
	assert_kind(r, buf, 1, HMMU_ENTRY_NONE);
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
	assert_failed(r->m, hmmu_unpin(r->m, pfn, HMMU_PIN_DMA), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(r->m, hmmu_unpin(r->m, pfn, 4), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_WRITE));
	assert_clean(r->m);
	rig_close(r);
}

/* A pin to read can be one of the zero page. */
static void test_pin_of_zero_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t zero, pfn;

	(void)state;
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &zero));
	assert_kind(r, buf, 1, HMMU_ENTRY_ZERO);
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_WRITE, &pfn));
	assert_int_not_equal(zero, pfn);
	assert_clean(r->m);
	assert_ok(hmmu_unpin(r->m, zero, 0));
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

static void test_pins_that_fail(void **state)
{
	struct rig *r = open_rig();
	uint64_t ro = map_at(r, BASE, 1, HMMU_MAP_ANON, HMMU_PROT_READ);
	uint64_t none = map_at(r, BASE + MIB(2), 1, HMMU_MAP_ANON, 0);
	uint64_t special = map_at(r, BASE + MIB(4), 1, HMMU_MAP_SPECIAL, RW);
	uint32_t pfn = 5;

	(void)state;
	assert_failed(r->m, hmmu_pin(r->m, r->tid, ro, HMMU_PIN_WRITE, &pfn), -EFAULT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_pin(r->m, r->tid, none, 0, &pfn), -EFAULT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_pin(r->m, r->tid, special, 0, &pfn), -EFAULT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_pin(r->m, r->tid, BASE - 1, 0, &pfn), -EFAULT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_pin(r->m, r->tid, HMMU_TASK_SIZE, 0, &pfn), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_ok(hmmu_uffd_register(r->m, r->tid, ro, PAGES(1), HMMU_UFFD_MISSING));
	assert_failed(r->m, hmmu_pin(r->m, r->tid, ro, 0, &pfn), -EFAULT, HMMU_ERR_SYSCALL);
	assert_int_equal(pfn, 5);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 1, false));
	assert_failed(r->m, hmmu_pin(r->m, r->tid, map_anon(r, 1), HMMU_PIN_WRITE, &pfn), -ENOMEM,
		      HMMU_ERR_OUT_OF_FRAMES);
	rig_close(r);
}

/* A pinned page outlives its mapping and its process. */
static void test_pin_keeps_the_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 0x3c);
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_int_equal(page_info(r, pfn).ref, 1);
	assert_int_equal(page_info(r, pfn).map, 0);
	assert_int_equal(*(uint8_t *)hmmu_page_data(r->m, pfn), 0x3c);
	assert_clean(r->m);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_true(page_info(r, pfn).flags & HMMU_PG_BUDDY);
	rig_close(r);
}

/* A pin to write breaks copy-on-write. */
static void test_pin_of_shared_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child, task, before, pfn;

	(void)state;
	write_pages(r, buf, 1, 0x3c);
	child = do_fork_of(r, r->tid);
	task = hmmu_process_task(r->m, child);
	before = pfn_at(r, buf);
	assert_ok(hmmu_pin(r->m, task, buf, 0, &pfn));
	assert_int_equal(pfn, before);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_ok(hmmu_pin(r->m, task, buf, HMMU_PIN_WRITE, &pfn));
	assert_int_not_equal(pfn, before);
	assert_int_equal(*(uint8_t *)hmmu_page_data(r->m, pfn), 0x3c);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

/* A pin to write of an entry that is writable and clean marks the page, as the entry will not be seen to change. */
static void test_pin_of_clean_entry(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	/* The driver has no page to offer: the entry comes back clean. */
	assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_WRITE, &pfn));
	assert_true(page_info(r, pfn).flags & HMMU_PG_DIRTY);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

static void test_pins_of_a_huge_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	uint32_t pfn[3];

	(void)state;
	write_pages(r, buf, 1, 1);
	for (uint64_t i = 0; i < 3; i++) {
		assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(i * 200), i & 1, &pfn[i]));
		assert_int_equal(pfn[i], pfn_at(r, buf + PAGES(i * 200)));
	}
	assert_int_equal(entry_of(r, r->pid, buf).ref, 4);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(512)));
	assert_clean(r->m);
	for (int i = 0; i < 3; i++)
		assert_ok(hmmu_unpin(r->m, pfn[i], 0));
	assert_true(page_info(r, pfn[0]).flags & HMMU_PG_BUDDY);
	rig_close(r);
}

/* A pin waits for a migration, as a load does. */
static void test_pin_waits(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t tid = new_task(r, r->pid), pfn;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_PAGES);
	assert_blocked(r->m, hmmu_pin(r->m, tid, buf, HMMU_PIN_WRITE, &pfn), tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_migrate_end(mig));
	/* The page is on the device now, and is brought back first. */
	assert_ok(hmmu_pin(r->m, tid, buf, HMMU_PIN_WRITE, &pfn));
	assert_false(page_info(r, pfn).device);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

static void test_hold(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);
	uint32_t pfn, device, again;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf + PAGES(1), 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_page(r, buf, 2, 1, ANON_FLAGS | HMMU_PG_LOCKED);
	assert_failed(r->m, hmmu_hold(r->m, r->pid, buf, &again), -EBUSY, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_hold(r->m, r->pid, buf + PAGES(2), &again), -ENOENT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_hold(r->m, r->pid, BASE + MIB(99), &again), -ENOENT, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(1), &device));
	assert_true(page_info(r, device).device);
	assert_clean(r->m);
	read_pages(r, buf + PAGES(2), 1);
	assert_failed(r->m, hmmu_hold(r->m, r->pid, buf + PAGES(2), &again), -ENOENT, HMMU_ERR_SYSCALL);
	/* Neither is a driver's lock. */
	assert_failed(r->m, hmmu_page_unlock(r->m, pfn), -EINVAL, HMMU_ERR_REFERENCE);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_release(r->m, device));
	assert_failed(r->m, hmmu_release(r->m, pfn), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(r->m, hmmu_release(r->m, 0), -EINVAL, HMMU_ERR_REFERENCE);
	rig_close(r);
}

/* A held anonymous page that loses its last mapping is freed when it is let go. Those of files: test_task_work.c. */
static void test_hold_keeps_the_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_clean(r->m);
	assert_int_equal(page_info(r, pfn).ref, 1);
	assert_ok(hmmu_release(r->m, pfn));
	assert_true(page_info(r, pfn).flags & HMMU_PG_BUDDY);
	rig_close(r);
}

/* A locked page that is mlocked keeps munlock(), munmap() and the end of its process waiting. */
static void test_held_mlocked_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_blocked(r->m, hmmu_munlock(r->m, r->tid, buf, PAGES(2)), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	assert_clean(r->m);
	/* What was given up had taken VM_LOCKED off before it waited. */
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	assert_blocked(r->m, hmmu_munmap(r->m, r->tid, buf, PAGES(2)), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	assert_failed(r->m, hmmu_exit(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_true(hmmu_process_alive(r->m, r->pid));
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(2)));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	rig_close(r);
}

/* One of a batch of pages is locked: the others are not kept. */
static void test_munlock_waits_in_a_batch(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 10);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(10)));
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(6), &pfn));
	assert_blocked(r->m, hmmu_munlock(r->m, r->tid, buf, PAGES(10)), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(10)));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	rig_close(r);
}

static void test_page_info(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1), shared = map_at(r, 0, 3, HMMU_MAP_SHMEM, RW);
	struct hmmu_page_info info;

	(void)state;
	write_pages(r, buf, 1, 1);
	write_pages(r, shared, 3, 1);
	info = page_info(r, pfn_at(r, buf));
	assert_true(info.anon && info.has_mapping && !info.device);
	assert_true(info.index == buf / HMMU_PAGE_SIZE);
	info = page_info(r, pfn_at(r, shared + PAGES(2)));
	assert_true(!info.anon && info.has_mapping);
	assert_int_equal(info.index, 2);
	assert_int_equal(info.alloc_id, entry_of(r, r->pid, shared + PAGES(2)).alloc_id);
	assert_true(page_info(r, 1).flags & HMMU_PG_RESERVED);
	assert_failed(r->m, hmmu_page_info(r->m, 0, &info), -EINVAL, HMMU_ERR_NO_PAGE);
	assert_failed(r->m, hmmu_page_info(r->m, UINT32_MAX, &info), -EINVAL, HMMU_ERR_NO_PAGE);
	rig_close(r);
}

static void test_only_own_pages_are_locked(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_failed(r->m, hmmu_page_trylock(r->m, pfn_at(r, buf)), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(r->m, hmmu_page_put(r->m, pfn_at(r, buf)), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(r->m, hmmu_page_unlock(r->m, pfn_at(r, buf)), -EINVAL, HMMU_ERR_REFERENCE);
	rig_close(r);
}

/* 4.14 has no device-exclusive entries. */
static void test_no_exclusive_access(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_failed(r->m, hmmu_make_device_exclusive(r->m, r->tid, buf, 1, &pfn), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_own_pages_are_locked),
		cmocka_unit_test(test_pin_of_zero_page),
		cmocka_unit_test(test_pins_that_fail),
		cmocka_unit_test(test_pin_keeps_the_page),
		cmocka_unit_test(test_pin_of_shared_page),
		cmocka_unit_test(test_pins_of_a_huge_page),
		cmocka_unit_test(test_pin_waits),
		cmocka_unit_test(test_hold_keeps_the_page),
		cmocka_unit_test(test_page_info),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_pin_for_dma),
		cmocka_unit_test(test_pin_of_clean_entry),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_held_mlocked_page),
		cmocka_unit_test(test_munlock_waits_in_a_batch),
		cmocka_unit_test(test_no_exclusive_access),
	};

	return run_on_each_kernel(tests) + cmocka_run_group_tests(tests_of_4_14, NULL, NULL);
}
