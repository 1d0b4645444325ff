/* SPDX-License-Identifier: GPL-2.0-only */
/* Device migration of Linux 6.12: its three calls, what they refuse, why a page stays, and both sides of its quirks. */
#include "driver.h"

#include "mm/pgtable.h"
#include "mm/swapops.h"

static void test_three_calls(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 3);
	struct hmmu_migration *mig;
	uint8_t value;

	(void)state;
	write_pages(r, buf, 2, 40);
	mig = set_up_system(r, buf, 3);
	assert_int_equal(cpages(mig), 3);
	assert_int_equal(r->src[0] & 63, HMMU_PFN_VALID | HMMU_PFN_MIGRATE | HMMU_PFN_WRITE);
	assert_int_equal(r->src[2], HMMU_PFN_MIGRATE);
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_MIG);
	give_device_page(r, 0);
	give_device_page(r, 2);
	assert_ok(hmmu_migrate_vma_pages(mig));
	assert_int_equal(r->src[0] & HMMU_PFN_MIGRATE, HMMU_PFN_MIGRATE);
	assert_int_equal(r->src[1] & HMMU_PFN_MIGRATE, 0);
	assert_int_equal(r->why[1], HMMU_WHY_NO_PAGE);
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_MIG);
	assert_int_equal(entry_of(r, r->pid, buf + PAGES(2)).kind, HMMU_ENTRY_DEV);
	assert_ok(hmmu_migrate_vma_finalize(mig));
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_DEV);
	assert_int_equal(entry_of(r, r->pid, buf + PAGES(1)).kind, HMMU_ENTRY_SYS);
	assert_ok(load(r, r->tid, buf, &value));
	assert_int_equal(value, 40);
	rig_close(r);
}

static void test_order_of_calls(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migrate_request request = system_request(r, buf, 1);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	request.ops = NULL;
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	assert_failed(r->m, hmmu_migrate_vma_pages(mig), -EINVAL, HMMU_ERR_ORDER);
	assert_failed(r->m, hmmu_migrate_vma_finalize(mig), -EINVAL, HMMU_ERR_ORDER);
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_UNMAP));
	assert_failed(r->m, hmmu_migrate_vma_finalize(mig), -EINVAL, HMMU_ERR_ORDER);
	give_device_page(r, 0);
	assert_ok(hmmu_migrate_vma_pages(mig));
	assert_failed(r->m, hmmu_migrate_vma_pages(mig), -EINVAL, HMMU_ERR_ORDER);
	assert_ok(hmmu_migrate_vma_finalize(mig));
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_DEV);
	/* Where nothing can move, pages() and what it is for may be left out. */
	assert_ok(hmmu_migrate_vma_setup(r->m, &request, &mig));
	assert_int_equal(cpages(mig), 0);
	assert_ok(hmmu_migrate_vma_pages(mig));
	assert_ok(hmmu_migrate_vma_finalize(mig));
	rig_close(r);
}

/* A driver that gives up: its pages are freed, and all is as before. */
static void test_given_up(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 2, 1);
	mig = set_up_system(r, buf, 2);
	give_device_page(r, 0);
	assert_ok(hmmu_migrate_end(mig));
	assert_int_equal(r->why[0], HMMU_WHY_ABORTED);
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(hmmu_leaks(r->m, NULL, 0), 0);
	rig_close(r);
}

/* A page that is not locked by the driver: nothing moves, and the driver's pages are freed. */
static void test_rules(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 2, 1);
	mig = set_up_system(r, buf, 2);
	give_device_page(r, 0);
	pfn = give_device_page(r, 1);
	assert_failed(r->m, hmmu_page_trylock(r->m, pfn), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_failed(r->m, hmmu_migrate_vma_pages(mig), -EINVAL, HMMU_ERR_DRIVER_RULE);
	assert_failed(r->m, hmmu_migrate_vma_finalize(mig), -EINVAL, HMMU_ERR_DRIVER_RULE);
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(hmmu_leaks(r->m, NULL, 0), 0);
	rig_close(r);
}

