/* SPDX-License-Identifier: GPL-2.0-only */
/* The device: its free pages, what a CPU's access does to them, and the operations of a driver's dev_pagemap. */
#include "support.h"

static void test_lowest_free_page(void **state)
{
	struct rig *r = open_rig(.device_pages = 200);
	uint32_t base = hmmu_device_base(r->m), pfn[200], again;

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		assert_ok(hmmu_device_alloc(r->m, &pfn[i]));
		assert_int_equal(pfn[i], base + i);
		assert_int_equal(page_info(r, pfn[i]).ref, 2);
	}
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), 0);
	assert_failed(r->m, hmmu_device_alloc(r->m, &again), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	assert_clean(r->m);
	for (uint32_t i = 0; i < 200; i += 3)
		put_new_page(r->m, pfn[199 - i]);
	/* Those given back come again, lowest first. */
	for (uint32_t i = 1; i < 200; i++) {
		if ((199 - i) % 3)
			continue;
		assert_ok(hmmu_device_alloc(r->m, &again));
		assert_int_equal(again, base + i);
	}
	assert_failed(r->m, hmmu_device_alloc(r->m, &again), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	rig_close(r);
}

static void test_no_device(void **state)
{
	struct hmmu *m;
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_create(NULL, &m));
	assert_failed(m, hmmu_device_alloc(m, &pfn), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	assert_failed(m, hmmu_other_device_alloc(m, &pfn), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	hmmu_destroy(m);
}

/* Many destinations in one call: locked copies replace sources, as long as there are pages. */
static void test_destinations(void **state)
{
	struct rig *r = open_rig(.device_pages = 3);
	uint64_t buf = map_anon(r, 3);
	uint32_t base = hmmu_device_base(r->m), pages[5] = { 0 }, bad = base;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		write_pages(r, buf + PAGES(i), 1, (uint8_t)(i + 1));
		pages[i] = pfn_at(r, buf + PAGES(i));
	}
	assert_int_equal(hmmu_destinations_left(r->m, HMMU_TO_DEVICE, 0), 3);
	assert_int_equal(hmmu_destinations(r->m, HMMU_TO_DEVICE, 0, pages + 1, 4), 3);
	for (uint32_t i = 1; i < 4; i++) {
		assert_int_equal(pages[i], base + i - 1);
		assert_int_equal(*(uint8_t *)hmmu_page_data(r->m, pages[i]), i < 3 ? i + 1 : 0);
		assert_int_equal(page_info(r, pages[i]).flags & HMMU_PG_LOCKED, HMMU_PG_LOCKED);
	}
	assert_int_equal(hmmu_destinations_left(r->m, HMMU_TO_DEVICE, 0), 0);
	assert_int_equal(hmmu_destinations(r->m, HMMU_TO_DEVICE, 0, pages, 1), 0);
	for (uint32_t i = 1; i < 4; i++) {
		assert_ok(hmmu_page_unlock(r->m, pages[i]));
		put_new_page(r->m, pages[i]);
	}
	assert_failed(r->m, hmmu_destinations(r->m, HMMU_TO_SYSTEM, 0, &bad, 1), -EINVAL, HMMU_ERR_NO_PAGE);
	assert_failed(r->m, hmmu_destinations(r->m, 2, 0, pages, 1), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_int_equal(hmmu_destinations_left(r->m, HMMU_TO_SYSTEM, 0), counter(r, HMMU_COUNT_RAM_FREE));
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 2, false));
	assert_int_equal(hmmu_destinations_left(r->m, HMMU_TO_SYSTEM, 0), 1);
	pages[1] = 0;
	assert_int_equal(hmmu_destinations(r->m, HMMU_TO_SYSTEM, 0, pages, 2), 1);
	assert_ok(hmmu_page_unlock(r->m, pages[0]));
	put_new_page(r->m, pages[0]);
	rig_close(r);
}

