/* SPDX-License-Identifier: GPL-2.0-only */
/* hmmu_look.h: who holds a page and its lock, task locks, translations, page tables, pages in use. On each kernel. */
#include "support.h"

#include <stdlib.h>

#define MOST 64

struct seen {
	struct hmmu_holder holders[MOST];
	int count;
};

/* The holders of a page. Their references must be all that it has, and one has its lock if it is locked. */
static struct seen holders_of(struct rig *r, uint32_t pfn)
{
	struct seen seen = { 0 };
	struct hmmu_page_info info = page_info(r, pfn);
	int refs = 0, locks = 0;

	seen.count = hmmu_holders(r->m, pfn, seen.holders, MOST);
	assert_in_range(seen.count, 0, MOST);
	for (int i = 0; i < seen.count; i++) {
		refs += seen.holders[i].refs;
		locks += seen.holders[i].lock;
	}
	assert_int_equal(refs, info.free ? 0 : info.ref);
	assert_int_equal(locks, (info.flags & HMMU_PG_LOCKED) != 0);
	return seen;
}

/* The only holder of its kind. */
static struct hmmu_holder the_holder(struct rig *r, uint32_t pfn, uint32_t kind)
{
	struct seen seen = holders_of(r, pfn);
	struct hmmu_holder found = { .kind = UINT32_MAX };

	for (int i = 0; i < seen.count; i++) {
		if (seen.holders[i].kind != kind)
			continue;
		assert_int_equal(found.kind, UINT32_MAX);
		found = seen.holders[i];
	}
	assert_int_equal(found.kind, kind);
	return found;
}

static void assert_no_holder(struct rig *r, uint32_t pfn, uint32_t kind)
{
	struct seen seen = holders_of(r, pfn);

	for (int i = 0; i < seen.count; i++)
		assert_int_not_equal(seen.holders[i].kind, kind);
}

static uint64_t written(struct rig *r, uint64_t pages)
{
	uint64_t buf = map_anon(r, pages);

	write_pages(r, buf, pages, 7);
	return buf;
}

static void test_mappings_and_pagevec(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = map_anon(r, 2);
	struct hmmu_holder holder;
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_task_set_cpu(r->m, r->tid, 1));
	assert_ok(store(r, r->tid, buf + PAGES(1), 7));
	pfn = pfn_at(r, buf + PAGES(1));
	holder = the_holder(r, pfn, HMMU_HOLDER_MAPPING);
	assert_int_equal(holder.pfn, pfn);
	assert_int_equal(holder.id, r->pid);
	assert_int_equal(holder.at, buf + PAGES(1));
	assert_int_equal(holder.refs, 1);
	assert_int_equal(holder.count, 1);
	assert_false(holder.lock);
	holder = the_holder(r, pfn, HMMU_HOLDER_PAGEVEC);
	assert_int_equal(holder.id, 1);
	assert_int_equal(holder.at, HMMU_PAGEVEC_LRU_ADD);
	hmmu_lru_add_drain_all(r->m);
	assert_no_holder(r, pfn, HMMU_HOLDER_PAGEVEC);
	rig_close(r);
}

static void test_users(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = written(r, 2);
	uint32_t pin, hold, isolated;

	(void)state;
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pin));
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pin));
	assert_int_equal(the_holder(r, pin, HMMU_HOLDER_PIN).count, 2);
	assert_int_equal(the_holder(r, pin, HMMU_HOLDER_PIN).refs, 2);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &hold));
	assert_true(the_holder(r, hold, HMMU_HOLDER_HOLD).lock);
	assert_ok(hmmu_isolate(r->m, r->pid, buf + PAGES(1), &isolated));
	assert_int_equal(the_holder(r, isolated, HMMU_HOLDER_ISOLATION).refs, 1);
	assert_ok(hmmu_release(r->m, hold));
	assert_ok(hmmu_putback(r->m, isolated));
	assert_ok(hmmu_unpin(r->m, pin, 0));
	assert_ok(hmmu_unpin(r->m, pin, 0));
	assert_no_holder(r, pin, HMMU_HOLDER_PIN);
	rig_close(r);
}