static void refused(struct rig *r, struct hmmu_migrate_request request, uint32_t code)
{
	struct hmmu_migration *mig;

	assert_failed(r->m, hmmu_migrate_vma_setup(r->m, &request, &mig), -EINVAL, code);
}

static void test_arguments(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2), hole = buf + PAGES(64), special = map_at(r, BASE, 1, HMMU_MAP_SPECIAL, 3);
	struct hmmu_migrate_request request = system_request(r, buf, 2);

	(void)state;
	request.flags = 8;
	refused(r, request, HMMU_ERR_INVALID_ARGUMENT);
	request.flags = UINT32_MAX;
	refused(r, request, HMMU_ERR_INVALID_ARGUMENT);
	refused(r, system_request(r, special, 1), HMMU_ERR_SYSCALL);
	refused(r, system_request(r, buf, 0), HMMU_ERR_SYSCALL);
	refused(r, system_request(r, hole, 1), HMMU_ERR_SYSCALL);
	refused(r, system_request(r, buf, 3), HMMU_ERR_SYSCALL);
	refused(r, system_request(r, buf - PAGES(1), 2), HMMU_ERR_SYSCALL);
	request = system_request(r, buf, 2);
	request.end = buf - PAGES(1);
	refused(r, request, HMMU_ERR_SYSCALL);
	request = system_request(r, buf, 2);
	request.src = NULL;
	refused(r, request, HMMU_ERR_SYSCALL);
	request = system_request(r, buf, 2);
	for (uint32_t i = 0; i < 3; i++) {
		const uint32_t pfns[] = { 2, hmmu_device_base(r->m) + 64, UINT32_MAX };

		request.fault_page = pfns[i];
		refused(r, request, HMMU_ERR_SYSCALL);
	}
	rig_close(r);
}

/* Why each page stays: of a wrong kind, of another owner, pinned for DMA, locked. */
static void test_reasons(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 4);
	struct hmmu_migrate_request request;
	uint32_t pinned, locked;

	(void)state;
	write_pages(r, buf, 4, 1);
	to_device(r, buf, 1);
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(1), HMMU_PIN_DMA, &pinned));
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(2), &locked));
	request = system_request(r, buf, 3);
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_int_equal(r->why[0], HMMU_WHY_NOT_SELECTED);
	assert_int_equal(r->why[1], HMMU_WHY_MAYBE_PINNED);
	assert_int_equal(r->why[2], HMMU_WHY_PAGE_LOCKED);
	for (int i = 0; i < 3; i++)
		assert_int_equal(r->src[i], 0);
	request = device_request(r, buf, 2);
	request.owner = 2;
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_int_equal(r->why[0], HMMU_WHY_OTHER_OWNER);
	assert_int_equal(r->why[1], HMMU_WHY_NOT_SELECTED);
	assert_int_equal(entry_of(r, r->pid, buf + PAGES(1)).flags & HMMU_PG_EXCLUSIVE, HMMU_PG_EXCLUSIVE);
	assert_ok(hmmu_unpin(r->m, pinned, HMMU_PIN_DMA));
	assert_ok(hmmu_release(r->m, locked));
	rig_close(r);
}

static void test_counts_unrounded(void **state)
{
	(void)state;
	for (int on = 0; on < 2; on++) {
		struct rig *r = open_6_12(.quirks_off = on ? 0 : HMMU_QUIRK_SETUP_COUNTS_UNROUNDED);
		uint64_t buf = map_anon(r, 3);
		struct hmmu_migrate_request request = system_request(r, buf, 2);
		struct hmmu_migration_state after;
		struct hmmu_migration *mig;
		int err;

		request.start = buf + 1;
		request.end = buf + PAGES(1);
		err = hmmu_migrate_begin(r->m, &request, &mig);
		assert_int_equal(err, on ? -EINVAL : 0);
		if (!err)
			assert_ok(hmmu_migrate_end(mig));
		request.end = buf + PAGES(2);
		assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
		assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_UNMAP));
		hmmu_migrate_state(mig, &after);
		assert_int_equal(after.npages, 2);
		assert_int_equal(after.out_of_bounds, on);
		assert_ok(hmmu_migrate_end(mig));
		rig_close(r);
	}
}

