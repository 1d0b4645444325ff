/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of Linux 6.12 on their way to a device and back: what is refused late, comes back, or is taken along. */
#include "driver.h"

/* A reference that nobody knows of is found after the page was unmapped from both processes. They get the page back. */
static void test_pinned_page_comes_back(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migrate_request request;
	uint32_t child, pfn;

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
	child = do_fork_of(r, r->tid);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_watch(r->m, child));
	drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL);
	request = system_request(r, buf, 1);
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_int_equal(r->why[0], HMMU_WHY_PINNED);
	assert_int_equal(r->src[0], 0);
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL), 1);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(entry_of(r, r->pid, buf).flags & (HMMU_PG_LOCKED | HMMU_PG_LRU), HMMU_PG_LRU);
	assert_int_equal(page_info(r, pfn).ref, 3);
	assert_int_equal(page_info(r, pfn).map, 2);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, child, buf).pfn, pfn);
	assert_clean(r->m);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	to_device(r, buf, 1);
	rig_close(r);
}

/* A page that another CPU has in a batch is on no list before all batches are drained. */
static void test_batch_of_another_cpu(void **state)
{
	struct rig *r = open_6_12(.cpus = 2);
	uint64_t buf = map_anon(r, 2);
	uint32_t other = new_task(r, r->pid);

	(void)state;
	assert_ok(hmmu_task_set_cpu(r->m, other, 1));
	assert_ok(store(r, other, buf, 1));
	assert_ok(store(r, r->tid, buf + PAGES(1), 2));
	to_device(r, buf, 2);
	assert_kind(r, buf, 2, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* The reference of the fault is known, also where no device page is spared. */
static void test_reference_of_fault(void **state)
{
	struct rig *r = open_6_12(.quirks_off = HMMU_QUIRK_CHECK_SPARES_DEVICE);
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 9);
	to_device(r, buf, 1);
	assert_bytes(r, r->tid, buf, 1, 9);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* A fault with the lock of its page: how its migration ends, and what the page is like then. */
struct lock_of_fault {
	struct rig *r;
	int extra;     /**< references of somebody else */
	bool skips;    /**< the driver leaves the page */
	uint32_t why;  /**< why it stays */
	bool was_held; /**< the page was locked after the migration */
};

static int fault_and_look(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct lock_of_fault *f = data;
	struct hmmu_migrate_request request = device_request(f->r, address, 1);
	const uint64_t first = 0;

	f->r->builtin.skip = f->skips ? &first : NULL;
	f->r->builtin.skip_count = f->skips;
	request.tid = tid;
	request.fault_page = pfn;
	page_of(m, pfn)->count += f->extra;
	assert_ok(hmmu_migrate_vma(m, &request));
	page_of(m, pfn)->count -= f->extra;
	f->why = f->r->why[0];
	f->was_held = page_of(m, pfn)->flags & HMMU_PG_LOCKED;
	return f->why == HMMU_WHY_NONE ? 0 : -EIO;
}

static void test_lock_of_fault(void **state)
{
	const struct hmmu_pagemap_ops ops = { .page_fault = fault_and_look };
	const struct {
		struct lock_of_fault fault;
		bool shared;
	} cases[] = {
		{ { .why = HMMU_WHY_NONE }, false },
		{ { .why = HMMU_WHY_NONE }, true },
		{ { .why = HMMU_WHY_NO_PAGE, .skips = true }, false },
		{ { .why = HMMU_WHY_PINNED, .extra = 2 }, false },
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = open_6_12(.quirks_off = HMMU_QUIRK_FAULTERS_LIVELOCK);
		struct lock_of_fault fault = cases[i].fault;
		uint64_t buf = map_anon(r, 1);
		uint32_t pfn = hmmu_device_base(r->m);

		fault.r = r;
		write_pages(r, buf, 1, 1);
		to_device(r, buf, 1);
		if (cases[i].shared)
			do_fork_of(r, r->tid);
		assert_ok(hmmu_device_set_ops(r->m, &ops, &fault));
		assert_int_equal(load(r, r->tid, buf, NULL), fault.why == HMMU_WHY_NONE ? 0 : -EFAULT);
		assert_int_equal(fault.why, cases[i].fault.why);
		assert_true(fault.was_held);
		assert_int_equal(page_of(r->m, pfn)->flags & HMMU_PG_LOCKED, 0);
		assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
		rig_close(r);
	}
}

/* fault_page without a fault: nobody has locked the page, so a migration of it takes and gives back the lock as ever. */
static void test_fault_page_without_fault(void **state)
{
	struct rig *r = open_6_12(.quirks_off = HMMU_QUIRK_FAULTERS_LIVELOCK);
	uint64_t buf = map_anon(r, 2);
	uint32_t pfn = hmmu_device_base(r->m);
	struct hmmu_migrate_request request;

	(void)state;
	write_pages(r, buf, 2, 1);
	request = device_request(r, buf, 2);
	request.flags = HMMU_SELECT_SYSTEM;
	request.fault_page = pfn;
	r->builtin.to = HMMU_TO_DEVICE;
	assert_ok(hmmu_migrate_vma(r->m, &request)); /* Its first destination is that page. */
	assert_clean(r->m);
	assert_int_equal(page_of(r->m, pfn)->flags & HMMU_PG_LOCKED, 0);
	request.flags = HMMU_SELECT_DEVICE_PRIVATE;
	r->builtin.to = HMMU_TO_SYSTEM;
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_int_equal(r->why[0], HMMU_WHY_PAGE_LOCKED);
	assert_ok(hmmu_release(r->m, pfn));
	assert_clean(r->m);
	rig_close(r);
}

struct unended {
	struct rig *r;
	struct hmmu_migration *mig;
};

static int fault_unended(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct unended *u = data;
	struct hmmu_migrate_request request = device_request(u->r, address, 1);

	request.tid = tid;
	request.fault_page = pfn;
	assert_ok(hmmu_migrate_vma_setup(m, &request, &u->mig));
	assert_clean(m);
	return -EIO;
}

/* A migration that outlasts the fault whose handler has begun it keeps the page's lock. */
static void test_migration_outlasts_fault(void **state)
{
	const struct hmmu_pagemap_ops ops = { .page_fault = fault_unended };
	struct rig *r = open_6_12(.quirks_off = HMMU_QUIRK_FAULTERS_LIVELOCK);
	struct unended u = { .r = r };
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn = hmmu_device_base(r->m);

	(void)state;
	write_pages(r, buf, 1, 1);
	to_device(r, buf, 1);
	assert_ok(hmmu_device_set_ops(r->m, &ops, &u));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_true(page_of(r->m, pfn)->flags & HMMU_PG_LOCKED);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_vma_pages(u.mig));
	assert_ok(hmmu_migrate_vma_finalize(u.mig));
	assert_int_equal(page_of(r->m, pfn)->flags & HMMU_PG_LOCKED, 0);
	assert_clean(r->m);
	rig_close(r);
}

/* 6.12 looks at the table after it has charged the page. */
static void test_unstable_table(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;

	(void)state;
	mig = set_up_system(r, buf, 1);
	give_device_page(r, 0);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_PMD_UNSTABLE, 1, false));
	assert_ok(hmmu_migrate_vma_pages(mig));
	assert_int_equal(r->why[0], HMMU_WHY_INSERT_UNSTABLE_PMD);
	assert_int_equal(hmmu_memcg_charged(r->m), 1);
	assert_ok(hmmu_migrate_vma_finalize(mig));
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
	rig_close(r);
}