static void test_dma_pin(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	uint64_t buf = written(r, 1);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_DMA, &pfn));
	assert_int_equal(the_holder(r, pfn, HMMU_HOLDER_DMA_PIN).refs, 1024);
	assert_int_equal(the_holder(r, pfn, HMMU_HOLDER_DMA_PIN).count, 1);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA));
	rig_close(r);
}

static void test_exclusive_entry(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	uint64_t buf = written(r, 1);
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_make_device_exclusive(r->m, r->tid, buf, 7, &pfn));
	assert_int_equal(the_holder(r, pfn, HMMU_HOLDER_EXCLUSIVE).refs, 1);
	assert_true(the_holder(r, pfn, HMMU_HOLDER_DRIVER).lock);
	assert_int_equal(the_holder(r, pfn, HMMU_HOLDER_DRIVER).refs, 0);
	assert_int_equal(the_holder(r, pfn, HMMU_HOLDER_EXCLUSIVE_ENTRY).at, buf);
	assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_ok(hmmu_page_put(r->m, pfn));
	assert_no_holder(r, pfn, HMMU_HOLDER_EXCLUSIVE);
	rig_close(r);
}

static void test_caches(void **state)
{
	struct rig *r = open_rig(.swap_pages = 8);
	uint64_t shm = map_at(r, 0, 4, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE), buf = written(r, 1);
	uint32_t pfn;

	(void)state;
	write_pages(r, shm, 4, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(the_holder(r, pfn_at(r, shm + PAGES(3)), HMMU_HOLDER_PAGE_CACHE).at, 3);
	/* A pinned page stays in the swap cache. */
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pfn));
	hmmu_lru_add_drain_all(r->m);
	assert_failed(r->m, hmmu_reclaim(r->m, r->pid, buf), -EBUSY, HMMU_ERR_SYSCALL);
	assert_int_equal(the_holder(r, pfn, HMMU_HOLDER_SWAP_CACHE).at, 1);
	assert_no_holder(r, pfn, HMMU_HOLDER_MAPPING);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

/* A migration has its pages and their locks; a task that touches one waits with a reference. */
static void test_migration_and_waiter(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = written(r, 3);
	uint32_t pfn, to, waiter;
	struct hmmu_migration *mig;
	struct hmmu_holder holder;

	(void)state;
	hmmu_lru_add_drain_all(r->m);
	pfn = pfn_at(r, buf + PAGES(2));
	mig = begin_to(r, buf, 3, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	holder = the_holder(r, pfn, HMMU_HOLDER_MIGRATION);
	assert_int_equal(holder.id, r->tid);
	assert_int_equal(holder.at, 2);
	assert_true(holder.lock);
	assert_no_holder(r, pfn, HMMU_HOLDER_MAPPING);
	to = (uint32_t)(r->dst[2] >> HMMU_PFN_SHIFT);
	assert_true(the_holder(r, to, HMMU_HOLDER_DESTINATION).lock);
	waiter = new_task(r, r->pid);
	assert_blocked(r->m, load(r, waiter, buf + PAGES(2), NULL), waiter, HMMU_WAIT_PAGE_LOCK);
	/* Without the quirk wait-pins-page a waiter has no reference. */
	if (r->select)
		assert_no_holder(r, pfn, HMMU_HOLDER_WAIT);
	else
		assert_int_equal(the_holder(r, pfn, HMMU_HOLDER_WAIT).id, waiter);
	assert_ok(hmmu_task_cancel(r->m, waiter));
	assert_no_holder(r, pfn, HMMU_HOLDER_WAIT);
	assert_ok(hmmu_migrate_end(mig));
	assert_int_equal(the_holder(r, to, HMMU_HOLDER_MAPPING).at, buf + PAGES(2));
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(hmmu_holders(r->m, pfn, NULL, 0), 0);
	rig_close(r);
}

struct fault_seen {
	struct rig *r;
	struct hmmu_holder holder;
	bool called;
};

static int look_in_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct fault_seen *seen = data;

	(void)m;
	(void)tid;
	(void)address;
	if (seen->r->select)
		seen->holder = the_holder(seen->r, pfn, HMMU_HOLDER_FAULT);
	else
		assert_no_holder(seen->r, pfn, HMMU_HOLDER_FAULT);
	seen->called = true;
	return -EFAULT;
}