/* Actions that drivers may take with pages of their own, and only with those. */
static void test_driver_calls(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t mine, device, theirs, bad[] = { 0, 1, UINT32_MAX, hmmu_device_base(r->m) + 64 };

	(void)state;
	write_pages(r, buf, 1, 7);
	theirs = pfn_at(r, buf);
	assert_ok(hmmu_page_alloc(r->m, &mine));
	assert_ok(hmmu_device_alloc(r->m, &device));
	assert_ok(hmmu_page_copy(r->m, device, theirs));
	assert_int_equal(*(uint8_t *)hmmu_page_data(r->m, device), 7);
	assert_ok(hmmu_page_zero(r->m, device));
	assert_int_equal(*(uint8_t *)hmmu_page_data(r->m, device), 0);
	assert_failed(r->m, hmmu_page_unlock(r->m, mine), -EINVAL, HMMU_ERR_REFERENCE);
	assert_ok(hmmu_page_trylock(r->m, mine));
	assert_failed(r->m, hmmu_page_trylock(r->m, mine), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_page_put(r->m, mine), -EBUSY, HMMU_ERR_BUSY);
	assert_clean(r->m);
	assert_ok(hmmu_page_unlock(r->m, mine));
	assert_ok(hmmu_page_put(r->m, mine));
	assert_failed(r->m, hmmu_page_put(r->m, mine), -EINVAL, HMMU_ERR_NO_PAGE);
	assert_failed(r->m, hmmu_page_put(r->m, theirs), -EINVAL, HMMU_ERR_REFERENCE);
	put_new_page(r->m, device);
	for (int i = 0; i < 4; i++) {
		assert_failed(r->m, hmmu_page_trylock(r->m, bad[i]), -EINVAL, HMMU_ERR_NO_PAGE);
		assert_failed(r->m, hmmu_page_unlock(r->m, bad[i]), -EINVAL, HMMU_ERR_NO_PAGE);
		assert_failed(r->m, hmmu_page_put(r->m, bad[i]), -EINVAL, HMMU_ERR_NO_PAGE);
		assert_failed(r->m, hmmu_page_zero(r->m, bad[i]), -EINVAL, HMMU_ERR_NO_PAGE);
		assert_failed(r->m, hmmu_page_copy(r->m, bad[i], theirs), -EINVAL, HMMU_ERR_NO_PAGE);
		assert_failed(r->m, hmmu_page_copy(r->m, theirs, bad[i]), -EINVAL, HMMU_ERR_NO_PAGE);
		assert_failed(r->m, hmmu_page_set_flags(r->m, bad[i], 0), -EINVAL, HMMU_ERR_NO_PAGE);
	}
	assert_failed(r->m, hmmu_page_set_flags(r->m, theirs, HMMU_PG_LRU), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_null(hmmu_page_data(r->m, 0));
	assert_null(hmmu_page_data(r->m, UINT32_MAX));
	rig_close(r);
}

/* A free device page looks the same before its first use and after: it has its pagemap's reference. */
static void test_free_pages(void **state)
{
	struct rig *r = open_rig(.other_device_pages = 2);
	uint64_t hash = hmmu_hash(r->m);
	uint32_t base = hmmu_device_base(r->m), device, frame;
	struct hmmu_page_info before = page_info(r, base), after;

	(void)state;
	assert_int_equal(before.ref, 1);
	assert_int_equal(before.flags, HMMU_PG_DEVICE);
	assert_true(before.free);
	for (uint32_t i = 0; i < 66; i++) {
		assert_int_equal(page_info(r, base + i).ref, 1);
		assert_true(page_info(r, base + i).free);
	}
	assert_int_equal(page_info(r, base + 63).alloc_id, 63);
	/* Looking has touched nothing. */
	assert_true(hmmu_hash(r->m) == hash);
	assert_ok(hmmu_device_alloc(r->m, &device));
	assert_int_equal(device, base);
	assert_false(page_info(r, device).free);
	assert_int_equal(page_info(r, device).ref, 2);
	put_new_page(r->m, device);
	after = page_info(r, device);
	assert_true(after.free && after.ref == before.ref && after.flags == before.flags);
	assert_true(after.map == before.map && after.alloc_id == before.alloc_id);
	/* What its user has set stays. */
	assert_ok(hmmu_device_alloc(r->m, &device));
	assert_ok(hmmu_page_set_flags(r->m, device, HMMU_PG_CHECKED));
	put_new_page(r->m, device);
	assert_int_equal(page_info(r, device).flags, HMMU_PG_DEVICE | HMMU_PG_CHECKED);
	assert_int_equal(page_info(r, device).ref, 1);
	/* Frames of RAM, likewise: without a reference. */
	before = page_info(r, 4000);
	assert_true(before.free && before.ref == 0 && before.flags == HMMU_PG_BUDDY);
	assert_ok(hmmu_page_alloc(r->m, &frame));
	assert_false(page_info(r, frame).free);
	assert_ok(hmmu_page_put(r->m, frame));
	assert_true(page_info(r, frame).free);
	assert_int_equal(page_info(r, frame).flags, HMMU_PG_BUDDY);
	rig_close(r);
}

/* hmmu_page_data() gives what hmmu_page_write() writes to, and nothing else. */
static void test_what_may_be_written(void **state)
{
	struct rig *r = open_rig(.other_device_pages = 1);
	uint64_t buf = map_anon(r, 2), tables = 0, free = 0;
	uint8_t byte;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	for (uint32_t pfn = 0; pfn <= hmmu_device_base(r->m) + 65; pfn++) {
		bool data = hmmu_page_data(r->m, pfn) != NULL;
		struct hmmu_page_info info = { 0 };

		assert_int_equal(data, hmmu_page_read(r->m, pfn, 0, &byte, 1) == 0 &&
					       hmmu_page_write(r->m, pfn, 0, &byte, 1) == 0);
		if (hmmu_page_info(r->m, pfn, &info))
			continue;
		tables += info.flags & HMMU_PG_TABLE ? 1 : 0;
		free += info.free;
		assert_false(data && (info.free || info.flags & (HMMU_PG_TABLE | HMMU_PG_RESERVED)));
	}
	assert_true(tables > 3 && free > 3000);
	rig_close(r);
}

/* The built-in handler brings the page back, for a load and for a store. */
static void test_access_brings_it_back(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	write_pages(r, buf, 2, 0x20);
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_bytes(r, r->tid, buf, 1, 0x20);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_ok(store(r, r->tid, buf + PAGES(1), 0x99));
	assert_bytes(r, r->tid, buf + PAGES(1), 1, 0x99);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), 64);
	rig_close(r);
}