/* What a page takes along: no error flag; and no swap slot, which it gives up for the device. */
static void test_page_to_device(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096, .swap_pages = 8);
	uint64_t buf = map_anon(r, 2);

	(void)state;
	write_pages(r, buf, 2, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_page_set_flags(r->m, pfn_at(r, buf), HMMU_PG_ERROR | HMMU_PG_CHECKED));
	assert_ok(hmmu_reclaim(r->m, r->pid, buf + PAGES(1)));
	assert_ok(load(r, r->tid, buf + PAGES(1), NULL));
	assert_true(entry_of(r, r->pid, buf + PAGES(1)).flags & HMMU_PG_SWAPCACHE);
	to_device(r, buf, 2);
	assert_kind(r, buf, 2, HMMU_ENTRY_DEV);
	assert_int_equal(entry_of(r, r->pid, buf).flags & (HMMU_PG_ERROR | HMMU_PG_CHECKED), HMMU_PG_CHECKED);
	assert_int_equal(entry_of(r, r->pid, buf + PAGES(1)).flags & HMMU_PG_SWAPCACHE, 0);
	assert_bytes(r, r->tid, buf, 2, 1);
	rig_close(r);
}

/* An exclusive page's translation is flushed before its pins are looked at. A hole with the zero page is one of RAM. */
static void test_collect_left_out(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2), flushes;
	struct hmmu_migrate_request request = system_request(r, buf, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_DMA, &pfn));
	flushes = counter(r, HMMU_COUNT_TLB_FLUSHES);
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_int_equal(r->why[0], HMMU_WHY_MAYBE_PINNED);
	assert_int_equal(counter(r, HMMU_COUNT_TLB_FLUSHES), flushes + 1);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA));
	assert_ok(load(r, r->tid, buf + PAGES(1), NULL));
	request = device_request(r, buf + PAGES(1), 1);
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_int_equal(r->why[0], HMMU_WHY_NOT_SELECTED);
	assert_int_equal(r->src[0], 0);
	to_device(r, buf + PAGES(1), 1);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_DEV);
	rig_close(r);
}