/* A fault of 4.14 has no reference while its handler runs. */
static void test_fault_on_the_device(void **state)
{
	struct rig *r = open_rig();
	struct fault_seen seen = { .r = r };
	const struct hmmu_pagemap_ops ops = { .page_fault = look_in_fault };
	uint64_t buf = written(r, 1);

	(void)state;
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_int_equal(the_holder(r, pfn_at(r, buf), HMMU_HOLDER_MAPPING).refs, 1);
	assert_ok(hmmu_device_set_ops(r->m, &ops, &seen));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_true(seen.called);
	assert_int_equal(seen.holder.id, r->select ? r->tid : 0);
	assert_int_equal(seen.holder.refs, r->select ? 1 : 0);
	assert_no_holder(r, pfn_at(r, buf), HMMU_HOLDER_FAULT);
	rig_close(r);
}

/* In 4.14 the device has a reference to each of its pages, in 6.12 none. */
static void test_device_page(void **state)
{
	struct rig *r = open_rig();
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_device_alloc(r->m, &pfn));
	assert_int_equal(the_holder(r, pfn, HMMU_HOLDER_DRIVER).refs, 1);
	if (r->select)
		assert_no_holder(r, pfn, HMMU_HOLDER_PAGEMAP);
	else
		assert_int_equal(the_holder(r, pfn, HMMU_HOLDER_PAGEMAP).refs, 1);
	if (r->select)
		assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_ok(hmmu_page_put(r->m, pfn));
	assert_int_equal(hmmu_holders(r->m, pfn, NULL, 0), 0);
	rig_close(r);
}

/* The parts of a huge page have their references in common; each mapping says which part it maps. */
static void test_huge_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	uint32_t head;

	(void)state;
	write_pages(r, buf, 1, 3);
	head = pfn_at(r, buf);
	assert_int_equal(the_holder(r, head + 5, HMMU_HOLDER_MAPPING).pfn, head);
	assert_int_equal(the_holder(r, head + 5, HMMU_HOLDER_MAPPING).at, buf);
	rig_close(r);
}

static void test_all_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = written(r, 3);
	struct hmmu_holder all[MOST], few = { .pfn = 77 };
	int count = hmmu_holders(r->m, 0, all, MOST), ours = 0;

	(void)state;
	assert_in_range(count, 3, MOST);
	assert_int_equal(hmmu_holders(r->m, 0, &few, 1), count);
	assert_int_equal(few.pfn, all[0].pfn);
	for (int i = 0; i < count; i++)
		for (uint64_t page = 0; page < 3; page++)
			ours += all[i].pfn == pfn_at(r, buf + PAGES(page));
	assert_int_equal(ours, 3);
	assert_failed(r->m, hmmu_holders(r->m, UINT32_MAX, all, MOST), -EINVAL, HMMU_ERR_NO_PAGE);
	rig_close(r);
}