/* So do get_user_pages() and mlock(). */
static void test_pin_and_mlock_bring_it_back(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
	assert_false(page_info(r, pfn).device);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* A page that can't come back: no frame is free, or another task has its lock. */
static void test_page_that_stays(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 1, false));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
	assert_bytes(r, r->tid, buf, 1, 5);
	rig_close(r);
}

struct driver {
	struct rig *r;
	int faults, frees, result;
	uint32_t pfn, freed;
	uint64_t address;
	bool move;
	struct hmmu_migration *mig;
};

static int on_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct driver *d = data;
	struct hmmu_migrate_request request = request_for(d->r, address, 1);

	d->faults++;
	d->address = address;
	d->pfn = pfn;
	if (!d->move)
		return d->result;
	request.tid = tid;
	d->r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_SYSTEM };
	assert_ok(hmmu_migrate_vma(m, &request));
	return d->result;
}

static void on_free(struct hmmu *m, uint32_t pfn, void *data)
{
	struct driver *d = data;
	uint32_t again;

	d->frees++;
	d->freed = pfn;
	/* It can be taken at once. */
	assert_ok(hmmu_device_alloc(m, &again));
	assert_int_equal(again, pfn);
	if (d->frees == 1)
		put_new_page(m, again);
}

static const struct hmmu_pagemap_ops driver_ops = { on_fault, on_free };

static void test_own_fault_handler(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct driver d = { .r = r, .move = true };
	static const struct hmmu_pagemap_ops fault_only = { .page_fault = on_fault };

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &fault_only, &d));
	assert_ok(load(r, r->tid, buf + 1234, NULL));
	assert_int_equal(d.faults, 1);
	assert_true(d.address == buf);
	assert_int_equal(d.pfn, hmmu_device_base(r->m));
	/* An error is a SIGBUS. */
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	d.move = false;
	d.result = -EIO;
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	/* Without operations the built-in handler is back. */
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	assert_bytes(r, r->tid, buf, 1, 5);
	assert_int_equal(d.faults, 2);
	rig_close(r);
}

/* A handler that says all is well and leaves the page where it is would be asked for ever. */
static void test_handler_without_effect(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct driver d = { .r = r };

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &(struct hmmu_pagemap_ops){ .page_fault = on_fault }, &d));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_DRIVER_RULE);
	assert_int_equal(hmmu_error(r->m)->rule, HMMU_RULE_FAULT_NO_PROGRESS);
	assert_true(hmmu_error(r->m)->address == buf);
	assert_true(d.faults > 1);
	rig_close(r);
}

/* A handler that ends the process or the task whose fault it handles. */
static int on_fault_go_away(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct rig *r = data;

	(void)address;
	(void)pfn;
	assert_failed(m, hmmu_exit(m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_task_destroy(m, tid), -EBUSY, HMMU_ERR_BUSY);
	assert_clean(m);
	return -EIO;
}

static void test_handler_goes_away(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t task = new_task(r, r->pid);

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &(struct hmmu_pagemap_ops){ .page_fault = on_fault_go_away }, r));
	assert_failed(r->m, load(r, task, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_ok(hmmu_task_destroy(r->m, task));
	rig_close(r);
}

static void test_page_free(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct driver d = { .r = r, .move = true };

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &driver_ops, &d));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	/* page_free is also called for the page that it puts itself. */
	assert_int_equal(d.frees, 2);
	assert_int_equal(d.freed, hmmu_device_base(r->m));
	rig_close(r);
}