/* The translations of a page that is not exclusive are flushed, too. */
static void test_flush_of_shared_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	do_fork_of(r, r->tid);
	assert_ok(load(r, r->tid, buf, NULL));
	to_device(r, buf, 1);
	assert_ok(load(r, r->tid, buf, NULL));
	assert_int_equal(counter(r, HMMU_COUNT_TLB_STALE), 0);
	rig_close(r);
}

/* A page that was shared stays shared on its way, though only one mapping is left. */
static void test_shared_page_of_one_mapping(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_exit(r->m, child));
	assert_int_equal(entry_of(r, r->pid, buf).flags & HMMU_PG_EXCLUSIVE, 0);
	to_device(r, buf, 1);
	assert_int_equal(entry_of(r, r->pid, buf).flags & HMMU_PG_EXCLUSIVE, 0);
	assert_ok(load(r, r->tid, buf, NULL));
	assert_int_equal(entry_of(r, r->pid, buf).flags & HMMU_PG_EXCLUSIVE, 0);
	rig_close(r);
}

/* The charge moves to the device and back; a page that comes back is on a list. Once with another process. */
static void test_there_and_back(void **state)
{
	(void)state;
	for (int shared = 0; shared < 2; shared++) {
		struct rig *r = open_6_12();
		uint64_t buf = map_anon(r, 2);
		uint32_t device_page = hmmu_device_base(r->m) + 1;

		write_pages(r, buf, 2, 1);
		if (shared)
			do_fork_of(r, r->tid);
		to_device(r, buf, 2);
		assert_int_equal(hmmu_memcg_charged(r->m), 2);
		assert_ok(load(r, r->tid, buf, NULL));
		assert_int_equal(hmmu_memcg_charged(r->m), 2);
		hmmu_lru_add_drain_all(r->m);
		assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_LRU);
		assert_int_equal(page_info(r, device_page).flags & HMMU_PG_EXCLUSIVE, shared ? 0 : HMMU_PG_EXCLUSIVE);
		assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(2)));
		assert_int_equal(page_info(r, device_page).flags & HMMU_PG_EXCLUSIVE, 0);
		assert_int_equal(hmmu_memcg_charged(r->m), shared ? 2 : 0);
		rig_close(r);
	}
}

/* A fault within the handler of another one: the outer one's reference is known before, and after. */
struct nested {
	struct rig *r;
	uint32_t other;
	uint64_t inner;
};

static int fault_in_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct nested *n = data;
	struct hmmu_migrate_request request;

	if (address != n->inner) {
		assert_ok(load(n->r, n->other, n->inner, NULL));
		assert_clean(m);
	}
	request = device_request(n->r, address, 1);
	request.tid = tid;
	request.fault_page = pfn;
	return hmmu_migrate_vma(m, &request);
}

static void test_fault_in_fault(void **state)
{
	const struct hmmu_pagemap_ops ops = { .page_fault = fault_in_fault };
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 2);
	struct nested nested = { .r = r, .other = new_task(r, r->pid), .inner = buf + PAGES(1) };

	(void)state;
	write_pages(r, buf, 2, 1);
	to_device(r, buf, 2);
	assert_ok(hmmu_device_set_ops(r->m, &ops, &nested));
	assert_ok(load(r, r->tid, buf, NULL));
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	rig_close(r);
}

/* Begin a migration and run it until the driver's turn. */
static struct hmmu_migration *collected(struct rig *r, struct hmmu_migrate_request request)
{
	struct hmmu_migration *mig;

	assert_ok(hmmu_migrate_vma_setup(r->m, &request, &mig));
	return mig;
}

/* What the page and its word take over from an entry: the dirty bit, whether it is writable, the lock of the mapping. */
static void test_collected_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	const uint32_t shown = HMMU_PG_LOCKED | HMMU_PG_DIRTY | HMMU_PG_EXCLUSIVE | HMMU_PG_MLOCKED;
	struct hmmu_migration *mig;
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	assert_int_equal(page_info(r, pfn).flags & shown, HMMU_PG_EXCLUSIVE);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(page_info(r, pfn).flags & shown, HMMU_PG_EXCLUSIVE | HMMU_PG_MLOCKED);
	/* Exclusive, though the entry is read-only. */
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	mig = collected(r, system_request(r, buf, 1));
	assert_int_equal(src_flags(r, 0), HMMU_PFN_VALID | HMMU_PFN_MIGRATE);
	assert_int_equal(page_info(r, pfn).flags & shown, HMMU_PG_LOCKED | HMMU_PG_DIRTY);
	assert_ok(hmmu_migrate_end(mig));
	assert_int_equal(entry_of(r, r->pid, buf).flags & shown, HMMU_PG_DIRTY | HMMU_PG_EXCLUSIVE | HMMU_PG_MLOCKED);
	rig_close(r);
}