/* The ends are rounded down before they are compared with those of the mapping. */
static void test_end_within_a_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migrate_request request = system_request(r, buf, 2);

	(void)state;
	write_pages(r, buf, 2, 1);
	r->builtin.to = HMMU_TO_DEVICE;
	request.end = buf + PAGES(2) + 4095;
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_kind(r, buf, 2, HMMU_ENTRY_DEV);
	request.end++;
	assert_failed(r->m, hmmu_migrate_vma(r->m, &request), -EINVAL, HMMU_ERR_SYSCALL);
	rig_close(r);
}

static void test_selection_splits_huge(void **state)
{
	(void)state;
	for (int on = 0; on < 2; on++) {
		struct rig *r = open_6_12(.quirks_off = on ? 0 : HMMU_QUIRK_SELECT_SPLITS_HUGE);
		uint64_t buf = map_huge(r, 512);
		struct hmmu_migrate_request request = device_request(r, buf, 512);

		write_pages(r, buf, 1, 1);
		assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_HUGE);
		assert_ok(hmmu_migrate_vma(r->m, &request));
		assert_int_equal(entry_of(r, r->pid, buf).kind, on ? HMMU_ENTRY_SYS : HMMU_ENTRY_HUGE);
		assert_int_equal(r->why[0], HMMU_WHY_NOT_SELECTED);
		rig_close(r);
	}
}

/* The parent's munmap() on CPU 1 leaves a device page in the batch there. Its child's fault on CPU 0 can't move the page. */
static void test_munlock_batch_holds_device(void **state)
{
	(void)state;
	for (int on = 0; on < 2; on++) {
		struct rig *r = open_6_12(.cpus = 2, .quirks_off = on ? 0 : HMMU_QUIRK_MUNLOCK_BATCH_HOLDS_DEVICE);
		uint64_t buf = map_anon(r, 1);
		uint32_t child;

		write_pages(r, buf, 1, 1);
		assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
		to_device(r, buf, 1);
		child = hmmu_process_task(r->m, do_fork_of(r, r->tid));
		assert_ok(hmmu_task_set_cpu(r->m, r->tid, 1));
		assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
		assert_int_equal(load(r, child, buf, NULL), on ? -EFAULT : 0);
		hmmu_lru_add_drain_all(r->m);
		assert_ok(load(r, child, buf, NULL));
		rig_close(r);
	}
}

/* A reference to a device page that nobody knows of: with the quirk it is found only when the page is to move. */
static void test_check_spares_device(void **state)
{
	(void)state;
	for (int on = 0; on < 2; on++) {
		struct rig *r = open_6_12(.quirks_off = on ? 0 : HMMU_QUIRK_CHECK_SPARES_DEVICE);
		uint64_t buf = map_anon(r, 1);
		struct hmmu_migrate_request request;
		uint32_t pfn = hmmu_device_base(r->m);

		write_pages(r, buf, 1, 1);
		to_device(r, buf, 1);
		page_of(r->m, pfn)->count++;
		request = device_request(r, buf, 1);
		assert_ok(hmmu_migrate_vma(r->m, &request));
		assert_int_equal(r->why[0], on ? HMMU_WHY_REFERENCES : HMMU_WHY_PINNED);
		page_of(r->m, pfn)->count--;
		assert_ok(hmmu_migrate_vma(r->m, &request));
		assert_int_equal(r->why[0], HMMU_WHY_NONE);
		rig_close(r);
	}
}

/* A clean page of the device, which fills a hole. */
static void test_unmap_dirties(void **state)
{
	(void)state;
	for (int on = 0; on < 2; on++) {
		struct rig *r = open_6_12(.quirks_off = on ? 0 : HMMU_QUIRK_DEVICE_UNMAP_DIRTIES);
		uint64_t buf = map_anon(r, 1);

		to_device(r, buf, 1);
		assert_int_equal(entry_of(r, r->pid, buf).flags & HMMU_PG_DIRTY, 0);
		assert_ok(evict_pages(r, hmmu_device_base(r->m), 1));
		assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_SYS);
		assert_int_equal(entry_of(r, r->pid, buf).flags & HMMU_PG_DIRTY, on ? HMMU_PG_DIRTY : 0);
		rig_close(r);
	}
}