static void free_and_call(struct hmmu *m, uint32_t pfn, void *data)
{
	struct driver *d = data;
	uint64_t buf = d->address;
	struct hmmu *copy;
	uint8_t byte;
	size_t size;

	d->frees++;
	d->freed = pfn;
	assert_failed(m, hmmu_load(m, d->r->tid, buf, &byte, 1, NULL), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_munmap(m, d->r->tid, buf, PAGES(1)), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_exit(m, d->r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_oom_reap(m, d->r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_reclaim(m, d->r->pid, buf + PAGES(1)), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_snapshot(m, NULL, 0, &size), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_clone(m, &copy), -EBUSY, HMMU_ERR_BUSY);
	if (!d->mig)
		return;
	assert_failed(m, hmmu_migrate_step(d->mig), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_migrate_run(d->mig, HMMU_STAGE_DONE), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(m, hmmu_migrate_end(d->mig), -EBUSY, HMMU_ERR_BUSY);
}

static uint32_t place_device_page(struct hmmu_migration *mig)
{
	struct hmmu_migration_state at;
	uint32_t pfn;

	hmmu_migrate_state(mig, &at);
	assert_ok(hmmu_device_alloc(at.machine, &pfn));
	at.dst[0] = hmmu_word(pfn, HMMU_PFN_LOCKED | HMMU_PFN_DEVICE);
	return pfn;
}

static int give_unlocked_page(struct hmmu_migration *mig, void *data)
{
	(void)data;
	place_device_page(mig);
	return 0;
}

static int give_device_page(struct hmmu_migration *mig, void *data)
{
	const struct driver *d = data;

	lock_new_page(d->r->m, place_device_page(mig));
	return 0;
}

static const struct hmmu_migrate_ops unlocked_driver = { .alloc_and_copy = give_unlocked_page };

/* The kernel calls it with locks held, so it can't enter the kernel. */
static void test_page_free_can_not_enter(void **state)
{
	static const struct hmmu_pagemap_ops ops = { .page_free = free_and_call };
	struct rig *r = open_rig(.swap_pages = 4);
	uint64_t buf = map_anon(r, 3);
	struct driver d = { .r = r, .address = buf };

	(void)state;
	write_pages(r, buf, 3, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &ops, &d));
	d.mig = begin_to(r, buf, 1, HMMU_TO_SYSTEM, HMMU_STAGE_COLLECT);
	assert_ok(hmmu_migrate_end(d.mig));
	assert_int_equal(d.frees, 1);
	d.mig = NULL;
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(d.frees, 2);
	/* What is refused there does not replace the error of the call around it. */
	assert_failed(r->m, migrate_with(r, buf + PAGES(1), 2, &unlocked_driver, &d), -EINVAL, HMMU_ERR_DRIVER_RULE);
	assert_int_equal(hmmu_error(r->m)->rule, HMMU_RULE_DST_NOT_LOCKED);
	assert_int_equal(d.frees, 3);
	rig_close(r);
}

/* A page of the device moves to another one: what page_free() sees of that has all its references. */
static void look_at_successor(struct hmmu *m, uint32_t pfn, void *data)
{
	struct driver *d = data;
	struct hmmu_page_info info;

	d->frees++;
	assert_ok(hmmu_page_info(m, pfn + 1, &info));
	/* The device's own, the entry's, and the migration's. */
	assert_true(info.ref == 3 && info.map == 1);
}

static void test_device_to_device(void **state)
{
	static const struct hmmu_pagemap_ops ops = { .page_free = look_at_successor };
	static const struct hmmu_migrate_ops driver = { .alloc_and_copy = give_device_page };
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct driver d = { .r = r };

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &ops, &d));
	assert_ok(migrate_with(r, buf, 1, &driver, &d));
	assert_int_equal(d.frees, 1);
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	rig_close(r);
}

static int begin_and_fail(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct driver *d = data;

	(void)m, (void)tid, (void)pfn;
	d->mig = begin_to(d->r, address, 1, HMMU_TO_SYSTEM, HMMU_STAGE_COLLECT);
	return -EIO;
}