/* Of a device-private entry. */
static void test_collected_device_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	to_device(r, buf, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ | HMMU_PROT_WRITE));
	/* The entry has lost the right, as mprotect() gives none back. */
	assert_ok(hmmu_migrate_end(collected(r, device_request(r, buf, 1))));
	assert_int_equal(src_flags(r, 0), HMMU_PFN_VALID | HMMU_PFN_MIGRATE);
	write_pages(r, buf, 1, 2);
	to_device(r, buf, 1);
	assert_ok(hmmu_migrate_end(collected(r, device_request(r, buf, 1))));
	assert_int_equal(src_flags(r, 0), HMMU_PFN_VALID | HMMU_PFN_MIGRATE | HMMU_PFN_WRITE);
	rig_close(r);
}

static void evict_in_page_free(struct hmmu *m, uint32_t pfn, void *data)
{
	struct rig *r = data;
	struct hmmu_device_range range = range_for(r, pfn, 1);
	struct hmmu_migration *mig;

	assert_failed(m, hmmu_migrate_device_begin(m, &range, &mig), -EBUSY, HMMU_ERR_BUSY);
	r->src[0] = 77;
}

/* A range in which nothing can move, one without a driver, and one at a bad time. */
static void test_device_range_refused(void **state)
{
	const struct hmmu_pagemap_ops pagemap_ops = { .page_free = evict_in_page_free };
	const struct hmmu_migrate_ops none = { 0 };
	struct rig *r = open_6_12();
	struct hmmu_device_range range = range_for(r, hmmu_device_base(r->m), 4);
	uint64_t buf = map_anon(r, 1);
	uint64_t hash = hmmu_hash(r->m);
	struct hmmu_migration *mig;

	(void)state;
	assert_ok(hmmu_migrate_device_range(r->m, &range, &mig));
	assert_int_equal(cpages(mig), 0);
	assert_ok(hmmu_migrate_vma_finalize(mig));
	assert_int_equal(hmmu_hash(r->m), hash);
	range.ops = &none;
	assert_failed(r->m, hmmu_migrate_device_range(r->m, &range, &mig), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	write_pages(r, buf, 1, 1);
	to_device(r, buf, 1);
	assert_ok(hmmu_device_set_ops(r->m, &pagemap_ops, r));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(r->src[0], 77);
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	rig_close(r);
}

/* A range is of one device. */
static void test_device_range_of_devices(void **state)
{
	struct rig *r = open_6_12();
	uint32_t base = hmmu_device_base(r->m), high, low;
	struct hmmu_device_range range = range_for(r, base + 61, 2);
	struct hmmu_migration *mig;

	(void)state;
	assert_ok(hmmu_migrate_device_range(r->m, &range, &mig));
	assert_ok(hmmu_migrate_vma_finalize(mig));
	assert_ok(hmmu_device_create(r->m, 2, 7, &high));
	assert_failed(r->m, hmmu_migrate_device_range(r->m, &range, &mig), -EINVAL, HMMU_ERR_NO_PAGE);
	range = range_for(r, base + 62, 2);
	assert_ok(hmmu_migrate_device_range(r->m, &range, &mig));
	assert_ok(hmmu_migrate_vma_finalize(mig));
	assert_ok(hmmu_device_create(r->m, 2, 7, &low));
	assert_ok(hmmu_device_remove(r->m, high));
	assert_failed(r->m, hmmu_migrate_device_range(r->m, &range, &mig), -EINVAL, HMMU_ERR_NO_PAGE);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_range_of_devices),
		cmocka_unit_test(test_pinned_page_comes_back),
		cmocka_unit_test(test_batch_of_another_cpu),
		cmocka_unit_test(test_reference_of_fault),
		cmocka_unit_test(test_lock_of_fault),
		cmocka_unit_test(test_fault_page_without_fault),
		cmocka_unit_test(test_migration_outlasts_fault),
		cmocka_unit_test(test_unstable_table),
		cmocka_unit_test(test_page_to_device),
		cmocka_unit_test(test_collect_left_out),
		cmocka_unit_test(test_collected_page),
		cmocka_unit_test(test_flush_of_shared_page),
		cmocka_unit_test(test_collected_device_page),
		cmocka_unit_test(test_device_range_refused),
		cmocka_unit_test(test_shared_page_of_one_mapping),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_fault_in_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