static void test_device_range(void **state)
{
	struct rig *r = open_6_12();
	uint32_t base = hmmu_device_base(r->m), child, kept;
	uint64_t buf = map_anon(r, 3);
	uint8_t value;

	(void)state;
	write_pages(r, buf, 3, 7);
	to_device(r, buf, 3);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(2), PAGES(1)));
	assert_ok(hmmu_munmap(r->m, hmmu_process_task(r->m, child), buf + PAGES(2), PAGES(1)));
	assert_ok(hmmu_device_alloc_page(r->m, base + 5));
	kept = base + 5;
	/* What the arrays hold before has no effect. */
	memset(r->dst, 0xff, sizeof(r->dst));
	memset(r->why, 0xff, sizeof(r->why));
	assert_ok(evict_pages(r, base, 64));
	assert_int_equal(r->why[0], HMMU_WHY_NONE);
	assert_int_equal(r->why[2], HMMU_WHY_FREE_PAGE);
	assert_int_equal(r->why[5], HMMU_WHY_PAGE_LOCKED);
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_SYS);
	assert_ok(load(r, hmmu_process_task(r->m, child), buf + PAGES(1), &value));
	assert_int_equal(value, 8);
	assert_ok(hmmu_page_unlock(r->m, kept));
	assert_ok(hmmu_page_put(r->m, kept));
	for (uint32_t i = 0; i < 5; i++) {
		const uint32_t first[] = { base - 1, base, base + 64, base + 60, UINT32_MAX };
		const uint32_t pages[] = { 1, 0, 1, 5, 2 };

		assert_failed(r->m, evict_pages(r, first[i], pages[i]), -EINVAL, HMMU_ERR_NO_PAGE);
	}
	rig_close(r);
}

/* A fault whose handler lets another task touch the page, once. */
struct faulters {
	struct rig *r;
	uint32_t other;
	uint64_t address;
	int result; /**< of the other's access */
	bool busy;
};

static int fault_together(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct faulters *f = data;
	struct hmmu_builtin builtin = { .to = HMMU_TO_SYSTEM };
	uint64_t src = 0, dst = 0;
	struct hmmu_migrate_request request = { .tid = tid,
						.start = address,
						.end = address + PAGES(1),
						.src = &src,
						.dst = &dst,
						.ops = &hmmu_builtin_ops,
						.data = &builtin,
						.flags = HMMU_SELECT_DEVICE_PRIVATE,
						.fault_page = pfn,
						.owner = HMMU_DEFAULT_OWNER };
	int err;

	if (!f->busy) {
		f->busy = true;
		f->result = load(f->r, f->other, f->address, NULL);
	}
	err = hmmu_migrate_vma(m, &request);
	return err ? err : src & HMMU_PFN_MIGRATE ? 0 : -EIO;
}

static void test_two_faulters(void **state)
{
	const struct hmmu_pagemap_ops ops = { .page_fault = fault_together };

	(void)state;
	for (int on = 0; on < 2; on++) {
		struct rig *r = open_6_12(.quirks_off = on ? 0 : HMMU_QUIRK_FAULTERS_LIVELOCK);
		struct faulters f = { .r = r, .address = map_anon(r, 1), .other = new_task(r, r->pid) };

		write_pages(r, f.address, 1, 1);
		to_device(r, f.address, 1);
		assert_ok(hmmu_device_set_ops(r->m, &ops, &f));
		/* Their references keep each other from moving the page; the lock of the first one stops the second. */
		assert_ok(load(r, r->tid, f.address, NULL));
		assert_int_equal(f.result, on ? -EFAULT : -EAGAIN);
		assert_int_equal(entry_of(r, r->pid, f.address).kind, HMMU_ENTRY_SYS);
		assert_clean(r->m);
		if (!on)
			assert_ok(load(r, f.other, f.address, NULL));
		rig_close(r);
	}
}