static void test_task_locks(void **state)
{
	struct rig *r = open_rig();
	uint32_t writer = new_task(r, r->pid), reader = new_task(r, r->pid);
	uint64_t buf = written(r, 1);
	struct hmmu_task_locks locks, later;

	(void)state;
	assert_ok(hmmu_task_locks(r->m, r->tid, &locks));
	assert_int_equal(locks.mmap_lock, HMMU_LOCK_NONE);
	assert_ok(hmmu_mmap_lock(r->m, r->tid, false));
	assert_ok(hmmu_task_locks(r->m, r->tid, &locks));
	assert_int_equal(locks.mmap_lock, HMMU_LOCK_READ);
	assert_int_equal(locks.queue_place, 0);
	assert_failed(r->m, hmmu_munmap(r->m, writer, buf, PAGES(1)), -EAGAIN, HMMU_ERR_BLOCKED);
	assert_failed(r->m, hmmu_mmap_lock(r->m, reader, false), -EAGAIN, HMMU_ERR_BLOCKED);
	assert_ok(hmmu_task_locks(r->m, writer, &locks));
	assert_ok(hmmu_task_locks(r->m, reader, &later));
	assert_int_equal(locks.mmap_lock, HMMU_LOCK_NONE);
	assert_in_range(locks.queue_place, 1, later.queue_place - 1);
	assert_ok(hmmu_task_cancel(r->m, writer));
	assert_ok(hmmu_task_cancel(r->m, reader));
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_ok(hmmu_mmap_lock(r->m, r->tid, true));
	assert_ok(hmmu_task_locks(r->m, r->tid, &locks));
	assert_int_equal(locks.mmap_lock, HMMU_LOCK_WRITE);
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_failed(r->m, hmmu_task_locks(r->m, 99, &locks), -ESRCH, HMMU_ERR_NO_TASK);
	rig_close(r);
}

static void test_migrating_task(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = written(r, 1);
	struct hmmu_migration *mig = begin_migration(r, buf, 1, HMMU_TO_DEVICE);
	struct hmmu_task_locks locks;

	(void)state;
	assert_ok(hmmu_task_locks(r->m, r->tid, &locks));
	assert_int_equal(locks.migrations, 1);
	assert_int_equal(locks.mmap_lock, HMMU_LOCK_READ);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* A fault of 6.12 that waits for a page has the lock of its mapping alone. */
static void test_mapping_lock(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	uint64_t shared = map_at(r, BASE, 4, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE);
	uint32_t pfn, other = new_task(r, r->pid);
	struct hmmu_task_locks locks;

	(void)state;
	write_pages(r, shared, 4, 1);
	assert_ok(hmmu_hold(r->m, r->pid, shared + PAGES(1), &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, shared + PAGES(1), PAGES(1), HMMU_MADV_DONTNEED));
	assert_blocked(r->m, load(r, other, shared + PAGES(1), NULL), other, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_task_locks(r->m, other, &locks));
	assert_int_equal(locks.vma, shared);
	assert_int_equal(locks.mmap_lock, HMMU_LOCK_NONE);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_task_cancel(r->m, other));
	rig_close(r);
}

static void test_translations(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = written(r, 2);
	struct hmmu_tlb_entry entries[MOST];
	uint32_t other = new_task(r, r->pid);

	(void)state;
	assert_ok(hmmu_task_set_cpu(r->m, other, 1));
	assert_int_equal(hmmu_tlb(r->m, 1, entries, MOST), 0);
	assert_ok(load(r, other, buf, NULL));
	assert_int_equal(hmmu_tlb(r->m, 1, entries, MOST), 1);
	assert_int_equal(entries[0].address, buf);
	assert_int_equal(entries[0].pid, r->pid);
	assert_int_equal(entries[0].pfn, pfn_at(r, buf));
	assert_true(entries[0].write && entries[0].dirty);
	assert_false(entries[0].stale);
	assert_int_equal(hmmu_tlb(r->m, 0, NULL, 0), 2);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(hmmu_tlb(r->m, 1, entries, MOST), 0);
	assert_int_equal(hmmu_tlb(r->m, 0, entries, MOST), 1);
	assert_int_equal(entries[0].address, buf + PAGES(1));
	assert_failed(r->m, hmmu_tlb(r->m, 2, entries, MOST), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	rig_close(r);
}

static void test_page_tables(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BEFORE_BORDER, 6, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE), walk[5];
	struct hmmu_table tables[MOST];
	int count;

	(void)state;
	write_pages(r, buf, 6, 1);
	count = hmmu_tables(r->m, r->pid, tables, MOST);
	assert_int_equal(count, mm_counters(r, r->pid).tables);
	assert_int_equal(count, 5);
	assert_int_equal(tables[0].level, 0);
	assert_int_equal(tables[1].level, 2);
	assert_int_equal(tables[2].level, 3);
	for (int i = 3; i < 5; i++) {
		assert_int_equal(tables[i].level, 4);
		assert_int_equal(tables[i].parent, tables[2].pfn);
		assert_int_equal(tables[i].base, BASE + MIB(2) * (uint64_t)(i - 3));
		assert_int_equal(tables[i].used, 3);
		assert_int_equal(hmmu_walk(r->m, r->pid, tables[i].base, walk), 5);
		assert_int_equal(tables[i].entry, walk[3]);
	}
	assert_int_equal(tables[2].used, 2);
	assert_int_equal(hmmu_tables(r->m, r->pid, tables, 1), 5);
	assert_failed(r->m, hmmu_tables(r->m, 99, tables, MOST), -ESRCH, HMMU_ERR_NO_PROCESS);
	rig_close(r);
}