/* The reference of a fault is expected of a migration that was begun in it, also when that one outlives it. */
static void test_migration_outlives_fault(void **state)
{
	static const struct hmmu_pagemap_ops ops = { .page_fault = begin_and_fail };
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_4_14_FIXED);
	uint64_t buf = map_anon(r, 1);
	struct driver d = { .r = r };

	(void)state;
	write_pages(r, buf, 1, 5);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &ops, &d));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_ok(hmmu_migrate_end(d.mig));
	assert_why(r, 0, HMMU_WHY_REFERENCES);
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	rig_close(r);
}

static void look_at_src(struct hmmu *m, uint32_t pfn, void *data)
{
	struct driver *d = data;

	(void)m, (void)pfn;
	d->frees++;
	assert_true(d->r->src[0] & HMMU_PFN_MIGRATE);
	assert_false(d->r->src[1] & HMMU_PFN_MIGRATE);
}

/* What pages has refused is seen before finalize, also where no callback is between them. */
static void test_page_free_sees_src(void **state)
{
	static const struct hmmu_pagemap_ops ops = { .page_free = look_at_src };
	static const uint64_t second = 1;
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	struct driver d = { .r = r };

	(void)state;
	write_pages(r, buf, 2, 5);
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_ok(hmmu_device_set_ops(r->m, &ops, &d));
	r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_SYSTEM, .skip = &second, .skip_count = 1 };
	assert_ok(migrate_with(r, buf, 2, &hmmu_builtin_ops, &r->builtin));
	assert_int_equal(d.frees, 1);
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	rig_close(r);
}

/* The driver wipes nothing: contents and flags of the last life are there until something changes them. */
static void test_flags_stay(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pfn, again;

	(void)state;
	write_pages(r, buf, 1, 0x66);
	assert_ok(hmmu_page_set_flags(r->m, pfn_at(r, buf), HMMU_PG_CHECKED));
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	pfn = pfn_at(r, buf);
	assert_true(entry_of(r, r->pid, buf).flags & HMMU_PG_ACTIVE);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(page_info(r, pfn).ref, 1);
	assert_ok(hmmu_device_alloc(r->m, &again));
	assert_int_equal(again, pfn);
	/* Except the active bit. */
	assert_int_equal(page_info(r, pfn).flags,
			 HMMU_PG_UPTODATE | HMMU_PG_SWAPBACKED | HMMU_PG_CHECKED | HMMU_PG_DEVICE);
	assert_int_equal(*(uint8_t *)hmmu_page_data(r->m, pfn), 0x66);
	assert_int_equal(page_info(r, pfn).has_mapping, 0);
	rig_close(r);
}

/* The device's memory is out of the CPU's reach: stores go elsewhere once the page has left. */
static void test_out_of_reach(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t old, pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	old = pfn_at(r, buf);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	pfn = pfn_at(r, buf);
	/* The device works on its page. */
	*(uint8_t *)hmmu_page_data(r->m, pfn) = 0x42;
	assert_int_not_equal(pfn, old);
	assert_bytes(r, r->tid, buf, 1, 0x42);
	rig_close(r);
}

/* A device entry that loses its write kind stays soft-dirty. */
static void test_protection_keeps_soft_dirty(void **state)
{
	struct rig *r = open_rig(.quirks_off = HMMU_QUIRK_DEVICE_SOFT_DIRTY);
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_bits(r, buf, HMMU_BIT_SOFT_DIRTY);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_may_be_written),
		cmocka_unit_test(test_no_device),
		cmocka_unit_test(test_driver_calls),
		cmocka_unit_test(test_access_brings_it_back),
		cmocka_unit_test(test_pin_and_mlock_bring_it_back),
		cmocka_unit_test(test_page_that_stays),
		cmocka_unit_test(test_handler_without_effect),
		cmocka_unit_test(test_handler_goes_away),
		cmocka_unit_test(test_page_free),
		cmocka_unit_test(test_page_free_sees_src),
		cmocka_unit_test(test_out_of_reach),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_free_pages),        cmocka_unit_test(test_protection_keeps_soft_dirty),
		cmocka_unit_test(test_lowest_free_page),  cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_own_fault_handler), cmocka_unit_test(test_page_free_can_not_enter),
		cmocka_unit_test(test_device_to_device),  cmocka_unit_test(test_migration_outlives_fault),
		cmocka_unit_test(test_flags_stay),
	};

	return run_on_each_kernel(tests) + cmocka_run_group_tests(tests_of_4_14, NULL, NULL);
}