static int fault_unnamed(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct rig *r = data;
	struct hmmu_migrate_request request = device_request(r, address, 1);

	(void)pfn;
	request.tid = tid;
	return hmmu_migrate_vma(m, &request) || !(r->src[0] & HMMU_PFN_MIGRATE) ? -EIO : 0;
}

/* Only the migration that names the page of the fault ignores the fault's reference. */
static void test_fault_page_is_named(void **state)
{
	const struct hmmu_pagemap_ops ops = { .page_fault = fault_unnamed };
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	to_device(r, buf, 1);
	assert_ok(hmmu_device_set_ops(r->m, &ops, r));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_int_equal(r->why[0], HMMU_WHY_REFERENCES);
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	assert_ok(load(r, r->tid, buf, NULL));
	rig_close(r);
}

/* A page that could not be inserted keeps its charge until finalize frees it. */
static void test_charge_of_insertion(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;

	(void)state;
	mig = set_up_system(r, buf, 1);
	give_device_page(r, 0);
	write_pages(r, buf, 1, 1);
	assert_int_equal(hmmu_memcg_charged(r->m), 1);
	assert_ok(hmmu_migrate_vma_pages(mig));
	assert_int_equal(r->why[0], HMMU_WHY_INSERT_PTE_PRESENT);
	assert_int_equal(hmmu_memcg_charged(r->m), 2);
	assert_ok(hmmu_migrate_vma_finalize(mig));
	assert_int_equal(hmmu_memcg_charged(r->m), 1);
	rig_close(r);
}

/* Each exclusive page is flushed by itself, then the range; all are counted, and whoever wants to know is told. */
static void test_flushes_are_told(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 3), before;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 3, 1);
	before = counter(r, HMMU_COUNT_TLB_FLUSHES);
	mig = set_up_system(r, buf, 3);
	assert_int_equal(counter(r, HMMU_COUNT_TLB_FLUSHES), before + 4);
	assert_ok(hmmu_migrate_end(mig));
	write_pages(r, buf, 3, 1);
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_TLB_FLUSH));
	mig = set_up_system(r, buf, 3);
	assert_int_equal(drain_events(r, HMMU_EVENT_TLB_FLUSH, NULL), 4);
	assert_ok(hmmu_migrate_end(mig));
	write_pages(r, buf, 3, 1);
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_INVALIDATE_RANGE));
	mig = set_up_system(r, buf, 3);
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_RANGE, NULL), 4);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* Statistics count migrations by calls, too: their entries once, and each reason why a page stays. */
static void test_counted_calls(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 3);
	struct hmmu_stats stats;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 3, 1);
	assert_ok(hmmu_stats_enable(r->m, true));
	mig = set_up_system(r, buf, 3);
	give_device_page(r, 0);
	assert_ok(hmmu_migrate_vma_pages(mig));
	assert_ok(hmmu_migrate_vma_finalize(mig));
	hmmu_stats(r->m, &stats);
	assert_int_equal(stats.spans[HMMU_SPAN_MIGRATE].runs, 1);
	assert_int_equal(stats.spans[HMMU_SPAN_MIGRATE].entries, 3);
	assert_int_equal(stats.whys[HMMU_WHY_NO_PAGE], 2);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_calls),
		cmocka_unit_test(test_order_of_calls),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_counts_unrounded),
		cmocka_unit_test(test_end_within_a_page),
		cmocka_unit_test(test_selection_splits_huge),
		cmocka_unit_test(test_munlock_batch_holds_device),
		cmocka_unit_test(test_check_spares_device),
		cmocka_unit_test(test_unmap_dirties),
		cmocka_unit_test(test_device_range),
		cmocka_unit_test(test_two_faulters),
		cmocka_unit_test(test_fault_page_is_named),
		cmocka_unit_test(test_charge_of_insertion),
		cmocka_unit_test(test_counted_calls),
		cmocka_unit_test(test_flushes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