/* Each page that is not free, as hmmu_page_info() has it. */
static void test_pages_in_use(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = written(r, 3);
	int count = hmmu_pages(r->m, NULL, 0), found = 0;
	struct hmmu_page_info *all = calloc((size_t)count, sizeof(*all)), one;

	(void)state;
	assert_non_null(all);
	assert_int_equal(hmmu_pages(r->m, all, (uint32_t)count), count);
	for (uint32_t pfn = 1; pfn < hmmu_device_base(r->m) + 64; pfn++) {
		if (hmmu_page_info(r->m, pfn, &one) < 0 || one.free)
			continue;
		assert_int_equal(all[found].pfn, pfn);
		assert_int_equal(all[found].ref, one.ref);
		assert_int_equal(all[found].byte, one.byte);
		found++;
	}
	assert_int_equal(found, count);
	assert_int_equal(page_info(r, pfn_at(r, buf + PAGES(2))).byte, 9);
	free(all);
	rig_close(r);
}

/* New pages wait in a pagevec, in the order in which they came; on their list the one that came last is the first. */
static void test_lru(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);
	struct hmmu_lru_page pages[8];

	(void)state;
	for (uint64_t page = 0; page < 3; page++)
		assert_ok(store(r, r->tid, buf + PAGES(page), 1));
	assert_int_equal(hmmu_lru(r->m, pages, 8), 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pages[i].pfn, pfn_at(r, buf + PAGES((uint64_t)i)));
		assert_int_equal(pages[i].list, HMMU_LRU_LIST_PAGEVEC);
		assert_int_equal(pages[i].vec, HMMU_PAGEVEC_LRU_ADD);
		assert_int_equal(pages[i].cpu, 0);
	}
	hmmu_lru_add_drain_all(r->m);
	assert_int_equal(hmmu_lru(r->m, pages, 2), 3);
	assert_int_equal(pages[0].pfn, pfn_at(r, buf + PAGES(2)));
	assert_int_equal(pages[1].pfn, pfn_at(r, buf + PAGES(1)));
	assert_true(pages[0].list == HMMU_LRU_LIST_ACTIVE_ANON || pages[0].list == HMMU_LRU_LIST_INACTIVE_ANON);
	rig_close(r);
}

/* Pages of one mapping have one anon_vma, those of another mapping another one. */
static void test_mapping_of_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = written(r, 2), other = written(r, 1);
	struct hmmu_page_info first = page_info(r, pfn_at(r, buf)), second = page_info(r, pfn_at(r, buf + PAGES(1)));

	(void)state;
	assert_true(first.anon);
	assert_int_not_equal(first.mapping, 0);
	assert_int_equal(first.mapping, second.mapping);
	assert_int_equal(second.index, first.index + 1);
	assert_int_not_equal(page_info(r, pfn_at(r, other)).mapping, 0);
	assert_int_equal(page_info(r, 1).mapping, 0);
	rig_close(r);
}

static void test_waiting_call(void **state)
{
	struct rig *r = open_rig();
	uint32_t writer = new_task(r, r->pid);
	uint64_t buf = written(r, 1);
	struct hmmu_task_state task;

	(void)state;
	assert_ok(hmmu_task_state(r->m, writer, &task));
	assert_int_equal(task.in_call, HMMU_TASK_CALL_NOTHING);
	assert_ok(hmmu_mmap_lock(r->m, r->tid, false));
	assert_failed(r->m, hmmu_munmap(r->m, writer, buf, PAGES(1)), -EAGAIN, HMMU_ERR_BLOCKED);
	assert_ok(hmmu_task_state(r->m, writer, &task));
	assert_int_equal(task.in_call, HMMU_TASK_CALL_UNMAP);
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_ok(hmmu_munmap(r->m, writer, buf, PAGES(1)));
	assert_ok(hmmu_task_state(r->m, writer, &task));
	assert_int_equal(task.in_call, HMMU_TASK_CALL_NOTHING);
	rig_close(r);
}

/* What the check of references expected and found goes before the reason. */
static void test_references_are_told(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = written(r, 2);
	struct hmmu_event events[32];
	uint32_t pfn;
	int count, at = 0;

	(void)state;
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(1), 0, &pfn));
	assert_ok(hmmu_events_record(r->m, 1 << HMMU_EVENT_REFERENCES | 1 << HMMU_EVENT_GIVE_UP));
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	assert_why(r, 1, HMMU_WHY_PINNED);
	count = hmmu_events_read(r->m, events, 32);
	while (at < count && events[at].type != HMMU_EVENT_REFERENCES)
		at++;
	assert_in_range(at, 0, count - 2);
	assert_int_equal(events[at].a, buf + PAGES(1));
	assert_int_equal(events[at].pid, r->pid);
	/* The migration's reference, and the pin's; the mapping is a migration entry by then. */
	assert_int_equal(events[at].b, 2 | 1ull << 32);
	assert_int_equal(events[at + 1].type, HMMU_EVENT_GIVE_UP);
	assert_int_equal(events[at + 1].a, buf + PAGES(1));
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

/* A reference that comes while the driver copies is met in pages: that of a task that waits. In 6.12 it has none. */
static void test_late_reference_is_told(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = written(r, 1);
	struct hmmu_migration *mig;
	struct hmmu_event event = { 0 };
	uint32_t waiter = new_task(r, r->pid);

	(void)state;
	hmmu_lru_add_drain_all(r->m);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_blocked(r->m, load(r, waiter, buf, NULL), waiter, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_events_record(r->m, 1 << HMMU_EVENT_REFERENCES));
	assert_ok(hmmu_migrate_end(mig));
	assert_int_equal(drain_events(r, HMMU_EVENT_REFERENCES, &event), r->select ? 0 : 1);
	if (r->select)
		assert_all_moved(r, 1);
	else
		assert_why(r, 0, HMMU_WHY_REFERENCES);
	assert_int_equal(event.b, r->select ? 0 : 2 | 1ull << 32);
	assert_ok(hmmu_task_cancel(r->m, waiter));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mappings_and_pagevec),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_dma_pin),
		cmocka_unit_test(test_exclusive_entry),
		cmocka_unit_test(test_caches),
		cmocka_unit_test(test_migration_and_waiter),
		cmocka_unit_test(test_fault_on_the_device),
		cmocka_unit_test(test_device_page),
		cmocka_unit_test(test_huge_page),
		cmocka_unit_test(test_all_pages),
		cmocka_unit_test(test_task_locks),
		cmocka_unit_test(test_migrating_task),
		cmocka_unit_test(test_mapping_lock),
		cmocka_unit_test(test_translations),
		cmocka_unit_test(test_page_tables),
		cmocka_unit_test(test_pages_in_use),
		cmocka_unit_test(test_lru),
		cmocka_unit_test(test_mapping_of_page),
		cmocka_unit_test(test_waiting_call),
		cmocka_unit_test(test_references_are_told),
		cmocka_unit_test(test_late_reference_is_told),
	};

	return run_on_each_kernel(tests);
}
